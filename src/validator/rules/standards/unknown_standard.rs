//! MS801: unknown standard.

use crate::planfile::one_of;
use crate::standards;
use crate::validator::rules::prelude::*;
use crate::validator::standards::Is;

pub(super) const RULE: Rule = Rule {
    code: "MS801",
    title: "unknown standard",
    severity: Severity::Error,
    standing: Standing::Gate,
    why: "A standard that is not found is not applied: the plan would pass without having been held \
          against it.",
    before: "\
mainstay: 1
standards: [proces]
",
    after: "\
mainstay: 1
standards: [process]
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for standard in facts.standards.iter().filter(|standard| matches!(standard.is, Is::Unknown)) {
        let name = &standard.named.value;
        let known: Vec<_> = standards::names().map(|name| format!("`{name}`")).collect();
        let fault = Fault::new(RULE.code, standard.named.span, format!("there is no standard `{name}`"))
            .expected(format!("expected {}, or the path of a catalogue that ends in .yaml", one_of(&known)));
        faults.push(fault.near(name, standards::names()));
    }
}
