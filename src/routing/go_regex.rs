//! Go's regular expressions, in the words of the `regex` crate.
//!
//! Both match in linear time and nearly alike. Where they read a pattern differently it is written anew: the classes
//! `\d \w \s` and `\b` know ASCII alone in Go, `\Q...\E` quotes, a brace that repeats nothing and a bracket in a class
//! are characters.
//!
//! Source: the manual of `regexp/syntax`, Go 1.19.

use std::iter::Peekable;
use std::str::Chars;

use regex::Regex;

/// The pattern, anchored at both ends as Alertmanager does it.
///
/// # Errors
/// What Go has against it, or that it cannot be said what Go makes of it.
pub(super) fn anchored(pattern: &str) -> Result<Regex, String> {
    crate::promql::check_regex(pattern)
        .map_err(|reason| format!("`{pattern}` is no regular expression (RE2): {reason}"))?;
    let rewritten = rewritten(pattern)
        .ok_or_else(|| format!("the regular expression `{pattern}` has parts that mainstay does not read"))?;
    Regex::new(&format!("^(?:{rewritten})$"))
        .map_err(|error| format!("the regular expression `{pattern}` cannot be used: {error}"))
}

fn rewritten(pattern: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = pattern.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' => escape(&mut rest, &mut out, false)?,
            '[' => class(&mut rest, &mut out)?,
            '{' if !repeats(&rest) => out.push_str(r"\{"),
            c => out.push(c),
        }
    }
    Some(out)
}

/// Whether what follows a brace is a repetition.
fn repeats(rest: &Peekable<Chars>) -> bool {
    let text: String = rest.clone().take_while(|c| *c != '}').collect();
    let is_closed = rest.clone().any(|c| c == '}');
    let is_count = |text: &str| {
        text == "0"
            || (!text.starts_with('0') && !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()))
    };
    is_closed
        && match text.split_once(',') {
            None => is_count(&text),
            Some((min, max)) => is_count(min) && (max.is_empty() || is_count(max)),
        }
}

fn escape(rest: &mut Peekable<Chars>, out: &mut String, is_in_class: bool) -> Option<()> {
    let c = rest.next()?;
    let plain = match (c, is_in_class) {
        ('d', _) => "[0-9]",
        ('D', _) => "[^0-9]",
        ('w', _) => "[0-9A-Za-z_]",
        ('W', _) => "[^0-9A-Za-z_]",
        ('s', _) => r"[\t\n\f\r ]",
        ('S', _) => r"[^\t\n\f\r ]",
        ('b', false) => r"(?-u:\b)",
        ('Q', false) => {
            let text: String = rest.collect();
            let (quoted, after) = text.split_once(r"\E").unwrap_or((&text, ""));
            out.push_str(&regex::escape(quoted));
            out.push_str(&rewritten(after)?);
            return Some(());
        }
        // Octal numbers, and the boundary that `regex` has for Unicode alone.
        ('0'..='9' | 'B' | 'E', _) => return None,
        ('p' | 'P' | 'x', _) => {
            out.extend(['\\', c]);
            if rest.peek() == Some(&'{') {
                for c in rest.by_ref() {
                    out.push(c);
                    if c == '}' {
                        break;
                    }
                }
            }
            return Some(());
        }
        _ => {
            out.extend(['\\', c]);
            return Some(());
        }
    };
    out.push_str(plain);
    Some(())
}

/// A class after its bracket, to its end.
fn class(rest: &mut Peekable<Chars>, out: &mut String) -> Option<()> {
    out.push('[');
    if rest.next_if_eq(&'^').is_some() {
        out.push('^');
    }
    // The first bracket is a character.
    if rest.next_if_eq(&']').is_some() {
        out.push_str(r"\]");
    }
    while let Some(c) = rest.next() {
        match c {
            ']' => {
                out.push(']');
                return Some(());
            }
            '\\' => escape(rest, out, true)?,
            '[' if rest.peek() == Some(&':') => {
                // A named class of POSIX, when it is one.
                let ahead: String = rest.clone().skip(1).take_while(|c| *c != ']').collect();
                match ahead.strip_suffix(':') {
                    Some(name) if name.trim_start_matches('^').bytes().all(|b| b.is_ascii_lowercase()) => {
                        out.push('[');
                        for c in rest.by_ref() {
                            out.push(c);
                            if c == ']' {
                                break;
                            }
                        }
                    }
                    _ => out.push_str(r"\["),
                }
            }
            '[' | '&' | '~' => out.extend(['\\', c]),
            // A minus beside a minus would take one class from another.
            '-' if rest.peek() == Some(&'-') => return None,
            c => out.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_what_they_mean_to_go() {
        let check = |pattern: &str, text: &str, expected: bool| {
            let regex = anchored(pattern).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(regex.is_match(text), expected, "{pattern} on {text}");
        };
        check("host", "host1", false);
        check("a|b", "b", true);
        check("a|b", "ab", false);
        check(".*", "a\nb", false);
        check("(?s).*", "a\nb", true);
        check(r"\d+", "12", true);
        check(r"\d+", "١", false);
        check(r"\w+", "é", false);
        check(r"\Qa.b\E+", "a.bb", true);
        check(r"\Qa.b\E", "axb", false);
        check("a{", "a{", true);
        check("a{,2}", "a{,2}", true);
        check("a{2}", "aa", true);
        check("{a}", "{a}", true);
        check("[[a]", "[", true);
        check("[a&&b]", "&", true);
        check("[]a]", "]", true);
        check("[^]a]", "b", true);
        check("[[:alpha:]_]+", "ab_", true);
        check(r"[\d.]+", "1.2", true);
        check(r"\x{41}\x42", "AB", true);
        check(r"\p{Greek}\pL", "αβ", true);
        check("(?i)PAGE", "page", true);
        check("", "", true);
        check("", "a", false);
    }

    #[test]
    fn what_cannot_be_told_is_an_error() {
        for pattern in ["(", "a**", r"\B", r"\12", "(?x)a"] {
            assert!(anchored(pattern).is_err(), "{pattern}");
        }
    }
}
