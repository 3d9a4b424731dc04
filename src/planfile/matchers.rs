//! Alertmanager matchers: `name="value"`, `name!="value"`, `name=~"regex"`, `name!~"regex"`.

use regex::Regex;

/// One condition on a label of an alert.
#[derive(Debug, Clone)]
pub struct LabelMatcher {
    /// The label.
    pub name: String,
    /// What it is held against.
    pub value: String,
    /// Whether the value is a regular expression, anchored at both ends.
    pub is_regex: bool,
    /// Whether it has to match; else it must not.
    pub is_equal: bool,
    regex: Option<Regex>,
}

impl LabelMatcher {
    /// Whether a label of this value is covered; an alert without the label has the empty value.
    pub fn matches(&self, value: &str) -> bool {
        let is_same = self.regex.as_ref().map_or(self.value == value, |regex| regex.is_match(value));
        is_same == self.is_equal
    }
}

/// Reads one matcher.
///
/// # Errors
/// What was expected, as a phrase.
pub fn parse(text: &str) -> Result<LabelMatcher, String> {
    const EXPECTED: &str = "expected `name=\"value\"`, or one with `!=`, `=~` or `!~`";
    let text = text.trim();
    let end = text.find(['=', '!']).ok_or(EXPECTED)?;
    let name = text[..end].trim();
    if !is_label_name(name) {
        return Err(if name.is_empty() {
            EXPECTED.to_owned()
        } else {
            format!("expected a label name, found `{name}`")
        });
    }
    let operators = [("=~", true, true), ("!~", true, false), ("!=", false, false), ("=", false, true)];
    let (operator, is_regex, is_equal) =
        operators.into_iter().find(|(operator, ..)| text[end..].starts_with(operator)).ok_or(EXPECTED)?;
    let (value, rest) = quoted(text[end + operator.len()..].trim_start())?;
    if !rest.trim().is_empty() {
        return Err("expected nothing after the closing quote".to_owned());
    }
    let regex = if is_regex {
        Some(Regex::new(&format!("^(?s:{value})$")).map_err(|_| "expected a regular expression (RE2)")?)
    } else {
        None
    };
    Ok(LabelMatcher { name: name.to_owned(), value, is_regex, is_equal, regex })
}

/// Source: Prometheus data model, label names.
pub(super) fn is_label_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !name.is_empty() && name.bytes().all(allowed) && !name.as_bytes()[0].is_ascii_digit()
}

/// A text in double quotes with the escapes `\\`, `\"` and `\n`, and what follows it.
pub(super) fn quoted(text: &str) -> Result<(String, &str), String> {
    let inner = text.strip_prefix('"').ok_or("expected a value in double quotes")?;
    let mut value = String::new();
    let mut chars = inner.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((value, &inner[at + 1..])),
            '\\' => match chars.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, c @ ('"' | '\\'))) => value.push(c),
                // A regular expression is full of these; Alertmanager keeps them as they are.
                Some((_, c)) => value.extend(['\\', c]),
                None => break,
            },
            c => value.push(c),
        }
    }
    Err("expected a closing quote".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matchers_are_read_as_alertmanager_reads_them() {
        let check = |text: &str, value: &str, expected: bool| {
            let matcher = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(matcher.matches(value), expected, "{text} on `{value}`");
        };
        check(r#"job="prometheus""#, "prometheus", true);
        check(r#"job = "prometheus""#, "", false);
        check(r#"job!="a""#, "", true);
        check(r#"instance=~"host1|host2""#, "host2", true);
        check(r#"instance=~"host1|host2""#, "host22", false);
        check(r#"instance=~"a\.b""#, "axb", false);
        check(r#"job=~".*""#, "", true);
        check(r#"job!~"""#, "", false);
    }

    #[test]
    fn what_is_no_matcher_says_what_was_expected() {
        let check = |text: &str, expected: &str| assert_eq!(parse(text).unwrap_err(), expected, "{text}");
        check("job", "expected `name=\"value\"`, or one with `!=`, `=~` or `!~`");
        check("job=prometheus", "expected a value in double quotes");
        check("job=\"prometheus", "expected a closing quote");
        check("job=\"a\" x", "expected nothing after the closing quote");
        check("1job=\"a\"", "expected a label name, found `1job`");
        check("job=~\"(\"", "expected a regular expression (RE2)");
    }
}
