//! Questions about runs and their steps.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{OptionalExtension, Row, params};

use super::{State, StateError, times};
use crate::model::{OccurrenceId, Origin, Outcome, Phase, Run, RunId, StepRecord};

/// Which runs are asked for; the default asks for the newest hundred.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFilter {
    /// Only those of this task.
    pub task: Option<String>,
    /// Only those that started then or later.
    pub since: Option<DateTime<Utc>>,
    /// At most so many, the newest.
    pub limit: usize,
}

impl Default for RunFilter {
    fn default() -> Self {
        Self { task: None, since: None, limit: 100 }
    }
}

/// The past of one task, as far as scheduling needs it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TaskHistory {
    /// When the task was first seen.
    pub since: Option<DateTime<Utc>>,
    /// The end of the last run that succeeded.
    pub last_success: Option<DateTime<Utc>>,
    /// The end of the last run, however it went.
    pub last_end: Option<DateTime<Utc>>,
    /// How the last run that ended went.
    pub last_outcome: Option<Outcome>,
    /// How many runs have ended, however they went.
    pub ended_runs: u64,
    /// How long the newest successful runs took.
    pub durations: Vec<TimeDelta>,
    /// Occurrences that have a run, the newest.
    pub started: BTreeSet<OccurrenceId>,
    /// Occurrences that were recorded as missed, the newest.
    pub missed: BTreeSet<OccurrenceId>,
    /// The run that is going: its occurrence and its start.
    pub running: Option<(Option<OccurrenceId>, DateTime<Utc>)>,
}

/// So many of the newest successes say how long a run takes.
const DURATIONS: i64 = 20;
/// So many of the newest occurrences of a task are remembered as settled; older ones are never planned again.
const SETTLED: i64 = 2_000;

const COLUMNS: &str =
    "id, task, occurrence, origin, due, started, ended, outcome, reason, plan_digest, targets, holder";

impl State {
    /// The run with this number.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn run(&self, id: RunId) -> Result<Option<Run>, StateError> {
        let sql = format!("SELECT {COLUMNS} FROM run WHERE id = ?1");
        Ok(self.conn.query_row(&sql, [id.0], run_of).optional()?)
    }

    /// Runs, the newest first.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn runs(&self, filter: &RunFilter) -> Result<Vec<Run>, StateError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM run WHERE (?1 IS NULL OR task = ?1) AND (?2 IS NULL OR ?2 <= started)
             ORDER BY id DESC LIMIT ?3"
        );
        let limit = i64::try_from(filter.limit).unwrap_or(i64::MAX);
        let mut statement = self.conn.prepare(&sql)?;
        let rows = statement.query_map(params![filter.task, filter.since.map(times::text), limit], run_of)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The newest run of `task` that has ended.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn last_ended_run(&self, task: &str) -> Result<Option<Run>, StateError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM run WHERE task = ?1 AND ended IS NOT NULL ORDER BY id DESC LIMIT 1"
        );
        Ok(self.conn.query_row(&sql, [task], run_of).optional()?)
    }

    /// Runs without an end, the oldest first: somebody works on them, or died over them.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn unfinished_runs(&self) -> Result<Vec<Run>, StateError> {
        let sql = format!("SELECT {COLUMNS} FROM run WHERE ended IS NULL ORDER BY id");
        let mut statement = self.conn.prepare(&sql)?;
        let rows = statement.query_map([], run_of)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Runs that were interrupted and that no later run of the same task has made good, the oldest first.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn interrupted_runs(&self) -> Result<Vec<Run>, StateError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM run AS this WHERE outcome = 'interrupted' AND NOT EXISTS (
                SELECT 1 FROM run AS later
                WHERE later.task = this.task AND this.id < later.id AND later.outcome = 'succeeded')
             ORDER BY id"
        );
        let mut statement = self.conn.prepare(&sql)?;
        let rows = statement.query_map([], run_of)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How many runs of each task ended in each way.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn count_runs(&self) -> Result<BTreeMap<(String, Outcome), u64>, StateError> {
        let sql = "SELECT task, outcome, count(*) FROM run WHERE outcome IS NOT NULL GROUP BY task, outcome";
        let mut statement = self.conn.prepare(sql)?;
        let rows = statement.query_map([], |row| {
            let outcome = outcome_of(1, &row.get::<_, String>(1)?)?;
            Ok(((row.get(0)?, outcome), row.get::<_, i64>(2)?.unsigned_abs()))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The steps of a run, in the order of starting.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn steps(&self, run: RunId) -> Result<Vec<StepRecord>, StateError> {
        let mut statement = self.conn.prepare(
            "SELECT ordinal, phase, target, name, attempts, started, ended, outcome, exit_code, message, output
             FROM step WHERE run = ?1 ORDER BY ordinal",
        )?;
        let rows = statement.query_map([run.0], |row| step_of(run, row))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The past of every task that has one, by task.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn history(&self) -> Result<BTreeMap<String, TaskHistory>, StateError> {
        let mut tasks = BTreeMap::new();
        self.read_seen(&mut tasks)?;
        self.read_ends(&mut tasks)?;
        self.read_durations(&mut tasks)?;
        self.read_settled(&mut tasks)?;
        Ok(tasks)
    }

    fn read_seen(&self, tasks: &mut BTreeMap<String, TaskHistory>) -> Result<(), StateError> {
        let mut statement = self.conn.prepare("SELECT task, since FROM seen_task")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            tasks.entry(row.get(0)?).or_default().since = Some(times::instant(1, &row.get::<_, String>(1)?)?);
        }
        Ok(())
    }

    fn read_ends(&self, tasks: &mut BTreeMap<String, TaskHistory>) -> Result<(), StateError> {
        let mut statement = self.conn.prepare(
            "SELECT task, max(CASE WHEN outcome = 'succeeded' THEN ended END), max(ended), count(ended),
                (SELECT outcome FROM run AS last WHERE last.task = run.task AND last.ended IS NOT NULL
                 ORDER BY last.id DESC LIMIT 1)
             FROM run GROUP BY task",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let task = tasks.entry(row.get(0)?).or_default();
            task.last_success = times::maybe_instant(1, row.get::<_, Option<String>>(1)?.as_deref())?;
            task.last_end = times::maybe_instant(2, row.get::<_, Option<String>>(2)?.as_deref())?;
            task.ended_runs = row.get::<_, i64>(3)?.unsigned_abs();
            let outcome: Option<String> = row.get(4)?;
            task.last_outcome = outcome.map(|name| outcome_of(4, &name)).transpose()?;
        }
        let mut statement =
            self.conn.prepare("SELECT task, occurrence, started FROM run WHERE ended IS NULL")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let occurrence: Option<String> = row.get(1)?;
            let started = times::instant(2, &row.get::<_, String>(2)?)?;
            tasks.entry(row.get(0)?).or_default().running = Some((occurrence.map(OccurrenceId), started));
        }
        Ok(())
    }

    fn read_durations(&self, tasks: &mut BTreeMap<String, TaskHistory>) -> Result<(), StateError> {
        let mut statement = self.conn.prepare(
            "SELECT task, started, ended FROM (
                SELECT task, started, ended, row_number() OVER (PARTITION BY task ORDER BY id DESC) AS age
                FROM run WHERE outcome = 'succeeded')
             WHERE age <= ?1",
        )?;
        let mut rows = statement.query([DURATIONS])?;
        while let Some(row) = rows.next()? {
            let started = times::instant(1, &row.get::<_, String>(1)?)?;
            let ended = times::instant(2, &row.get::<_, String>(2)?)?;
            tasks.entry(row.get(0)?).or_default().durations.push((ended - started).max(TimeDelta::zero()));
        }
        Ok(())
    }

    fn read_settled(&self, tasks: &mut BTreeMap<String, TaskHistory>) -> Result<(), StateError> {
        let mut statement = self.conn.prepare(
            "SELECT task, occurrence FROM (
                SELECT task, occurrence, row_number() OVER (PARTITION BY task ORDER BY id DESC) AS age
                FROM run WHERE occurrence IS NOT NULL)
             WHERE age <= ?1",
        )?;
        let mut rows = statement.query([SETTLED])?;
        while let Some(row) = rows.next()? {
            tasks.entry(row.get(0)?).or_default().started.insert(OccurrenceId(row.get(1)?));
        }
        let mut statement = self.conn.prepare(
            "SELECT task, occurrence FROM (
                SELECT task, occurrence, row_number() OVER (PARTITION BY task ORDER BY release DESC) AS age
                FROM missed)
             WHERE age <= ?1",
        )?;
        let mut rows = statement.query([SETTLED])?;
        while let Some(row) = rows.next()? {
            tasks.entry(row.get(0)?).or_default().missed.insert(OccurrenceId(row.get(1)?));
        }
        Ok(())
    }
}

