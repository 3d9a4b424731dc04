//! The manual of the codes: what each one means and why, with an example before and after of what can be seen in a
//! plan file.

use std::fmt::Write;

use serde::Serialize;

use crate::model::Severity;
use crate::validator::codes::{self, Code};
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

/// The page of one code, for people.
pub fn page_of_code(code: &Code) -> String {
    let help = if code.help.is_empty() { String::new() } else { format!("\n{}\n", wrapped(code.help)) };
    format!("{} {}: {}\n\n{}\n{help}", severity(code.severity), code.code, code.title, wrapped(code.why))
}

/// All codes, one line each, for people.
pub fn list() -> String {
    let of_rules = rules::all().map(|rule| (rule.code, rule.severity, rule.title));
    let others = codes::all().map(|code| (code.code, code.severity, code.title));
    let mut text = String::new();
    for (code, how_bad, title) in of_rules.chain(others) {
        let _ = writeln!(text, "{code}  {:<7}  {title}", severity(how_bad));
    }
    text
}

/// Names the form of [`json`].
const SCHEMA: &str = "mainstay/rules/v1";

#[derive(Serialize)]
struct Json {
    schema: &'static str,
    rules: Vec<JsonRule>,
    codes: Vec<JsonCode>,
}

#[derive(Serialize)]
struct JsonCode {
    code: &'static str,
    title: &'static str,
    severity: Severity,
    why: &'static str,
    help: &'static str,
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
pub fn json<'r>(rules: impl Iterator<Item = &'r Rule>, codes: impl Iterator<Item = &'r Code>) -> String {
    let codes = codes.map(|code| JsonCode {
        code: code.code,
        title: code.title,
        severity: code.severity,
        why: code.why,
        help: code.help,
    });
    let rules = rules.map(|rule| JsonRule {
        code: rule.code,
        title: rule.title,
        severity: rule.severity,
        waivable: rule.is_waivable(),
        why: rule.why,
        before: rule.before,
        after: rule.after,
    });
    let text = serde_json::to_string_pretty(&Json {
        schema: SCHEMA,
        rules: rules.collect(),
        codes: codes.collect(),
    });
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
