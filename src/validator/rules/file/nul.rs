//! MS003: NUL character.

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS003",
    title: "NUL character",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "No command, name or URL can hold a NUL character; the system would cut the text off there, \
          and something else would run than what stands in the file.",
    before: r#"mainstay: 1
title: "Monitoring\0, Berlin"
"#,
    after: "\
mainstay: 1
title: Monitoring, Berlin
",
    finder: Finder::Reader,
};
