//! MS101: not YAML.

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS101",
    title: "not YAML",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "The file cannot be read from there on, and what was read so far may mean something else.",
    before: "\
mainstay: 1
title: Monitoring: Berlin
",
    after: r#"mainstay: 1
title: "Monitoring: Berlin"
"#,
    finder: Finder::Reader,
};
