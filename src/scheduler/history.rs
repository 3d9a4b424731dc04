//! What the scheduler has to know about the past, as plain data.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use crate::model::{Condition, OccurrenceId};

/// The past of every task that has one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct History {
    /// By task.
    pub tasks: BTreeMap<String, TaskHistory>,
}

/// The past of one task.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TaskHistory {
    /// Calendar instants before this are no business of ours: the task was not known yet, or they have been
    /// dealt with. An interval task that was never done has been waiting since. `None`: not known before now.
    pub handled_until: Option<DateTime<Utc>>,
    /// The end of the last run that succeeded.
    pub last_success: Option<DateTime<Utc>>,
    /// The end of the last run, however it went.
    pub last_end: Option<DateTime<Utc>>,
    /// How many runs have ended, however they went.
    pub ended_runs: u64,
    /// How long recent successful runs took, each as a whole.
    pub durations: Vec<TimeDelta>,
    /// Occurrences that have a run already.
    pub started: BTreeSet<OccurrenceId>,
    /// Occurrences that were recorded as missed.
    pub missed: BTreeSet<OccurrenceId>,
    /// The run that is going.
    pub running: Option<Running>,
    /// Where its condition stands; `None` when it was never seen to fail.
    pub condition: Option<Condition>,
}

/// A run that is going.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// Its occurrence; `None` on demand.
    pub occurrence: Option<OccurrenceId>,
    /// When it will have ended, by its estimate.
    pub until: DateTime<Utc>,
}

/// So many durations make an estimate better than the declared one.
const ENOUGH_DURATIONS: usize = 5;

impl History {
    /// The past of `task`; empty when it has none.
    pub fn of(&self, task: &str) -> &TaskHistory {
        static NONE: TaskHistory = TaskHistory {
            handled_until: None,
            last_success: None,
            last_end: None,
            ended_runs: 0,
            durations: Vec::new(),
            started: BTreeSet::new(),
            missed: BTreeSet::new(),
            running: None,
            condition: None,
        };
        self.tasks.get(task).unwrap_or(&NONE)
    }
}

impl TaskHistory {
    /// How long a run takes: [`estimate`].
    pub fn estimate(&self, declared: TimeDelta) -> TimeDelta {
        estimate(&self.durations, declared)
    }

    /// What 95 of 100 recent successes did not exceed; `None` as long as there are too few of them.
    pub fn measured(&self) -> Option<TimeDelta> {
        measured(&self.durations)
    }

    /// Whether there is enough of it to know better than the plan file how long a run takes.
    pub fn knows_duration(&self) -> bool {
        ENOUGH_DURATIONS <= self.durations.len()
    }

    /// Whether an occurrence needs no start any more.
    pub fn is_settled(&self, id: &OccurrenceId) -> bool {
        self.started.contains(id) || self.missed.contains(id)
    }
}

/// How long a run takes, in whole seconds, at least one: what 95 of 100 recent successes did not exceed,
/// or `declared` as long as there are fewer than five.
pub fn estimate(durations: &[TimeDelta], declared: TimeDelta) -> TimeDelta {
    measured(durations).unwrap_or_else(|| whole(declared))
}

/// What 95 of 100 of them did not exceed, in whole seconds; `None` as long as there are fewer than five.
///
/// Source: nearest-rank percentile.
pub(super) fn measured(durations: &[TimeDelta]) -> Option<TimeDelta> {
    let mut lengths = durations.to_vec();
    lengths.sort_unstable();
    let rank = (lengths.len() * 95).div_ceil(100).max(1);
    (ENOUGH_DURATIONS <= lengths.len()).then(|| whole(lengths[rank - 1]))
}

/// In whole seconds, at least one.
fn whole(length: TimeDelta) -> TimeDelta {
    let seconds = length.num_seconds() + i64::from(length.subsec_nanos() > 0);
    TimeDelta::try_seconds(seconds.max(1)).unwrap_or(TimeDelta::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_is_declared_until_there_is_enough_history() {
        let check = |seconds: &[i64], expected: i64| {
            let durations = seconds.iter().map(|s| TimeDelta::seconds(*s)).collect();
            let history = TaskHistory { durations, ..TaskHistory::default() };
            assert_eq!(history.estimate(TimeDelta::seconds(600)), TimeDelta::seconds(expected));
        };
        check(&[], 600);
        check(&[1, 2, 3, 4], 600);
        check(&[50, 10, 40, 20, 30], 50);
        check(&[&[900][..], &[60; 19]].concat(), 60);
        check(&[0; 5], 1);
    }
}
