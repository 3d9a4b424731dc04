//! Patterns for single lines, as Goss has them.

use regex::Regex;

/// A pattern that a line matches, or that no line may match.
///
/// `text` is found in a line as it is, `/regular expression/` anywhere in it. `!` before either means that no line
/// may match. A text that begins with `!` or `/` is written with `\` before it, and so is one that begins with `\`.
///
/// Goss takes all of these characters away from the beginning of a text, so that it cannot look for `\!`.
#[derive(Debug, Clone)]
pub struct LinePattern {
    /// Whether no line may match.
    pub is_negated: bool,
    looks_for: LooksFor,
}

#[derive(Debug, Clone)]
enum LooksFor {
    Text(String),
    Regex(Regex),
}

impl LinePattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What is wrong with its regular expression.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (is_negated, rest) = match text.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let regex = rest.strip_prefix('/').and_then(|inner| inner.strip_suffix('/'));
        let looks_for = match regex {
            Some(regex) => LooksFor::Regex(regex_of(regex)?),
            None => LooksFor::Text(rest.strip_prefix('\\').unwrap_or(rest).to_owned()),
        };
        Ok(Self { is_negated, looks_for })
    }

    /// Whether it is found in a line.
    pub fn is_in(&self, line: &str) -> bool {
        match &self.looks_for {
            LooksFor::Text(text) => line.contains(text.as_str()),
            LooksFor::Regex(regex) => regex.is_match(line),
        }
    }

    /// Whether it is found in every line, and in no line of a text that has none.
    pub fn is_in_all(&self) -> bool {
        match &self.looks_for {
            LooksFor::Text(text) => text.is_empty(),
            LooksFor::Regex(regex) => is_in_all(regex.as_str()),
        }
    }
}

/// Whether a regular expression is found in every text.
pub(super) fn is_in_all(regex: &str) -> bool {
    matches!(regex, "" | ".*" | "^.*" | ".*$" | "^.*$" | "^" | "$" | ".*?" | "(.*)")
}

/// Reads a regular expression.
///
/// # Errors
/// What is wrong with it, in one line.
pub(super) fn regex_of(text: &str) -> Result<Regex, String> {
    Regex::new(text).map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
        // The library draws a picture in several lines; the last one says what is wrong.
        error => {
            let words = error.to_string();
            let last = words.lines().next_back().unwrap_or_default().trim();
            last.strip_prefix("error: ").unwrap_or(last).to_owned()
        }
    })
}
