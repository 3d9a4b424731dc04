//! Occurrences whose latest start passed without a run.

use chrono::{DateTime, Utc};

use super::codec::{self, stamp};
use super::{State, StateError};
use crate::model::{Event, OccurrenceId};

/// An occurrence that will not start any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Miss {
    /// Which.
    pub occurrence: OccurrenceId,
    /// Its task.
    pub task: String,
    /// Its release.
    pub release: DateTime<Utc>,
    /// Why it did not start, for people.
    pub reason: String,
}

/// A recorded [`Miss`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missed {
    /// What was missed.
    pub miss: Miss,
    /// When that was recorded.
    pub recorded: DateTime<Utc>,
}

impl State {
    /// Records as missed what is neither missed nor started yet, however many processes notice it at once.
    /// Returns how many there were.
    ///
    /// # Errors
    /// [`StateError`]; then nothing was recorded.
    pub fn record_missed(&self, misses: &[Miss]) -> Result<usize, StateError> {
        let sql = "SELECT 1 FROM missed WHERE occurrence = ?1
                   UNION ALL SELECT 1 FROM run WHERE occurrence = ?1";
        if misses.is_empty() {
            return Ok(0);
        }
        self.write(|writing| {
            let mut recorded = 0;
            for Miss { occurrence, task, release, reason } in misses.iter().cloned() {
                if codec::first(writing.transaction, sql, [&occurrence.0], |_| Ok(()))?.is_none() {
                    writing.append(&Event::OccurrenceMissed { occurrence, task, release, reason })?;
                    recorded += 1;
                }
            }
            Ok(recorded)
        })
    }

    /// What was recorded as missed at `since` or later, oldest first.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn missed(&self, since: Option<DateTime<Utc>>) -> Result<Vec<Missed>, StateError> {
        let sql = "SELECT * FROM missed WHERE ?1 IS NULL OR recorded >= ?1 ORDER BY recorded, occurrence";
        self.read(|connection| {
            codec::rows(connection, sql, [since.map(stamp)], |row| {
                let miss = Miss {
                    occurrence: OccurrenceId(row.get("occurrence")?),
                    task: row.get("task")?,
                    release: codec::time(row, "release")?,
                    reason: row.get("reason")?,
                };
                Ok(Missed { miss, recorded: codec::time(row, "recorded")? })
            })
        })
    }
}
