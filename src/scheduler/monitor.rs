//! The schedule monitor: where reality has left the plan.

use chrono::{DateTime, Utc};

use super::{Computed, History, Skipped};
use crate::model::{Because, OccurrenceId, Schedule};

/// One way in which reality has left the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Drift {
    /// Its due time has passed without a success.
    Overdue {
        /// Its task.
        task: String,
        /// Which.
        occurrence: OccurrenceId,
        /// When it was due.
        due: DateTime<Utc>,
        /// When it happens now; `None` when it cannot.
        start: Option<DateTime<Utc>>,
    },
    /// It was slept through.
    Missed(Skipped),
    /// It has been going for longer than its estimate.
    RunningLate {
        /// Its task.
        task: String,
        /// Which; `None` on demand.
        occurrence: Option<OccurrenceId>,
        /// When it should have ended.
        expected: DateTime<Utc>,
    },
    /// It was published and cannot happen any more.
    DoesNotFit {
        /// Its task.
        task: String,
        /// Which.
        occurrence: OccurrenceId,
        /// Its published start.
        published: DateTime<Utc>,
        /// Why.
        because: Because,
    },
}

/// Compares what was published and what has happened with what is possible at `now`.
pub fn drift(
    published: Option<&Schedule>,
    history: &History,
    computed: &Computed,
    now: DateTime<Utc>,
) -> Vec<Drift> {
    let placed = computed.schedule.placed.iter().map(|placed| (&placed.occurrence, Some(placed.start)));
    let unplaced = computed.schedule.unplaced.iter().map(|unplaced| (&unplaced.occurrence, None));
    let overdue = placed.chain(unplaced).filter_map(|(occurrence, start)| {
        let due = occurrence.due.filter(|due| *due < now)?;
        let (task, occurrence) = (occurrence.task.clone(), occurrence.id.clone());
        Some(Drift::Overdue { task, occurrence, due, start })
    });
    let missed = computed.missed.iter().cloned().map(Drift::Missed);
    let late = history.tasks.iter().filter_map(|(task, past)| {
        let running = past.running.as_ref().filter(|running| running.until < now)?;
        let (task, occurrence, expected) = (task.clone(), running.occurrence.clone(), running.until);
        Some(Drift::RunningLate { task, occurrence, expected })
    });
    let lost = computed.schedule.unplaced.iter().filter_map(|unplaced| {
        let id = &unplaced.occurrence.id;
        let old = published?.placed.iter().find(|placed| placed.occurrence.id == *id)?;
        Some(Drift::DoesNotFit {
            task: unplaced.occurrence.task.clone(),
            occurrence: id.clone(),
            published: old.start,
            because: unplaced.because.clone(),
        })
    });
    overdue.chain(missed).chain(late).chain(lost).collect()
}
