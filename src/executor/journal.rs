//! The journal: what happens is on disk first, and on the screen second.

use std::fmt;

use crate::model::Event;
use crate::state::{State, StateError};

/// Records events and tells whoever watches. Shared by all threads of one `mainstay run`.
pub struct Journal<'a> {
    state: State,
    tell: &'a (dyn Fn(&Event) + Sync),
}

impl<'a> Journal<'a> {
    /// A journal that records in `state` and then tells `tell`.
    pub fn new(state: State, tell: &'a (dyn Fn(&Event) + Sync)) -> Self {
        Self { state, tell }
    }

    /// Makes `event` durable, then tells it.
    ///
    /// # Errors
    /// When it could not be made durable: what it announces must not be done then.
    pub fn record(&self, event: &Event) -> Result<(), StateError> {
        let entry = self.state.record(event)?;
        // As it stands in the ledger: without secrets.
        self.tell(&entry.event);
        Ok(())
    }

    /// Makes several events durable, all or none of them, then tells them.
    ///
    /// # Errors
    /// As [`Journal::record`].
    pub fn record_all(&self, events: &[Event]) -> Result<(), StateError> {
        if events.is_empty() {
            return Ok(());
        }
        for entry in self.state.record_all(events)? {
            self.tell(&entry.event);
        }
        Ok(())
    }

    /// Tells an event that is recorded already.
    pub fn tell(&self, event: &Event) {
        (self.tell)(event);
    }

    /// The state, for questions.
    pub fn state(&self) -> &State {
        &self.state
    }
}

impl fmt::Debug for Journal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_struct("Journal").finish_non_exhaustive()
    }
}
