//! The schedule monitor: where reality has left the plan.
//!
//! What is due, missed or impossible is in the schedule itself; only what is going on now is not.

use chrono::{DateTime, Utc};

use super::History;
use crate::model::{OccurrenceId, PlanFile};

/// A run that should have ended by now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overrun {
    /// Its task.
    pub task: String,
    /// Which occurrence; `None` on demand.
    pub occurrence: Option<OccurrenceId>,
    /// When it should have ended.
    pub expected: DateTime<Utc>,
}

/// Finds the runs of the tasks of `plan` that should have ended before `now`, in the plan file's order.
pub fn overruns(plan: &PlanFile, history: &History, now: DateTime<Utc>) -> Vec<Overrun> {
    let late = plan.tasks.names().filter_map(|task| {
        let running = history.of(task).running.as_ref().filter(|running| running.until < now)?;
        let (task, occurrence) = (task.to_owned(), running.occurrence.clone());
        Some(Overrun { task, occurrence, expected: running.until })
    });
    late.collect()
}