fn run_of(row: &Row) -> rusqlite::Result<Run> {
    let text = |column: usize| row.get::<_, Option<String>>(column);
    Ok(Run {
        id: RunId(row.get(0)?),
        task: row.get(1)?,
        occurrence: text(2)?.map(OccurrenceId),
        origin: if row.get::<_, String>(3)? == "due" { Origin::Due } else { Origin::OnDemand },
        due: times::maybe_instant(4, text(4)?.as_deref())?,
        started: times::instant(5, &row.get::<_, String>(5)?)?,
        ended: times::maybe_instant(6, text(6)?.as_deref())?,
        outcome: text(7)?.map(|name| outcome_of(7, &name)).transpose()?,
        reason: row.get(8)?,
        plan_digest: row.get(9)?,
        targets: times::json(10, &row.get::<_, String>(10)?)?,
        holder: times::json(11, &row.get::<_, String>(11)?)?,
    })
}

fn step_of(run: RunId, row: &Row) -> rusqlite::Result<StepRecord> {
    let text = |column: usize| row.get::<_, Option<String>>(column);
    Ok(StepRecord {
        run,
        ordinal: row.get(0)?,
        phase: phase_of(&row.get::<_, String>(1)?)?,
        target: row.get(2)?,
        name: row.get(3)?,
        attempts: row.get(4)?,
        started: times::instant(5, &row.get::<_, String>(5)?)?,
        ended: times::maybe_instant(6, text(6)?.as_deref())?,
        outcome: text(7)?.map(|name| outcome_of(7, &name)).transpose()?,
        exit_code: row.get(8)?,
        message: row.get(9)?,
        output: text(10)?.map(|json| times::json(10, &json)).transpose()?,
    })
}

/// The names are those of serde, so that ledger and tables speak alike.
fn outcome_of(column: usize, name: &str) -> rusqlite::Result<Outcome> {
    times::json(column, &format!("{name:?}"))
}

fn phase_of(name: &str) -> rusqlite::Result<Phase> {
    times::json(1, &format!("{name:?}"))
}
