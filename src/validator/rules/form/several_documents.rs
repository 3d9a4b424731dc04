//! MS108: several documents.

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS108",
    title: "several documents",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "A plan file is one document, so that nothing in it is overlooked. Tools that read only the \
          first one would leave out the work of the others.",
    before: "\
mainstay: 1
---
mainstay: 1
",
    after: "\
mainstay: 1
",
    finder: Finder::Reader,
};
