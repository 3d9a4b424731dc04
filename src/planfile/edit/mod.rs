//! Small changes to the text of a plan file that leave everything else as it is, to the byte.
//!
//! 1. An edit touches the lines, or in brackets the characters, of what it inserts, replaces or removes.
//! 2. No edit is handed out that was not tried: the edited text was read again, and says what it said before
//!    but for what was asked for. What cannot be done in this way is refused with the reason, [`CannotEdit`].
//! 3. No comment is lost, but for those of what is removed: on its lines, and on the lines directly above it.
//! 4. What is there already is refused, so that doing the same twice changes nothing the second time.
//! 5. Nothing here reads or writes files.
//!
//! A comment belongs to the entry or element that follows when it stands directly above it, without a blank
//! line between, in the same column. Comments at the top of the file, without a blank line before the first
//! key, belong to the file.
//!
//! Each edit is made from the text that the one before it left. Edits that were made from the same text can
//! meet at one place, where their order decides what they mean.

mod apply;
mod batch;
mod block;
mod comment;
mod diff;
mod flow;
#[cfg(test)]
mod laws;
mod layout;
mod quote;
mod scalar;
mod section;
#[cfg(test)]
mod tests;
mod value;
mod verify;

use std::cell::OnceCell;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

pub use apply::{Edit, EditError, apply};
pub use batch::{Inserted, Insertion, insert_all};
pub use diff::{diff, diff_of_new};
pub use value::Value;

pub use super::tree::NodeId;
use super::tree::{self, Kind, Style, Tree};
use crate::model::Span;
use layout::{Nesting, Text};
use verify::{Change, What};

/// Why an edit is not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotEdit {
    /// The text is not a plan file that can be read without doubt.
    #[error("the text is not sound YAML")]
    NotReadable,
    /// It is there already.
    #[error("`{what}` is there already")]
    Exists {
        /// The key or the text that is there.
        what: String,
    },
    /// It is not there.
    #[error("there is no `{what}`")]
    Missing {
        /// The key, or the number of the element.
        what: String,
    },
    /// The node is of another kind.
    #[error("this is not {expected}")]
    NotA {
        /// What it would have to be.
        expected: &'static str,
    },
    /// An alias uses it, so that the edit would act in several places.
    #[error("an alias makes it stand in several places")]
    Shared,
    /// A comment stands where the edit would take it away.
    #[error("a comment stands in the way")]
    CommentInTheWay,
    /// The text cannot be written in YAML, or not without quotes as was asked for.
    #[error("`{}` cannot be written", text.escape_debug())]
    NotWritable {
        /// The text.
        text: String,
    },
    /// The edited text would not say what it should: its form is beyond what is known here.
    #[error("the form of the file does not allow it")]
    Unsure,
}

/// Where an entry goes in its mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position<'a> {
    /// After the last entry.
    Last,
    /// After the entry of this key.
    After(&'a str),
    /// Before the entry of this key and its comments.
    Before(&'a str),
}

/// Makes edits to one text.
#[derive(Debug)]
pub struct Editor<'t> {
    text: Text<'t>,
    tree: Tree<'t>,
    /// Where each node stands that is not the root; of one that aliases name, where its anchor is.
    places: HashMap<NodeId, Place>,
    /// What the text of each place that is an alias is.
    aliases: HashMap<Place, Span>,
    /// The nodes that an alias names.
    named: HashSet<NodeId>,
    /// How far the file indents; found out when the first edit needs it.
    nesting: OnceCell<Nesting>,
}

/// A place for a node: a part of a collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Place {
    parent: NodeId,
    index: usize,
    is_key: bool,
}

impl<'t> Editor<'t> {
    /// Reads `text`.
    ///
    /// # Errors
    /// [`CannotEdit::NotReadable`] when anything is wrong with its form; [`CannotEdit::Unsure`] when a
    /// carriage return alone breaks a line.
    pub fn new(text: &'t str) -> Result<Self, CannotEdit> {
        let parsed = tree::parse(text);
        let tree = parsed.tree.filter(|_| parsed.faults.is_empty()).ok_or(CannotEdit::NotReadable)?;
        if text.split('\r').skip(1).any(|rest| !rest.starts_with('\n')) {
            return Err(CannotEdit::Unsure);
        }
        let mut editor = Self {
            text: Text(text),
            tree,
            places: HashMap::new(),
            aliases: HashMap::new(),
            named: HashSet::new(),
            nesting: OnceCell::new(),
        };
        let mut n_aliases = 0;
        editor.find_places(editor.tree.root(), &mut n_aliases);
        Ok(editor)
    }

