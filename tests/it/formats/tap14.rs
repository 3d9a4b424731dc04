//! A reader of TAP 14 that takes nothing but what the specification's grammar has, without its "anything".

use serde::Deserialize;

/// One test point.
#[derive(Debug)]
pub struct Point {
    pub is_ok: bool,
    pub description: String,
    /// Why it was skipped.
    pub skipped: Option<String>,
    pub diagnostics: Option<Diagnostics>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Diagnostics {
    pub message: Option<String>,
    #[serde(default)]
    pub findings: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub message: String,
    pub severity: String,
    pub file: String,
    pub line: u64,
    pub column: u64,
    pub expected: Option<String>,
    pub help: Option<String>,
}

/// Reads a document whose plan comes first.
#[track_caller]
pub fn read(text: &str) -> Vec<Point> {
    let mut lines = text.strip_suffix('\n').expect("a last line that ends").split('\n').peekable();
    assert_eq!(lines.next(), Some("TAP version 14"));
    let plan = lines.next().and_then(|line| line.strip_prefix("1..")).expect("a plan");
    let mut points = Vec::new();
    while let Some(line) = lines.next() {
        let mut point = point(line, points.len() + 1);
        if lines.next_if_eq(&"  ---").is_some() {
            let mut yaml = String::new();
            loop {
                match lines.next().expect("an end of the block") {
                    "  ..." => break,
                    line => yaml.extend([line.strip_prefix("  ").expect("an indented line"), "\n"]),
                }
            }
            let read = serde_yaml::from_str(&yaml);
            point.diagnostics = Some(read.unwrap_or_else(|error| panic!("{error}:\n{yaml}")));
        }
        points.push(point);
    }
    assert_eq!(plan, points.len().to_string());
    points
}

#[track_caller]
fn point(line: &str, number: usize) -> Point {
    let (is_ok, rest) = match line.strip_prefix("not ok ") {
        Some(rest) => (false, rest),
        None => (true, line.strip_prefix("ok ").unwrap_or_else(|| panic!("no test point: {line}"))),
    };
    let rest = rest.strip_prefix(&format!("{number} - ")).unwrap_or_else(|| panic!("{number}: {line}"));
    let (description, directive) = split(rest);
    let skipped = directive.map(|directive| {
        directive.strip_prefix("SKIP ").unwrap_or_else(|| panic!("no such directive: {line}")).to_owned()
    });
    Point { is_ok, description, skipped, diagnostics: None }
}

/// The description without its escapes, and what stands after an unescaped ` # `.
fn split(text: &str) -> (String, Option<&str>) {
    let mut description = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some((_, c @ ('\\' | '#'))) => description.push(c),
                other => panic!("no such escape: {other:?} in {text}"),
            },
            '#' => {
                let before = description.strip_suffix(' ').expect("a blank before a directive");
                return (before.to_owned(), Some(text[at + 1..].trim_start()));
            }
            c => description.push(c),
        }
    }
    (description, None)
}
