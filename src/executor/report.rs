//! Runs as `mainstay run --format json` tells them: `mainstay/run/v1`.
//!
//! Structs of their own, so that inner types stay free to change. Times are RFC 3339 in UTC.

pub mod events;

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use super::preflight::{Certainty, Item};
use crate::model::{
    ChangeVerdict, FactChange, Holder, OccurrenceId, Origin, Outcome, Output, Run, ScrapeGap, SeriesResult,
    StepRecord, Usage,
};
use crate::state::Comparison;

/// The name and version of the object.
pub const SCHEMA: &str = "mainstay/run/v1";

/// The whole object.
#[derive(Debug, Serialize)]
pub struct RunsReport {
    schema: &'static str,
    runs: Vec<RunReport>,
    not_started: Vec<NotStartedReport>,
}

/// A run, as every report tells it.
#[derive(Debug, Serialize)]
struct HeadReport {
    id: i64,
    occurrence: Option<String>,
    task: String,
    outcome: Option<Outcome>,
    reason: Option<String>,
    origin: Origin,
    justification: Option<String>,
    targets: Vec<String>,
    by: ByReport,
    started: String,
    ended: Option<String>,
}

#[derive(Debug, Serialize)]
struct RunReport {
    #[serde(flatten)]
    head: HeadReport,
    steps: Vec<StepReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline: Option<BaselineReport>,
}

/// How monitoring compared with what it was before.
#[derive(Debug, Serialize)]
struct BaselineReport {
    same: bool,
    differences: Vec<String>,
    settled_seconds: Option<f64>,
    /// How many facts of each kind were held against each other.
    compared: BTreeMap<&'static str, u64>,
    changes: Vec<ChangeReport>,
    gaps: Vec<GapReport>,
    /// How series compared with those of before, where the plan file names any.
    series: Vec<SeriesResult>,
}

/// Something that is not as it was.
#[derive(Debug, Serialize)]
struct ChangeReport {
    /// `worse`, `unknown`, `changed` or `expected`; the first two keep monitoring from being as it was.
    verdict: &'static str,
    fact: &'static str,
    subject: String,
    /// Null for the server that is asked first.
    server: Option<String>,
    before: Option<String>,
    after: Option<String>,
    expected: bool,
    message: String,
}

/// The longest time in which a target was not scraped.
#[derive(Debug, Serialize)]
struct GapReport {
    target: String,
    /// Null for the server that is asked first.
    server: Option<String>,
    longest_seconds: f64,
    lost_scrapes: u64,
    interval_seconds: f64,
}

impl BaselineReport {
    fn of(compared: Comparison) -> Self {
        let seconds = |ms| std::time::Duration::from_millis(ms).as_secs_f64();
        let change = |change: FactChange| ChangeReport {
            verdict: change.verdict.as_str(),
            fact: change.fact.as_str(),
            expected: change.verdict == ChangeVerdict::Expected,
            subject: change.subject,
            server: change.server,
            before: change.before,
            after: change.after,
            message: change.message,
        };
        let gap = |gap: ScrapeGap| GapReport {
            target: gap.target,
            server: gap.server,
            longest_seconds: seconds(gap.longest_ms),
            lost_scrapes: gap.lost,
            interval_seconds: seconds(gap.interval_ms),
        };
        Self {
            same: compared.same,
            differences: compared.differences,
            settled_seconds: compared.settled_ms.map(seconds),
            compared: compared.compared.iter().map(|(fact, n)| (fact.as_str(), *n)).collect(),
            changes: compared.changes.into_iter().map(change).collect(),
            gaps: compared.gaps.into_iter().map(gap).collect(),
            series: compared.series,
        }
    }
}

/// Who works on a run, or did.
#[derive(Debug, Serialize)]
pub struct ByReport {
    user: String,
    host: String,
    pid: i32,
}

#[derive(Debug, Serialize)]
struct StepReport {
    ordinal: u32,
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
    usage: Option<UsageReport>,
    settled: Option<bool>,
}

/// What a step printed.
#[derive(Debug, Serialize)]
pub struct OutputReport {
    head: String,
    tail: String,
    bytes: u64,
    dropped: u64,
    log: Option<LogReport>,
}

#[derive(Debug, Serialize)]
struct LogReport {
    name: String,
    sha256: String,
    bytes: u64,
    cut: bool,
}

/// What the processes of a step used.
#[derive(Debug, Serialize)]
pub struct UsageReport {
    user_seconds: f64,
    system_seconds: f64,
    /// Null when no process of it is known to have had more than mainstay itself.
    peak_bytes: Option<u64>,
    read_bytes: Option<u64>,
    written_bytes: Option<u64>,
}

/// Work that was asked for or due, and was not started.
#[derive(Debug, Clone, Serialize)]
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

/// Tells runs with their steps, and how monitoring compared after each.
pub fn report(
    runs: Vec<(Run, Vec<StepRecord>, Option<Comparison>)>,
    not_started: Vec<NotStartedReport>,
) -> RunsReport {
    RunsReport { schema: SCHEMA, runs: runs.into_iter().map(run_report).collect(), not_started }
}

/// Tells one run that is on record: the same object, with how monitoring compared.
pub fn shown(run: Run, steps: Vec<StepRecord>, compared: Option<Comparison>) -> RunsReport {
    RunsReport { schema: SCHEMA, runs: vec![run_report((run, steps, compared))], not_started: Vec::new() }
}

