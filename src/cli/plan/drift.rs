//! Drift in words: one line for everything of one kind that one task has.

use std::collections::{HashMap, HashSet};

use super::words::one_line;
use crate::model::OccurrenceId;
use crate::scheduler::Skipped;
use crate::scheduler::monitor::{Drift, Kind};

/// A line for each kind of thing that is the matter with a task: the first, and how many more there are.
pub fn notes(drift: &[Drift]) -> Vec<String> {
    let mut lines: Vec<(&Drift, usize)> = Vec::new();
    let mut known: HashMap<(Kind, Option<&str>), usize> = HashMap::new();
    for one in drift {
        let line = *known.entry((one.kind, one.task.as_deref())).or_insert(lines.len());
        match lines.get_mut(line) {
            Some((_, n_more)) => *n_more += 1,
            None => lines.push((one, 0)),
        }
    }
    lines.into_iter().map(|(one, n_more)| note(one, n_more)).collect()
}

fn note(one: &Drift, n_more: usize) -> String {
    let who = one.occurrence.as_ref().map(|id| id.0.as_str()).or(one.task.as_deref());
    let who = who.map_or("the published schedule".to_owned(), one_line);
    let more = if n_more > 0 { format!(", and {n_more} more like it") } else { String::new() };
    format!("! {who} {}{more}; {}", one_line(&one.detail), one_line(&one.help))
}

/// How many of the starts that were slept through are told as drift.
pub fn n_told(drift: &[Drift], missed: &[Skipped]) -> usize {
    let missed_ones = drift.iter().filter(|one| one.kind == Kind::Missed);
    let told: HashSet<&OccurrenceId> = missed_ones.filter_map(|one| one.occurrence.as_ref()).collect();
    missed.iter().filter(|skipped| told.contains(&skipped.occurrence)).count()
}
