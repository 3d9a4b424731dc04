//! MS103: wrong kind of key.

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS103",
    title: "wrong kind of key",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "Keys are names; a list, a mapping or nothing is none.",
    before: "\
mainstay: 1
? [title]
: Berlin
",
    after: "\
mainstay: 1
title: Berlin
",
    finder: Finder::Reader,
};
