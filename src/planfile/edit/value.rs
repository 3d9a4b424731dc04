//! What is inserted, and how it is written.

use super::CannotEdit;
use super::layout::Nesting;
use super::quote::{Context, can_be_bare, quote};
pub use crate::model::Value;
use crate::planfile::tree::{Kind, NodeId, Style, Tree};

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bare(value.to_string())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// The widest line in which a list or mapping of scalars is written in brackets.
const MAX_COLUMNS: usize = 80;

impl Value {
    /// Refuses what cannot be written, in the value or in `key`.
    pub(super) fn check(&self, key: &str) -> Result<(), CannotEdit> {
        let not_writable = |text: &str| Err(CannotEdit::NotWritable { text: text.to_owned() });
        if key.contains('\0') {
            return not_writable(key);
        }
        match self {
            Self::Text(text) if text.contains('\0') => not_writable(text),
            Self::Bare(text) if !can_be_bare(text, Context::Flow) => not_writable(text),
            Self::Text(_) | Self::Bare(_) => Ok(()),
            Self::List(elements) => elements.iter().try_for_each(|element| element.check("")),
            Self::Map(entries) => {
                for (at, (key, value)) in entries.iter().enumerate() {
                    value.check(key)?;
                    if entries[..at].iter().any(|(other, _)| other == key) {
                        return Err(CannotEdit::Exists { what: key.clone() });
                    }
                }
                Ok(())
            }
        }
    }

    /// Whether a node of a tree says the same.
    pub(super) fn is_said_by(&self, tree: &Tree<'_>, node: NodeId) -> bool {
        let is_plain = tree.node(node).style == Style::Plain;
        match (self, &tree.node(node).kind) {
            (Self::Text(text), Kind::Scalar { text: found, .. }) => text == found && !tree.is_null(node),
            (Self::Bare(text), Kind::Scalar { text: found, .. }) => text == found && is_plain,
            (Self::List(elements), Kind::Seq(nodes)) => {
                let mut pairs = elements.iter().zip(nodes);
                elements.len() == nodes.len() && pairs.all(|(value, node)| value.is_said_by(tree, *node))
            }
            (Self::Map(entries), Kind::Map(nodes)) => {
                let mut pairs = entries.iter().zip(nodes);
                entries.len() == nodes.len()
                    && pairs.all(|((name, value), (key, node))| {
                        name == tree.text(*key) && value.is_said_by(tree, *node)
                    })
            }
            _ => false,
        }
    }

    /// The value in one line, as it stands between brackets.
    pub(super) fn in_flow(&self) -> String {
        match self {
            Self::Text(text) => quote(text, Context::Flow),
            Self::Bare(text) => text.clone(),
            Self::List(elements) => {
                let elements: Vec<_> = elements.iter().map(Self::in_flow).collect();
                format!("[{}]", elements.join(", "))
            }
            Self::Map(entries) => {
                let entry = |(key, value): &(String, Self)| {
                    format!("{}: {}", quote(key, Context::Flow), value.in_flow())
                };
                let entries: Vec<_> = entries.iter().map(entry).collect();
                format!("{{{}}}", entries.join(", "))
            }
        }
    }

    fn is_scalar(&self) -> bool {
        matches!(self, Self::Text(_) | Self::Bare(_))
    }

    /// The value in the rest of a line of which `taken` columns are used; `None` when it is better written in
    /// lines.
    fn in_line(&self, taken: usize) -> Option<String> {
        let is_simple = match self {
            Self::Text(text) => return Some(quote(text, Context::Block)),
            Self::Bare(text) => return Some(text.clone()),
            Self::List(elements) => elements.iter().all(Self::is_scalar),
            Self::Map(entries) => entries.iter().all(|(_, value)| value.is_scalar()),
        };
        let line = self.in_flow();
        let is_empty = matches!(line.as_str(), "[]" | "{}");
        (is_empty || is_simple && taken + line.chars().count() <= MAX_COLUMNS).then_some(line)
    }

    /// The lines of the collection, each with its indentation.
    fn lines(&self, column: usize, nesting: Nesting, lines: &mut Vec<String>) {
        match self {
            Self::Text(_) | Self::Bare(_) => {}
            Self::List(elements) => {
                for value in elements {
                    element(value, column, nesting, lines);
                }
            }
            Self::Map(entries) => {
                for (key, value) in entries {
                    entry(&[key], value, column, nesting, lines);
                }
            }
        }
    }
}

/// A part of a collection.
#[derive(Debug, Clone, Copy)]
pub(super) enum Item<'a> {
    /// A value below keys, each but the last that of a mapping of its own.
    Entry(&'a [&'a str], &'a Value),
    /// An element of a list.
    Element(&'a Value),
}

impl Item<'_> {
    /// The item as it stands between brackets.
    pub(super) fn in_flow(self) -> String {
        match self {
            Self::Element(value) => value.in_flow(),
            Self::Entry([key, below @ ..], value) if !below.is_empty() => {
                format!("{}: {{{}}}", quote(key, Context::Flow), Item::Entry(below, value).in_flow())
            }
            Self::Entry(keys, value) => {
                let key = keys.first().copied().unwrap_or_default();
                format!("{}: {}", quote(key, Context::Flow), value.in_flow())
            }
        }
    }

    /// The lines of the item, which begins at `column`.
    pub(super) fn lines(self, column: usize, nesting: Nesting) -> Vec<String> {
        let mut lines = Vec::new();
        match self {
            Self::Element(value) => element(value, column, nesting, &mut lines),
            Self::Entry(keys, value) => entry(keys, value, column, nesting, &mut lines),
        }
        lines
    }

    /// Whether it can stand alone between brackets in a line of which `taken` columns are used.
    pub(super) fn is_short_element(self, taken: usize) -> bool {
        match self {
            Self::Element(value) => {
                value.is_scalar() && taken + value.in_flow().chars().count() + 2 <= MAX_COLUMNS
            }
            Self::Entry(..) => false,
        }
    }
}

fn indented(column: usize, text: &str) -> String {
    format!("{}{text}", " ".repeat(column))
}

fn entry(keys: &[&str], value: &Value, column: usize, nesting: Nesting, lines: &mut Vec<String>) {
    let [key, below @ ..] = keys else { return };
    let head = indented(column, &format!("{}:", quote(key, Context::Block)));
    if !below.is_empty() {
        lines.push(head);
        entry(below, value, column + nesting.mapping, nesting, lines);
        return;
    }
    if let Some(line) = value.in_line(head.chars().count() + 1) {
        lines.push(format!("{head} {line}"));
        return;
    }
    lines.push(head);
    let inner = if matches!(value, Value::List(_)) { nesting.list } else { nesting.mapping };
    value.lines(column + inner, nesting, lines);
}

fn element(value: &Value, column: usize, nesting: Nesting, lines: &mut Vec<String>) {
    /// The columns of a dash and a blank.
    const DASH: usize = 2;
    let is_list = matches!(value, Value::List(_));
    // An element that is a mapping is written as one even where it would fit into brackets.
    let line = if matches!(value, Value::Map(entries) if !entries.is_empty()) {
        None
    } else {
        value.in_line(column + DASH)
    };
    match line {
        Some(line) => lines.push(indented(column, &format!("- {line}"))),
        None if is_list => {
            lines.push(indented(column, &format!("- {}", value.in_flow())));
        }
        None => {
            let first = lines.len();
            value.lines(column + DASH, nesting, lines);
            if let Some(line) = lines.get_mut(first) {
                line.replace_range(column..=column, "-");
            }
        }
    }
}
