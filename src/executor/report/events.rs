//! Events of runs as they happen, a line of JSON each: `mainstay/run-event/v1`.
//!
//! Every line has `schema`, `kind` and `at`; the last one is of the kind `summary`. New kinds and new keys may come;
//! what is there keeps its name and its meaning. Times are RFC 3339 in UTC, lengths are seconds.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{NotStartedReport, OutputReport, UsageReport, time};
use crate::model::{Event, Origin, Outcome, Run, SeriesResult};

/// The name and version of each line.
pub const SCHEMA: &str = "mainstay/run-event/v1";

/// One line.
#[derive(Debug, Serialize)]
pub struct RunEvent<'a> {
    schema: &'static str,
    at: String,
    #[serde(flatten)]
    what: What<'a>,
}

/// What happened.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum What<'a> {
    /// A run began.
    RunStarted {
        run: i64,
        task: &'a str,
        occurrence: Option<&'a str>,
        origin: Origin,
        targets: &'a [String],
        due: Option<String>,
        justification: Option<&'a str>,
    },
    /// Another process took a run over.
    RunResumed { run: i64 },
    /// A step is about to start; `step` numbers the steps of a run from 1.
    StepStarted {
        run: i64,
        step: u32,
        phase: &'static str,
        target: &'a str,
        name: &'a str,
        action: &'a str,
        attempt: u32,
    },
    /// The process of a step runs.
    ProcessStarted { run: i64, step: u32, attempt: u32, pid: i32 },
    /// A step ended; with `retried` there will be another attempt.
    StepEnded {
        run: i64,
        step: u32,
        attempt: u32,
        outcome: Outcome,
        retried: bool,
        exit_code: Option<i32>,
        took_seconds: f64,
        message: Option<&'a str>,
        output: Option<OutputReport>,
        usage: Option<UsageReport>,
    },
    /// It was settled whether an interrupted step is done.
    StepSettled { run: i64, step: u32, done: bool, how: &'a str },
    /// What monitoring looked like before the work is known.
    BaselineTaken { run: i64 },
    /// Monitoring was compared with what it was before.
    BaselineCompared { run: i64, same: bool, differences: &'a [String], settled_seconds: Option<f64> },
    /// Series were compared with those of before the work.
    SeriesCompared { run: i64, series: &'a [SeriesResult], waited_seconds: f64 },
    /// Alerts are silenced; `silenced` names those that fired at that moment.
    SilenceStarted { run: i64, id: &'a str, until: String, silenced: &'a [String] },
    /// A run has to be looked at afterwards.
    ReviewOpened { run: i64, reason: &'a str, due: String },
    /// A run ended.
    RunEnded { run: i64, outcome: Outcome, reason: Option<&'a str> },
    /// Work that was asked for or due, and was not started.
    NotStarted(&'a NotStartedReport),
    /// Nothing more could be done, and there is no summary.
    Stopped { error: &'a str },
    /// All is over.
    Summary { runs: usize, outcomes: BTreeMap<&'static str, usize>, not_started: usize, exit_code: u8 },
}

/// What happened at `at` as a line; `None` for what is of no use to who watches runs.
pub fn line_of(event: &Event, at: DateTime<Utc>) -> Option<RunEvent<'_>> {
    let what = match event {
        Event::RunStarted { run, task, occurrence, origin, targets, due, justification, .. } => {
            What::RunStarted {
                run: run.0,
                task,
                occurrence: occurrence.as_ref().map(|occurrence| occurrence.0.as_str()),
                origin: *origin,
                targets,
                due: due.map(time),
                justification: justification.as_deref(),
            }
        }
        Event::RunResumed { run, .. } => What::RunResumed { run: run.0 },
        Event::StepIntended { run, ordinal, phase, target, name, action, attempt, .. } => What::StepStarted {
            run: run.0,
            step: *ordinal,
            phase: phase.as_str(),
            target,
            name,
            action,
            attempt: *attempt,
        },
        Event::StepStarted { run, ordinal, attempt, pid, .. } => {
            What::ProcessStarted { run: run.0, step: *ordinal, attempt: *attempt, pid: *pid }
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
        } => What::StepEnded {
            run: run.0,
            step: *ordinal,
            attempt: *attempt,
            outcome: *outcome,
            retried: *retried,
            exit_code: *exit_code,
            took_seconds: seconds(*took_ms),
            message: message.as_deref(),
            output: output.clone().map(OutputReport::of),
            usage: usage.map(UsageReport::of),
        },
        Event::StepSettled { run, ordinal, done, how } => {
            What::StepSettled { run: run.0, step: *ordinal, done: *done, how }
        }
        Event::BaselineTaken { run, .. } => What::BaselineTaken { run: run.0 },
        Event::BaselineCompared { run, same, differences, settled_ms, .. } => What::BaselineCompared {
            run: run.0,
            same: *same,
            differences,
            settled_seconds: settled_ms.map(seconds),
        },
        Event::SeriesCompared { run, series, waited_ms } => {
            What::SeriesCompared { run: run.0, series, waited_seconds: seconds(*waited_ms) }
        }
        Event::SilenceCreated { run, id, until, silenced, .. } => {
            What::SilenceStarted { run: run.0, id, until: time(*until), silenced }
        }
        Event::ReviewOpened { run, reason, due, .. } => {
            What::ReviewOpened { run: run.0, reason, due: time(*due) }
        }
        Event::RunEnded { run, outcome, reason } => {
            What::RunEnded { run: run.0, outcome: *outcome, reason: reason.as_deref() }
        }
        _ => return None,
    };
    Some(RunEvent { schema: SCHEMA, at: time(at), what })
}

/// Work that was not started, as a line.
pub fn not_started(work: &NotStartedReport, at: DateTime<Utc>) -> RunEvent<'_> {
    RunEvent { schema: SCHEMA, at: time(at), what: What::NotStarted(work) }
}

/// The last line when the work had to stop, because something could not be recorded or read.
pub fn stopped(error: &str, at: DateTime<Utc>) -> RunEvent<'_> {
    RunEvent { schema: SCHEMA, at: time(at), what: What::Stopped { error } }
}

/// The last line.
pub fn summary<'a>(
    runs: impl Iterator<Item = &'a Run>,
    not_started: usize,
    exit_code: u8,
    at: DateTime<Utc>,
) -> RunEvent<'static> {
    let mut outcomes = BTreeMap::new();
    let mut n_runs = 0;
    for run in runs {
        n_runs += 1;
        *outcomes.entry(run.outcome.map_or("going", Outcome::as_str)).or_default() += 1;
    }
    let what = What::Summary { runs: n_runs, outcomes, not_started, exit_code };
    RunEvent { schema: SCHEMA, at: time(at), what }
}

/// Milliseconds as seconds.
fn seconds(milliseconds: u64) -> f64 {
    std::time::Duration::from_millis(milliseconds).as_secs_f64()
}
