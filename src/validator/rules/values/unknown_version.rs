//! MS303: unknown format version.

use crate::model::FORMAT_VERSION;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS303",
    title: "unknown format version",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "A file of another version may mean something else by the same keys.",
    before: "\
mainstay: 2
",
    after: "\
mainstay: 1
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    let version = facts.plan.mainstay;
    if version.value != FORMAT_VERSION {
        faults.push(
            Fault::new(RULE.code, version.span, format!("unknown format version {}", version.value))
                .expected(format!("expected {FORMAT_VERSION}"))
                .help("a newer mainstay may read it"),
        );
    }
}
