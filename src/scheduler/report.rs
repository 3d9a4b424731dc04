//! The schedule as `mainstay plan --format json` tells it: `mainstay/plan/v1`.
//!
//! Structs of their own, so that inner types stay free to change. Times are RFC 3339 in UTC, lengths in seconds.

use std::collections::HashMap;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use super::monitor::Overrun;
use super::words::{why_not, why_then};
use super::{Computed, Skipped};
use crate::calendar::Zone;
use crate::model::{Change, Schedule};

/// The name and version of the object.
pub const SCHEMA: &str = "mainstay/plan/v1";

/// The whole object.
#[derive(Debug, Serialize)]
pub struct PlanReport {
    schema: &'static str,
    /// The revision of this schedule when it was published, else of the one it is compared with; 0: there is none.
    revision: u64,
    published: bool,
    from: String,
    until: String,
    timezone: String,
    occurrences: Vec<OccurrenceReport>,
    unplaced: Vec<UnplacedReport>,
    dropped: Vec<DroppedReport>,
    missed: Vec<MissedReport>,
    overruns: Vec<OverrunReport>,
    objective: ObjectiveReport,
}

#[derive(Debug, Serialize)]
struct OccurrenceReport {
    id: String,
    task: String,
    targets: Vec<String>,
    release: String,
    due: Option<String>,
    latest: Option<String>,
    start: String,
    end: String,
    window: Option<String>,
    change: Option<&'static str>,
    moved_from: Option<String>,
    reason: Option<String>,
}

#[derive(Debug, Serialize)]
struct UnplacedReport {
    id: String,
    task: String,
    release: String,
    due: Option<String>,
    reason: String,
    help: Option<String>,
}

#[derive(Debug, Serialize)]
struct DroppedReport {
    id: String,
    start: String,
}

#[derive(Debug, Serialize)]
struct MissedReport {
    id: String,
    task: String,
    release: String,
}

#[derive(Debug, Serialize)]
struct OverrunReport {
    id: Option<String>,
    task: String,
    expected_end: String,
}

#[derive(Debug, Serialize)]
struct ObjectiveReport {
    weighted_tardiness_seconds: u64,
    moved: u64,
    makespan_seconds: u64,
    lower_bound_seconds: u64,
    optimal: bool,
}

/// Tells a schedule and what changed in it; `published` is the one it is compared with, or itself once published.
pub fn report(
    computed: &Computed,
    changes: &[Change],
    overruns: &[Overrun],
    published: Option<&Schedule>,
    is_published: bool,
    zone: &Zone,
) -> PlanReport {
    let schedule = &computed.schedule;
    let kinds: HashMap<_, _> = changes
        .iter()
        .filter_map(|change| match change {
            Change::Added { occurrence, .. } => Some((occurrence, "added")),
            Change::Moved { occurrence, .. } => Some((occurrence, "moved")),
            Change::Dropped { .. } => None,
        })
        .collect();
    let occurrences = schedule.placed.iter().map(|placed| OccurrenceReport {
        id: placed.occurrence.id.0.clone(),
        task: placed.occurrence.task.clone(),
        targets: placed.occurrence.targets.clone(),
        release: time(placed.occurrence.release),
        due: placed.occurrence.due.map(time),
        latest: placed.occurrence.latest.map(time),
        start: time(placed.start),
        end: time(placed.end),
        window: placed.window.as_ref().map(|window| window.name.clone()),
        change: kinds.get(&placed.occurrence.id).copied(),
        moved_from: placed.moved_from.map(time),
        reason: why_then(placed, zone, schedule.from),
    });
    let unplaced = schedule.unplaced.iter().map(|unplaced| UnplacedReport {
        id: unplaced.occurrence.id.0.clone(),
        task: unplaced.occurrence.task.clone(),
        release: time(unplaced.occurrence.release),
        due: unplaced.occurrence.due.map(time),
        reason: why_not(&unplaced.because, zone),
        help: unplaced.help.clone(),
    });
    let dropped = changes.iter().filter_map(|change| match change {
        Change::Dropped { occurrence, start } => {
            Some(DroppedReport { id: occurrence.0.clone(), start: time(*start) })
        }
        _ => None,
    });
    let missed = |missed: &Skipped| MissedReport {
        id: missed.occurrence.0.clone(),
        task: missed.task.clone(),
        release: time(missed.release),
    };
    let overrun = |overrun: &Overrun| OverrunReport {
        id: overrun.occurrence.as_ref().map(|occurrence| occurrence.0.clone()),
        task: overrun.task.clone(),
        expected_end: time(overrun.expected),
    };
    let objective = schedule.objective;
    PlanReport {
        schema: SCHEMA,
        revision: published.map_or(0, |published| published.revision),
        published: is_published,
        from: time(schedule.from),
        until: time(schedule.until),
        timezone: zone.name().to_owned(),
        occurrences: occurrences.collect(),
        unplaced: unplaced.collect(),
        dropped: dropped.collect(),
        missed: computed.missed.iter().map(missed).collect(),
        overruns: overruns.iter().map(overrun).collect(),
        objective: ObjectiveReport {
            weighted_tardiness_seconds: objective.weighted_tardiness_seconds,
            moved: objective.moved,
            makespan_seconds: objective.makespan_seconds,
            lower_bound_seconds: objective.lower_bound_seconds,
            optimal: objective.optimal,
        },
    }
}

/// An instant in JSON.
pub(super) fn time(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Secs, true)
}
