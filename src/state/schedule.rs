//! Questions about the published schedule, and about what did not happen.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, params};

use super::{State, StateError, times};
use crate::model::{OccurrenceId, Schedule};

/// An occurrence that was missed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missed {
    /// Which.
    pub occurrence: OccurrenceId,
    /// Its task.
    pub task: String,
    /// Its release.
    pub release: DateTime<Utc>,
    /// Why it did not start.
    pub reason: String,
}

/// Why a task was last refused, and which occurrence of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The occurrence; `None` on demand.
    pub occurrence: Option<OccurrenceId>,
    /// Why.
    pub reason: String,
}

impl State {
    /// The published schedule.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn published(&self) -> Result<Option<Schedule>, StateError> {
        let sql = "SELECT schedule FROM revision ORDER BY number DESC LIMIT 1";
        let read = |row: &rusqlite::Row| times::json(0, &row.get::<_, String>(0)?);
        Ok(self.conn.query_row(sql, [], read).optional()?)
    }

    /// The occurrences that were recorded as missed with a release since `since`, the oldest first, the newest
    /// thousand at most.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn missed(&self, since: DateTime<Utc>) -> Result<Vec<Missed>, StateError> {
        let mut statement = self.conn.prepare(
            "SELECT occurrence, task, release, reason FROM (
                SELECT * FROM missed WHERE ?1 <= release ORDER BY release DESC LIMIT 1000)
             ORDER BY release, occurrence",
        )?;
        let rows = statement.query_map(params![times::text(since)], |row| {
            Ok(Missed {
                occurrence: OccurrenceId(row.get(0)?),
                task: row.get(1)?,
                release: times::instant(2, &row.get::<_, String>(2)?)?,
                reason: row.get(3)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The refusal of `task` since its last start.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn refusal(&self, task: &str) -> Result<Option<Refusal>, StateError> {
        let sql = "SELECT occurrence, reason FROM refusal WHERE task = ?1";
        let read = |row: &rusqlite::Row| {
            Ok(Refusal {
                occurrence: row.get::<_, Option<String>>(0)?.map(OccurrenceId),
                reason: row.get(1)?,
            })
        };
        Ok(self.conn.query_row(sql, [task], read).optional()?)
    }

    /// Names this ledger among all others; `None` in a file that is only being made.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn origin(&self) -> Result<Option<String>, StateError> {
        let sql = "SELECT value FROM meta WHERE name = 'origin'";
        Ok(self.conn.query_row(sql, [], |row| row.get(0)).optional()?)
    }
}
