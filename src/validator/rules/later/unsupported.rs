//! MS901: keys that have a meaning but no code behind them yet. A row of [`ROWS`] goes when what it speaks of comes.

use crate::planfile::{Kind, NodeId, Tree};
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS901",
    title: "not supported yet",
    severity: Severity::Error,
    standing: Standing::NotYet,
    why: "The key has a meaning but no code behind it yet; ignoring it would leave out what it asks for. \
          `plan` says when the work would happen; `run` does not do it.",
    before: "\
mainstay: 1
targets:
  prom-1: {ssh: prom-1.example.org}
",
    after: "\
mainstay: 1
targets:
  here: {local: true}
",
    finder: Finder::Look(look),
};

/// A kind of mapping.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum At {
    Plan,
    Target,
    Window,
    Task,
    Step,
}

/// One key.
struct Row {
    at: At,
    key: &'static str,
}

const fn key(at: At, key: &'static str) -> Row {
    Row { at, key }
}

const ROWS: &[Row] = &[
    key(At::Plan, "reports"),
    key(At::Plan, "reviews"),
    key(At::Target, "ssh"),
    key(At::Target, "ansible"),
    key(At::Step, "ansible"),
];

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    let tree = facts.tree;
    for (at, map) in mappings(facts) {
        for (name, value) in tree.entries(map) {
            let key = tree.text(*name);
            if ROWS.iter().any(|row| row.at == at && row.key == key) && !is_empty(tree, *value) {
                let message = format!("`{key}` is not supported yet");
                faults.push(Fault::new(RULE.code, tree.span(*name), message));
            }
        }
    }
}

fn is_empty(tree: &Tree, value: NodeId) -> bool {
    match &tree.node(value).kind {
        Kind::Scalar { .. } => tree.is_null(value),
        Kind::Seq(elements) => elements.is_empty(),
        Kind::Map(entries) => entries.is_empty(),
    }
}

/// All mappings that rows speak of.
fn mappings(facts: &Facts) -> Vec<(At, NodeId)> {
    let tree = facts.tree;
    let section = |name: &str| facts.entries(name).iter().map(|(_, value)| *value);
    let mut found = vec![(At::Plan, tree.root())];
    found.extend(section("targets").map(|target| (At::Target, target)));
    found.extend(section("windows").map(|window| (At::Window, window)));
    for task in section("tasks") {
        found.push((At::Task, task));
        for (key, value) in tree.entries(task) {
            match tree.text(*key) {
                "steps" | "rollback" | "finally" => {
                    found.extend(elements(tree, *value).iter().map(|step| (At::Step, *step)));
                }
                _ => {}
            }
        }
    }
    found
}

fn elements<'a>(tree: &'a Tree, list: NodeId) -> &'a [NodeId] {
    match &tree.node(list).kind {
        Kind::Seq(elements) => elements,
        Kind::Scalar { .. } | Kind::Map(_) => &[],
    }
}
