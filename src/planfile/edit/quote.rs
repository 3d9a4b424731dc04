//! Scalars in one line: which texts need quotes, and which.
//!
//! A text goes without quotes only where YAML 1.1 and 1.2 both read it as that text: `no`, `1.10`,
//! `12:30:45`, `2026-12-20` and `~` are something else to one of them or to both.

use std::fmt::Write;

/// Where a scalar is to stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Context {
    /// Not between brackets.
    Block,
    /// Between brackets.
    Flow,
}

/// A text as a scalar in one line.
pub(super) fn quote(text: &str, context: Context) -> String {
    // To readers of YAML 1.1, a question mark between brackets begins a key.
    let is_doubtful = text.starts_with([':', '?']) || context == Context::Flow && text.contains('?');
    if !is_doubtful && !is_ambiguous(text) && can_be_bare(text, context) {
        text.to_owned()
    } else if text.contains(['"', '\\']) && can_be_single(text) {
        single(text)
    } else {
        double(text)
    }
}

/// Whether a text can be in single quotes in one line.
pub(super) fn can_be_single(text: &str) -> bool {
    !text.chars().any(needs_escape)
}

/// A text in single quotes.
pub(super) fn single(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A text in double quotes.
pub(super) fn double(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if needs_escape(c) => {
                let code = u32::from(c);
                // Writing to a string does not fail.
                let _ = if code <= 0xff {
                    write!(quoted, "\\x{code:02x}")
                } else {
                    write!(quoted, "\\u{code:04x}")
                };
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Whether a character has to be written as an escape: it cannot stand in YAML, breaks the line, or cannot be
/// seen.
pub(super) fn needs_escape(c: char) -> bool {
    let is_unseen = matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}');
    c.is_control() || is_unseen || matches!(c, '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// Whether a text reads as itself without quotes, whatever its type.
pub(super) fn can_be_bare(text: &str, context: Context) -> bool {
    let mut chars = text.chars();
    let Some(first) = chars.next() else { return false };
    let second = chars.next();
    let may_begin = match first {
        ',' | '[' | ']' | '{' | '}' | '#' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`' => {
            false
        }
        '-' | '?' | ':' => second
            .is_some_and(|next| !next.is_whitespace() && !matches!(next, ',' | '[' | ']' | '{' | '}' | ':')),
        _ => true,
    };
    let marks_document = ["---", "..."].iter().any(|mark| text.starts_with(mark));
    let has_brackets = context == Context::Flow && text.contains([',', '[', ']', '{', '}']);
    let has_indicators = text.contains(": ") || text.ends_with(':') || text.contains(" #");
    let is_trimmed = text.trim() == text;
    may_begin
        && is_trimmed
        && !marks_document
        && !has_brackets
        && !has_indicators
        && !text.chars().any(needs_escape)
}

/// Whether YAML 1.1 or 1.2 reads a text without quotes as something else than a text.
fn is_ambiguous(text: &str) -> bool {
    const WORDS: [&str; 12] = ["~", "null", "true", "false", "yes", "no", "on", "off", "y", "n", "=", "<<"];
    WORDS.iter().any(|word| text.eq_ignore_ascii_case(word)) || is_number(text) || is_date(text)
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if [".inf", ".nan"].iter().any(|word| digits.eq_ignore_ascii_case(word)) {
        return true;
    }
    let all =
        |digits: &str, radix| !digits.is_empty() && digits.chars().all(|c| c == '_' || c.is_digit(radix));
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if digits.strip_prefix(prefix).is_some_and(|digits| all(digits, radix)) {
            return true;
        }
    }
    let mantissa = match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) if all(exponent.strip_prefix(['+', '-']).unwrap_or(exponent), 10) => {
            mantissa
        }
        Some(_) => return false,
        None => digits,
    };
    // Colons: numbers to the base of sixty.
    mantissa.contains(|c: char| c.is_ascii_digit())
        && mantissa.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '_' | ':'))
}

fn is_date(text: &str) -> bool {
    let (year, rest) =
        text.split_at(text.len().min(4).min(text.chars().take_while(char::is_ascii_digit).count()));
    year.len() == 4
        && rest.starts_with('-')
        && rest
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '-' | ':' | 'T' | 't' | 'Z' | 'z' | ' ' | '.' | '+'))
}
