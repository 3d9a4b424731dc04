//! What each event changes in the tables, beside the ledger.

use chrono::{DateTime, Utc};
use rusqlite::{Transaction, params};

use super::times::text;
use crate::model::{AlertState, Event, OccurrenceId, Origin, Outcome, RunId};

/// Changes the tables as `event` says.
#[expect(clippy::too_many_lines, reason = "one arm an event: a table of contents, not a procedure")]
pub fn apply(tx: &Transaction, event: &Event, now: DateTime<Utc>) -> rusqlite::Result<()> {
    match event {
        Event::StateCreated { origin } => {
            execute(tx, "INSERT INTO meta (name, value) VALUES ('origin', ?1)", params![origin])
        }
        Event::TasksSeen { tasks } => tasks.iter().try_for_each(|task| {
            let sql = "INSERT INTO seen_task (task, since) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
            execute(tx, sql, params![task, text(now)])
        }),
        Event::SchedulePublished { digest, schedule, .. } => execute(
            tx,
            "INSERT INTO revision (number, published_at, digest, schedule) VALUES (?1, ?2, ?3, ?4)",
            params![i64::try_from(schedule.revision).unwrap_or(i64::MAX), text(now), digest, json(schedule)],
        ),
        Event::OccurrenceMissed { occurrence, task, release, reason } => execute(
            tx,
            "INSERT INTO missed (occurrence, task, release, reason, at) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO NOTHING",
            params![occurrence.0, task, text(*release), reason, text(now)],
        ),
        Event::RunStarted { run, task, occurrence, origin, due, plan_digest, targets, holder } => {
            execute(tx, "DELETE FROM refusal WHERE task = ?1", params![task])?;
            execute(
                tx,
                "INSERT INTO run (id, task, occurrence, origin, due, started, plan_digest, targets, holder)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                params![
                    run.0,
                    task,
                    occurrence.as_ref().map(|occurrence| &occurrence.0),
                    origin_name(*origin),
                    due.map(text),
                    text(now),
                    plan_digest,
                    json(targets),
                    json(holder)
                ],
            )
        }
        Event::RunRefused { task, occurrence, reason } => refuse(tx, task, occurrence.as_ref(), reason, now),
        Event::StepStarted { run, ordinal, phase, target, name, attempt, .. } => execute(
            tx,
            "INSERT INTO step (run, ordinal, phase, target, name, attempts, started)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (run, ordinal) DO UPDATE SET attempts = excluded.attempts, ended = NULL, outcome = NULL",
            params![run.0, ordinal, phase.as_str(), target, name, attempt, text(now)],
        ),
        Event::StepEnded { run, ordinal, outcome, exit_code, message, output, .. } => execute(
            tx,
            "UPDATE step SET ended = ?3, outcome = ?4, exit_code = ?5, message = ?6, output = ?7
             WHERE run = ?1 AND ordinal = ?2",
            params![
                run.0,
                ordinal,
                text(now),
                outcome.as_str(),
                exit_code,
                message,
                output.as_ref().map(|output| json(output))
            ],
        ),
        Event::BaselineTaken { run, at, facts } => execute(
            tx,
            "INSERT INTO baseline (run, at, facts) VALUES (?1, ?2, ?3)",
            params![run.0, text(*at), facts.to_string()],
        ),
        Event::SilenceIntended { run, tag, alertmanager, matchers } => execute(
            tx,
            "INSERT INTO silence (tag, run, alertmanager, matchers) VALUES (?1, ?2, ?3, ?4)",
            params![tag, run.0, alertmanager, json(matchers)],
        ),
        Event::SilenceCreated { tag, id, until, .. } | Event::SilenceRenewed { tag, id, until } => execute(
            tx,
            "UPDATE silence SET id = ?2, until = ?3 WHERE tag = ?1",
            params![tag, id, text(*until)],
        ),
        Event::SilenceExpired { tag, .. } => {
            execute(tx, "UPDATE silence SET expired = ?2 WHERE tag = ?1", params![tag, text(now)])
        }
        Event::RunEnded { run, outcome, reason } => end_run(tx, *run, *outcome, reason.as_deref(), now),
        Event::RunAbandoned { run, reason } => execute(
            tx,
            "UPDATE run SET outcome = 'failed', reason = ?2, ended = coalesce(ended, ?3) WHERE id = ?1",
            params![run.0, format!("abandoned: {reason}"), text(now)],
        ),
        Event::AlertChanged { name, labels, state: Some(state), since, value } => execute(
            tx,
            "INSERT INTO alert (name, labels, state, since, value) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (name, labels)
             DO UPDATE SET state = excluded.state, since = excluded.since, value = excluded.value, delivered = NULL",
            params![name, json(labels), alert_state(*state), text(*since), value],
        ),
        Event::AlertChanged { name, labels, state: None, .. } => {
            execute(tx, "DELETE FROM alert WHERE name = ?1 AND labels = ?2", params![name, json(labels)])
        }
        // What fires has to be renewed: an Alertmanager that is away forgets it.
        Event::AlertsDelivered { error: Some(_), .. } => {
            execute(tx, "UPDATE alert SET delivered = NULL WHERE state = 'firing'", params![])
        }
        Event::BaselineCompared { .. }
        | Event::AlertsDelivered { .. }
        | Event::ReportWritten { .. }
        | Event::ClockStepped { .. } => Ok(()),
    }
}

