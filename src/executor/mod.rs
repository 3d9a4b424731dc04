//! The executor: controller -> coordinator -> engine -> monitor.
//!
//! [`controller`] says whether work may start now, [`coordinator`] starts each piece once and several at a time,
//! [`engine`] carries one run through its phases, [`monitor`] says what is going on. [`recovery`] settles what a
//! crash left behind, [`resume`] goes on with it, and [`preflight`] looks ahead without touching anything.
//!
//! 1. A step's start is in the ledger before the step starts, and its end before the next one starts.
//! 2. An occurrence is started at most once, however many processes try.
//! 3. A run that silenced alerts leaves no silence behind, also after a crash.
//! 4. The schedule is so specific that nothing is chosen here.

pub mod actions;
pub mod conditions;
pub mod controller;
pub mod coordinator;
mod cover;
pub mod engine;
pub mod journal;
pub mod lease;
pub mod monitor;
pub mod needs;
pub mod orders;
pub mod preflight;
pub mod queue;
pub mod recovery;
pub mod report;
pub mod resume;

mod demand;
mod due;
mod early;
mod overlap;
mod past;
mod starter;
mod waiting;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use self::coordinator::Crew;
pub use self::demand::{limited, run_tasks};
pub use self::due::{may_be_due, run_due};
use crate::model::{OccurrenceId, PlanFile, Status, Task};
use crate::scheduler::{self, History, ScheduleError};
use crate::state::StateError;

/// Why work was not even looked for.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The plan file is not in force.
    #[error("the plan file's status is {0}, and `run --due` works only by one that is approved or in review")]
    NotInForce(Status),
    /// Nothing could ever be due.
    #[error("the plan file has no task, so nothing can be due")]
    NoTask,
    /// There is no such task.
    #[error("there is no task `{name}`")]
    NoSuchTask {
        /// What was asked for.
        name: String,
        /// The tasks that there are.
        known: Vec<String>,
    },
    /// There is no such target.
    #[error("`--limit {name}` means no target")]
    NoSuchTarget {
        /// What was asked for.
        name: String,
        /// The targets that there are.
        known: Vec<String>,
    },
    /// A task has none of the targets that are meant.
    #[error("task `{task}` works on none of the targets of `--limit`")]
    NoneMeant {
        /// The task.
        task: String,
    },
    /// Tasks that were named come after each other in a circle, or the plan file asks for what cannot be.
    #[error(transparent)]
    Schedule(#[from] ScheduleError),
    /// Something could not be recorded.
    #[error("stopped, because something could not be recorded")]
    State(#[from] StateError),
}

/// Says that the published schedule was computed with other time-zone data than there is now; once for each revision.
/// What is due is computed anew at every call, so the work itself is right.
///
/// # Errors
/// [`RunError`].
pub fn notice_outdated(crew: &Crew) -> Result<Option<String>, RunError> {
    let state = crew.journal.state();
    let Some(published) = state.published()? else { return Ok(None) };
    let Some(drift) = scheduler::monitor::clock(&published, crew.zone, crew.world.clock.now()) else {
        return Ok(None);
    };
    let is_new = state.record_outdated(published.revision, &drift.detail)?;
    Ok(is_new.then(|| format!("the published schedule {}; {}", drift.detail, drift.help)))
}

/// The declared length of a task on all its targets.
pub fn whole_length(plan: &PlanFile, task: &Task) -> TimeDelta {
    plan.estimate(task, &plan.targets_of(task))
}

/// The past as the scheduler wants it.
pub fn history_of(tasks: &BTreeMap<String, crate::state::TaskHistory>, plan: &PlanFile) -> History {
    let of_task = |(name, past): (&String, &crate::state::TaskHistory)| {
        let length = plan.tasks.get(name).map_or(TimeDelta::zero(), |task| whole_length(plan, task));
        let expected = scheduler::estimate(&past.durations, length);
        let running = past.running.as_ref().map(|(occurrence, started)| scheduler::Running {
            occurrence: occurrence.clone(),
            until: *started + expected,
        });
        let history = scheduler::TaskHistory {
            handled_until: past.first_known,
            last_success: past.last_success,
            last_end: past.last_end,
            ended_runs: past.ended_runs,
            durations: past.durations.clone(),
            started: past.started.clone(),
            missed: past.missed.clone(),
            running,
            condition: past.condition.clone(),
        };
        (name.clone(), history)
    };
    History { tasks: tasks.iter().map(of_task).collect() }
}

/// The next start after `now` by the schedule, for people who ask why nothing happens.
///
/// # Errors
/// [`RunError`].
pub fn next_start(
    crew: &Crew,
    now: DateTime<Utc>,
) -> Result<Option<(OccurrenceId, DateTime<Utc>)>, RunError> {
    let (past, published) = {
        let state = crew.journal.state();
        (history_of(&state.history()?, crew.plan), state.published()?)
    };
    let until = now + TimeDelta::days(32);
    let computed = scheduler::compute(crew.plan, crew.plan_digest, &past, published.as_ref(), now, until)?;
    let next = computed.schedule.placed.into_iter().find(|placed| now < placed.start);
    Ok(next.map(|placed| (placed.occurrence.id, placed.start)))
}