    /// Walks in the order of the file, in which an anchor comes before its aliases.
    fn find_places(&mut self, parent: NodeId, n_aliases: &mut usize) {
        let children: Vec<_> = match &self.tree.node(parent).kind {
            Kind::Scalar { .. } => return,
            Kind::Seq(elements) => elements.iter().enumerate().map(|(i, node)| (i, false, *node)).collect(),
            Kind::Map(entries) => {
                let both =
                    |(i, (key, value)): (usize, &(NodeId, NodeId))| [(i, true, *key), (i, false, *value)];
                entries.iter().enumerate().flat_map(both).collect()
            }
        };
        for (index, is_key, node) in children {
            let place = Place { parent, index, is_key };
            if let Entry::Vacant(unplaced) = self.places.entry(node) {
                unplaced.insert(place);
                self.find_places(node, n_aliases);
                continue;
            }
            if let Some(span) = self.tree.aliases().get(*n_aliases) {
                self.aliases.insert(place, *span);
            }
            *n_aliases += 1;
            self.named.insert(node);
        }
    }

    /// The mapping that the file is.
    pub fn root(&self) -> NodeId {
        self.tree.root()
    }

    /// The node at the end of `path`, whose steps are keys, or numbers of elements from 0.
    pub fn at(&self, path: &[&str]) -> Option<NodeId> {
        path.iter().try_fold(self.root(), |node, step| match &self.tree.node(node).kind {
            Kind::Scalar { .. } => None,
            Kind::Seq(elements) => step.parse().ok().and_then(|index: usize| elements.get(index).copied()),
            Kind::Map(_) => self.tree.entry(node, step).map(|(_, value)| value),
        })
    }

    /// The scalar, key or collection in brackets that stands at `span`, such as the place of a finding.
    pub fn node_at(&self, span: Span) -> Option<NodeId> {
        self.places.keys().copied().find(|node| !self.is_block(*node) && self.tree.span(*node) == span)
    }

    /// Inserts the entry `key: value` into a mapping, or into a value that is left out, null or `{}`.
    ///
    /// A mapping in brackets stays in brackets; one that was empty becomes one by indentation where that is
    /// possible.
    ///
    /// # Errors
    /// [`CannotEdit::Exists`] when the mapping has the key, [`CannotEdit::Missing`] when it does not have the
    /// key that `position` names, and the other reasons of [`CannotEdit`].
    pub fn insert_entry(
        &self,
        map: NodeId,
        key: &str,
        value: &Value,
        position: Position<'_>,
    ) -> Result<Edit, CannotEdit> {
        let (edit, change) = self.draft(map, &[key], value, position)?;
        self.tried(edit, &change)
    }

    /// Inserts `value` at the end of a path of keys from the root, with the mappings that are missing on the
    /// way.
    ///
    /// # Errors
    /// [`CannotEdit::Exists`] when there is a key at the end of the path, even without a value, and the other
    /// reasons of [`CannotEdit`].
    pub fn insert_path(&self, path: &[&str], value: &Value) -> Result<Edit, CannotEdit> {
        let (map, n_found) = self.follow(path);
        if n_found == path.len() {
            return Err(CannotEdit::Exists { what: path.join(".") });
        }
        let (edit, change) = self.draft(map, &path[n_found..], value, Position::Last)?;
        self.tried(edit, &change)
    }

    /// Follows a path of keys from the root: the last node that is there, and how many keys lead to it.
    fn follow(&self, path: &[&str]) -> (NodeId, usize) {
        let (mut node, mut n_found) = (self.root(), 0);
        while let Some(key) = path.get(n_found)
            && let Some((_, below)) = self.tree.entry(node, key)
        {
            (node, n_found) = (below, n_found + 1);
        }
        (node, n_found)
    }

