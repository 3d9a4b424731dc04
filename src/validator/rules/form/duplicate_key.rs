//! MS102: duplicate key.

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS102",
    title: "duplicate key",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "Only one of the two values could count, and YAML does not say which. Other tools take the \
          last one silently: a task would be gone and nobody told.",
    before: "\
mainstay: 1
title: Berlin
title: Hamburg
",
    after: "\
mainstay: 1
title: Hamburg
",
    finder: Finder::Reader,
};
