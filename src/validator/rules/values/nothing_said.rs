//! MS301: nothing said.

use super::alternatives::wrong_choices;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS301",
    title: "nothing said",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "One of the alternatives has to be chosen; a step without an action would succeed without \
          doing anything.",
    before: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps: [{name: tidy up}]
",
    after: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps: [{name: tidy up, run: [rm, old]}]
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for choice in wrong_choices(facts) {
        if choice.given.is_empty() && !facts.is_spoiled(choice.whole) {
            let message = format!("{} says nothing", choice.what);
            faults.push(Fault::new(RULE.code, choice.place, message).expected(choice.expected()));
        }
    }
}
