//! MS302: too much said.

use super::alternatives::wrong_choices;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS302",
    title: "too much said",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "Only one of the alternatives could be done, and it would not be said which.",
    before: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps: [{run: [rm, old], shell: rm old}]
",
    after: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps: [{run: [rm, old]}]
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for choice in wrong_choices(facts) {
        if choice.given.len() > 1 {
            let given: Vec<_> = choice.given.iter().map(|key| format!("`{key}`")).collect();
            let message = format!("{} says too much: {}", choice.what, given.join(", "));
            faults
                .push(Fault::new(RULE.code, choice.place, message).expected("expected exactly one of them"));
        }
    }
}
