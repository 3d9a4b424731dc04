//! MS006: more findings.

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS006",
    title: "more findings",
    severity: Severity::Note,
    standing: Standing::Fault,
    why: "Output is bounded. The findings that are left out show when the first ones are gone.",
    before: "\
# some ten thousand faults
",
    after: "\
# fewer
",
    finder: Finder::Checker,
};
