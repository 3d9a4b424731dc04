//! MS712: unused target.

use std::collections::HashSet;

use super::unused;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS712",
    title: "unused target",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "A target that no task selects is maintained by nobody, though the file lists it: the \
          forgotten host of the next incident.",
    before: "\
mainstay: 1
targets:
  here: {local: true}
  there: {local: true}
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    targets: [here]
    steps: [{run: [rm, old]}]
",
    after: "\
mainstay: 1
targets:
  here: {local: true}
  there: {local: true}
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    targets: [all]
    steps: [{run: [rm, old]}]
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    let selectors = facts.plan.tasks.iter().flat_map(|(_, task)| task.targets.iter());
    let selectors: HashSet<&str> = selectors.map(|selector| selector.value.as_str()).collect();
    if selectors.contains("all") {
        return;
    }
    let used: HashSet<&str> = facts
        .plan
        .targets
        .iter()
        .filter(|(name, target)| {
            let group = target.group.as_ref().map(|group| format!("group:{}", group.value));
            let mut labels = target.labels.iter().map(|(label, value)| format!("label:{label}={value}"));
            selectors.contains(name.value.as_str())
                || group.is_some_and(|group| selectors.contains(group.as_str()))
                || labels.any(|label| selectors.contains(label.as_str()))
        })
        .map(|(name, _)| name.value.as_str())
        .collect();
    for name in unused::names(facts, "targets", &used) {
        let fault = Fault::new(RULE.code, name.span, format!("no task works on target `{}`", name.value));
        faults.push(fault.help("select it in `targets:` of a task, or remove it"));
    }
}
