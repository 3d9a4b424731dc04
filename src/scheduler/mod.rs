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
//! 5. A published start stays as long as it is possible, or moves for a gain that is told.

mod basis;
pub mod blind;
pub mod condition;
pub mod debt;
mod demands;
pub mod engine;
pub mod explain;
mod ground;
mod history;
pub mod monitor;
pub mod optimizer;
pub mod planner;
pub mod report;
mod resources;
pub mod solver;
mod timeline;
pub mod words;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

pub use ground::{Ground, zone_of};
pub use history::{History, Running, TaskHistory, estimate};
use planner::Planned;
pub use planner::Skipped;

use crate::calendar::{CalendarError, UnknownZone, Zone};
use crate::model::{PlanFile, Schedule};
use optimizer::{Gain, Optimized};
use solver::Effort;

/// A schedule, and what was slept through before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Computed {
    /// What happens, and what cannot; its revision is 0 until it is published.
    pub schedule: Schedule,
    /// Instants before the horizon that no run was started for and none will be, oldest first.
    pub missed: Vec<Skipped>,
    /// How many more there are, older than those in `missed`.
    pub n_missed_dropped: u64,
    /// What published starts were moved for, if more of them moved than had to.
    pub gain: Option<Gain>,
}

/// How hard to look for a better schedule than the first one.
pub struct Search<'e> {
    /// Decides between equals and steers the search.
    pub seed: u64,
    effort: Effort<'e>,
}

impl<'e> Search<'e> {
    /// A search with this seed and effort.
    pub fn new(seed: u64, effort: Effort<'e>) -> Self {
        Self { seed, effort }
    }

    /// None at all: the first schedule is the answer.
    ///
    /// It keeps every published start that it can, and is the same whoever computes it.
    pub fn none() -> Self {
        Self::new(0, Effort::Steps(0))
    }

    /// Whether there is none.
    fn is_none(&self) -> bool {
        matches!(self.effort, Effort::Steps(0))
    }

    /// What is left of the effort.
    fn effort(&mut self) -> Effort<'_> {
        match &mut self.effort {
            Effort::Steps(steps) => Effort::Steps(*steps),
            Effort::Until(is_over) => Effort::Until(&mut **is_over),
        }
    }

    /// Takes from the effort what was spent of it.
    fn spend(&mut self, steps: u64) {
        if let Effort::Steps(left) = &mut self.effort {
            *left = left.saturating_sub(steps);
        }
    }
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
    /// Tasks wait for each other.
    #[error("task `{task}` comes after itself, directly or through others; break the cycle of `after`")]
    Cycle {
        /// One of them.
        task: String,
    },
    /// A time that cannot be counted with.
    #[error("task `{task}`: {what} is out of range")]
    OutOfRange {
        /// The task.
        task: String,
        /// What of it.
        what: &'static str,
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

/// Computes the first schedule of `plan` from `from` until `until`: [`compute_with`] no search.
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
    compute_with(plan, plan_digest, history, published, from, until, Search::none())
}

/// Computes a schedule of `plan` from `from` until `until`, as good as `search` can find one.
///
/// Sub-second parts are cut off: everything starts on a whole second, and what may start now does start now.
/// `published` is the schedule in force; its starts are kept where they are still possible, unless `search` finds that
/// less is left out, or late, when some of them move ([`Computed::gain`]).
///
/// # Errors
/// [`ScheduleError`] for a plan file that `validate` refuses too.
pub fn compute_with(
    plan: &PlanFile,
    plan_digest: &str,
    history: &History,
    published: Option<&Schedule>,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    search: Search,
) -> Result<Computed, ScheduleError> {
    let (from, until) = (from.trunc_subsecs(0), until.trunc_subsecs(0));
    let ground = Ground::survey(plan, history, from, until)?;
    let Planned { occurrences, missed, n_missed_dropped } = planner::plan(&ground, history, published)?;
    let optimized = optimizer::optimize(&ground, occurrences, history, published, search)?;
    let gain = optimized.gain;
    let schedule = schedule(plan_digest, &ground, published, optimized);
    Ok(Computed { schedule, missed, n_missed_dropped, gain })
}

/// Computes once more what `proposed` says, which was computed for the same horizon while `published` was in force:
/// the same starts come out as long as they are possible.
///
/// # Errors
/// As [`compute`].
pub fn recompute(
    plan: &PlanFile,
    plan_digest: &str,
    history: &History,
    published: Option<&Schedule>,
    proposed: &Schedule,
) -> Result<Schedule, ScheduleError> {
    let ground = Ground::survey(plan, history, proposed.from, proposed.until)?;
    let planned = planner::plan(&ground, history, published)?;
    let occurrences = planned.occurrences;
    let optimized = optimizer::optimize(&ground, occurrences, history, Some(proposed), Search::none())?;
    Ok(schedule(plan_digest, &ground, published, optimized))
}

/// Whether nothing can start at `now` and nothing was slept through: no schedule has to be made to know that.
///
/// # Errors
/// As [`compute`], as far as that is seen before work is placed.
pub fn is_quiet(
    plan: &PlanFile,
    history: &History,
    published: Option<&Schedule>,
    now: DateTime<Utc>,
) -> Result<bool, ScheduleError> {
    let now = now.trunc_subsecs(0);
    let ground = Ground::survey(plan, history, now, now + TimeDelta::seconds(1))?;
    let Planned { occurrences, missed, n_missed_dropped } = planner::plan(&ground, history, published)?;
    // Nothing starts before it is released.
    let is_later = occurrences.iter().all(|occurrence| now < occurrence.release);
    Ok(is_later && missed.is_empty() && n_missed_dropped == 0)
}

/// Whether work within reach of `now` went by other time-zone data than there is now, as far as `published` knows.
pub fn remembers_another_clock(published: Option<&Schedule>, zone: &Zone, now: DateTime<Utc>) -> bool {
    published.is_some_and(|published| basis::clock_before(published, zone, now).is_some())
}

fn schedule(
    plan_digest: &str,
    ground: &Ground,
    published: Option<&Schedule>,
    Optimized { placed, unplaced, objective, .. }: Optimized,
) -> Schedule {
    Schedule {
        revision: 0,
        plan_digest: plan_digest.to_owned(),
        from: ground.from,
        until: ground.until,
        placed,
        unplaced,
        objective,
        basis: Some(basis::of(ground, published)),
    }
}
