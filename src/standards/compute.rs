//! What of a plan file does not meet what a control requires.
//!
//! Looks at what is written, key by key: also what could not be read counts as said.

use super::{Condition, Each, Holds, Least, Requires, Test};
use crate::model::{Length, Span};
use crate::planfile::{Kind, NodeId, Tree};

/// Something that does not meet a control.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmet {
    /// The keys to what is not as it should be: to a wrong value, or to what lacks one. Elements are `[0]`;
    /// none for the plan file itself.
    pub subject: Vec<String>,
    /// Where that stands; `None` for the plan file itself.
    pub span: Option<Span>,
    /// The mapping that lacks the value; `None` when it is there, and wrong.
    pub lacking: Option<Span>,
    /// The keys to the value.
    pub path: Vec<String>,
}

/// Keys of which an entry is what it belongs to, when it says nothing itself: so mainstay reads them.
const INHERITED: [(Each, &str); 2] = [(Each::Tasks, "criticality"), (Each::Steps, "idempotent")];

/// Everything that does not meet `requires`, in the order in which it stands.
pub fn unmet(requires: &Requires, tree: &Tree) -> Vec<Unmet> {
    let is_asked = |entry: &Entry| requires.conditions.iter().all(|condition| holds(condition, entry, tree));
    entries(requires.each, tree)
        .into_iter()
        .filter(is_asked)
        .filter_map(|entry| look(requires, &entry, tree))
        .collect()
}

/// Something that is asked for a value.
struct Entry {
    /// Its key; of an element of a list the element; of the plan file none.
    key: Option<NodeId>,
    value: NodeId,
    /// What it belongs to beside the plan file: the task of a step.
    task: Option<NodeId>,
    place: Place,
}

