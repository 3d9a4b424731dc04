//! What cannot happen and what is gone, in a line for what one task has of it for one reason.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::hash::Hash;

use chrono::{DateTime, Utc};

use super::words::one_line;
use crate::model::{OccurrenceId, Unplaced};
use crate::scheduler::report::{Dropped, Proposal};
use crate::scheduler::words::why_not;

/// Which occurrence, the time by which it is sorted, and what there is to say of it.
type Told<'a> = (&'a OccurrenceId, DateTime<Utc>, String);

/// What cannot happen. What differs in its times alone is told once, of the first.
pub fn impossible(proposal: &Proposal) -> Vec<String> {
    let why = |unplaced: &Unplaced| {
        let mut why = one_line(&why_not(&unplaced.because, proposal.zone));
        if let Some(help) = &unplaced.help {
            write!(why, "; {}", one_line(help)).unwrap_or_default();
        }
        why
    };
    let unplaced = proposal.computed.schedule.unplaced.iter();
    let groups = grouped(unplaced.map(|unplaced| {
        let (occurrence, why) = (&unplaced.occurrence, why(unplaced));
        ((occurrence.task.as_str(), shape(&why)), (&occurrence.id, occurrence.release, why))
    }));
    let note = |((task, _), told): ((&str, _), Vec<Told>)| match told.as_slice() {
        [(id, _, why)] => format!("! {} cannot happen: {why}", one_line(&id.0)),
        all => {
            let (n, span) = (all.len(), span(proposal, all));
            format!("! {n} of {} cannot happen, {span}{}", one_line(task), first_of(all, ": "))
        }
    };
    groups.into_iter().map(note).collect()
}

/// What is gone, and why.
pub fn gone(proposal: &Proposal) -> Vec<String> {
    let groups = grouped(proposal.dropped.iter().map(|Dropped { placed, reason }| {
        let (id, task) = (&placed.occurrence.id, placed.occurrence.task.as_str());
        (task, (id, placed.start, reason.as_deref().map(one_line).unwrap_or_default()))
    }));
    let note = |(task, told): (&str, Vec<Told>)| {
        let why = first_of(&told, "; ");
        match told.as_slice() {
            [(id, start, _)] => {
                format!("- {} is gone; it was to start {}{why}", one_line(&id.0), proposal.zone.local(*start))
            }
            all => {
                let (n, span) = (all.len(), span(proposal, all));
                format!("- {n} of {} are gone; they were to start {span}{why}", one_line(task))
            }
        }
    };
    groups.into_iter().map(note).collect()
}

/// A text without its numbers.
fn shape(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect()
}

/// What there is to say of all; of the first, where it differs.
fn first_of(told: &[Told], before: &str) -> String {
    match told {
        [(.., first), rest @ ..] if !first.is_empty() => {
            let is_same = rest.iter().all(|(.., why)| why == first);
            if is_same { format!("{before}{first}") } else { format!("; the first: {first}") }
        }
        _ => String::new(),
    }
}

/// `Sun 2026-03-08 02:00 to Sat 2026-04-04 02:00`.
fn span(proposal: &Proposal, all: &[Told]) -> String {
    let times = || all.iter().map(|(_, time, _)| *time);
    let local = |time: Option<DateTime<Utc>>| time.map(|time| proposal.zone.local(time)).unwrap_or_default();
    format!("{} to {}", local(times().min()), local(times().max()))
}

/// Puts together what has something in common, in the order of the first ones.
fn grouped<K: Eq + Hash + Clone, T>(all: impl Iterator<Item = (K, T)>) -> Vec<(K, Vec<T>)> {
    let mut places: HashMap<K, usize> = HashMap::new();
    let mut groups: Vec<(K, Vec<T>)> = Vec::new();
    for (key, one) in all {
        let place = *places.entry(key.clone()).or_insert(groups.len());
        match groups.get_mut(place) {
            Some((_, group)) => group.push(one),
            None => groups.push((key, vec![one])),
        }
    }
    groups
}
