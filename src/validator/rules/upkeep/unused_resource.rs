//! MS714: unused resource.

use std::collections::HashSet;

use super::unused;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS714",
    title: "unused resource",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "A capacity that no task takes from limits nothing: the tasks that were meant to share it run \
          side by side.",
    before: "\
mainstay: 1
resources: {crew: 2}
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps: [{run: [rm, old]}]
",
    after: "\
mainstay: 1
resources: {crew: 2}
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    resources: {crew: 1}
    steps: [{run: [rm, old]}]
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    let taken = facts.plan.tasks.iter().flat_map(|(_, task)| task.resources.iter());
    let used: HashSet<&str> = taken.map(|(name, _)| name.value.as_str()).collect();
    for name in unused::names(facts, "resources", &used) {
        let fault = Fault::new(RULE.code, name.span, format!("no task takes of resource `{}`", name.value));
        faults.push(fault.help("name it in `resources:` of the tasks that share it, or remove it"));
    }
}
