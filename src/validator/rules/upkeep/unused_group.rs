//! MS713: empty group.

use std::collections::HashSet;

use super::unused;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS713",
    title: "empty group",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "A group without targets protects nothing: `max_down` bounds targets that say `group:`.",
    before: "\
mainstay: 1
targets:
  here: {local: true}
groups:
  pair: {max_down: 1}
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
  here: {local: true, group: pair}
groups:
  pair: {max_down: 1}
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    targets: [here]
    steps: [{run: [rm, old]}]
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    let groups = facts.plan.targets.iter().filter_map(|(_, target)| target.group.as_ref());
    let used: HashSet<&str> = groups.map(|group| group.value.as_str()).collect();
    for name in unused::names(facts, "groups", &used) {
        let fault = Fault::new(RULE.code, name.span, format!("no target is in group `{}`", name.value));
        faults.push(fault.help("name it in `group:` of its targets, or remove it"));
    }
}
