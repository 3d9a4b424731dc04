//! Conditions on labels, as Alertmanager's configuration writes them.

use regex::Regex;

use super::{Labels, go_regex};

/// One condition on a label of an alert.
#[derive(Debug, Clone)]
pub struct LabelMatcher {
    /// The label.
    pub name: String,
    value: String,
    /// Whether it has to match; else it must not.
    is_equal: bool,
    regex: Option<Regex>,
}

impl LabelMatcher {
    /// A matcher of these parts; a regular expression is anchored at both ends.
    ///
    /// # Errors
    /// What is wrong with the regular expression.
    pub fn new(name: &str, value: &str, is_regex: bool, is_equal: bool) -> Result<Self, String> {
        let regex = if is_regex { Some(go_regex::anchored(value)?) } else { None };
        Ok(Self { name: name.to_owned(), value: value.to_owned(), is_equal, regex })
    }

    /// Whether it takes a label of this value; an alert without the label has the empty value.
    pub fn matches(&self, value: &str) -> bool {
        let is_same = self.regex.as_ref().map_or(self.value == value, |regex| regex.is_match(value));
        is_same == self.is_equal
    }

    /// Whether it takes an alert of these labels.
    pub fn takes(&self, labels: &Labels) -> bool {
        self.matches(labels.get(&self.name).map_or("", String::as_str))
    }

    /// Name, value, whether it is a regular expression, and whether it has to match: what two that mean the same share.
    pub fn parts(&self) -> (&str, &str, bool, bool) {
        (&self.name, &self.value, self.regex.is_some(), self.is_equal)
    }
}

/// Reads what stands in one element of `matchers:`: one condition, or several with commas between, with or without
/// braces around. A value may stand without quotes.
///
/// Source: Alertmanager 0.25, the classic syntax.
///
/// # Errors
/// What was expected, as a phrase.
pub fn matchers(text: &str) -> Result<Vec<LabelMatcher>, String> {
    let inner = text.strip_prefix('{').unwrap_or(text);
    let inner = inner.strip_suffix('}').unwrap_or(inner);
    let mut parts = parts(inner);
    if parts.last().is_some_and(|last| last.trim().is_empty()) {
        parts.pop();
    }
    parts.into_iter().map(matcher).collect()
}

/// The parts between commas that stand outside of quotes.
fn parts(text: &str) -> Vec<&str> {
    let (mut is_quoted, mut is_escaped, mut start) = (false, false, 0);
    let mut parts = Vec::new();
    for (at, c) in text.char_indices() {
        match c {
            ',' if !is_quoted => {
                parts.push(&text[start..at]);
                start = at + 1;
                continue;
            }
            '"' if !is_escaped => is_quoted = !is_quoted,
            _ => {}
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    parts.push(&text[start..]);
    parts
}

fn matcher(text: &str) -> Result<LabelMatcher, String> {
    let expected =
        || format!("`{text}` is no matcher such as `name=\"value\"`, or one with `!=`, `=~` or `!~`");
    let text = text.trim();
    let end = text.find(['=', '!']).ok_or_else(expected)?;
    let name = text[..end].trim_end();
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b':';
    if name.is_empty() || !name.bytes().all(allowed) || name.as_bytes()[0].is_ascii_digit() {
        return Err(expected());
    }
    let operators = [("=~", true, true), ("!~", true, false), ("!=", false, false), ("=", false, true)];
    let (operator, is_regex, is_equal) = operators
        .into_iter()
        .find(|(operator, ..)| text[end..].starts_with(operator))
        .ok_or_else(expected)?;
    let value = value(text[end + operator.len()..].trim())
        .ok_or_else(|| format!("the value in `{text}` has a double quote too many, or one too few"))?;
    LabelMatcher::new(name, &value, is_regex, is_equal)
}

/// A value with or without quotes; other escapes than `\\`, `\"` and `\n` stay as they are.
fn value(raw: &str) -> Option<String> {
    let (inner, mut is_open) = match raw.strip_prefix('"') {
        Some(inner) => (inner, true),
        None => (raw, false),
    };
    let mut value = String::new();
    let mut chars = inner.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => value.push('\n'),
                Some(c @ ('"' | '\\')) => value.push(c),
                Some(c) => value.extend(['\\', c]),
                None => value.push('\\'),
            },
            '"' if is_open && chars.peek().is_none() => is_open = false,
            '"' => return None,
            c => value.push(c),
        }
    }
    (!is_open).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matchers_are_read_as_alertmanager_reads_them() {
        let check = |text: &str, expected: &[(&str, &str, bool, bool)]| {
            let found = matchers(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(found.iter().map(LabelMatcher::parts).collect::<Vec<_>>(), expected, "{text}");
        };
        check("a=b", &[("a", "b", false, true)]);
        check(r#"a = "b" "#, &[("a", "b", false, true)]);
        check(r#"{a="b",c!=d}"#, &[("a", "b", false, true), ("c", "d", false, false)]);
        check(r#"a=~"x,y|z", c!~"\d+","#, &[("a", "x,y|z", true, true), ("c", r"\d+", true, false)]);
        check(r#"a="\"\\\n""#, &[("a", "\"\\\n", false, true)]);
        check("a=", &[("a", "", false, true)]);
        check(r#"foo:bar="""#, &[("foo:bar", "", false, true)]);
        check("", &[]);
    }

    #[test]
    fn what_alertmanager_refuses_is_refused() {
        for text in ["a", "=b", "1a=b", r#"a="b"#, r#"a=b""#, r#"a="b"c""#, "a=~(", "a-b=c", "a=b,,c=d"] {
            assert!(matchers(text).is_err(), "{text}");
        }
    }
}
