//! Runs and their steps.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Params, Row, ToSql};

use super::codec::{self, stamp};
use super::error::Fault;
use super::life::located;
use super::{State, StateError};
use crate::model::{OccurrenceId, Outcome, Run, RunId, StepRecord};

/// Which runs; all of them by default.
#[derive(Debug, Clone, Default)]
pub struct RunFilter {
    /// Only those of this task.
    pub task: Option<String>,
    /// Only those that began at this time or later.
    pub since: Option<DateTime<Utc>>,
    /// Only those that began before this time.
    pub until: Option<DateTime<Utc>>,
    /// Only those that have not ended.
    pub unfinished: bool,
    /// Only those that ended in one of these ways, unless there is none.
    pub outcomes: Vec<Outcome>,
    /// The newest so many.
    pub limit: Option<usize>,
}

/// Why a task was not started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The occurrence; `None` on demand.
    pub occurrence: Option<OccurrenceId>,
    /// Why.
    pub reason: String,
}

impl State {
    /// A number that is another one when another process has written anything since.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn version(&self) -> Result<i64, StateError> {
        self.read(|connection| Ok(connection.query_row("PRAGMA data_version", [], |row| row.get(0))?))
    }

    /// One run.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn run(&self, id: RunId) -> Result<Option<Run>, StateError> {
        self.read(|connection| run(connection, id))
    }

    /// Runs, newest first.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn runs(&self, filter: &RunFilter) -> Result<Vec<Run>, StateError> {
        let (since, until) = (filter.since.map(stamp), filter.until.map(stamp));
        let mut sql = String::from("SELECT * FROM run WHERE true");
        let mut params: Vec<(&str, &dyn ToSql)> = Vec::new();
        // Only what was asked for stands in the statement, so that SQLite finds the index for it.
        if let Some(task) = &filter.task {
            sql.push_str(" AND task = :task");
            params.push((":task", task));
        }
        if let Some(since) = &since {
            sql.push_str(" AND started >= :since");
            params.push((":since", since));
        }
        if let Some(until) = &until {
            sql.push_str(" AND started < :until");
            params.push((":until", until));
        }
        if filter.unfinished {
            sql.push_str(" AND ended IS NULL");
        }
        if !filter.outcomes.is_empty() {
            // Names of our own, which need no quoting.
            let names: Vec<_> = filter.outcomes.iter().map(|one| format!("'{}'", one.as_str())).collect();
            sql.extend([" AND outcome IN (", names.join(", ").as_str(), ")"]);
        }
        sql.push_str(" ORDER BY id DESC");
        let limit = filter.limit.map(|limit| i64::try_from(limit).unwrap_or(i64::MAX));
        if let Some(limit) = &limit {
            sql.push_str(" LIMIT :limit");
            params.push((":limit", limit));
        }
        self.read(|connection| many(connection, &sql, &*params))
    }

    /// The newest run of a task.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn last_run(&self, task: &str) -> Result<Option<Run>, StateError> {
        let sql = "SELECT * FROM run WHERE task = ?1 ORDER BY id DESC LIMIT 1";
        self.read(|connection| one(connection, sql, [task]))
    }

    /// Runs that were interrupted, that nobody has settled, and that no later success of the same task has made
    /// good; the oldest first.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn interrupted_runs(&self) -> Result<Vec<Run>, StateError> {
        let sql = "SELECT * FROM run AS this
                   WHERE outcome = 'interrupted' AND abandoned = 0 AND NOT EXISTS (
                       SELECT 1 FROM run AS later
                       WHERE later.task = this.task AND this.id < later.id AND later.outcome = 'succeeded')
                   ORDER BY id";
        self.read(|connection| many(connection, sql, []))
    }

    /// Runs that ended without having done all steps of their way back or of `finally`, that nobody has settled, and
    /// that no later success of the same task has made good; the oldest first.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn unclean_runs(&self) -> Result<Vec<Run>, StateError> {
        let sql = "SELECT * FROM run AS this
                   WHERE outcome IN ('failed', 'rolled_back') AND abandoned = 0 AND EXISTS (
                       SELECT 1 FROM step
                       WHERE step.run = this.id AND step.phase IN ('rollback', 'finally')
                       AND (step.outcome IS NULL OR step.outcome NOT IN ('succeeded', 'skipped'))
                       AND step.settled IS NOT 1 AND NOT EXISTS (
                           SELECT 1 FROM step AS again
                           WHERE again.run = step.run AND again.phase = step.phase AND again.name = step.name
                           AND again.target = step.target AND again.place IS step.place
                           AND step.ordinal < again.ordinal))
                   AND NOT EXISTS (
                       SELECT 1 FROM run AS later
                       WHERE later.task = this.task AND this.id < later.id AND later.outcome = 'succeeded')
                   ORDER BY id";
        self.read(|connection| many(connection, sql, []))
    }

    /// How many runs of each task ended in each way.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn count_runs(&self) -> Result<BTreeMap<(String, Outcome), u64>, StateError> {
        let sql =
            "SELECT task, outcome, count(*) AS n FROM run WHERE outcome IS NOT NULL GROUP BY task, outcome";
        let counts = self.read(|connection| {
            codec::rows(connection, sql, [], |row| {
                Ok(((row.get("task")?, codec::name(row, "outcome")?), codec::natural(row, "n")?))
            })
        })?;
        Ok(counts.into_iter().collect())
    }

    /// Why `task` was refused since its last start, and which occurrence of it.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn refusal(&self, task: &str) -> Result<Option<Refusal>, StateError> {
        let sql = "SELECT occurrence, reason FROM refusal WHERE task = ?1";
        self.read(|connection| {
            codec::first(connection, sql, [task], |row| {
                let occurrence: Option<String> = row.get("occurrence")?;
                Ok(Refusal { occurrence: occurrence.map(OccurrenceId), reason: row.get("reason")? })
            })
        })
    }

    /// Runs that have not ended, oldest first: they are being worked on, or were interrupted.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn unfinished_runs(&self) -> Result<Vec<Run>, StateError> {
        self.read(unfinished)
    }

    /// The steps of a run in the order in which they were started.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn steps(&self, run: RunId) -> Result<Vec<StepRecord>, StateError> {
        let sql = "SELECT * FROM step WHERE run = ?1 ORDER BY ordinal";
        self.read(|connection| codec::rows(connection, sql, [run.0], step_from_row))
    }
}

