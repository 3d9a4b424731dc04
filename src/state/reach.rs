//! How far back the past of a task matters to what is due next.
//!
//! A task may have a run for every minute of many years; `run --due` asks every few minutes.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, SecondsFormat, Utc};
use rusqlite::Connection;

use super::error::Fault;
use super::history::{self, TaskHistory};
use super::{State, StateError, codec};
use crate::model::OccurrenceId;

/// Which occurrences that have a run matter to what is due next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The newest one that was released by now, which settles all before it, and those after it.
    Calendar,
    /// Those that follow the last run that has ended, up to the first that is neither started nor missed.
    Interval,
    /// All of them.
    Whole,
}

impl State {
    /// The past of every task that has one, as far as it matters to what is due at `now` or later.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn recent_history(
        &self,
        now: DateTime<Utc>,
        reach: impl Fn(&str) -> Reach,
    ) -> Result<BTreeMap<String, TaskHistory>, StateError> {
        self.read(|connection| {
            let snapshot = connection.unchecked_transaction()?;
            let mut histories = history::known(&snapshot, None)?;
            for (task, past) in &mut histories {
                past.started = match reach(task) {
                    Reach::Calendar => since_the_newest(&snapshot, task, now)?,
                    Reach::Interval => next_intervals(&snapshot, task, past)?,
                    Reach::Whole => all(&snapshot, task)?,
                };
            }
            history::complete(&snapshot, None, self.clock.now(), histories)
        })
    }

    /// The tasks that were ever seen.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn known_tasks(&self) -> Result<BTreeSet<String>, StateError> {
        let names = self
            .read(|connection| codec::rows(connection, "SELECT name FROM task", [], |row| Ok(row.get(0)?)))?;
        Ok(names.into_iter().collect())
    }
}

/// Instants of one task sort as text as they do in time.
fn since_the_newest(
    snapshot: &Connection,
    task: &str,
    now: DateTime<Utc>,
) -> Result<BTreeSet<OccurrenceId>, Fault> {
    let sql = "SELECT occurrence FROM run WHERE occurrence < ?3 AND occurrence >= coalesce(
                   (SELECT max(occurrence) FROM run WHERE occurrence >= ?1 AND occurrence <= ?2), ?1)";
    let first = format!("{task}@");
    let newest = format!("{first}{}", now.to_rfc3339_opts(SecondsFormat::Secs, true));
    // Nothing that is part of an instant sorts behind a tilde.
    let end = format!("{first}~");
    ids(snapshot, sql, (first, newest, end))
}

fn next_intervals(
    snapshot: &Connection,
    task: &str,
    past: &TaskHistory,
) -> Result<BTreeSet<OccurrenceId>, Fault> {
    let mut started = BTreeSet::new();
    for number in past.ended_runs + 1.. {
        let id = OccurrenceId::nth(task, number);
        let has_run = codec::first(snapshot, "SELECT 1 FROM run WHERE occurrence = ?1", [&id.0], |_| Ok(()))?;
        let is_missed = "SELECT 1 FROM missed WHERE occurrence = ?1";
        if has_run.is_some() {
            started.insert(id);
        } else if codec::first(snapshot, is_missed, [&id.0], |_| Ok(()))?.is_none() {
            break;
        }
    }
    Ok(started)
}

fn all(snapshot: &Connection, task: &str) -> Result<BTreeSet<OccurrenceId>, Fault> {
    ids(snapshot, "SELECT occurrence FROM run WHERE task = ?1 AND occurrence IS NOT NULL", [task])
}

fn ids(
    snapshot: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
) -> Result<BTreeSet<OccurrenceId>, Fault> {
    let ids = codec::rows(snapshot, sql, params, |row| Ok(OccurrenceId(row.get(0)?)))?;
    Ok(ids.into_iter().collect())
}
