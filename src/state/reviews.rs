//! Reviews of runs that passed what others have to wait for.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, Transaction};

use super::codec::{self, stamp};
use super::error::Fault;
use super::start::NewRun;
use super::{State, StateError};
use crate::model::{Event, RunId};

/// How long after its start an emergency has to be reviewed.
///
/// Source: three days bridge a weekend; ITIL asks for the review of an emergency change while people still remember it.
pub const REVIEW_WITHIN: TimeDelta = TimeDelta::days(3);

/// A review that is to be done, or was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// The run.
    pub run: RunId,
    /// Its task.
    pub task: String,
    /// What has to be looked at, for people.
    pub reason: String,
    /// When it was opened.
    pub opened: DateTime<Utc>,
    /// When it has to be done.
    pub due: DateTime<Utc>,
    /// When it was; `None` while it is open.
    pub closed: Option<DateTime<Utc>>,
}

impl State {
    /// Reviews that are to be done, the most urgent first.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn open_reviews(&self) -> Result<Vec<Review>, StateError> {
        let sql = "SELECT * FROM review WHERE closed IS NULL ORDER BY due, run";
        self.read(|connection| codec::rows(connection, sql, [], from_row))
    }

    /// The review of a run; `None` when it has none.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn review(&self, run: RunId) -> Result<Option<Review>, StateError> {
        self.read(|connection| review(connection, run))
    }
}

fn review(connection: &Connection, run: RunId) -> Result<Option<Review>, Fault> {
    codec::first(connection, "SELECT * FROM review WHERE run = ?1", [run.0], from_row)
}

fn from_row(row: &rusqlite::Row) -> Result<Review, Fault> {
    Ok(Review {
        run: RunId(row.get("run")?),
        task: row.get("task")?,
        reason: row.get("reason")?,
        opened: codec::time(row, "opened")?,
        due: codec::time(row, "due")?,
        closed: codec::opt_time(row, "closed")?,
    })
}

/// The review that `run` opens, when it passes what others have to wait for.
pub(super) fn opened_by(new: &NewRun, run: RunId, now: DateTime<Utc>) -> Option<Event> {
    let reason = new.justification.clone()?;
    Some(Event::ReviewOpened { run, task: new.task.clone(), reason, due: now + REVIEW_WITHIN })
}

/// Changes the table as `event` says; other events change nothing.
///
/// # Errors
/// A contradiction for a review that is not open.
pub(super) fn note(tx: &Transaction, at: &str, event: &Event) -> Result<(), Fault> {
    match event {
        Event::ReviewOpened { run, task, reason, due } => {
            let sql = "INSERT INTO review (run, task, reason, opened, due) VALUES (?1, ?2, ?3, ?4, ?5)";
            tx.execute(sql, (run.0, task, reason, at, stamp(*due)))?;
            Ok(())
        }
        Event::ReviewClosed { run, .. } => {
            let sql = "UPDATE review SET closed = ?2 WHERE run = ?1 AND closed IS NULL";
            match tx.execute(sql, (run.0, at))? {
                0 => Err(Fault::contradiction(format!("there is no open review of run {run}"))),
                _ => Ok(()),
            }
        }
        _ => Ok(()),
    }
}
