//! What single values mean, however they are written, and how they are told.

use serde_json::Value;

use crate::routing::{self, LabelMatcher};

pub(super) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.values().all(is_empty),
    }
}

pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// In a few words, without what may be a secret.
pub(super) fn short(value: &Value) -> String {
    match value {
        Value::Array(list) => short_list(list),
        Value::Object(map) => format!("a mapping of {}", crate::counted(map.len(), "key")),
        value => format!("`{}`", scalar(value).unwrap_or_else(|| "null".to_owned())),
    }
}

pub(super) fn short_list(list: &[Value]) -> String {
    let texts: Option<Vec<_>> = list.iter().map(scalar).collect();
    match texts {
        Some(texts) if !texts.is_empty() => format!("`{}`", texts.join("`, `")),
        _ => format!("a list of {}", list.len()),
    }
}

/// The elements of a list of things with a name.
pub(super) fn by_name(list: &[Value]) -> Option<Vec<(&str, &Value)>> {
    list.iter().map(|value| Some((named(value)?, value))).collect()
}

fn named(value: &Value) -> Option<&str> {
    value.get("job_name").or_else(|| value.get("name")).and_then(Value::as_str)
}

/// The conditions of a list of matchers, in an order of their own.
pub(super) fn conditions(list: &[Value]) -> Option<Vec<(String, String, bool, bool)>> {
    let mut found = Vec::new();
    for text in list {
        let own = |matcher: &LabelMatcher| {
            let (name, value, is_regex, is_equal) = matcher.parts();
            (name.to_owned(), value.to_owned(), is_regex, is_equal)
        };
        found.extend(routing::matchers(text.as_str()?).ok()?.iter().map(own));
    }
    found.sort();
    Some(found)
}

/// A range of days, months or years: names become numbers, and one becomes a range.
pub(super) fn range(text: &str) -> (String, String) {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let one = |text: &str| {
        let text = text.trim().to_ascii_lowercase();
        match MONTHS.iter().position(|month| text.len() > 2 && text.starts_with(month)) {
            Some(place) => (place + 1).to_string(),
            None => text,
        }
    };
    let (first, last) = text.split_once(':').unwrap_or((text, text));
    (one(first), one(last))
}

/// Bytes: `10MB` and `10MiB` are the same to Prometheus.
pub(super) fn size(text: &str) -> Option<(u64, String)> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let unit = unit.strip_suffix('B')?;
    let unit = unit.strip_suffix('i').unwrap_or(unit);
    ["", "K", "M", "G", "T", "P"].contains(&unit).then_some(())?;
    Some((number.parse().ok()?, unit.to_owned()))
}