    /// Drafts the insertion of `value` below the mapping, with a new mapping for each key but the last.
    fn draft<'k>(
        &self,
        map: NodeId,
        keys: &[&'k str],
        value: &Value,
        position: Position<'_>,
    ) -> Result<(Edit, Change<'k>), CannotEdit> {
        let [key, below @ ..] = keys else { return Err(CannotEdit::NotA { expected: "a path" }) };
        self.check_alone(map)?;
        let nested =
            below.iter().rev().fold(value.clone(), |inner, key| Value::Map(vec![((*key).to_owned(), inner)]));
        nested.check(key)?;
        let entries = match &self.tree.node(map).kind {
            Kind::Map(entries) => entries.as_slice(),
            Kind::Scalar { .. } if self.tree.is_null(map) => &[],
            Kind::Scalar { .. } | Kind::Seq(_) => return Err(CannotEdit::NotA { expected: "a mapping" }),
        };
        let find = |key: &str| entries.iter().position(|(name, _)| self.tree.text(*name) == key);
        if find(key).is_some() {
            return Err(CannotEdit::Exists { what: (*key).to_owned() });
        }
        let missing = |key: &str| CannotEdit::Missing { what: key.to_owned() };
        let (index, is_before) = match position {
            Position::Last => (entries.len(), false),
            Position::After(key) => (find(key).ok_or_else(|| missing(key))? + 1, false),
            Position::Before(key) => (find(key).ok_or_else(|| missing(key))?, true),
        };
        let item = value::Item::Entry(keys, value);
        let (edit, what) = if entries.is_empty() {
            let becomes = Value::Map(vec![((*key).to_owned(), nested)]);
            (self.fill(map, item)?, What::Become(becomes))
        } else if self.is_block(map) {
            (self.insert_in_block(map, index, is_before, item)?, What::Insert(index, Some(key), nested))
        } else {
            (self.insert_in_flow(map, index, is_before, item)?, What::Insert(index, Some(key), nested))
        };
        Ok((edit, Change { at: map, what }))
    }

    /// Inserts `value` at the end of a list, or into a value that is left out, null or `[]`.
    ///
    /// # Errors
    /// [`CannotEdit::Exists`] when the list has an equal element, and the other reasons of [`CannotEdit`].
    pub fn insert_element(&self, list: NodeId, value: &Value) -> Result<Edit, CannotEdit> {
        self.check_alone(list)?;
        value.check("")?;
        let elements = match &self.tree.node(list).kind {
            Kind::Seq(elements) => elements.as_slice(),
            Kind::Scalar { .. } if self.tree.is_null(list) => &[],
            Kind::Scalar { .. } | Kind::Map(_) => return Err(CannotEdit::NotA { expected: "a list" }),
        };
        if elements.iter().any(|element| value.is_said_by(&self.tree, *element)) {
            return Err(CannotEdit::Exists { what: value.in_flow() });
        }
        let item = value::Item::Element(value);
        let index = elements.len();
        let (edit, what) = if elements.is_empty() {
            (self.fill(list, item)?, What::Become(Value::List(vec![value.clone()])))
        } else if self.is_block(list) {
            (self.insert_in_block(list, index, false, item)?, What::Insert(index, None, value.clone()))
        } else {
            (self.insert_in_flow(list, index, false, item)?, What::Insert(index, None, value.clone()))
        };
        self.tried(edit, &Change { at: list, what })
    }

    /// Replaces a scalar, or a value that is left out, with a text or a bare word.
    ///
    /// A text keeps the way in which the old one is written, if it can be written so. A key can be replaced,
    /// too.
    ///
    /// # Errors
    /// [`CannotEdit::Exists`] when it says so already, or when a key is to be named as another one; and the
    /// other reasons of [`CannotEdit`].
    pub fn replace_scalar(&self, node: NodeId, value: &Value) -> Result<Edit, CannotEdit> {
        self.check_alone(node)?;
        let (Kind::Scalar { .. }, Value::Text(text) | Value::Bare(text)) =
            (&self.tree.node(node).kind, value)
        else {
            return Err(CannotEdit::NotA { expected: "a scalar" });
        };
        value.check("")?;
        let place = self.place(node)?;
        let exists = CannotEdit::Exists { what: text.clone() };
        if value.is_said_by(&self.tree, node) {
            return Err(exists);
        }
        if place.is_key && self.tree.entry(place.parent, text).is_some() {
            return Err(exists);
        }
        let edit = self.write_scalar(node, place, value)?;
        self.tried(edit, &Change { at: node, what: What::Become(value.clone()) })
    }

