//! MS106: wrong alias.

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS106",
    title: "wrong alias",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "An alias has to name an anchor before it, outside of itself; else it stands for nothing.",
    before: "\
mainstay: 1
tags: *common
",
    after: "\
mainstay: 1
tags: [monitoring]
",
    finder: Finder::Reader,
};
