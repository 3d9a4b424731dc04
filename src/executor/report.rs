//! Runs as `mainstay run --format json` tells them: `mainstay/run/v1`.
//!
//! Structs of their own, so that inner types stay free to change. Times are RFC 3339 in UTC.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use super::preflight::Item;
use crate::model::{Outcome, Run, StepRecord};

/// The name and version of the object.
pub const SCHEMA: &str = "mainstay/run/v1";

/// The whole object.
#[derive(Debug, Serialize)]
pub struct RunsReport {
    schema: &'static str,
    runs: Vec<RunReport>,
    not_started: Vec<NotStartedReport>,
}

#[derive(Debug, Serialize)]
struct RunReport {
    id: i64,
    occurrence: Option<String>,
    task: String,
    outcome: Option<Outcome>,
    reason: Option<String>,
    started: String,
    ended: Option<String>,
    steps: Vec<StepReport>,
}

#[derive(Debug, Serialize)]
struct StepReport {
    name: String,
    target: String,
    phase: &'static str,
    outcome: Option<Outcome>,
    exit_code: Option<i32>,
    attempts: u32,
    started: String,
    ended: Option<String>,
    message: Option<String>,
    output: Option<OutputReport>,
}

#[derive(Debug, Serialize)]
struct OutputReport {
    head: String,
    tail: String,
    bytes: u64,
    dropped: u64,
}

/// Work that was asked for or due, and was not started.
#[derive(Debug, Serialize)]
pub struct NotStartedReport {
    /// The task.
    pub task: String,
    /// Its occurrence; null on demand.
    pub occurrence: Option<String>,
    /// `refused`, `unknown`, `held` or `interrupted`.
    pub outcome: &'static str,
    /// Why.
    pub reason: String,
}

/// Tells runs with their steps.
pub fn report(runs: Vec<(Run, Vec<StepRecord>)>, not_started: Vec<NotStartedReport>) -> RunsReport {
    RunsReport { schema: SCHEMA, runs: runs.into_iter().map(run_report).collect(), not_started }
}

fn run_report((run, steps): (Run, Vec<StepRecord>)) -> RunReport {
    RunReport {
        id: run.id.0,
        occurrence: run.occurrence.map(|occurrence| occurrence.0),
        task: run.task,
        outcome: run.outcome,
        reason: run.reason,
        started: time(run.started),
        ended: run.ended.map(time),
        steps: steps.into_iter().map(step_report).collect(),
    }
}

fn step_report(step: StepRecord) -> StepReport {
    StepReport {
        name: step.name,
        target: step.target,
        phase: step.phase.as_str(),
        outcome: step.outcome,
        exit_code: step.exit_code,
        attempts: step.attempts,
        started: time(step.started),
        ended: step.ended.map(time),
        message: step.message,
        output: step.output.map(|output| OutputReport {
            head: output.head,
            tail: output.tail,
            bytes: output.bytes,
            dropped: output.dropped,
        }),
    }
}

/// What a dry run found out, as `mainstay run --dry-run --format json` tells it: `mainstay/run-dry-run/v1`.
#[derive(Debug, Serialize)]
pub struct DryRunReport {
    schema: &'static str,
    tasks: Vec<OutlookReport>,
}

#[derive(Debug, Serialize)]
struct OutlookReport {
    task: String,
    items: Vec<ItemReport>,
}

#[derive(Debug, Serialize)]
struct ItemReport {
    phase: &'static str,
    name: String,
    certainty: &'static str,
    note: String,
}

/// Tells what was found out about each task.
pub fn dry_run<'a>(tasks: impl Iterator<Item = (&'a str, &'a [Item])>) -> DryRunReport {
    let item = |item: &Item| ItemReport {
        phase: item.phase.as_str(),
        name: item.name.clone(),
        certainty: item.certainty.as_str(),
        note: item.note.clone(),
    };
    let tasks = tasks.map(|(task, items)| OutlookReport {
        task: task.to_owned(),
        items: items.iter().map(item).collect(),
    });
    DryRunReport { schema: "mainstay/run-dry-run/v1", tasks: tasks.collect() }
}

fn time(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Millis, true)
}
