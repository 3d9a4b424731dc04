//! A fault on its way from where it was found to whoever can leave out what is wrong.

use std::fmt;

use serde::de::{self, Expected};

use crate::planfile::tree::NodeId;

/// The key that a node is the value of, or an element of the value of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owner {
    pub(super) key: NodeId,
    pub(super) is_element: bool,
}

impl Owner {
    pub(super) fn of(key: NodeId) -> Self {
        Self { key, is_element: false }
    }
}

/// A fault on its way to whoever can leave it out.
#[derive(Debug)]
pub(super) struct ReadError(pub(super) Box<Details>);

#[derive(Debug)]
pub(super) struct Details {
    pub(super) why: Why,
    /// What is wrong; for a missing key the mapping that lacks it.
    pub(super) node: Option<NodeId>,
    pub(super) owner: Option<Owner>,
    /// The entry or element that has to be left out.
    pub(super) poison: Option<(NodeId, usize)>,
}

#[derive(Debug)]
pub(super) enum Why {
    UnknownKey(&'static [&'static str]),
    UnknownValue(&'static [&'static str]),
    Missing(&'static str),
    Empty,
    Shape {
        expected: String,
        help: Option<String>,
    },
    Custom(String),
    /// The stand-in for this key was refused.
    NoStandIn(&'static str),
}

impl ReadError {
    pub(super) fn new(why: Why) -> Self {
        Self(Box::new(Details { why, node: None, owner: None, poison: None }))
    }

    pub(super) fn shape(expected: impl Into<String>) -> Self {
        Self::new(Why::Shape { expected: expected.into(), help: None })
    }

    /// Sets the place unless a place further in is known.
    pub(super) fn at(mut self, node: NodeId, owner: Option<Owner>) -> Self {
        if self.0.node.is_none() {
            (self.0.node, self.0.owner) = (Some(node), owner);
        }
        self
    }

    /// Sets what has to be left out unless something smaller is known.
    pub(super) fn leave_out(mut self, collection: NodeId, index: usize) -> Self {
        self.0.poison.get_or_insert((collection, index));
        self
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{:?}", self.0.why)
    }
}

impl std::error::Error for ReadError {}

impl de::Error for ReadError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(Why::Custom(message.to_string()))
    }

    fn invalid_type(_: de::Unexpected, expected: &dyn Expected) -> Self {
        Self::shape(in_words(&expected.to_string()))
    }

    fn invalid_value(_: de::Unexpected, expected: &dyn Expected) -> Self {
        Self::shape(in_words(&expected.to_string()))
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        Self::shape(in_words(&expected.to_string()))
    }

    fn unknown_variant(_: &str, known: &'static [&'static str]) -> Self {
        Self::new(Why::UnknownValue(known))
    }

    fn unknown_field(_: &str, known: &'static [&'static str]) -> Self {
        Self::new(Why::UnknownKey(known))
    }

    fn missing_field(name: &'static str) -> Self {
        Self::new(Why::Missing(name))
    }
}

/// What a visitor expects, for people.
pub(super) fn in_words(expected: &str) -> String {
    let known = [
        ("a string", "a text"),
        ("string", "a text"),
        ("str", "a text"),
        ("a sequence", "a list"),
        ("a map", "a mapping"),
        ("a boolean", "`true` or `false`"),
    ];
    if let Some((_, words)) = known.iter().find(|(serde, _)| *serde == expected) {
        return (*words).to_owned();
    }
    if expected.starts_with("struct ") {
        return "a mapping".to_owned();
    }
    if expected.starts_with("tuple struct ") {
        return "a text".to_owned();
    }
    expected.to_owned()
}
