//! Waiting for what another process holds: bounded, explained, and without asking the state file more often than it
//! changes.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::coordinator::Crew;
use super::recovery;
use crate::model::{Holder, RunId};
use crate::state::{HeldBy, StateError};
use crate::world::process_identity;

/// How often it is looked whether another process has written anything.
pub(super) const POLL: Duration = Duration::from_millis(200);

/// Pieces of work, by their places, that wait for runs of other processes.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    pieces: BTreeMap<usize, (RunId, Holder)>,
    /// Until when each piece waits, from its first time on.
    until: BTreeMap<usize, Instant>,
    /// What the state file was like when it was looked at last.
    version: Option<i64>,
}

impl Waiting {
    /// Whether none waits.
    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Whether the piece at `place` waits.
    pub(super) fn has(&self, place: usize) -> bool {
        self.pieces.contains_key(&place)
    }

    /// The piece at `place` waits for the end of a run, `patience` after its first time at most; `false` when that is
    /// over.
    pub(super) fn begin(&mut self, place: usize, by: &HeldBy, patience: Duration, now: Instant) -> bool {
        let until = *self.until.entry(place).or_insert_with(|| now + patience);
        if until <= now {
            return false;
        }
        self.pieces.insert(place, (by.run, by.holder.clone()));
        // It may have ended since it was met.
        self.version = None;
        true
    }

    /// None waits any more.
    pub(super) fn clear(&mut self) {
        self.pieces.clear();
    }

    /// Lets go of pieces whose run has ended, or whose time is over. What a process that has died leaves behind is
    /// settled first.
    pub(super) fn look(&mut self, crew: &Crew, now: Instant) -> Result<(), StateError> {
        let until = &self.until;
        self.pieces.retain(|place, _| until.get(place).is_some_and(|until| now < *until));
        let state = crew.journal.state();
        if self.pieces.values().any(|(_, holder)| !process_identity::is_alive(holder)) {
            for note in recovery::settle(crew.journal, crew.world, crew.origin)? {
                (crew.orders.say)(&note);
            }
            self.version = None;
        }
        let version = Some(state.version()?);
        if version == self.version {
            return Ok(());
        }
        self.version = version;
        let mut over = Vec::new();
        for (place, (run, _)) in &self.pieces {
            if state.run(*run)?.is_none_or(|run| run.ended.is_some()) {
                over.push(*place);
            }
        }
        for place in over {
            self.pieces.remove(&place);
        }
        Ok(())
    }
}
