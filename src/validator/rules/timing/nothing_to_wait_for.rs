//! MS417: waiting for what is never planned.

use std::collections::HashSet;

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS417",
    title: "waiting for what is never planned",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "A task that runs on demand has no occurrence that could be waited for: the work starts \
          without it. What was meant to come first, a snapshot for instance, did not.",
    before: "\
mainstay: 1
tasks:
  snapshot:
    type: routine
    domain: component
    duration: 5m
    steps: [{run: [cp, data, old]}]
  tidy:
    type: routine
    domain: component
    schedule: {every: 1d, tolerance: 2h}
    duration: 5m
    after: snapshot
    steps: [{run: [rm, old]}]
",
    after: "\
mainstay: 1
tasks:
  snapshot:
    type: routine
    domain: component
    schedule: {every: 1d, tolerance: 2h}
    duration: 5m
    steps: [{run: [cp, data, old]}]
  tidy:
    type: routine
    domain: component
    schedule: {every: 1d, tolerance: 2h}
    duration: 5m
    after: snapshot
    steps: [{run: [rm, old]}]
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    let tasks = &facts.outlook().tasks;
    let on_demand: HashSet<&str> =
        tasks.iter().filter(|task| task.task.schedule.is_none()).map(|task| task.name).collect();
    for task in tasks.iter().filter(|task| task.task.schedule.is_some()) {
        for before in task.task.after.iter().filter(|before| on_demand.contains(before.value.as_str())) {
            let message = format!(
                "task `{}` comes after `{}`, which runs on demand only: nothing waits for it",
                task.name, before.value
            );
            faults.push(
                Fault::new(RULE.code, before.span, message)
                    .help(format!("give `{}` a schedule, or make it the first steps", before.value)),
            );
        }
    }
}
