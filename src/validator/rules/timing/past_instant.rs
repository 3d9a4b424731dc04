//! MS414: an instant that has passed.

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS414",
    title: "an instant that has passed",
    severity: Severity::Note,
    standing: Standing::Judgement,
    why: "An instant is owed until it has a run. A plan file that is copied to a new machine, or \
          whose state is lost, starts the work of last year at the next `run --due`.",
    before: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    schedule: {at: 2026-01-10T04:00:00Z}
    duration: 5m
    steps: [{run: [rm, old]}]
",
    after: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    schedule: {at: 2026-12-10T04:00:00Z}
    duration: 5m
    steps: [{run: [rm, old]}]
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for task in &facts.outlook().tasks {
        let Some(at) = task.task.schedule.as_ref().and_then(|schedule| schedule.at.as_ref()) else {
            continue;
        };
        let instant = facts.zone.resolve(&at.value);
        if instant <= facts.now && facts.knows_zone() {
            let shown = facts.zone.date_and_time(instant);
            let message = format!("task `{}` was due {shown}", task.name);
            faults.push(
                Fault::new(RULE.code, at.span, message).help(
                    "remove the task when it is done; without a recorded run it starts as soon as it can",
                ),
            );
        }
    }
}