/// What a ledger entry can be found by: its kind, its task and its run.
pub fn subject(event: &Event) -> (&'static str, Option<&str>, Option<RunId>) {
    match event {
        Event::StateCreated { .. } => ("state_created", None, None),
        Event::TasksSeen { .. } => ("tasks_seen", None, None),
        Event::SchedulePublished { .. } => ("schedule_published", None, None),
        Event::OccurrenceMissed { task, .. } => ("occurrence_missed", Some(task), None),
        Event::RunStarted { run, task, .. } => ("run_started", Some(task), Some(*run)),
        Event::RunRefused { task, .. } => ("run_refused", Some(task), None),
        Event::StepStarted { run, .. } => ("step_started", None, Some(*run)),
        Event::StepEnded { run, .. } => ("step_ended", None, Some(*run)),
        Event::BaselineTaken { run, .. } => ("baseline_taken", None, Some(*run)),
        Event::BaselineCompared { run, .. } => ("baseline_compared", None, Some(*run)),
        Event::SilenceIntended { run, .. } => ("silence_intended", None, Some(*run)),
        Event::SilenceCreated { run, .. } => ("silence_created", None, Some(*run)),
        Event::SilenceRenewed { .. } => ("silence_renewed", None, None),
        Event::SilenceExpired { .. } => ("silence_expired", None, None),
        Event::RunEnded { run, .. } => ("run_ended", None, Some(*run)),
        Event::RunAbandoned { run, .. } => ("run_abandoned", None, Some(*run)),
        Event::AlertChanged { .. } => ("alert_changed", None, None),
        Event::AlertsDelivered { .. } => ("alerts_delivered", None, None),
        Event::ReportWritten { .. } => ("report_written", None, None),
        Event::ClockStepped { .. } => ("clock_stepped", None, None),
    }
}

fn end_run(
    tx: &Transaction,
    run: RunId,
    outcome: Outcome,
    reason: Option<&str>,
    now: DateTime<Utc>,
) -> rusqlite::Result<()> {
    let sql = "UPDATE run SET ended = ?2, outcome = ?3, reason = ?4 WHERE id = ?1";
    execute(tx, sql, params![run.0, text(now), outcome.as_str(), reason])
}

fn refuse(
    tx: &Transaction,
    task: &str,
    occurrence: Option<&OccurrenceId>,
    reason: &str,
    now: DateTime<Utc>,
) -> rusqlite::Result<()> {
    execute(
        tx,
        "INSERT INTO refusal (task, occurrence, reason, at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (task)
         DO UPDATE SET occurrence = excluded.occurrence, reason = excluded.reason, at = excluded.at",
        params![task, occurrence.map(|occurrence| &occurrence.0), reason, text(now)],
    )
}

fn execute(tx: &Transaction, sql: &str, parameters: impl rusqlite::Params) -> rusqlite::Result<()> {
    tx.prepare_cached(sql)?.execute(parameters).map(|_| ())
}

/// Our own types have nothing in them that JSON cannot say.
pub(super) fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

pub(super) fn alert_state(state: AlertState) -> &'static str {
    match state {
        AlertState::Pending => "pending",
        AlertState::Firing => "firing",
        AlertState::Resolved => "resolved",
    }
}

pub(super) fn origin_name(origin: Origin) -> &'static str {
    match origin {
        Origin::Due => "due",
        Origin::OnDemand => "on_demand",
    }
}
