//! The tree to the model: a `serde` deserializer that knows places, types scalars by what is asked for, and
//! reads on after a fault.
//!
//! 1. Each fault is recorded once, with the place where it stands.
//! 2. What was wrong is left out and its surroundings are read again; a required key that is left out, or is
//!    not there, is replaced by a stand-in that stands nowhere ([`Span::default`]), so that the rest of the
//!    same mapping is judged too. A model with stand-ins always comes with an error.
//! 3. Reading again is bounded, by the number of faults and by the number of values.

mod access;
mod error;
mod node;
mod stand_in;

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};

use serde::de::Deserialize;

use error::{Owner, ReadError, Why};
use node::At;

use super::fault::Fault;
use super::tree::{Kind, NodeId, Tree, Whole};
use crate::model::Span;

/// The most faults after which anything is read again.
pub const MAX_FAULTS: usize = 500;

/// What was read.
pub struct Read<T> {
    /// The value; `None` when not even stand-ins help.
    pub value: Option<T>,
    /// Everything that is wrong with it.
    pub faults: Vec<Fault>,
    /// Where the mappings and lists begin that something was left out of, sorted.
    pub spoiled: Vec<u32>,
    /// Whether all of it was read; else there may be more faults.
    pub is_complete: bool,
}

/// How often all of the file may be read again, in all.
const MAX_PASSES: usize = 10;
/// The values that may be read again even in a small file.
const FREE_VISITS: usize = 1_000_000;

/// Reads the whole tree as `T`, and says everything that is wrong with it.
pub fn read<'t, T: Deserialize<'t>>(tree: &'t Tree<'t>, whole: &'static Whole) -> Read<T> {
    let reader = Reader {
        tree,
        whole,
        faults: RefCell::default(),
        poisoned: RefCell::default(),
        visits: Cell::new(MAX_PASSES * tree.len() + FREE_VISITS),
        lost: RefCell::default(),
        absent: RefCell::default(),
    };
    let root = At { reader: &reader, node: tree.root(), owner: None };
    let value = loop {
        match T::deserialize(root) {
            Ok(value) => break Some(value),
            Err(error) => {
                if !reader.can_go_on(error) {
                    break None;
                }
            }
        }
    };
    let is_complete = !reader.is_exhausted();
    let poisoned = reader.poisoned.into_inner().into_iter().map(|(of, _)| of);
    let absent = reader.absent.into_inner().into_keys();
    let mut spoiled: Vec<_> = poisoned.chain(absent).map(|of| tree.span(of).start).collect();
    spoiled.sort_unstable();
    Read { value, faults: reader.faults.into_inner(), spoiled, is_complete }
}

struct Reader<'t> {
    tree: &'t Tree<'t>,
    whole: &'static Whole,
    faults: RefCell<Vec<Fault>>,
    /// The entries and elements, by collection and index, that are left out from now on.
    poisoned: RefCell<HashSet<(NodeId, usize)>>,
    /// How many more values may be read.
    visits: Cell<usize>,
    /// The nodes of which nothing can be read, whatever is left out.
    lost: RefCell<HashSet<NodeId>>,
    /// The required keys that a mapping does not have, with the stand-in that is tried for each.
    absent: RefCell<HashMap<NodeId, Vec<(&'static str, usize)>>>,
}

/// Texts that stand in for a missing one: a length of time, which any text may be, and a time.
const STAND_INS: [&str; 2] = ["1s", "2000-01-01"];

