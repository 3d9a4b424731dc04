//! What an event changes in the tables: one small function per family.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Transaction, params};

use super::codec::{self, count, json, stamp};
use super::error::Fault;
use super::{approvals, conditions, history, reviews, schedules, steps};
use crate::model::{Entry, Event, Outcome, RunId, Stands};

/// Changes the tables as `entry` says.
///
/// # Errors
/// A contradiction when the event does not fit what was recorded before.
#[expect(clippy::too_many_lines, reason = "one arm per event, each a call")]
pub(super) fn apply(tx: &Transaction, entry: &Entry) -> Result<(), Fault> {
    let at = stamp(entry.at);
    match &entry.event {
        Event::StateCreated { origin } => {
            let sql = "INSERT INTO meta (key, value) VALUES ('origin', ?1), ('created', ?2)";
            tx.execute(sql, (origin, at))?;
            Ok(())
        }
        Event::TasksSeen { tasks } => tasks.iter().try_for_each(|task| know_task(tx, task, &at)),
        Event::SchedulePublished { digest, schedule, .. } => {
            publish(tx, &at, digest, schedule)?;
            schedules::take_back(tx, entry.at, schedule)
        }
        Event::ApprovalGiven { statement, signature } => approvals::note(tx, entry, statement, signature),
        Event::ScheduleOutdated { revision, .. } => {
            let sql = "INSERT OR REPLACE INTO meta (key, value) VALUES ('outdated', ?1)";
            tx.execute(sql, [revision.to_string()])?;
            Ok(())
        }
        Event::OccurrenceMissed { occurrence, task, release, reason } => {
            // What was recorded by a clock that was ahead is recorded anew when its time has come.
            let sql = "INSERT INTO missed (occurrence, task, release, reason, recorded)
                       VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (occurrence) DO UPDATE SET
                       release = excluded.release, reason = excluded.reason, recorded = excluded.recorded
                       WHERE excluded.recorded < missed.recorded";
            let changed =
                tx.prepare_cached(sql)?.execute((&occurrence.0, task, stamp(*release), reason, &at))?;
            one(changed, || format!("the occurrence `{occurrence}` is recorded as missed already"))
        }
        Event::ConditionFailed { task, check, found, since, .. } => {
            know_task(tx, task, &at)?;
            conditions::note(tx, task, check, Stands::Fails, *since, found)
        }
        Event::ConditionHeld { task, check, found, withdrawn } => {
            if let Some(occurrence) = withdrawn {
                conditions::withdraw(tx, occurrence, &at)?;
            }
            conditions::note(tx, task, check, Stands::Holds, entry.at, found)
        }
        Event::DefinitionSeen { digest, text } => {
            tx.prepare_cached("INSERT OR IGNORE INTO definition (digest, text) VALUES (?1, ?2)")?
                .execute((digest, text))?;
            Ok(())
        }
        Event::RunStarted { .. } => start_run(tx, entry),
        Event::RunResumed { run, holder, definition, .. } => {
            let outcome = history::reopen(tx, *run)?;
            let sql = "UPDATE run SET holder = ?2, definition = coalesce(?3, definition),
                       ended = NULL, outcome = NULL, reason = NULL
                       WHERE id = ?1 AND abandoned = 0";
            let changed = tx.prepare_cached(sql)?.execute((run.0, json(holder)?, definition))?;
            one(changed, || format!("there is no run {run} to resume ({outcome})"))
        }
        Event::ReviewOpened { .. } | Event::ReviewClosed { .. } => reviews::note(tx, &at, &entry.event),
        Event::StepIntended { .. }
        | Event::StepStarted { .. }
        | Event::StepEnded { .. }
        | Event::StepSettled { .. } => steps::note(tx, &at, &entry.event),
        Event::BaselineTaken { run, at, facts } => {
            // The first one is what was before; a run that is resumed must not take a later one for it.
            let sql = "INSERT OR IGNORE INTO baseline (run, taken, facts) VALUES (?1, ?2, ?3)";
            open_run(tx, *run)?;
            tx.execute(sql, (run.0, stamp(*at), json(facts)?))?;
            Ok(())
        }
        Event::BaselineCompared { run, same, differences, settled_ms, changes, compared, gaps } => {
            let sql = "UPDATE baseline SET same = ?2, differences = ?3, settled_ms = ?4,
                       changes = ?5, compared = ?6, gaps = ?7 WHERE run = ?1";
            let settled_ms = settled_ms.map(count).transpose()?;
            let row =
                (run.0, same, json(differences)?, settled_ms, json(changes)?, json(compared)?, json(gaps)?);
            let changed = tx.execute(sql, row)?;
            one(changed, || format!("run {run} has no baseline"))
        }
        Event::SeriesTaken { run, series } => {
            // The first ones are those of before, as with the facts.
            let sql = "UPDATE baseline SET series_before = ?2 WHERE run = ?1 AND series_before = '[]'";
            tx.execute(sql, (run.0, json(series)?))?;
            Ok(())
        }
        Event::SeriesCompared { run, series, .. } => {
            let changed =
                tx.execute("UPDATE baseline SET series = ?2 WHERE run = ?1", (run.0, json(series)?))?;
            one(changed, || format!("run {run} has no baseline"))
        }
        Event::SilenceIntended { run, tag, alertmanager, matchers } => {
            // A run that is resumed makes its silence again, under the same tag.
            let sql = "INSERT INTO silence (tag, run, alertmanager, matchers, intended)
                       VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (tag) DO UPDATE SET
                       alertmanager = excluded.alertmanager, matchers = excluded.matchers,
                       intended = excluded.intended, id = NULL, until = NULL, silenced = '[]',
                       expired = NULL, reason = NULL WHERE run = excluded.run";
            open_run(tx, *run)?;
            let changed = tx.execute(sql, (tag, run.0, alertmanager, json(matchers)?, &at))?;
            one(changed, || format!("there is a silence `{tag}` of another run"))
        }
        Event::SilenceCreated { tag, id, until, silenced, .. } => {
            let sql = "UPDATE silence SET id = ?2, until = ?3, silenced = ?4 WHERE tag = ?1";
            let changed = tx.execute(sql, (tag, id, stamp(*until), json(silenced)?))?;
            one(changed, || format!("the silence `{tag}` was never intended"))
        }
        Event::SilenceRenewed { tag, id, until, .. } => {
            let sql = "UPDATE silence SET id = ?2, until = ?3 WHERE tag = ?1";
            let changed = tx.execute(sql, (tag, id, stamp(*until)))?;
            one(changed, || format!("there is no silence `{tag}`"))
        }
        Event::SilenceExpired { tag, reason } => {
            let sql = "UPDATE silence SET expired = ?2, reason = ?3 WHERE tag = ?1";
            let changed = tx.execute(sql, (tag, &at, reason))?;
            one(changed, || format!("there is no silence `{tag}`"))
        }
        Event::RunEnded { run, outcome, reason } => {
            end_run(tx, entry.at, *run, *outcome, reason.as_deref(), false)
        }
        Event::RunAbandoned { run, reason } => {
            end_run(tx, entry.at, *run, Outcome::Interrupted, Some(reason), true)
        }
        Event::AlertChanged { name, labels, state, since, value } => {
            let labels = json(labels)?;
            let Some(state) = state else {
                tx.execute("DELETE FROM alert WHERE name = ?1 AND labels = ?2", (name, labels))?;
                return Ok(());
            };
            let sql = "INSERT INTO alert (name, labels, state, since, value) VALUES (?1, ?2, ?3, ?4, ?5)
                       ON CONFLICT (name, labels) DO UPDATE SET state = excluded.state,
                       since = excluded.since, value = excluded.value, delivered = NULL";
            tx.execute(sql, (name, labels, state.to_string(), stamp(*since), value))?;
            Ok(())
        }
        Event::RunRefused { task, occurrence, reason } => {
            let sql = "INSERT OR REPLACE INTO refusal (task, occurrence, reason) VALUES (?1, ?2, ?3)";
            tx.execute(sql, (task, occurrence.as_ref().map(|id| &id.0), reason))?;
            Ok(())
        }
        // What fires has to be renewed, and an Alertmanager that is away forgets it: it is owed again.
        Event::AlertsDelivered { error: Some(_), .. } => {
            tx.execute("UPDATE alert SET delivered = NULL WHERE state = 'firing'", ())?;
            Ok(())
        }
        Event::SilenceEndangered { .. }
        | Event::AlertsDelivered { .. }
        | Event::ReportWritten { .. }
        | Event::ClockStepped { .. } => Ok(()),
    }
}

