//! What a plan file means: rules over the model, one subject per file.
//!
//! 1. A rule finds all faults of its kind and stops at none.
//! 2. A value that stands nowhere stands in for one whose fault is known already: findings about it are dropped.
//! 3. A name is known when it stands in its section, even when what it names could not be read.

mod alerts;
mod connections;
mod cycles;
mod domains;
mod empty;
mod exactly_one;
mod names;
mod ranges;
mod references;
mod silences;
mod times;
mod unsupported;
mod urls;

use std::cell::Cell;
use std::collections::HashMap;

use super::fault::Fault;
use super::tree::{NodeId, Tree};
use crate::model::{Check, PlanFile, Span, Spanned, Step};

/// What rules look at.
struct Facts<'a> {
    plan: &'a PlanFile,
    tree: &'a Tree<'a>,
    sections: HashMap<&'a str, Section<'a>>,
    /// Where something begins that something was left out of, sorted.
    spoiled: &'a [u32],
    /// How many more pairs of names may be compared to find out what was meant.
    comparisons: Cell<usize>,
}

/// Enough for every finding of a file with a thousand names; after that, a wrong name gets no suggestion.
const MAX_COMPARISONS: usize = 200_000;

/// The names of a section, also of what could not be read.
struct Section<'a> {
    key: NodeId,
    /// The key and the value of each.
    names: HashMap<&'a str, (NodeId, NodeId)>,
}

/// One subject. Severity and reason of what it finds are in [`super::codes`].
type Rule = fn(&Facts, &mut Vec<Fault>);

const RULES: &[Rule] = &[
    names::check,
    references::check,
    cycles::check,
    exactly_one::check,
    ranges::check,
    times::check,
    empty::check,
    urls::check,
    silences::check,
    alerts::check,
    connections::check,
    domains::check,
    unsupported::check,
];

/// Holds a plan against all rules.
pub(super) fn judge<'a>(plan: &'a PlanFile, tree: &'a Tree<'a>, spoiled: &'a [u32]) -> Vec<Fault> {
    let sections = tree.entries(tree.root()).iter().map(|(key, value)| {
        let names = tree.entries(*value).iter().map(|entry| (tree.text(entry.0), *entry)).collect();
        (tree.text(*key), Section { key: *key, names })
    });
    let facts =
        Facts { plan, tree, sections: sections.collect(), spoiled, comparisons: Cell::new(MAX_COMPARISONS) };
    let mut faults = Vec::new();
    for rule in RULES {
        rule(&facts, &mut faults);
    }
    faults.retain(|fault| fault.span != Span::default());
    faults
}

impl<'a> Facts<'a> {
    /// Whether a section holds a name.
    fn knows(&self, section: &str, name: &str) -> bool {
        self.sections.get(section).is_some_and(|section| section.names.contains_key(name))
    }

    /// The place of what a name of a section stands for.
    fn value_of(&self, section: &str, name: &str) -> Span {
        let value = self.sections.get(section).and_then(|section| section.names.get(name));
        value.map_or(Span::default(), |(_, value)| self.tree.span(*value))
    }

    /// Whether something within a place could not be read, so that what seems to be missing may be there.
    fn is_spoiled(&self, span: Span) -> bool {
        let first = self.spoiled.partition_point(|start| *start < span.start);
        self.spoiled.get(first).is_some_and(|start| *start < span.end)
    }

    /// The names of a section.
    fn names(&self, section: &str) -> impl Iterator<Item = &'a str> {
        self.sections.get(section).into_iter().flat_map(|section| section.names.keys().copied())
    }

    /// Suggests the nearest of the names that are known.
    fn suggest<'n>(&self, fault: Fault, found: &str, known: impl Iterator<Item = &'n str>) -> Fault {
        let known: Vec<_> = known.collect();
        match self.comparisons.get().checked_sub(known.len()) {
            Some(left) => {
                self.comparisons.set(left);
                fault.near(found, known.into_iter())
            }
            None => fault,
        }
    }

    /// The place of a section's key.
    fn section_key(&self, section: &str) -> Option<Span> {
        self.sections.get(section).map(|section| self.tree.span(section.key))
    }

    /// All steps of all tasks.
    fn steps(&self) -> impl Iterator<Item = &'a Spanned<Step>> {
        let tasks = self.plan.tasks.iter();
        tasks.flat_map(|(_, task)| task.steps.iter().chain(task.rollback.iter()).chain(task.finally.iter()))
    }

    /// All checks, with the place of each.
    fn checks(&self) -> impl Iterator<Item = (Span, &'a Check)> {
        let spanned = |check: &'a Spanned<Check>| (check.span, &check.value);
        let tasks = self.plan.tasks.iter();
        let of_tasks = tasks.flat_map(|(_, task)| task.preconditions.iter().chain(task.verify.iter()));
        let of_steps = self.steps().flat_map(move |step| {
            let wait = step.wait.as_ref();
            let until = wait.and_then(|wait| Some((wait.span, wait.until.as_deref()?)));
            step.only_if.as_ref().map(spanned).into_iter().chain(until)
        });
        let named = self.plan.checks.iter().map(|(_, check)| check);
        of_tasks.chain(named).map(spanned).chain(of_steps)
    }
}

/// Whether a value stands in the file; a stand-in does not.
fn stands<T>(value: &Spanned<T>) -> bool {
    value.span != Span::default()
}

/// The first characters of something that may be many lines long.
fn beginning(span: Span) -> Span {
    Span { start: span.start, end: span.end.min(span.start + 1) }
}
