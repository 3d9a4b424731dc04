//! The published schedule.

use super::codec;
use super::{State, StateError};
use crate::ledger::chain;
use crate::model::{Event, Schedule};

/// How a schedule differs from the one published before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Published {
    /// Occurrences that are new.
    pub added: usize,
    /// Occurrences that start at another time.
    pub moved: usize,
    /// Occurrences that are gone.
    pub dropped: usize,
}

const CURRENT: &str = "SELECT coalesce(max(revision), 0) AS revision FROM revision";

impl State {
    /// The schedule that holds now.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn published(&self) -> Result<Option<Schedule>, StateError> {
        let sql = "SELECT schedule FROM revision ORDER BY revision DESC LIMIT 1";
        self.read(|connection| codec::first(connection, sql, [], |row| codec::from_json(row, "schedule")))
    }

    /// Records that the schedule of `revision` is outdated, unless that is on record. Says whether it was not.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn record_outdated(&self, revision: u64, reason: &str) -> Result<bool, StateError> {
        let sql = "SELECT 1 FROM meta WHERE key = 'outdated' AND value = ?1";
        let is_known = |connection: &rusqlite::Connection| {
            let known = codec::first(connection, sql, [revision.to_string()], |_| Ok(()))?;
            Ok::<_, super::error::Fault>(known.is_some())
        };
        if self.read(is_known)? {
            return Ok(false);
        }
        self.write(|writing| {
            if is_known(writing.transaction)? {
                return Ok(false);
            }
            writing.append(&Event::ScheduleOutdated { revision, reason: reason.to_owned() })?;
            Ok(true)
        })
    }

    /// Makes `schedule` the one that holds, and returns its revision.
    ///
    /// # Errors
    /// [`StateError::Stale`] when the published revision is not `base` any more (0: none was published).
    pub fn publish(&self, mut schedule: Schedule, base: u64, counts: Published) -> Result<u64, StateError> {
        self.write(|writing| {
            let published: i64 = writing.transaction.query_row(CURRENT, [], |row| row.get(0))?;
            let published = u64::try_from(published).unwrap_or_default();
            if published != base {
                return Err(StateError::Stale { base, published }.into());
            }
            schedule.revision = base + 1;
            let revision = schedule.revision;
            let digest = chain::sha256(chain::canonical(&schedule)?.as_bytes());
            let Published { added, moved, dropped } = counts;
            let schedule = Box::new(schedule);
            writing.append(&Event::SchedulePublished { digest, added, moved, dropped, schedule })?;
            Ok(revision)
        })
    }
}
