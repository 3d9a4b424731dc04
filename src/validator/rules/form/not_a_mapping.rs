//! MS111: not a mapping.

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS111",
    title: "not a mapping",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "A plan file consists of keys; a list or a text has no place for them.",
    before: "\
- mainstay: 1
",
    after: "\
mainstay: 1
",
    finder: Finder::Reader,
};
