//! Whether an edited text says what the text before it said, but for one change.

use super::Value;
use crate::planfile::tree::{Kind, NodeId, Tree};

/// What an edit is to change.
#[derive(Debug)]
pub(super) struct Change<'a> {
    /// The node it is about, which stands in one place.
    pub at: NodeId,
    /// What happens to it.
    pub what: What<'a>,
}

/// What happens to a node.
#[derive(Debug)]
pub(super) enum What<'a> {
    /// The collection gets an entry with this key, or an element, at this index.
    Insert(usize, Option<&'a str>, Value),
    /// The collection loses what is at this index.
    Remove(usize),
    /// It is something else.
    Become(Value),
}

/// A part of the tree after the change.
enum Part<'a> {
    Old(NodeId),
    Key(&'a str),
    New(&'a Value),
}

impl Change<'_> {
    /// Whether `after` is what the change makes of `before`.
    pub(super) fn leads_to(&self, before: &Tree<'_>, after: &Tree<'_>) -> bool {
        self.agree(before, before.root(), after, after.root())
    }

    fn agree(&self, before: &Tree<'_>, old: NodeId, after: &Tree<'_>, new: NodeId) -> bool {
        let is_changed = old == self.at;
        if let What::Become(value) = &self.what
            && is_changed
        {
            return value.is_said_by(after, new);
        }
        let mut parts = match (&before.node(old).kind, &after.node(new).kind) {
            (Kind::Scalar { text, .. }, Kind::Scalar { text: found, .. }) => {
                return text == found && before.is_null(old) == after.is_null(new);
            }
            (Kind::Seq(elements), Kind::Seq(_)) => elements.iter().map(|node| Part::Old(*node)).collect(),
            (Kind::Map(entries), Kind::Map(_)) => {
                entries.iter().flat_map(|(key, value)| [Part::Old(*key), Part::Old(*value)]).collect()
            }
            _ => return false,
        };
        if is_changed {
            self.apply(&mut parts, matches!(before.node(old).kind, Kind::Map(_)));
        }
        let found: Vec<NodeId> = match &after.node(new).kind {
            Kind::Scalar { .. } => Vec::new(),
            Kind::Seq(elements) => elements.clone(),
            Kind::Map(entries) => entries.iter().flat_map(|(key, value)| [*key, *value]).collect(),
        };
        parts.len() == found.len()
            && parts.iter().zip(found).all(|(part, found)| match part {
                Part::Old(old) => self.agree(before, *old, after, found),
                Part::Key(key) => after.text(found) == *key,
                Part::New(value) => value.is_said_by(after, found),
            })
    }

    fn apply<'a>(&'a self, parts: &mut Vec<Part<'a>>, is_map: bool) {
        match &self.what {
            What::Insert(index, Some(key), value) => {
                parts.splice(2 * index..2 * index, [Part::Key(key), Part::New(value)]);
            }
            What::Insert(index, None, value) => parts.insert(*index, Part::New(value)),
            What::Remove(index) if is_map => {
                parts.drain(2 * index..2 * index + 2);
            }
            What::Remove(index) => {
                parts.remove(*index);
            }
            What::Become(_) => {}
        }
    }
}
