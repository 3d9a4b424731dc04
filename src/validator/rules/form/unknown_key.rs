//! MS112: unknown key.

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS112",
    title: "unknown key",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "A key that nobody reads is a wish that nobody fulfils: a misspelt `verify` would leave the \
          work unverified.",
    before: "\
mainstay: 1
titel: Berlin
",
    after: "\
mainstay: 1
title: Berlin
",
    finder: Finder::Reader,
};
