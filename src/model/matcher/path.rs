//! Paths into JSON.

use serde_json::Value;

use super::Found;

/// A JSONPath query.
///
/// A query that can only ever name one place (`$.a[0].b`) finds that value; any other finds the list of all values
/// that it names, which may be empty.
///
/// Source: RFC 9535, JSONPath; section 2.3.5.1 for what a singular query is.
#[derive(Debug, Clone)]
pub struct JsonPath {
    query: serde_json_path::JsonPath,
    is_singular: bool,
}

/// The longest query that is read, in bytes, and the most brackets: the parser goes down a step for each.
const MAX_LENGTH: usize = 1000;
const MAX_BRACKETS: usize = 50;

impl JsonPath {
    /// Reads a query.
    ///
    /// # Errors
    /// What is wrong with it, as a phrase.
    pub fn parse(text: &str) -> Result<Self, String> {
        if !text.starts_with('$') {
            return Err("expected a JSONPath, which begins with `$`, such as `$.data.status`".to_owned());
        }
        if text.len() > MAX_LENGTH || text.matches(['[', '(']).count() > MAX_BRACKETS {
            return Err(format!("expected a path of at most {MAX_LENGTH} bytes and {MAX_BRACKETS} brackets"));
        }
        let query = serde_json_path::JsonPath::parse(text)
            .map_err(|error| format!("expected a JSONPath (RFC 9535); {error}"))?;
        Ok(Self { query, is_singular: is_singular(text) })
    }

    /// What it finds.
    pub fn find(&self, value: &Value) -> Found {
        let nodes = self.query.query(value).all();
        match (self.is_singular, nodes.first()) {
            (true, Some(node)) => (*node).into(),
            (true, None) => Found::Absent,
            (false, _) => Found::List(nodes.into_iter().map(Into::into).collect()),
        }
    }
}

/// Whether a query, which is a right one, is made of names and indexes alone.
fn is_singular(text: &str) -> bool {
    let mut quote = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(_), '\\') => _ = chars.next(),
            (Some(open), c) if open == c => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, '*' | '?' | ':' | ',') => return false,
            (None, '.') if chars.peek() == Some(&'.') => return false,
            _ => {}
        }
    }
    true
}
