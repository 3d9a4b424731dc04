//! Whether the plan file still says what a run began with.
//!
//! Source: the rule of Rundeck's job resume: refuse when order or members changed, allow edits inside a step.

use std::collections::BTreeSet;

use crate::executor::engine::past::{Past, Standing, standing_of};
use crate::model::script::Script;
use crate::model::{Phase, Spanned, Step, Task};
use crate::planfile::edit::diff;
use crate::planfile::task_of;

/// What became of the text of a task since its run began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Nothing, or nobody knows: the text of a run by an older mainstay is not on record.
    None,
    /// It changed only in what is not done yet: the run goes on by it.
    Edited {
        /// The difference.
        diff: String,
    },
    /// It changed in what is done, or in the order of the steps: the run goes on by it only when that is asked for.
    Other {
        /// The difference.
        diff: String,
        /// What keeps the run from going on.
        why: String,
    },
    /// It changed so that no run could go on by it.
    Unfit {
        /// The difference.
        diff: String,
        /// What keeps the run from going on.
        why: String,
    },
}

/// What is compared.
#[derive(Debug, Clone, Copy)]
pub(super) struct Texts<'a> {
    /// The plan file.
    pub file: &'a str,
    /// The task.
    pub task: &'a str,
    /// Its text when the run began; `None` when that is not on record.
    pub old: Option<&'a str>,
    /// Its text now.
    pub new: &'a str,
}

/// Compares the text that a run began with and the one of today, whose script and records are given.
pub(super) fn compare(texts: &Texts, script: &Script, past: &Past) -> Change {
    let lost = lost(past);
    let Some(old) = texts.old else {
        let diff = String::new();
        return lost.map_or(Change::None, |why| Change::Other { diff, why });
    };
    if old == texts.new && lost.is_none() {
        return Change::None;
    }
    let diff = diff(texts.file, old, texts.new);
    if let Some(why) = out_of_order(script, past) {
        return Change::Unfit { diff, why };
    }
    let read = |text| task_of(text, texts.task);
    let why = lost.or_else(|| match (read(old), read(texts.new)) {
        (Some(old), Some(new)) => differs(&old, &new, script, past),
        _ => Some("it cannot be compared step by step".to_owned()),
    });
    match why {
        None => Change::Edited { diff },
        Some(why) => Change::Other { diff, why },
    }
}

/// What was done and stands in the script no more.
fn lost(past: &Past) -> Option<String> {
    let mut lost = past.lost().iter().filter(|record| match record.phase {
        Phase::Steps => true,
        Phase::Rollback => past.is_going_back(),
        _ => false,
    });
    let record = lost.find(|record| standing_of(record) == Standing::Done)?;
    Some(format!("`{}` is done, and no such step stands in its place any more", record.name))
}

/// A step that would have had to come before one that was begun already.
fn out_of_order(script: &Script, past: &Past) -> Option<String> {
    let mut lists = script.parts().flat_map(|part| {
        let back = past.is_going_back().then_some(&part.rollback);
        std::iter::once(&part.steps).chain(back)
    });
    lists.find_map(|units| {
        let first = units.iter().position(|unit| past.record(unit).is_none())?;
        let later = units.get(first + 1..)?.iter().find(|unit| past.record(unit).is_some())?;
        let (first, later) = (units.get(first)?.step.label(), later.step.label());
        Some(format!("`{first}` stands before `{later}`, which was begun already"))
    })
}

/// Why the steps of two texts are not the same, as far as it matters to a run that came so far.
fn differs(old: &Task, new: &Task, script: &Script, past: &Past) -> Option<String> {
    let all = script.parts().flat_map(|part| part.steps.iter().chain(&part.rollback));
    let done: BTreeSet<(Phase, usize)> = all
        .filter(|unit| past.standing(unit) == Standing::Done)
        .map(|unit| (unit.phase, unit.place as usize))
        .collect();
    let steps = list_differs(&old.steps, &new.steps, |place| done.contains(&(Phase::Steps, place)));
    steps.or_else(|| {
        let is_done = |place| done.contains(&(Phase::Rollback, place));
        past.is_going_back().then(|| list_differs(&old.rollback, &new.rollback, is_done)).flatten()
    })
}

/// The same members in the same order, and nothing changed in what is done.
fn list_differs(
    old: &[Spanned<Step>],
    new: &[Spanned<Step>],
    is_done: impl Fn(usize) -> bool,
) -> Option<String> {
    if old.len() != new.len() {
        let (old, new) = (crate::counted(old.len(), "step"), new.len());
        return Some(format!("it had {old}, and has {new}"));
    }
    let mut changed = old.iter().zip(new).enumerate().filter(|(_, (old, new))| old != new);
    changed.find_map(|(place, (before, after))| {
        let (n, label) = (place + 1, before.label());
        if is_done(place) {
            return Some(format!("step {n}, `{label}`, is done, and has changed since"));
        }
        if before.name != after.name {
            return Some(format!("step {n} was `{label}`, and is `{}`", after.label()));
        }
        let is_moved = old.iter().any(|other| other == after);
        is_moved.then(|| format!("`{}` has another place", after.label()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(text: &str) -> Vec<Spanned<Step>> {
        let head = "  t:\n    type: routine\n    domain: component\n    duration: 1m\n    steps: ";
        task_of(&format!("{head}{text}\n"), "t").unwrap().steps.0
    }

    #[test]
    fn edits_inside_a_step_that_is_not_done_are_the_same_steps_and_all_else_is_not() {
        let old = "[{run: [a]}, {name: b, run: [b]}, {run: [c]}]";
        // The first one is done.
        let check = |new: &str, expected: Option<&str>| {
            let why = list_differs(&steps(old), &steps(new), |place| place == 0);
            assert_eq!(why.as_deref(), expected, "{new}");
        };
        check(old, None);
        check("[{run: [a]}, {name: b, run: [b, --force]}, {run: [c]}]", None);
        check("[{run: [a]}, {name: b, run: [b]}, {run: [d], timeout: 1m}]", None);
        check(
            "[{run: [x]}, {name: b, run: [b]}, {run: [c]}]",
            Some("step 1, `a`, is done, and has changed since"),
        );
        check("[{run: [a]}, {name: x, run: [b]}, {run: [c]}]", Some("step 2 was `b`, and is `x`"));
        check("[{run: [a]}, {run: [c]}]", Some("it had 3 steps, and has 2"));
        check("[{run: [a]}, {run: [c]}, {name: b, run: [b]}]", Some("step 2 was `b`, and is `c`"));
        let check = |new: &str| list_differs(&steps("[{run: [a]}, {run: [b]}]"), &steps(new), |_| false);
        assert_eq!(check("[{run: [b]}, {run: [a]}]").as_deref(), Some("`b` has another place"));
    }
}