/// Runs without their steps, as `mainstay run --list --format json` tells them: `mainstay/run-list/v1`.
#[derive(Debug, Serialize)]
pub struct ListReport {
    schema: &'static str,
    runs: Vec<ListedReport>,
    more: bool,
}

#[derive(Debug, Serialize)]
struct ListedReport {
    #[serde(flatten)]
    head: HeadReport,
    took_seconds: Option<f64>,
}

/// Tells runs, newest first; `more` says that there are older ones.
pub fn list(runs: Vec<Run>, more: bool) -> ListReport {
    let of_run = |run: Run| ListedReport {
        took_seconds: run
            .ended
            .and_then(|ended| (ended - run.started).to_std().ok())
            .map(|it| it.as_secs_f64()),
        head: HeadReport::of(run),
    };
    ListReport { schema: "mainstay/run-list/v1", runs: runs.into_iter().map(of_run).collect(), more }
}

fn run_report((run, steps, compared): (Run, Vec<StepRecord>, Option<Comparison>)) -> RunReport {
    RunReport {
        head: HeadReport::of(run),
        steps: steps.into_iter().map(step_report).collect(),
        baseline: compared.map(BaselineReport::of),
    }
}

impl HeadReport {
    fn of(run: Run) -> Self {
        Self {
            id: run.id.0,
            occurrence: run.occurrence.map(|occurrence| occurrence.0),
            task: run.task,
            outcome: run.outcome,
            reason: run.reason,
            origin: run.origin,
            justification: run.justification,
            targets: run.targets,
            by: ByReport::of(run.holder),
            started: time(run.started),
            ended: run.ended.map(time),
        }
    }
}

fn step_report(step: StepRecord) -> StepReport {
    StepReport {
        ordinal: step.ordinal,
        name: step.name,
        target: step.target,
        phase: step.phase.as_str(),
        outcome: step.outcome,
        exit_code: step.exit_code,
        attempts: step.attempts,
        started: time(step.started),
        ended: step.ended.map(time),
        message: step.message,
        output: step.output.map(OutputReport::of),
        usage: step.usage.map(UsageReport::of),
        settled: step.settled,
    }
}

impl ByReport {
    fn of(holder: Holder) -> Self {
        Self { user: holder.user, host: holder.host, pid: holder.pid }
    }
}

impl OutputReport {
    fn of(output: Output) -> Self {
        let log = output.log.map(|log| LogReport {
            name: log.name,
            sha256: log.digest,
            bytes: log.bytes,
            cut: log.is_cut,
        });
        Self { head: output.head, tail: output.tail, bytes: output.bytes, dropped: output.dropped, log }
    }
}

impl UsageReport {
    fn of(usage: Usage) -> Self {
        let seconds = |milliseconds| std::time::Duration::from_millis(milliseconds).as_secs_f64();
        Self {
            user_seconds: seconds(usage.user_ms),
            system_seconds: seconds(usage.system_ms),
            peak_bytes: Some(usage.peak_bytes).filter(|bytes| *bytes > 0),
            read_bytes: usage.read_bytes,
            written_bytes: usage.written_bytes,
        }
    }
}

/// What a dry run found out, as `mainstay run --dry-run --format json` tells it: `mainstay/run-dry-run/v1`.
#[derive(Debug, Serialize)]
pub struct DryRunReport {
    schema: &'static str,
    /// Where runs are recorded.
    state: LookReport,
    tasks: Vec<OutlookReport>,
    /// What the real run would end with.
    exit_code: u8,
}

#[derive(Debug, Serialize)]
struct LookReport {
    certainty: &'static str,
    note: String,
}

/// What a dry run found out about one piece of work.
#[derive(Debug, Serialize)]
pub struct OutlookReport {
    task: String,
    occurrence: Option<String>,
    targets: Vec<String>,
    items: Vec<ItemReport>,
    verified: usize,
    assumed: usize,
    cannot_know: usize,
    wrong: usize,
    /// Where the run would end early.
    ends_at: Option<String>,
}

#[derive(Debug, Serialize)]
struct ItemReport {
    phase: &'static str,
    name: String,
    certainty: &'static str,
    note: String,
}

impl OutlookReport {
    /// Tells `items`, with their coverage.
    pub fn of(task: &str, occurrence: Option<&OccurrenceId>, targets: &[String], items: &[Item]) -> Self {
        let count = |name: &str| items.iter().filter(|item| item.certainty.as_str() == name).count();
        let report = |item: &Item| ItemReport {
            phase: item.phase.as_str(),
            name: item.name.clone(),
            certainty: item.certainty.as_str(),
            note: item.note.clone(),
        };
        Self {
            task: task.to_owned(),
            occurrence: occurrence.map(ToString::to_string),
            targets: targets.to_vec(),
            items: items.iter().map(report).collect(),
            verified: count("verified"),
            assumed: count("assumed"),
            cannot_know: count("cannot_know"),
            wrong: count("wrong"),
            ends_at: items.iter().find(|item| item.ending().is_some()).map(|item| item.name.clone()),
        }
    }
}

/// Tells what was found out about the state file and each piece of work.
pub fn dry_run(
    (certainty, note): (&Certainty, &str),
    tasks: impl Iterator<Item = OutlookReport>,
    exit_code: u8,
) -> DryRunReport {
    let state = LookReport { certainty: certainty.as_str(), note: note.to_owned() };
    DryRunReport { schema: "mainstay/run-dry-run/v1", state, tasks: tasks.collect(), exit_code }
}

fn time(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Millis, true)
}