impl Reader<'_> {
    fn is_exhausted(&self) -> bool {
        self.visits.get() == 0 || self.faults.borrow().len() >= MAX_FAULTS
    }

    fn is_poisoned(&self, collection: NodeId, index: usize) -> bool {
        let poisoned = self.poisoned.borrow();
        !poisoned.is_empty() && poisoned.contains(&(collection, index))
    }

    fn is_spoiled(&self, collection: NodeId) -> bool {
        match &self.tree.node(collection).kind {
            Kind::Scalar { .. } => false,
            Kind::Seq(elements) => {
                let is_lost = |element: &NodeId| self.lost.borrow().contains(element);
                elements.iter().any(is_lost)
                    || (0..elements.len()).any(|index| self.is_poisoned(collection, index))
            }
            Kind::Map(entries) => (0..entries.len()).any(|index| self.is_poisoned(collection, index)),
        }
    }

    /// Records a fault and leaves out what was wrong; `false` when there is nothing to be left out, so that
    /// another try would end the same way.
    fn can_go_on(&self, error: ReadError) -> bool {
        let error = *error.0;
        if self.is_exhausted() {
            return false;
        }
        let (map, why) = (error.node, error.why);
        if let (Some(map), Why::Missing(name)) = (map, &why) {
            let name = *name;
            let is_left_out = self.tree.entry(map, name).is_some();
            if !is_left_out {
                self.faults.borrow_mut().push(self.fault(&why, map, error.owner));
            }
            let mut absent = self.absent.borrow_mut();
            let names = absent.entry(map).or_default();
            if !names.iter().any(|(known, _)| *known == name) {
                names.push((name, 0));
                return true;
            }
        } else if let (Some(map), Why::NoStandIn(name)) = (map, &why) {
            let mut absent = self.absent.borrow_mut();
            if let Some((_, tried)) =
                absent.entry(map).or_default().iter_mut().find(|(known, _)| known == name)
                && *tried + 1 < STAND_INS.len()
            {
                *tried += 1;
                return true;
            }
        } else {
            let node = map.unwrap_or(self.tree.root());
            // What is said about a collection as a whole is a consequence of what was left out of it.
            let is_consequence = matches!(why, Why::Custom(_)) && self.is_spoiled(node);
            if !is_consequence {
                self.faults.borrow_mut().push(self.fault(&why, node, error.owner));
            }
        }
        error.poison.is_some_and(|entry| self.poisoned.borrow_mut().insert(entry))
    }

    /// Words a fault; `owner` is what `node` belongs to.
    fn fault(&self, why: &Why, node: NodeId, owner: Option<Owner>) -> Fault {
        let tree = self.tree;
        let name = match owner {
            Some(Owner { key, is_element: false }) => format!("`{}`", tree.text(key)),
            Some(Owner { key, is_element: true }) => format!("an element of `{}`", tree.text(key)),
            None => self.whole.name.to_owned(),
        };
        match why {
            Why::UnknownKey(known) => {
                let found = tree.text(node);
                let fault = Fault::new("MS112", tree.span(node), format!("unknown key `{found}`"));
                expect_one_of(fault, found, known)
            }
            Why::UnknownValue(known) => {
                let found = tree.text(node);
                let fault =
                    Fault::new("MS114", tree.span(node), format!("`{found}` is not a value of {name}"));
                expect_one_of(fault, found, known)
            }
            Why::Missing(missing) => {
                let span = match owner {
                    Some(Owner { key, is_element: false }) => tree.span(key),
                    Some(Owner { is_element: true, .. }) | None => self.start_of(node),
                };
                let fault = Fault::new("MS113", span, format!("{name} has no `{missing}`"))
                    .expected(format!("expected the key `{missing}`"));
                if *missing == "mainstay" { fault.help("begin the file with `mainstay: 1`") } else { fault }
            }
            Why::Empty => {
                let span = match owner {
                    Some(Owner { key, .. }) if tree.span(node).start == tree.span(node).end => tree.span(key),
                    _ => tree.span(node),
                };
                Fault::new("MS116", span, format!("{name} is empty"))
                    .help("give it a value or remove the key")
            }
            Why::Shape { expected, help } => {
                let found = match &tree.node(node).kind {
                    Kind::Scalar { .. } => format!("`{}`", tree.text(node)),
                    Kind::Seq(_) => "a list".to_owned(),
                    Kind::Map(_) => "a mapping".to_owned(),
                };
                let span = self.start_of(node);
                let fault = Fault::new("MS115", span, format!("{name} cannot be {found}"))
                    .expected(format!("expected {expected}"));
                match help {
                    Some(help) => fault.help(help.clone()),
                    None => fault,
                }
            }
            Why::Custom(text) => {
                let text = text.as_str();
                let span = self.start_of(node);
                if text.starts_with("data did not match any variant") {
                    return Fault::new("MS115", span, format!("{name} has a form that is not known"));
                }
                match (text.starts_with("expected "), &tree.node(node).kind) {
                    (true, Kind::Scalar { text: found, .. }) => {
                        Fault::new("MS115", span, format!("{name} cannot be `{found}`")).expected(text)
                    }
                    (true, _) => {
                        Fault::new("MS115", span, format!("{name} has the wrong form")).expected(text)
                    }
                    (false, _) => Fault::new("MS115", span, text),
                }
            }
            Why::NoStandIn(_) => Fault::new("MS115", tree.span(node), format!("{name} cannot be read")),
        }
    }

    /// A scalar whole; of a collection its first line, because all of it would hide the message.
    fn start_of(&self, node: NodeId) -> Span {
        let span = self.tree.span(node);
        match &self.tree.node(node).kind {
            Kind::Scalar { .. } => span,
            Kind::Seq(_) => Span { start: span.start, end: (span.start + 1).min(span.end) },
            Kind::Map(entries) => entries.first().map_or(span, |(key, _)| self.tree.span(*key)),
        }
    }
}

fn expect_one_of(fault: Fault, found: &str, known: &'static [&'static str]) -> Fault {
    /// More names than that hide the message.
    const MOST: usize = 12;
    let fault = fault.near(found, known.iter().copied());
    if known.is_empty() {
        return fault.expected("expected no key at all");
    }
    if fault.has_help() || known.len() > MOST {
        return fault;
    }
    let names: Vec<_> = known.iter().map(|name| format!("`{name}`")).collect();
    fault.expected(format!("expected {}", one_of(&names)))
}

/// `a`, `a or b`, `a, b or c`.
pub(crate) fn one_of(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}
