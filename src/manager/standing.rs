//! Where every task stands: what the state file knows of the past, and what the scheduler makes of it.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::executor::history_of;
use crate::model::{Outcome, PlanFile, Run, Schedule};
use crate::monitor::Standing;
use crate::scheduler::{self, Computed, History, ScheduleError, Skipped};
use crate::state::{RunFilter, State, StateError};
use crate::world::process_identity::is_alive;

/// Why it is not known where the tasks stand.
#[derive(Debug, thiserror::Error)]
pub enum StandingError {
    /// The state file cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
    /// The plan file asks for something that cannot be scheduled.
    #[error(transparent)]
    Schedule(#[from] ScheduleError),
    /// The process has no file descriptor left.
    #[error("cannot ask the checks that tasks wait for")]
    Resources(#[source] std::io::Error),
}

/// What is known of all tasks at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// Every task of the plan file, in its order.
    pub tasks: Vec<Standing>,
    /// Runs that stopped in their middle and that nobody has settled, the oldest first.
    pub interrupted: Vec<Run>,
    /// Occurrences whose latest start has passed without a run, and that nobody has put on record yet.
    pub slept_through: Vec<Skipped>,
}

/// How far ahead the next start of a task is looked for, the longest first: what happens every minute has more
/// occurrences in a month than one schedule can hold.
const HORIZONS: [TimeDelta; 3] = [TimeDelta::weeks(4), TimeDelta::days(2), TimeDelta::hours(2)];

/// So many of the newest runs of a task are looked at for one that did something.
const NEWEST: usize = 20;

/// Finds out where every task of `plan` stands at `now`.
pub fn known(
    plan: &PlanFile,
    digest: &str,
    state: Option<&State>,
    now: DateTime<Utc>,
) -> Result<Known, StandingError> {
    let past = state.map(State::history).transpose()?.unwrap_or_default();
    let published = state.map(State::published).transpose()?.flatten();
    let (running, interrupted) = state.map(unsettled).transpose()?.unwrap_or_default();
    let computed = compute(plan, digest, &history_of(&past, plan), published.as_ref(), now)?;
    let mut ahead = ahead(&computed, now);
    let mut tasks = Vec::with_capacity(plan.tasks.len());
    for name in plan.tasks.names() {
        let newest = |runs: &[Run]| runs.iter().rev().find(|run| run.task == name).cloned();
        let running = newest(&running);
        let Ahead { is_due, next_start, first_due } = ahead.remove(name).unwrap_or_default();
        let dues = running.as_ref().and_then(|run| run.due).into_iter().chain(first_due);
        tasks.push(Standing {
            task: name.to_owned(),
            last_run: state.map(|state| last_run(state, name)).transpose()?.flatten(),
            overdue_since: dues.filter(|due| *due < now).min(),
            running,
            interrupted: newest(&interrupted),
            last_success: past.get(name).and_then(|past| past.last_success),
            next_start,
            is_due,
        });
    }
    Ok(Known { tasks, interrupted, slept_through: computed.missed })
}

/// The runs that a living process works on, and those that stopped in their middle and that nobody has settled; both
/// the oldest first.
pub(super) fn unsettled(state: &State) -> Result<(Vec<Run>, Vec<Run>), StateError> {
    let unfinished = state.unfinished_runs()?;
    let (running, lost): (Vec<_>, Vec<_>) = unfinished.into_iter().partition(|run| is_alive(&run.holder));
    let mut interrupted = state.interrupted_runs()?;
    interrupted.extend(lost);
    interrupted.sort_by_key(|run| run.id);
    Ok((running, interrupted))
}

/// The newest run that ended and did something.
fn last_run(state: &State, task: &str) -> Result<Option<Run>, StateError> {
    let filter = RunFilter { task: Some(task.to_owned()), limit: Some(NEWEST), ..RunFilter::default() };
    let idle = [None, Some(Outcome::Skipped), Some(Outcome::Refused)];
    Ok(state.runs(&filter)?.into_iter().find(|run| !idle.contains(&run.outcome)))
}

/// What the schedule says of one task.
#[derive(Debug, Default)]
struct Ahead {
    /// Whether something of it may start by now.
    is_due: bool,
    next_start: Option<DateTime<Utc>>,
    first_due: Option<DateTime<Utc>>,
}

/// What the schedule says, by task.
fn ahead(computed: &Computed, now: DateTime<Utc>) -> HashMap<&str, Ahead> {
    let placed = computed.schedule.placed.iter().map(|placed| (&placed.occurrence, Some(placed.start)));
    let unplaced = computed.schedule.unplaced.iter().map(|unplaced| (&unplaced.occurrence, None));
    let mut all: HashMap<&str, Ahead> = HashMap::new();
    for (occurrence, start) in placed.chain(unplaced) {
        let ahead = all.entry(&occurrence.task).or_default();
        ahead.is_due |= occurrence.release <= now;
        ahead.next_start = ahead.next_start.into_iter().chain(start).min();
        ahead.first_due = ahead.first_due.into_iter().chain(occurrence.due).min();
    }
    all
}

fn compute(
    plan: &PlanFile,
    digest: &str,
    history: &History,
    published: Option<&Schedule>,
    now: DateTime<Utc>,
) -> Result<Computed, ScheduleError> {
    let compute =
        |horizon: TimeDelta| scheduler::compute(plan, digest, history, published, now, now + horizon);
    let [longest, shorter @ ..] = HORIZONS;
    shorter.into_iter().fold(compute(longest), |computed, horizon| match computed {
        Err(ScheduleError::TooMany { .. }) => compute(horizon),
        other => other,
    })
}
