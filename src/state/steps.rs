//! What steps change in the tables: intended, started, ended, and settled when they were interrupted.

use rusqlite::{Transaction, params};

use super::apply::{one, open_run};
use super::codec::{count, json};
use super::error::Fault;
use crate::model::Event;

/// Changes the step that `event` speaks of; other events change nothing.
///
/// # Errors
/// A contradiction when the step, or its run, is not there or over.
pub(super) fn note(tx: &Transaction, at: &str, event: &Event) -> Result<(), Fault> {
    match event {
        Event::StepIntended { run, ordinal, phase, target, name, action, attempt, place } => {
            let sql = "INSERT INTO step (run, ordinal, phase, target, name, action, attempts, started, place)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
                       ON CONFLICT (run, ordinal) DO UPDATE SET attempts = excluded.attempts, ended = NULL,
                       outcome = NULL, exit_code = NULL, took_ms = NULL, message = NULL, output = NULL,
                       process = NULL, usage = NULL, settled = NULL, retried = 0";
            open_run(tx, *run)?;
            tx.prepare_cached(sql)?.execute(params![
                run.0,
                ordinal,
                phase.as_str(),
                target,
                name,
                action,
                attempt,
                at,
                place
            ])?;
            Ok(())
        }
        Event::StepStarted { run, ordinal, pid, started_ticks, .. } => {
            let sql = "UPDATE step SET process = ?3 WHERE run = ?1 AND ordinal = ?2 AND ended IS NULL";
            let process = json(&(pid, started_ticks))?;
            let changed = tx.prepare_cached(sql)?.execute((run.0, ordinal, process))?;
            one(changed, || format!("step {ordinal} of run {run} was never intended"))
        }
        Event::StepEnded {
            run,
            ordinal,
            attempt,
            outcome,
            retried,
            exit_code,
            took_ms,
            message,
            output,
            usage,
        } => {
            let sql = "UPDATE step SET attempts = ?3, outcome = ?4, exit_code = ?5, took_ms = ?6,
                       message = ?7, output = ?8, ended = ?9, usage = ?10,
                       retried = ?11 WHERE run = ?1 AND ordinal = ?2";
            let output = output.as_ref().map(json).transpose()?;
            let usage = usage.as_ref().map(json).transpose()?;
            let changed = tx.prepare_cached(sql)?.execute(params![
                run.0,
                ordinal,
                attempt,
                outcome.as_str(),
                exit_code,
                count(*took_ms)?,
                message,
                output,
                at,
                usage,
                retried
            ])?;
            one(changed, || format!("step {ordinal} of run {run} was never intended"))
        }
        Event::StepSettled { run, ordinal, done, .. } => {
            let sql = "UPDATE step SET settled = ?3 WHERE run = ?1 AND ordinal = ?2
                       AND (outcome IS NULL OR outcome = 'interrupted')";
            let changed = tx.prepare_cached(sql)?.execute((run.0, ordinal, done))?;
            one(changed, || format!("step {ordinal} of run {run} was not interrupted"))
        }
        _ => Ok(()),
    }
}
