//! MS715: check that no task waits for.

use std::collections::HashSet;

use super::unused;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS715",
    title: "check that no task waits for",
    severity: Severity::Note,
    standing: Standing::Judgement,
    why: "No task's `when:` names the check, so its failure makes no work due; it is asked only when \
          somebody validates the live system.",
    before: "\
mainstay: 1
checks:
  disk-full: {command: {run: [test, -e, /full]}}
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps: [{run: [rm, old]}]
",
    after: "\
mainstay: 1
checks:
  disk-full: {command: {run: [test, -e, /full]}}
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    schedule: {when: disk-full, within: 1d}
    steps: [{run: [rm, old]}]
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    let schedules = facts.plan.tasks.iter().filter_map(|(_, task)| task.schedule.as_ref());
    let used: HashSet<&str> =
        schedules.filter_map(|schedule| schedule.when.as_ref()).map(|when| when.value.as_str()).collect();
    for name in unused::names(facts, "checks", &used) {
        let message = format!("no task becomes due when check `{}` fails", name.value);
        faults
            .push(Fault::new(RULE.code, name.span, message).help("name it in `when:` of a task's schedule"));
    }
}
