//! Questions about the ledger.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, params};

use super::{State, StateError, times};
use crate::ledger::chain::GENESIS;
use crate::model::RunId;

/// How long the ledger is, and the digest of its last line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The number of entries.
    pub entries: u64,
    /// The digest of the last one, in hexadecimal; 64 zeros when there is none.
    pub root: String,
}

/// Which entries are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EntryFilter {
    /// Only those of runs of this task.
    pub task: Option<String>,
    /// Only those of this run.
    pub run: Option<RunId>,
    /// Only those written then or later.
    pub since: Option<DateTime<Utc>>,
    /// At most so many, the newest; `None`: all.
    pub limit: Option<usize>,
}

/// An entry as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its place.
    pub seq: u64,
    /// Its line, line feed included.
    pub line: String,
    /// The digest that was stored with it; whoever verifies computes their own.
    pub digest: String,
}

impl State {
    /// How long the ledger is.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn ledger_head(&self) -> Result<Head, StateError> {
        let sql = "SELECT seq, digest FROM ledger ORDER BY seq DESC LIMIT 1";
        let read = |row: &rusqlite::Row| {
            Ok(Head { entries: row.get::<_, i64>(0)?.unsigned_abs(), root: row.get(1)? })
        };
        let head = self.conn.query_row(sql, [], read).optional()?;
        Ok(head.unwrap_or_else(|| Head { entries: 0, root: GENESIS.to_owned() }))
    }

    /// How many entries `filter` finds, without its limit.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn count_entries(&self, filter: &EntryFilter) -> Result<u64, StateError> {
        let sql = format!("SELECT count(*) FROM ledger WHERE {FILTER}");
        let parameters = params![filter.task, filter.run.map(|run| run.0), filter.since.map(times::text)];
        Ok(self.conn.query_row(&sql, parameters, |row| row.get::<_, i64>(0))?.unsigned_abs())
    }

    /// The entries that `filter` finds, the oldest first.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn entries(&self, filter: &EntryFilter) -> Result<Vec<Recorded>, StateError> {
        let sql = format!(
            "SELECT seq, line, digest FROM (
                SELECT seq, line, digest FROM ledger WHERE {FILTER} ORDER BY seq DESC LIMIT ?4)
             ORDER BY seq"
        );
        let limit = filter.limit.map_or(-1, |limit| i64::try_from(limit).unwrap_or(i64::MAX));
        let mut statement = self.conn.prepare(&sql)?;
        let run = filter.run.map(|run| run.0);
        let rows = statement
            .query_map(params![filter.task, run, filter.since.map(times::text), limit], recorded_of)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Hands every entry to `visit`, the oldest first, all from one moment, in constant memory.
    ///
    /// # Errors
    /// What `visit` returns, or [`StateError`].
    pub fn each_entry<E: From<StateError>>(
        &self,
        mut visit: impl FnMut(Recorded) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut statement = self
            .conn
            .prepare("SELECT seq, line, digest FROM ledger ORDER BY seq")
            .map_err(StateError::from)?;
        let rows = statement.query_map([], recorded_of).map_err(StateError::from)?;
        for row in rows {
            visit(row.map_err(StateError::from)?)?;
        }
        Ok(())
    }
}

const FILTER: &str = "(?1 IS NULL OR task = ?1 OR run IN (SELECT id FROM run WHERE run.task = ?1))
    AND (?2 IS NULL OR run = ?2) AND (?3 IS NULL OR ?3 <= at)";

fn recorded_of(row: &rusqlite::Row) -> rusqlite::Result<Recorded> {
    Ok(Recorded { seq: row.get::<_, i64>(0)?.unsigned_abs(), line: row.get(1)?, digest: row.get(2)? })
}
