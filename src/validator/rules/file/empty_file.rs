//! MS005: empty plan file.

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS005",
    title: "empty plan file",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "A file that says nothing is a mistake more often than a wish: a template that rendered to \
          nothing, a redirection that failed.",
    before: "\
# nothing yet
",
    after: "\
mainstay: 1
",
    finder: Finder::Reader,
};