/// Where an entry stands.
enum Place {
    Root,
    /// Under its key in a section.
    Section(&'static str),
    /// In a list of a task: the task's name, the list's key, the index.
    List(NodeId, &'static str, usize),
}

impl Entry {
    fn keys(&self, tree: &Tree) -> Vec<String> {
        let own = self.key.map_or("", |key| tree.text(key));
        match &self.place {
            Place::Root => Vec::new(),
            Place::Section(section) => vec![(*section).to_owned(), own.to_owned()],
            Place::List(task, list, index) => {
                vec![
                    "tasks".to_owned(),
                    tree.text(*task).to_owned(),
                    (*list).to_owned(),
                    format!("[{index}]"),
                ]
            }
        }
    }

    fn span(&self, tree: &Tree) -> Option<Span> {
        let key = self.key?;
        let first = tree.entries(key).first().map_or(key, |(first, _)| *first);
        Some(tree.span(first))
    }
}

fn entries(each: Option<Each>, tree: &Tree) -> Vec<Entry> {
    let root = Entry { key: None, value: tree.root(), task: None, place: Place::Root };
    let lists: &[&'static str] = match each {
        None => return vec![root],
        Some(Each::Steps) => &["steps", "rollback", "finally"],
        Some(Each::Checks) => &["preconditions", "verify"],
        Some(_) => &[],
    };
    let mut found = Vec::new();
    let section = each.filter(|each| *each != Each::Steps).map_or("", Each::word);
    if let Some((_, map)) = tree.entry(tree.root(), section) {
        found.extend(tree.entries(map).iter().map(|(key, value)| Entry {
            key: Some(*key),
            value: *value,
            task: None,
            place: Place::Section(section),
        }));
    }
    if let Some((_, tasks)) = tree.entry(tree.root(), "tasks").filter(|_| !lists.is_empty()) {
        for (name, task) in tree.entries(tasks) {
            for list in lists {
                let of_list =
                    tree.entry(*task, list).map_or(&[][..], |(_, elements)| tree.elements(elements));
                found.extend(of_list.iter().enumerate().map(|(index, element)| Entry {
                    key: Some(*element),
                    value: *element,
                    task: Some(*task),
                    place: Place::List(*name, list, index),
                }));
            }
        }
    }
    // What is no mapping has a fault of its own.
    found.retain(|entry| matches!(tree.node(entry.value).kind, Kind::Map(_)));
    found
}

/// The value at a path of keys, if it is there and not empty.
fn value_at(tree: &Tree, map: NodeId, path: &[String]) -> Option<NodeId> {
    let found = path.iter().try_fold(map, |map, key| Some(tree.entry(map, key)?.1))?;
    (!is_empty(tree, found)).then_some(found)
}

fn is_empty(tree: &Tree, value: NodeId) -> bool {
    match &tree.node(value).kind {
        Kind::Scalar { text, .. } => text.trim().is_empty() || tree.is_null(value),
        Kind::Seq(elements) => elements.is_empty(),
        Kind::Map(entries) => entries.is_empty(),
    }
}

fn holds(condition: &Condition, entry: &Entry, tree: &Tree) -> bool {
    match &condition.holds {
        Holds::Present(is_wanted) => value_at(tree, entry.value, &condition.key).is_some() == *is_wanted,
        Holds::OneOf(values) => {
            let owners = [Some(entry.value), entry.task, Some(tree.root())];
            let found = owners.into_iter().flatten().find_map(|map| value_at(tree, map, &condition.key));
            let is_one = |node: NodeId| values.iter().any(|value| value == tree.text(node));
            found.is_some_and(|node| match &tree.node(node).kind {
                Kind::Seq(elements) => elements.iter().any(|element| is_one(*element)),
                Kind::Scalar { .. } | Kind::Map(_) => is_one(node),
            })
        }
    }
}

fn look(requires: &Requires, entry: &Entry, tree: &Tree) -> Option<Unmet> {
    let passes = |value: &NodeId| passes(&requires.test, tree, *value);
    match value_at(tree, entry.value, &requires.key) {
        Some(value) => (!passes(&value)).then(|| wrong(requires, entry, tree, value)),
        None if inherited(requires, entry, tree).as_ref().is_some_and(passes) => None,
        None => Some(missing(requires, entry, tree)),
    }
}

fn path_of(requires: &Requires, entry: &Entry, tree: &Tree) -> Vec<String> {
    entry.keys(tree).into_iter().chain(requires.key.iter().cloned()).collect()
}

/// A value that is there and is not as it should be.
fn wrong(requires: &Requires, entry: &Entry, tree: &Tree, value: NodeId) -> Unmet {
    let whole = tree.span(value);
    let span = match &tree.node(value).kind {
        Kind::Scalar { .. } => whole,
        Kind::Seq(_) | Kind::Map(_) => Span { end: whole.end.min(whole.start + 1), ..whole },
    };
    let path = path_of(requires, entry, tree);
    Unmet { subject: path.clone(), span: Some(span), lacking: None, path }
}

/// A value that is not there: told at what there is of the way to it.
fn missing(requires: &Requires, entry: &Entry, tree: &Tree) -> Unmet {
    let (mut subject, mut span, mut map) = (entry.keys(tree), entry.span(tree), entry.value);
    for name in &requires.key {
        let Some((key, value)) = tree.entry(map, name) else { break };
        subject.push(name.clone());
        span = Some(tree.span(key));
        if is_empty(tree, value) {
            break;
        }
        map = value;
    }
    Unmet { subject, span, lacking: Some(tree.span(map)), path: path_of(requires, entry, tree) }
}

fn inherited(requires: &Requires, entry: &Entry, tree: &Tree) -> Option<NodeId> {
    let [key] = requires.key.as_slice() else { return None };
    INHERITED.iter().find(|(each, name)| requires.each == Some(*each) && name == key)?;
    value_at(tree, entry.task.unwrap_or(tree.root()), &requires.key)
}

/// Whether a value that is there is as it should be.
fn passes(test: &Test, tree: &Tree, value: NodeId) -> bool {
    let each = |is: &dyn Fn(&str) -> bool| match &tree.node(value).kind {
        Kind::Scalar { text, .. } => is(text),
        Kind::Seq(elements) => elements.iter().all(|element| is(tree.text(*element))),
        Kind::Map(_) => false,
    };
    match test {
        Test::Present => true,
        Test::Equals(expected) => each(&|text| text == expected),
        Test::OneOf(known) => each(&|text| known.iter().any(|known| known == text)),
        Test::Matches(regex) => each(&|text| regex.is_match(text)),
        Test::AtLeast(least) => is_at_least(*least, tree, value),
    }
}

fn is_at_least(least: Least, tree: &Tree, value: NodeId) -> bool {
    let n_parts = |parts: usize| {
        let parts = f64::from(u32::try_from(parts).unwrap_or(u32::MAX));
        matches!(least, Least::Number(number) if number <= parts)
    };
    match (&tree.node(value).kind, least) {
        (Kind::Scalar { text, .. }, Least::Number(least)) => {
            text.parse::<f64>().is_ok_and(|number| least <= number)
        }
        (Kind::Scalar { text, .. }, Least::Length(least)) => {
            text.parse::<Length>().is_ok_and(|length| least <= length)
        }
        (Kind::Seq(elements), _) => n_parts(elements.len()),
        (Kind::Map(entries), _) => n_parts(entries.len()),
    }
}
