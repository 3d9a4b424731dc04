//! MS000: cannot be read.

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS000",
    title: "cannot be read",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "What cannot be read was not checked, so nobody can say that it is right.",
    before: "\
# chmod 000 maintenance.yaml
",
    after: "\
# chmod 644 maintenance.yaml
",
    finder: Finder::Checker,
};
