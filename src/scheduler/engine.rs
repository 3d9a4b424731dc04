//! The schedule engine: what a schedule is known by, and how it differs from the published one.

use std::collections::{HashMap, HashSet};

use sha2::{Digest, Sha256};

use super::{History, Skipped};
use crate::model::{Change, Schedule};

/// SHA-256 of a schedule's canonical JSON (RFC 8785), in hexadecimal.
///
/// The revision counts: the same work published twice is two schedules.
///
/// # Errors
/// Never for a schedule that was computed; the encoder may refuse what is no JSON.
pub fn digest(schedule: &Schedule) -> Result<String, serde_json::Error> {
    let json = serde_json_canonicalizer::to_vec(schedule)?;
    Ok(format!("{:x}", Sha256::digest(json)))
}

/// What is new, moved and gone since the published schedule, in the order of the schedules; gone last.
///
/// What was published beyond the new horizon, has a run, or was missed is not gone.
pub fn diff(published: Option<&Schedule>, new: &Schedule, history: &History) -> Vec<Change> {
    let empty = Vec::new();
    let old = published.map_or(&empty, |published| &published.placed);
    let before: HashMap<_, _> = old.iter().map(|placed| (&placed.occurrence.id, placed.start)).collect();
    let now: HashMap<_, _> = new.placed.iter().map(|placed| (&placed.occurrence.id, placed.start)).collect();
    let changed = new.placed.iter().filter_map(|placed| {
        let (occurrence, to) = (placed.occurrence.id.clone(), placed.start);
        match before.get(&placed.occurrence.id) {
            None => Some(Change::Added { occurrence, start: to }),
            Some(from) if *from != to => Some(Change::Moved { occurrence, from: *from, to }),
            Some(_) => None,
        }
    });
    let gone = old.iter().filter_map(|placed| {
        let id = &placed.occurrence.id;
        let is_settled = history.of(&placed.occurrence.task).is_settled(id);
        let is_gone = !now.contains_key(id) && placed.start < new.until && !is_settled;
        is_gone.then(|| Change::Dropped { occurrence: id.clone(), start: placed.start })
    });
    changed.chain(gone).collect()
}

/// Takes out of `changes` what is gone only because its time has passed: it is missed, though not on record yet.
pub fn keep_news(changes: &mut Vec<Change>, missed: &[Skipped]) {
    let missed: HashSet<_> = missed.iter().map(|missed| &missed.occurrence).collect();
    changes.retain(|change| match change {
        Change::Dropped { occurrence, .. } => !missed.contains(occurrence),
        Change::Added { .. } | Change::Moved { .. } => true,
    });
}
