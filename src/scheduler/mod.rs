//! The scheduler: planner -> optimizer -> engine -> monitor.
//!
//! [`planner`] turns requirements into occurrences, [`optimizer`] gives each its place in time, [`engine`] makes a
//! schedule of them and compares it with the published one, [`monitor`] says where reality has left that one.
//!
//! Pure: the plan file, the history and the time come in as values, so that `plan`, `plan --explain` and
//! `run --due` see the same schedule.
//!
//! 1. The same input gives the same schedule, to the byte.
//! 2. Nothing starts outside its maintenance windows, at or after a cutoff, or so late that it ends after the
//!    window; nothing overlaps a blackout that does not allow its type.
//! 3. No resource, group, target or task is ever used beyond what there is of it.
//! 4. An occurrence is placed, or it is reported with the reason; only what is due after the horizon may be in
//!    neither list.
//! 5. A published start stays as long as it is possible.

mod basis;
pub mod condition;
mod demands;
pub mod engine;
pub mod explain;
mod ground;
mod history;
pub mod monitor;
pub mod optimizer;
pub mod planner;
pub mod report;
pub mod solver;
mod timeline;
pub mod words;

use chrono::{DateTime, SubsecRound, Utc};

pub use ground::{Ground, zone_of};
pub use history::{History, Running, TaskHistory};
pub use planner::Skipped;

use crate::calendar::{CalendarError, UnknownZone};
use crate::model::{PlanFile, Schedule};

/// A schedule, and what was slept through before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Computed {
    /// What happens, and what cannot; its revision is 0 until it is published.
    pub schedule: Schedule,
    /// Instants before the horizon that no run was started for and none will be, oldest first.
    pub missed: Vec<Skipped>,
    /// How many more there are, older than those in `missed`.
    pub n_missed_dropped: u64,
}

/// The plan file asks for something that cannot be scheduled.
///
/// `validate` finds the same with its place; this is for callers that did not ask it.
#[derive(Debug, thiserror::Error)]
pub enum ScheduleError {
    /// The zone is unknown.
    #[error("`timezone`: {0}")]
    Zone(#[from] UnknownZone),
    /// A cron expression or a recurrence rule is wrong.
    #[error("`{whose}`: cannot use its calendar: {source}")]
    Calendar {
        /// Which window or task.
        whose: String,
        /// What is wrong with it.
        source: CalendarError,
    },
    /// It happens too often for one schedule.
    #[error("task `{task}` happens more than {limit} times before {until}; ask for a shorter horizon")]
    TooMany {
        /// The task.
        task: String,
        /// The most there may be.
        limit: usize,
        /// The horizon's end.
        until: DateTime<Utc>,
    },
}

/// Computes the schedule of `plan` from `from` until `until`.
///
/// Sub-second parts are cut off: everything starts on a whole second, and what may start now does start now.
/// `published` is the schedule in force; its starts are kept where they are still possible.
///
/// # Errors
/// [`ScheduleError`] for a plan file that `validate` refuses too.
pub fn compute(
    plan: &PlanFile,
    plan_digest: &str,
    history: &History,
    published: Option<&Schedule>,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Computed, ScheduleError> {
    let (from, until) = (from.trunc_subsecs(0), until.trunc_subsecs(0));
    let ground = Ground::survey(plan, history, from, until)?;
    let planned = planner::plan(&ground, history, published)?;
    let optimized = optimizer::optimize(&ground, planned.occurrences, history, published);
    let basis = basis::of(&ground, published);
    let schedule = Schedule {
        revision: 0,
        plan_digest: plan_digest.to_owned(),
        from,
        until,
        placed: optimized.placed,
        unplaced: optimized.unplaced,
        objective: optimized.objective,
        basis: Some(basis),
    };
    Ok(Computed { schedule, missed: planned.missed, n_missed_dropped: planned.n_missed_dropped })
}
