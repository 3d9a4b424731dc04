//! How long monitoring will be blind: predicted for each target, from the gaps that earlier work left in its scrapes, or
//! from how long monitoring took to come back where these were not measured.
//!
//! Only work with a baseline is counted: of other work nobody measures whether monitoring came back. A baseline bounds
//! the time, because a run fails when monitoring is not back by then (`baseline.settle`); once there is enough history,
//! it is known better.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::history::measured;
use crate::model::{Baseline, IMPLICIT_TARGET, PlanFile, Schedule};

/// What a schedule costs one target in sight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blind {
    /// The target.
    pub target: String,
    /// How many occurrences work on it and compare monitoring with before.
    pub occurrences: u64,
    /// How long monitoring is not what it was after them, in seconds, in all.
    pub seconds: u64,
    /// Whether that is what 95 of 100 runs did not exceed; otherwise it is the most that the plan file allows.
    pub measured: bool,
}

/// How long monitoring was away in recent runs, by task.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BlindTimes {
    /// How long it took to come back.
    pub settled: BTreeMap<String, Vec<TimeDelta>>,
    /// The longest time in which a target was not scraped that should have been.
    pub gaps: BTreeMap<String, Vec<TimeDelta>>,
}

impl BlindTimes {
    /// What 95 of 100 runs of `task` did not exceed, once enough is known.
    fn of(&self, task: &str) -> Option<TimeDelta> {
        [&self.gaps, &self.settled].into_iter().find_map(|times| measured(times.get(task)?))
    }
}

/// Predicts for each target how long monitoring of it is blind, in the order of their names.
pub fn predict(plan: &PlanFile, schedule: &Schedule, times: &BlindTimes) -> Vec<Blind> {
    let mut targets: BTreeMap<&str, Blind> = BTreeMap::new();
    for placed in &schedule.placed {
        let occurrence = &placed.occurrence;
        let Some(baseline) = plan.tasks.get(&occurrence.task).and_then(|task| task.baseline.as_ref()) else {
            continue;
        };
        let known = times.of(&occurrence.task);
        let most = baseline.settle.map_or(Baseline::DEFAULT_SETTLE, |settle| settle.value);
        let seconds = u64::try_from(known.unwrap_or(most.0).num_seconds()).unwrap_or(0);
        for target in occurrence.targets.iter().filter(|target| *target != IMPLICIT_TARGET) {
            let blind = targets.entry(target).or_insert_with(|| Blind {
                target: target.clone(),
                occurrences: 0,
                seconds: 0,
                measured: true,
            });
            blind.occurrences += 1;
            blind.seconds = blind.seconds.saturating_add(seconds);
            blind.measured &= known.is_some();
        }
    }
    targets.into_values().collect()
}