fn publish(tx: &Transaction, at: &str, digest: &str, schedule: &crate::model::Schedule) -> Result<(), Fault> {
    let sql =
        "INSERT OR IGNORE INTO revision (revision, published, digest, schedule) VALUES (?1, ?2, ?3, ?4)";
    let changed = tx.execute(sql, (count(schedule.revision)?, at, digest, json(schedule)?))?;
    one(changed, || format!("revision {} is published already", schedule.revision))?;
    let placed = schedule.placed.iter().map(|placed| &placed.occurrence.task);
    let unplaced = schedule.unplaced.iter().map(|unplaced| &unplaced.occurrence.task);
    placed.chain(unplaced).try_for_each(|task| know_task(tx, task, at))
}

fn start_run(tx: &Transaction, entry: &Entry) -> Result<(), Fault> {
    let Event::RunStarted {
        run,
        task,
        occurrence,
        origin,
        due,
        plan_digest,
        targets,
        holder,
        definition,
        holds,
        justification,
        partial,
        ..
    } = &entry.event
    else {
        return Ok(());
    };
    let at = stamp(entry.at);
    let occurrence = occurrence.as_ref().map(|id| &id.0);
    let sql = "INSERT OR IGNORE INTO run
               (id, task, occurrence, origin, due, plan_digest, targets, holder, started, definition, holds,
                justification, partial)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
    let origin = json(origin)?;
    let changed = tx.prepare_cached(sql)?.execute(params![
        run.0,
        task,
        occurrence,
        origin.trim_matches('"'),
        due.map(stamp),
        plan_digest,
        json(targets)?,
        json(holder)?,
        &at,
        definition,
        json(holds)?,
        justification,
        partial
    ])?;
    one(changed, || format!("run {run}, or its occurrence, was started already"))?;
    tx.prepare_cached("DELETE FROM refusal WHERE task = ?1")?.execute([task])?;
    know_task(tx, task, &at)
}

