//! One change to a plan file, as a slip of the pen makes it.

use std::collections::HashSet;

use crate::support::Yaml;

/// What is changed; places are counted in the order of the text.
#[derive(Debug, Clone)]
pub enum Mutation {
    /// The value at this place becomes another one.
    Value(usize, &'static str),
    /// A key gets another name.
    Rename(usize, &'static str),
    /// A key goes, with its value.
    Drop(usize),
    /// A mapping gets one more key.
    Add(usize, &'static str, &'static str),
    /// A key that stands elsewhere is repeated at the end of a mapping.
    Copy { at: usize, into: usize },
}

/// What values become first: one of each kind.
pub const KINDS_OF_VALUES: &[&str] = &[
    "x", "\"\"", "5", ".5", "-1", "true", "~", "5m", "[]", "{}", "[[a]]", "[~]", "[5]", "[' ']", "{a: b}",
    "{a: ~}",
];

/// What scalars become as well: other values and other notations.
pub const SCALARS: &[&str] = &[
    "' '",
    "0",
    "1",
    "101",
    "4294967296",
    "5.0",
    "2.5",
    "+5",
    "007",
    "0x1",
    "1_0",
    "1e2",
    ".inf",
    "\"5\"",
    "false",
    "True",
    "\"true\"",
    "yes",
    "'null'",
    "0s",
    "\"5m\"",
    "m5",
    "1d12h",
    "99999w",
    "2%",
    "-2%",
    "2026-12-20",
    "2026-13-01",
    "2026-02-30",
    "2026-1-5",
    "2026-12-20 24:00",
    "'0 2 * * *'",
    "'0 2 * *'",
    "http://h",
    "h:80",
    "a > 0",
    "{eq: 1}",
    "{url: x}",
];

/// What keys become.
pub const KEYS: &[&str] = &[
    "x",
    "run",
    "local",
    "a b",
    "5",
    "'5'",
    "a2345678901234567890123456789012345678901234567890123456789012345",
];

/// What mappings get: alternatives beside what is chosen already, and keys that go with some others only.
pub const ENTRIES: &[(&str, &str)] = &[
    ("x", "1"),
    ("within", "5m"),
    ("exists", "false"),
    ("contains", "a"),
    ("local", "true"),
    ("local", "false"),
    ("local", "{ssh: h}"),
    ("ssh", "h"),
    ("shell", "a"),
    ("http", "{url: 'http://h'}"),
    ("cron", "'0 2 * * *'"),
    ("promql", "{query: a, count: 1}"),
    ("file", "{path: a}"),
    ("env", "A"),
    ("count", "1"),
];

impl Mutation {
    /// The tree after this change; `None` when there is no such place.
    pub fn of(&self, tree: &Yaml) -> Option<Yaml> {
        let mut changed = tree.clone();
        match self {
            Self::Value(at, written) => {
                *nth(&mut changed, &mut at.clone(), |_| true)? = Yaml::read(written).expect("a value");
            }
            Self::Rename(at, name) => {
                let (entries, index) = entry(&mut changed, *at)?;
                (*name).clone_into(&mut entries[index].0);
            }
            Self::Drop(at) => {
                let (entries, index) = entry(&mut changed, *at)?;
                entries.remove(index);
            }
            Self::Add(at, key, written) => {
                let value = Yaml::read(written).expect("a value");
                mapping(&mut changed, *at)?.push(((*key).to_owned(), value));
            }
            Self::Copy { at, into } => {
                let (entries, index) = entry(&mut changed, *at)?;
                let copy = entries[index].clone();
                mapping(&mut changed, *into)?.push(copy);
            }
        }
        Some(changed)
    }
}

/// Where values, keys and mappings stand, in the order of the text.
///
/// The elements of a list and the things of a section all stand at the same place, and so do the parts of all
/// steps, checks and matchers.
#[derive(Default)]
pub struct Places {
    pub values: Vec<String>,
    /// Which of the values are scalars.
    pub scalars: HashSet<usize>,
    pub keys: Vec<String>,
    pub mappings: Vec<String>,
}

pub fn places(tree: &Yaml) -> Places {
    let mut places = Places::default();
    places.collect(tree, "", "", 0);
    places
}

impl Places {
    /// `own` is where the tree stands, `inside` where its parts do.
    fn collect(&mut self, tree: &Yaml, own: &str, inside: &str, depth: usize) {
        self.values.push(own.to_owned());
        match tree {
            Yaml::Scalar(_) => {
                self.scalars.insert(self.values.len() - 1);
            }
            Yaml::List(elements) => {
                let element = format!("{inside}/-");
                let inside = if KINDS.contains(&inside) { inside } else { &element };
                for below in elements {
                    self.collect(below, &element, inside, depth + 1);
                }
            }
            Yaml::Map(entries) => {
                self.mappings.push(own.to_owned());
                let name = |key: &str| format!("{inside}/{}", if depth == 1 { "*" } else { key });
                self.keys.extend(entries.iter().map(|(key, _)| name(key)));
                for (key, value) in entries {
                    let own = name(key);
                    self.collect(value, &own, kind_of(key).unwrap_or(&own), depth + 1);
                }
            }
        }
    }
}

const KINDS: [&str; 3] = ["step", "check", "matcher"];

/// What the value of a key is, when such values are of the same kind wherever they stand.
fn kind_of(key: &str) -> Option<&'static str> {
    match key {
        "steps" | "rollback" | "finally" => Some("step"),
        "preconditions" | "verify" | "only_if" | "done_if" | "until" => Some("check"),
        "status" | "exit" | "stdout" | "body" | "every" | "any" | "count" | "not" | "all" => Some("matcher"),
        _ => None,
    }
}

/// The nth of the nodes that are meant.
fn nth<'a>(tree: &'a mut Yaml, n: &mut usize, is_meant: fn(&Yaml) -> bool) -> Option<&'a mut Yaml> {
    if is_meant(tree) {
        if *n == 0 {
            return Some(tree);
        }
        *n -= 1;
    }
    match tree {
        Yaml::Scalar(_) => None,
        Yaml::List(elements) => elements.iter_mut().find_map(|element| nth(element, n, is_meant)),
        Yaml::Map(entries) => entries.iter_mut().find_map(|(_, value)| nth(value, n, is_meant)),
    }
}

/// The nth mapping.
fn mapping(tree: &mut Yaml, n: usize) -> Option<&mut Vec<(String, Yaml)>> {
    match nth(tree, &mut n.clone(), |node| matches!(node, Yaml::Map(_)))? {
        Yaml::Map(entries) => Some(entries),
        Yaml::Scalar(_) | Yaml::List(_) => None,
    }
}

/// The mapping that the nth key stands in, and where.
fn entry(tree: &mut Yaml, n: usize) -> Option<(&mut Vec<(String, Yaml)>, usize)> {
    let mut before = 0;
    for at in 0.. {
        let n_entries = mapping(tree, at)?.len();
        if n < before + n_entries {
            return Some((mapping(tree, at)?, n - before));
        }
        before += n_entries;
    }
    None
}
