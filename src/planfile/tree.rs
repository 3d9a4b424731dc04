//! Text to a tree of mappings, lists and scalars; the only module that knows the YAML library.
//!
//! 1. Nothing is typed here: a scalar is its text, and whether it was written without quotes.
//! 2. Aliases share nodes; what they would unfold to is bounded before anybody walks the tree.
//! 3. The tree is finite: an alias inside what it names is refused.

mod builder;
mod words;

use std::borrow::Cow;

use serde_yaml::granit_parser::{ScalarStyle, StructureStyle};

pub use builder::{Parsed, parse, parse_as};

use super::source::offset;
use crate::model::Span;

/// Names a node of one tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(u32);

/// One value of the file.
#[derive(Debug)]
pub struct Node<'t> {
    /// What it is.
    pub kind: Kind<'t>,
    /// How it is written.
    pub style: Style,
    /// Where it stands; a value that is not written has an empty one.
    pub span: Span,
}

/// What a node is.
#[derive(Debug)]
pub enum Kind<'t> {
    /// One text.
    Scalar {
        /// Its content.
        text: Cow<'t, str>,
        /// Whether it is written without quotes.
        plain: bool,
    },
    /// A list.
    Seq(Vec<NodeId>),
    /// A mapping; keys are scalars, each text at most once.
    Map(Vec<(NodeId, NodeId)>),
}

/// How a node is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// A scalar without quotes, or a value that is left out.
    Plain,
    /// A scalar in single quotes.
    Single,
    /// A scalar in double quotes.
    Double,
    /// A scalar after `|`.
    Literal,
    /// A scalar after `>`.
    Folded,
    /// A collection by indentation.
    Block,
    /// A collection in brackets, or the pair in a list in brackets that stands for a mapping.
    Flow,
}

impl From<ScalarStyle> for Style {
    fn from(style: ScalarStyle) -> Self {
        match style {
            ScalarStyle::Plain => Self::Plain,
            ScalarStyle::SingleQuoted => Self::Single,
            ScalarStyle::DoubleQuoted => Self::Double,
            ScalarStyle::Literal => Self::Literal,
            ScalarStyle::Folded => Self::Folded,
        }
    }
}

impl From<StructureStyle> for Style {
    fn from(style: StructureStyle) -> Self {
        match style {
            StructureStyle::Block => Self::Block,
            StructureStyle::Flow => Self::Flow,
        }
    }
}

/// All values of a file.
#[derive(Debug)]
pub struct Tree<'t> {
    nodes: Vec<Node<'t>>,
    aliases: Vec<Span>,
    root: NodeId,
}

/// What people call a file of some form, in what is said about all of it.
#[derive(Debug)]
pub struct Whole {
    /// The file: `the plan file`.
    pub name: &'static str,
    /// Two keys that it may hold, for who wrote something else.
    pub keys: &'static str,
    /// How it begins.
    pub first: &'static str,
    /// What to do with several documents in one file.
    pub split: &'static str,
}

/// The plan file.
pub const PLAN_FILE: Whole = Whole {
    name: "the plan file",
    keys: "`mainstay:` and `tasks:`",
    first: "mainstay: 1",
    split: "split the file; `-f` names the one to use",
};

/// The deepest nesting that is read.
const MAX_DEPTH: u32 = 64;
/// The most values that are read, and the most that aliases may unfold to.
const MAX_NODES: u64 = 2_000_000;

impl<'t> Tree<'t> {
    /// The mapping that the file is.
    pub fn root(&self) -> NodeId {
        self.root
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// A node.
    pub fn node(&self, id: NodeId) -> &Node<'t> {
        &self.nodes[id.0 as usize]
    }

    /// Where aliases stand, in the order of the file; a node's span is where its anchor is.
    pub fn aliases(&self) -> &[Span] {
        &self.aliases
    }

    /// Where a node stands.
    pub fn span(&self, id: NodeId) -> Span {
        self.node(id).span
    }

    /// The text of a scalar; of anything else nothing.
    pub fn text(&self, id: NodeId) -> &str {
        match &self.node(id).kind {
            Kind::Scalar { text, .. } => text,
            Kind::Seq(_) | Kind::Map(_) => "",
        }
    }

    /// Whether a node is one text.
    pub fn is_scalar(&self, id: NodeId) -> bool {
        matches!(self.node(id).kind, Kind::Scalar { .. })
    }

