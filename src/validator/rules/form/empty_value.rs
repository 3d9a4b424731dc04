//! MS116: empty value.

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS116",
    title: "empty value",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "It cannot be told whether the value was forgotten or meant as nothing.",
    before: "\
mainstay: 1
title:
",
    after: "\
mainstay: 1
title: Berlin
",
    finder: Finder::Reader,
};
