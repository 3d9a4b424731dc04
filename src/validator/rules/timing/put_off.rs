//! MS416: work that is always due in a blackout.

use super::when;
use crate::validator::outlook::YEAR;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS416",
    title: "work that is always due in a blackout",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "The work is put off to the end of the blackout each time: it starts in the minute in \
          which the freeze ends, together with all else that has waited.",
    before: r#"mainstay: 1
blackouts:
  year-end: {from: 2026-12-20, to: 2027-01-04}
tasks:
  tidy:
    type: routine
    domain: component
    schedule: {cron: "0 4 24 12 *"}
    duration: 5m
    steps: [{run: [rm, old]}]
"#,
    after: r#"mainstay: 1
blackouts:
  year-end: {from: 2026-12-20, to: 2027-01-04}
tasks:
  tidy:
    type: routine
    domain: component
    schedule: {cron: "0 4 10 12 *"}
    duration: 5m
    steps: [{run: [rm, old]}]
"#,
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    let outlook = facts.outlook();
    for task in &outlook.tasks {
        let Some(went) = task.rehearsal.as_ref().filter(|went| went.time == YEAR && 0 < went.n) else {
            continue;
        };
        if went.put_off.n < went.n || went.n_started == 0 {
            continue;
        }
        let kind = task.task.kind.value;
        let (Some(first), Some(length)) = (went.put_off.first, task.estimate) else { continue };
        let names = outlook.blackouts(kind, first, first + length);
        let message = match went.n {
            1 => format!("task `{}` is due in a blackout: {names}", task.name),
            n => format!(
                "task `{}` is due in a blackout all {n} times of the year ahead, first in {names}",
                task.name
            ),
        };
        faults.push(
            Fault::new(RULE.code, when(task.task), message)
                .help(format!("choose another time, or let the blackout `allow` {kind} work")),
        );
    }
}