    /// The entries of a mapping; of anything else none.
    pub fn entries(&self, id: NodeId) -> &[(NodeId, NodeId)] {
        match &self.node(id).kind {
            Kind::Map(entries) => entries,
            Kind::Scalar { .. } | Kind::Seq(_) => &[],
        }
    }

    /// The elements of a list; of anything else none.
    pub fn elements(&self, id: NodeId) -> &[NodeId] {
        match &self.node(id).kind {
            Kind::Seq(elements) => elements,
            Kind::Scalar { .. } | Kind::Map(_) => &[],
        }
    }

    /// The key and the value of the entry called `key`.
    pub fn entry(&self, map: NodeId, key: &str) -> Option<(NodeId, NodeId)> {
        self.entries(map).iter().copied().find(|(name, _)| self.text(*name) == key)
    }

    /// All mappings, each once.
    pub fn maps(&self) -> impl Iterator<Item = NodeId> {
        let is_map = |(_, node): &(usize, &Node)| matches!(node.kind, Kind::Map(_));
        self.nodes.iter().enumerate().filter(is_map).map(|(id, _)| NodeId(offset(id)))
    }

    /// The path of keys to the innermost value that `at` lies in, its key included: `tasks.tidy.steps[0].run`.
    pub fn path_to(&self, at: u32) -> String {
        let mut path = String::new();
        let mut node = self.root;
        // Aliases share nodes, so the way down is bounded by the depth, not by the text.
        for _ in 0..=MAX_DEPTH {
            let below = match &self.node(node).kind {
                Kind::Scalar { .. } => None,
                Kind::Seq(elements) => {
                    let found = elements.iter().position(|element| self.holds(*element, *element, at));
                    found.map(|index| (format!("[{index}]"), elements[index]))
                }
                Kind::Map(entries) => {
                    // Keys stand in the order of the text; only values can be aliases of something elsewhere.
                    let after = entries.partition_point(|(key, _)| self.span(*key).start <= at);
                    let found = entries[..after].last().filter(|(key, value)| self.holds(*key, *value, at));
                    let dot = if path.is_empty() { "" } else { "." };
                    found.map(|(key, value)| (format!("{dot}{}", self.text(*key)), *value))
                }
            };
            let Some((step, next)) = below else { break };
            path.push_str(&step);
            node = next;
        }
        path
    }

    /// What begins in a place: from the first entry or element that begins there to the end of what they hold.
    pub fn extent(&self, place: Span) -> Option<Span> {
        let mut extent: Option<Span> = None;
        let mut add = |first: NodeId, last: NodeId| {
            let (start, end) = (self.span(first).start, self.span(last).end.max(self.span(first).end));
            if place.start <= start && start < place.end {
                let so_far = extent.get_or_insert(Span { start, end });
                *so_far = Span { start: so_far.start.min(start), end: so_far.end.max(end) };
            }
        };
        for node in &self.nodes {
            match &node.kind {
                Kind::Scalar { .. } => {}
                Kind::Seq(elements) => elements.iter().for_each(|element| add(*element, *element)),
                Kind::Map(entries) => entries.iter().for_each(|(key, value)| add(*key, *value)),
            }
        }
        extent
    }

    /// Whether a place lies between the beginning of one node and the end of another.
    fn holds(&self, first: NodeId, last: NodeId, at: u32) -> bool {
        let (start, end) = (self.span(first).start, self.span(last).end.max(self.span(first).end));
        start <= at && at < end.max(start + 1)
    }

    /// The values of every entry called `key`, wherever it stands.
    pub fn values_of(&self, key: &str) -> impl Iterator<Item = NodeId> {
        let entries = self.nodes.iter().filter_map(|node| match &node.kind {
            Kind::Map(entries) => Some(entries),
            Kind::Scalar { .. } | Kind::Seq(_) => None,
        });
        entries.flatten().filter(move |(name, _)| self.text(*name) == key).map(|(_, value)| *value)
    }

    /// Whether a value is left out or written as null.
    pub fn is_null(&self, id: NodeId) -> bool {
        match &self.node(id).kind {
            Kind::Scalar { text, plain } => {
                *plain && matches!(text.as_ref(), "" | "~" | "null" | "Null" | "NULL")
            }
            Kind::Seq(_) | Kind::Map(_) => false,
        }
    }
}
