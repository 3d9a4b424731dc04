//! Drift in JSON.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{OverrunReport, whole};
use crate::model::OccurrenceId;
use crate::scheduler::monitor::{Drift, Kind};

/// One thing in which reality has left the schedule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct DriftReport {
    kind: Kind,
    occurrence: Option<String>,
    task: Option<String>,
    since: DateTime<Utc>,
    by_seconds: Option<i64>,
    detail: String,
    help: String,
}

pub(super) fn told(drift: &Drift) -> DriftReport {
    DriftReport {
        kind: drift.kind,
        occurrence: drift.occurrence.as_ref().map(|id| id.0.clone()),
        task: drift.task.clone(),
        since: whole(drift.since),
        by_seconds: drift.by.map(|by| by.num_seconds()),
        detail: drift.detail.clone(),
        help: drift.help.clone(),
    }
}

/// A run that should have ended by now, as `overruns` tells it.
pub(super) fn overrun(drift: &Drift) -> Option<OverrunReport> {
    let task = drift.task.clone().filter(|_| drift.kind == Kind::RunningLate)?;
    let id = drift.occurrence.as_ref().map(|id| id.0.clone());
    Some(OverrunReport { id, task, expected_end: whole(drift.since) })
}

/// What a saved plan says. Plans that were saved before there was `drift` know only what should have ended.
pub(super) fn read(drift: Vec<DriftReport>, overruns: Vec<OverrunReport>) -> Vec<Drift> {
    let told = drift.into_iter().map(|it| Drift {
        kind: it.kind,
        occurrence: it.occurrence.map(OccurrenceId),
        task: it.task,
        since: it.since,
        by: it.by_seconds.and_then(TimeDelta::try_seconds),
        detail: it.detail,
        help: it.help,
    });
    let told: Vec<_> = told.collect();
    if !told.is_empty() {
        return told;
    }
    let late = overruns.into_iter().map(|overrun| Drift {
        kind: Kind::RunningLate,
        occurrence: overrun.id.map(OccurrenceId),
        detail: "is still running after its planned end".to_owned(),
        help: format!("`mainstay audit log --task {}` shows where it is", overrun.task),
        task: Some(overrun.task),
        since: overrun.expected_end,
        by: None,
    });
    late.collect()
}
