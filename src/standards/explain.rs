//! One control as a page of text, for `validate --explain`.

use std::fmt::Write;

use super::{Catalogue, Computed, Condition, Control, Each, Fix, Holds, Requires};
use crate::model::{Severity, Value};
use crate::planfile::one_of;
use crate::text::inert_line;

/// Explains a control: what it asks for, why, and how it is found out whether it is met.
///
/// Text from a catalogue is shown and never acts.
pub fn explain(catalogue: &Catalogue, control: &Control) -> String {
    let severity = match control.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let mut text = format!("{}: {}\n", control.id.value, inert_line(&control.statement));
    let (title, version) = (inert_line(&catalogue.title), inert_line(&catalogue.version));
    let _ = writeln!(
        text,
        "Standard `{}` ({title}), version {version}; {severity}\n",
        inert_line(&catalogue.standard)
    );
    let _ = writeln!(text, "{}\n", inert_line(control.reason.trim()));
    let _ = writeln!(text, "Met when {}", inert_line(&met_when(&control.computed)));
    if let Some(fix) = &control.fix {
        let _ = writeln!(text, "`validate --fix` {}", inert_line(&done_by(fix, &control.computed)));
    }
    if !control.references.is_empty() {
        text.push_str("\nAnswers to\n");
        for reference in &control.references {
            let _ = writeln!(text, "  {}", inert_line(reference));
        }
    }
    if !matches!(control.computed, Computed::ByHand(_)) {
        let _ = writeln!(
            text,
            "\nTo bear it for a time: # mainstay: ignore {} until DATE REASON",
            control.id.value
        );
    }
    text
}

fn met_when(computed: &Computed) -> String {
    match computed {
        Computed::Rules(codes) => {
            let codes: Vec<_> = codes.iter().map(|code| format!("`{code}`")).collect();
            let rules = if codes.len() == 1 { "the rule" } else { "none of the rules" };
            format!(
                "{rules} {} finds {}",
                one_of(&codes),
                if codes.len() == 1 { "nothing" } else { "anything" }
            )
        }
        Computed::ByHand(shown) => format!("a person shows {}", shown.trim()),
        Computed::Requires(requires) => required(requires),
    }
}

fn required(requires: &Requires) -> String {
    let owner = match requires.each {
        None => "the plan file".to_owned(),
        Some(each @ (Each::Steps | Each::Checks)) => format!("each of all {}", each.word()),
        Some(each) => format!("each of `{}:`", each.word()),
    };
    let mut text = format!("{owner} has `{}`", requires.key.join("."));
    if let Some(expected) = requires.test.expected() {
        let _ = write!(text, ", {expected}");
    }
    let conditions: Vec<_> = requires.conditions.iter().map(in_words).collect();
    if !conditions.is_empty() {
        let _ = write!(text, "; asked where {}", conditions.join(" and "));
    }
    text
}

fn in_words(condition: &Condition) -> String {
    let key = condition.key.join(".");
    match &condition.holds {
        Holds::Present(true) => format!("`{key}` is there"),
        Holds::Present(false) => format!("`{key}` is not there"),
        Holds::OneOf(values) => {
            let values: Vec<_> = values.iter().map(|value| format!("`{value}`")).collect();
            format!("`{key}` is {}", one_of(&values))
        }
    }
}

fn done_by(fix: &Fix, computed: &Computed) -> String {
    match (fix, computed) {
        (Fix::Document(page), _) => {
            format!("names the page in `documents:` and writes a stub of it, for people to fill in ({page})")
        }
        (Fix::Set(value), Computed::Requires(requires)) => {
            let key = requires.key.join(".");
            format!("writes `{key}: {}` where it is missing", on_one_line(value))
        }
        (Fix::Set(value), _) => format!("writes {}", on_one_line(value)),
    }
}

fn on_one_line(value: &Value) -> String {
    match value {
        Value::Text(text) | Value::Bare(text) => text.clone(),
        Value::List(values) => format!("[{}]", values.iter().map(on_one_line).collect::<Vec<_>>().join(", ")),
        Value::Map(entries) => {
            let entries: Vec<_> =
                entries.iter().map(|(key, value)| format!("{key}: {}", on_one_line(value))).collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}
