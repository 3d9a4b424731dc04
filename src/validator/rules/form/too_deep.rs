//! MS109: nested too deeply.

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS109",
    title: "nested too deeply",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "No plan needs it, and reading it could exhaust the machine.",
    before: "\
mainstay: 1
title: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[
",
    after: "\
mainstay: 1
title: Berlin
",
    finder: Finder::Reader,
};
