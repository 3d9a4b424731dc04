//! The past of tasks, as planning needs it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, Row, Transaction, params_from_iter};

use super::codec::{self, stamp};
use super::error::Fault;
use super::{State, StateError, conditions, runs};
use crate::model::{Condition, OccurrenceId, Outcome, RunId};
use crate::world::process_identity;

/// The past of one task.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TaskHistory {
    /// When it first stood in a published schedule or had a run; `None` when it never did.
    pub first_known: Option<DateTime<Utc>>,
    /// The end of the last run that succeeded.
    pub last_success: Option<DateTime<Utc>>,
    /// The end of the last run, however it went.
    pub last_end: Option<DateTime<Utc>>,
    /// How the last run that ended went.
    pub last_outcome: Option<Outcome>,
    /// How many runs have ended, however they went.
    pub ended_runs: u64,
    /// How long the newest twenty successful runs took, each as a whole; newest first.
    pub durations: Vec<TimeDelta>,
    /// Occurrences that have a run already.
    pub started: BTreeSet<OccurrenceId>,
    /// Occurrences that are recorded as missed.
    pub missed: BTreeSet<OccurrenceId>,
    /// The run that a living process works on: its occurrence, and its start.
    pub running: Option<(Option<OccurrenceId>, DateTime<Utc>)>,
    /// Where its condition stands; `None` when it was never seen to fail.
    pub condition: Option<Condition>,
}

/// How many durations are kept.
const MAX_DURATIONS: usize = 20;

const TASKS: &str = "SELECT * FROM task";
// Not a column more than an index has, for there is a row for every run that ever was.
const STARTED: &str = "SELECT task, occurrence FROM run";
const MISSED: &str = "SELECT task, occurrence, recorded FROM missed";

/// What was recorded this much later than now was recorded by a clock that was wrong, and has been corrected since. A
/// smaller step back is no reason to repeat anything.
///
/// Source: systemd ignores stored times in the future (systemd/systemd#6821).
const SANE: TimeDelta = TimeDelta::days(1);

/// What was recorded later than this, says nothing at `now`.
pub(super) fn sane_until(now: DateTime<Utc>) -> DateTime<Utc> {
    now.checked_add_signed(SANE).unwrap_or(now)
}

impl State {
    /// The past of one task; empty when it has none.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn task_history(&self, task: &str) -> Result<TaskHistory, StateError> {
        let now = self.clock.now();
        let mut found = self.read(|connection| histories(connection, Some(task), now))?;
        Ok(found.remove(task).unwrap_or_default())
    }

    /// How the last run of a task ended; `None` when none has.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn last_outcome(&self, task: &str) -> Result<Option<Outcome>, StateError> {
        let sql = "SELECT last_outcome FROM task WHERE name = ?1";
        let found = self.read(|connection| {
            codec::first(connection, sql, [task], |row| codec::opt_name(row, "last_outcome"))
        })?;
        Ok(found.flatten())
    }

    /// The past of every task that has one.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn history(&self) -> Result<BTreeMap<String, TaskHistory>, StateError> {
        let now = self.clock.now();
        self.read(|connection| histories(connection, None, now))
    }
}

fn histories(
    connection: &Connection,
    task: Option<&str>,
    now: DateTime<Utc>,
) -> Result<BTreeMap<String, TaskHistory>, Fault> {
    let snapshot = connection.unchecked_transaction()?;
    histories_in(&snapshot, task, now)
}

/// The same within a transaction.
pub(super) fn histories_in(
    snapshot: &Connection,
    task: Option<&str>,
    now: DateTime<Utc>,
) -> Result<BTreeMap<String, TaskHistory>, Fault> {
    let mut histories = known(snapshot, task)?;
    for_each_id(snapshot, STARTED, task, |task, occurrence, _| {
        of(&mut histories, task).started.insert(occurrence);
        Ok(())
    })?;
    complete(snapshot, task, now, histories)
}

/// What is kept of each task in one row; without the occurrences.
pub(super) fn known(
    snapshot: &Connection,
    task: Option<&str>,
) -> Result<BTreeMap<String, TaskHistory>, Fault> {
    let tasks = codec::rows(snapshot, &only(TASKS, "name", task), params_from_iter(task), |row| {
        Ok((row.get::<_, String>("name")?, from_row(row)?))
    })?;
    Ok(tasks.into_iter().collect())
}

fn only(sql: &str, column: &str, task: Option<&str>) -> String {
    match task {
        Some(_) => format!("{sql} WHERE {column} = ?1"),
        None => sql.to_owned(),
    }
}

fn of<'h>(histories: &'h mut BTreeMap<String, TaskHistory>, task: &str) -> &'h mut TaskHistory {
    histories.entry(task.to_owned()).or_default()
}

