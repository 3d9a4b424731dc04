//! MS204: not enough of a resource.

use std::collections::HashMap;

use crate::model::Spanned;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS204",
    title: "not enough of a resource",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "A task that needs more of a resource than there is never starts: it waits for ever, overdue.",
    before: "\
mainstay: 1
resources: {crew: 1}
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    resources: {crew: 2}
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
    resources: {crew: 2}
    steps: [{run: [rm, old]}]
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    let capacities: HashMap<&str, &Spanned<u32>> =
        facts.plan.resources.iter().map(|(name, capacity)| (name.value.as_str(), capacity)).collect();
    for (name, task) in facts.plan.tasks.iter() {
        for (resource, needed) in task.resources.iter() {
            let Some(capacity) = capacities.get(resource.value.as_str()) else { continue };
            if capacity.value < needed.value {
                let message = format!(
                    "task `{}` takes {} of `{}`, more than the {} there are",
                    name.value, needed.value, resource.value, capacity.value
                );
                faults.push(
                    Fault::new(RULE.code, needed.span, message)
                        .related(capacity.span, "the capacity is set here"),
                );
            }
        }
    }
}
