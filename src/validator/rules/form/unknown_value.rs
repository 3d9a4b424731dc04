//! MS114: unknown value.

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS114",
    title: "unknown value",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "The key has a fixed set of values; any other would have to be guessed at.",
    before: "\
mainstay: 1
criticality: hihg
",
    after: "\
mainstay: 1
criticality: high
",
    finder: Finder::Reader,
};