fn end_run(
    tx: &Transaction,
    ended: DateTime<Utc>,
    run: RunId,
    outcome: Outcome,
    reason: Option<&str>,
    abandoned: bool,
) -> Result<(), Fault> {
    let sql = "UPDATE run SET ended = ?2, outcome = ?3, reason = ?4, abandoned = ?5
               WHERE id = ?1 AND ended IS NULL RETURNING task, started, partial";
    let found = codec::first(tx, sql, (run.0, stamp(ended), outcome.as_str(), reason, abandoned), |row| {
        Ok((row.get::<_, String>("task")?, codec::time(row, "started")?, row.get::<_, bool>("partial")?))
    })?;
    match found {
        Some((task, started, partial)) => {
            // A clock that was set back makes no work of negative length.
            let took = (ended - started).max(TimeDelta::zero());
            history::note_end(tx, &task, ended, (outcome, partial), took)
        }
        // A person gives up what a process has ended as interrupted, or settles what a run did not clean up: that one
        // keeps why it failed.
        None if abandoned => {
            let sql = "UPDATE run SET abandoned = 1,
                       reason = CASE outcome WHEN 'interrupted' THEN ?2
                           ELSE coalesce(reason || '; settled: ', '') || ?2 END
                       WHERE id = ?1 AND abandoned = 0 AND outcome IN ('interrupted', 'failed', 'rolled_back')";
            let changed = tx.execute(sql, (run.0, reason))?;
            one(changed, || format!("there is no run {run} that could be abandoned"))
        }
        None => Err(Fault::contradiction(format!("there is no run {run} that could end"))),
    }
}

/// Remembers when a task was first heard of.
fn know_task(tx: &Transaction, task: &str, at: &str) -> Result<(), Fault> {
    let sql = "INSERT OR IGNORE INTO task (name, first_known) VALUES (?1, ?2)";
    tx.prepare_cached(sql)?.execute((task, at))?;
    Ok(())
}

pub(super) fn open_run(tx: &Transaction, run: RunId) -> Result<(), Fault> {
    let sql = "SELECT count(*) FROM run WHERE id = ?1 AND ended IS NULL";
    let found: u32 = tx.prepare_cached(sql)?.query_row([run.0], |row| row.get(0))?;
    one(found as usize, || format!("there is no run {run} that is going"))
}

pub(super) fn one(changed: usize, otherwise: impl FnOnce() -> String) -> Result<(), Fault> {
    if changed == 0 { Err(Fault::contradiction(otherwise())) } else { Ok(()) }
}
