//! MS320: not a name.

use crate::model::MAX_NAME_LENGTH;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS320",
    title: "not a name",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "Names appear in selectors, ids and file names, where other characters act.",
    before: r#"mainstay: 1
windows:
  "week end": {cron: "0 2 * * SAT", duration: 4h}
"#,
    after: r#"mainstay: 1
windows:
  week-end: {cron: "0 2 * * SAT", duration: 4h}
"#,
    finder: Finder::Look(look),
};

/// The sections whose entries are named by the author.
const SECTIONS: [&str; 10] = [
    "targets",
    "groups",
    "windows",
    "blackouts",
    "resources",
    "tasks",
    "secrets",
    "checks",
    "alerts",
    "reports",
];

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for (key, _) in SECTIONS.iter().flat_map(|section| facts.entries(section)) {
        let name = facts.tree.text(*key);
        if !is_name(name) {
            let fault = Fault::new(RULE.code, facts.tree.span(*key), format!("`{name}` cannot be a name"));
            faults.push(fault.expected(format!(
                "expected up to {MAX_NAME_LENGTH} letters A-Z and a-z, digits, `_`, `.` and `-`"
            )));
        }
    }
    for (key, _) in facts.entries("metrics") {
        let name = facts.tree.text(*key);
        if !is_metric_name(name) {
            let message = format!("`{name}` cannot be the name of a metric");
            faults.push(
                Fault::new(RULE.code, facts.tree.span(*key), message)
                    .expected("expected letters, digits, `_` and `:`, not beginning with a digit"),
            );
        }
    }
}

fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    (1..=MAX_NAME_LENGTH).contains(&name.len()) && name.bytes().all(allowed)
}

/// Source: Prometheus data model, metric names (the classic character set).
fn is_metric_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':');
    !name.is_empty() && name.bytes().all(allowed) && !name.as_bytes()[0].is_ascii_digit()
}