pub(super) fn run(connection: &Connection, id: RunId) -> Result<Option<Run>, Fault> {
    one(connection, "SELECT * FROM run WHERE id = ?1", [id.0])
}

pub(super) fn unfinished(connection: &Connection) -> Result<Vec<Run>, Fault> {
    many(connection, "SELECT * FROM run WHERE ended IS NULL ORDER BY id", [])
}

/// The runs that a query finds.
fn many(connection: &Connection, sql: &str, params: impl Params) -> Result<Vec<Run>, Fault> {
    codec::rows(connection, sql, params, |row| Ok(located(connection, from_row(row)?)))
}

/// The first run that a query finds.
pub(super) fn one(connection: &Connection, sql: &str, params: impl Params) -> Result<Option<Run>, Fault> {
    codec::first(connection, sql, params, |row| Ok(located(connection, from_row(row)?)))
}

fn from_row(row: &Row) -> Result<Run, Fault> {
    Ok(Run {
        id: RunId(row.get("id")?),
        occurrence: row.get::<_, Option<String>>("occurrence")?.map(OccurrenceId),
        task: row.get("task")?,
        origin: codec::name(row, "origin")?,
        outcome: codec::opt_name(row, "outcome")?,
        reason: row.get("reason")?,
        due: codec::opt_time(row, "due")?,
        started: codec::time(row, "started")?,
        ended: codec::opt_time(row, "ended")?,
        holder: codec::from_json(row, "holder")?,
        plan_digest: row.get("plan_digest")?,
        targets: codec::from_json(row, "targets")?,
        definition: row.get("definition")?,
        holds: codec::from_json(row, "holds")?,
        justification: row.get("justification")?,
    })
}

fn step_from_row(row: &Row) -> Result<StepRecord, Fault> {
    Ok(StepRecord {
        run: RunId(row.get("run")?),
        ordinal: row.get("ordinal")?,
        phase: codec::name(row, "phase")?,
        place: row.get("place")?,
        target: row.get("target")?,
        name: row.get("name")?,
        outcome: codec::opt_name(row, "outcome")?,
        exit_code: row.get("exit_code")?,
        attempts: row.get("attempts")?,
        started: codec::time(row, "started")?,
        ended: codec::opt_time(row, "ended")?,
        message: row.get("message")?,
        output: row.get::<_, Option<String>>("output")?.as_deref().map(codec::parse).transpose()?,
        process: row.get::<_, Option<String>>("process")?.as_deref().map(codec::parse).transpose()?,
        usage: row.get::<_, Option<String>>("usage")?.as_deref().map(codec::parse).transpose()?,
        settled: row.get("settled")?,
        retried: row.get("retried")?,
    })
}
