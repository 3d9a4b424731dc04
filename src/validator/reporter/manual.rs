//! The manual of the rules: what each code means, why, and an example before and after.

use std::fmt::Write;

use serde::Serialize;

use crate::model::Severity;
use crate::validator::rules::{self, Rule};

/// The page of one rule, for people.
pub fn page(rule: &Rule) -> String {
    let waiver = if rule.is_waivable() {
        format!(
            "It can be waived beside what it is about, or in the list `ignore:`:\n    \
             # mainstay: ignore {} until 2027-01-31 the reason for bearing it",
            rule.code
        )
    } else {
        "It cannot be waived.".to_owned()
    };
    format!(
        "{} {}: {}\n\n{}\n\nBefore:\n{}\nAfter:\n{}\n{waiver}\n",
        severity(rule.severity),
        rule.code,
        rule.title,
        wrapped(rule.why),
        indented(rule.before),
        indented(rule.after),
    )
}

/// All rules, one line each, for people.
pub fn list() -> String {
    let mut text = String::new();
    for rule in rules::all() {
        let _ = writeln!(text, "{}  {:<7}  {}", rule.code, severity(rule.severity), rule.title);
    }
    text
}

/// Names the form of [`json`].
const SCHEMA: &str = "mainstay/rules/v1";

#[derive(Serialize)]
struct Json {
    schema: &'static str,
    rules: Vec<JsonRule>,
}

#[derive(Serialize)]
struct JsonRule {
    code: &'static str,
    title: &'static str,
    severity: Severity,
    waivable: bool,
    why: &'static str,
    before: &'static str,
    after: &'static str,
}

/// The same for programs: one object of the schema `mainstay/rules/v1`.
pub fn json<'r>(rules: impl Iterator<Item = &'r Rule>) -> String {
    let rules = rules.map(|rule| JsonRule {
        code: rule.code,
        title: rule.title,
        severity: rule.severity,
        waivable: rule.is_waivable(),
        why: rule.why,
        before: rule.before,
        after: rule.after,
    });
    let text = serde_json::to_string_pretty(&Json { schema: SCHEMA, rules: rules.collect() });
    text.unwrap_or_else(|_| unreachable!("texts become JSON")) + "\n"
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn indented(text: &str) -> String {
    text.lines().fold(String::new(), |text, line| text + "    " + line + "\n")
}

/// Text in lines that fit a terminal.
fn wrapped(text: &str) -> String {
    const WIDTH: usize = 78;
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + word.chars().count() < WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}