/// Calls `note` with the task and the occurrence of each row, where there is one: a run on demand has none.
fn for_each_id(
    snapshot: &Connection,
    sql: &str,
    task: Option<&str>,
    mut note: impl FnMut(&str, OccurrenceId, &Row) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut statement = snapshot.prepare_cached(&only(sql, "task", task))?;
    let mut rows = statement.query(params_from_iter(task))?;
    while let Some(row) = rows.next()? {
        let Some(occurrence) = row.get::<_, Option<String>>(1)?.map(OccurrenceId) else { continue };
        note(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?, occurrence, row)?;
    }
    Ok(())
}

/// Adds to the past of tasks what is neither in their rows nor about runs that were started.
pub(super) fn complete(
    snapshot: &Connection,
    task: Option<&str>,
    now: DateTime<Utc>,
    mut histories: BTreeMap<String, TaskHistory>,
) -> Result<BTreeMap<String, TaskHistory>, Fault> {
    let latest = sane_until(now);
    let until = stamp(latest);
    for_each_id(snapshot, MISSED, task, |task, occurrence, row| {
        // What was missed by a clock that was far ahead was not: its time had not come.
        if row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)? <= until.as_str() {
            of(&mut histories, task).missed.insert(occurrence);
        }
        Ok(())
    })?;
    for (task, condition) in conditions::rows(snapshot, task)? {
        histories.entry(task).or_default().condition = Some(condition);
    }
    for (task, history) in &mut histories {
        if [history.last_success, history.last_end].iter().flatten().any(|end| latest < *end) {
            before_the_clock_was_wrong(snapshot, task, history, &until)?;
        }
    }
    let unfinished = runs::unfinished(snapshot)?.into_iter();
    for run in unfinished.filter(|run| process_identity::is_alive(&run.holder)) {
        if let Some(history) = histories.get_mut(&run.task) {
            history.running = Some((run.occurrence, run.started));
        }
    }
    Ok(histories)
}

/// Takes back what was recorded while the clock was ahead: the last ends are those before.
fn before_the_clock_was_wrong(
    connection: &Connection,
    task: &str,
    history: &mut TaskHistory,
    until: &str,
) -> Result<(), Fault> {
    let sql = "SELECT max(ended) AS ended, max(ended) FILTER (WHERE outcome = 'succeeded' AND NOT partial) AS success
               FROM run WHERE task = ?1 AND ended <= ?2";
    let found = codec::first(connection, sql, (task, until), |row| {
        Ok((codec::opt_time(row, "success")?, codec::opt_time(row, "ended")?))
    })?;
    (history.last_success, history.last_end) = found.unwrap_or_default();
    Ok(())
}

fn from_row(row: &Row) -> Result<TaskHistory, Fault> {
    let milliseconds: Vec<i64> = codec::from_json(row, "durations")?;
    Ok(TaskHistory {
        first_known: Some(codec::time(row, "first_known")?),
        last_success: codec::opt_time(row, "last_success")?,
        last_end: codec::opt_time(row, "last_end")?,
        last_outcome: codec::opt_name(row, "last_outcome")?,
        ended_runs: codec::natural(row, "ended_runs")?,
        durations: milliseconds.into_iter().map(TimeDelta::milliseconds).collect(),
        started: BTreeSet::new(),
        missed: BTreeSet::new(),
        running: None,
        condition: None,
    })
}

/// Counts the end of a run. The success of one that is `partial` is not that of the task, which is as due as before.
pub(super) fn note_end(
    tx: &Transaction,
    task: &str,
    ended: DateTime<Utc>,
    (outcome, partial): (Outcome, bool),
    took: TimeDelta,
) -> Result<(), Fault> {
    if partial && outcome == Outcome::Succeeded {
        return Ok(());
    }
    let sql = "UPDATE task SET last_end = ?2, last_outcome = ?3, ended_runs = ended_runs + 1 WHERE name = ?1";
    tx.prepare_cached(sql)?.execute((task, stamp(ended), outcome.as_str()))?;
    conditions::note_end(tx, task, ended, outcome)?;
    if outcome != Outcome::Succeeded {
        return Ok(());
    }
    let sql = "SELECT durations FROM task WHERE name = ?1";
    let durations: String = tx.prepare_cached(sql)?.query_row([task], |row| row.get(0))?;
    let mut durations: Vec<i64> = codec::parse(&durations)?;
    durations.insert(0, took.num_milliseconds());
    durations.truncate(MAX_DURATIONS);
    let sql = "UPDATE task SET last_success = ?2, durations = ?3 WHERE name = ?1";
    tx.prepare_cached(sql)?.execute((task, stamp(ended), codec::json(&durations)?))?;
    Ok(())
}

/// Takes back the end of a run that goes on after all. Says how it had ended.
pub(super) fn reopen(tx: &Transaction, run: RunId) -> Result<&'static str, Fault> {
    let Some(run) = runs::run(tx, run)? else { return Ok("never started") };
    let Some(outcome) = run.outcome else { return Ok("still going") };
    let sql = "UPDATE task SET ended_runs = ended_runs - 1 WHERE name = ?1 AND ended_runs > 0";
    tx.execute(sql, [&run.task])?;
    conditions::reopen(tx, &run.task)?;
    Ok(outcome.as_str())
}
