//! MS001: not UTF-8.

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS001",
    title: "not UTF-8",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "Text in another encoding would be read as other names and other commands. Every tool that \
          reviews the file shows UTF-8.",
    before: r"mainstay: 1
title: Gr\xfcn  # one byte, fc: Latin-1
",
    after: "\
mainstay: 1
title: Grün
",
    finder: Finder::Reader,
};
