//! MS002: UTF-16.

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS002",
    title: "UTF-16",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "Editors on Windows may save text as UTF-16, which git, diff and reviewers see as binary. \
          Plan files are UTF-8.",
    before: r"m\x00a\x00i\x00n\x00s\x00t\x00a\x00y\x00:\x00 \x001\x00
",
    after: "\
mainstay: 1
",
    finder: Finder::Reader,
};