    /// Removes the entry of a key, with its comments; the last one leaves `{}`.
    ///
    /// # Errors
    /// [`CannotEdit::Missing`] when there is no such entry, [`CannotEdit::CommentInTheWay`] when a comment
    /// between brackets would be lost, and the other reasons of [`CannotEdit`].
    pub fn remove_entry(&self, map: NodeId, key: &str) -> Result<Edit, CannotEdit> {
        let Kind::Map(entries) = &self.tree.node(map).kind else {
            return Err(CannotEdit::NotA { expected: "a mapping" });
        };
        let index = entries.iter().position(|(name, _)| self.tree.text(*name) == key);
        self.remove(map, index.ok_or_else(|| CannotEdit::Missing { what: key.to_owned() })?)
    }

    /// Removes an element of a list, counted from 0, with its comments; the last one leaves `[]`.
    ///
    /// # Errors
    /// As [`Editor::remove_entry`].
    pub fn remove_element(&self, list: NodeId, index: usize) -> Result<Edit, CannotEdit> {
        let Kind::Seq(elements) = &self.tree.node(list).kind else {
            return Err(CannotEdit::NotA { expected: "a list" });
        };
        if index >= elements.len() {
            return Err(CannotEdit::Missing { what: index.to_string() });
        }
        self.remove(list, index)
    }

    fn remove(&self, collection: NodeId, index: usize) -> Result<Edit, CannotEdit> {
        self.check_alone(collection)?;
        let nodes = match &self.tree.node(collection).kind {
            Kind::Scalar { .. } => Vec::new(),
            Kind::Seq(elements) => vec![(elements[index], false)],
            Kind::Map(entries) => vec![(entries[index].0, true), (entries[index].1, false)],
        };
        let place = |is_key| Place { parent: collection, index, is_key };
        let is_alias = |is_key| self.aliases.contains_key(&place(is_key));
        if nodes.iter().any(|(node, is_key)| !is_alias(*is_key) && self.holds_named(*node)) {
            return Err(CannotEdit::Shared);
        }
        let edit = if self.is_block(collection) {
            self.remove_from_block(collection, index)?
        } else {
            self.remove_from_flow(collection, index)?
        };
        self.tried(edit, &Change { at: collection, what: What::Remove(index) })
    }

    /// Hands out the edit if the edited text says what it should.
    fn tried(&self, edit: Edit, change: &Change<'_>) -> Result<Edit, CannotEdit> {
        let edited = apply(self.text.0, std::slice::from_ref(&edit)).map_err(|_| CannotEdit::Unsure)?;
        let parsed = tree::parse(&edited);
        let tree = parsed.tree.filter(|_| parsed.faults.is_empty()).ok_or(CannotEdit::Unsure)?;
        if change.leads_to(&self.tree, &tree) { Ok(edit) } else { Err(CannotEdit::Unsure) }
    }

    /// Refuses what stands in several places, or inside of what does.
    fn check_alone(&self, node: NodeId) -> Result<(), CannotEdit> {
        let mut node = node;
        loop {
            if self.named.contains(&node) {
                return Err(CannotEdit::Shared);
            }
            match self.places.get(&node) {
                Some(place) => node = place.parent,
                None => return Ok(()),
            }
        }
    }

    /// Whether an alias names the node or something in it.
    fn holds_named(&self, node: NodeId) -> bool {
        let is_inside = |named: &NodeId| {
            let mut at = Some(*named);
            while let Some(inner) = at {
                if inner == node {
                    return true;
                }
                at = self.places.get(&inner).map(|place| place.parent);
            }
            false
        };
        self.named.iter().any(is_inside)
    }

    fn place(&self, node: NodeId) -> Result<Place, CannotEdit> {
        self.places.get(&node).copied().ok_or(CannotEdit::Unsure)
    }

    fn is_block(&self, node: NodeId) -> bool {
        self.tree.node(node).style == Style::Block
    }

    /// Whether the place is between brackets.
    fn is_in_flow(&self, place: Place) -> bool {
        self.tree.node(place.parent).style == Style::Flow
    }

    fn n_items(&self, collection: NodeId) -> usize {
        match &self.tree.node(collection).kind {
            Kind::Scalar { .. } => 0,
            Kind::Seq(elements) => elements.len(),
            Kind::Map(entries) => entries.len(),
        }
    }
}
