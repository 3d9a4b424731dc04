//! The executor: controller -> coordinator -> engine -> monitor.
//!
//! [`controller`] says whether work may start now, [`coordinator`] starts each piece once and several at a time,
//! [`engine`] carries one run through its phases, [`monitor`] says what is going on. [`recovery`] settles what a
//! crash left behind, and [`preflight`] looks ahead without touching anything.
//!
//! 1. A step's start is in the ledger before the step starts, and its end before the next one starts.
//! 2. An occurrence is started at most once, however many processes try.
//! 3. A run that silenced alerts leaves no silence behind, also after a crash.
//! 4. The schedule is so specific that nothing is chosen here.

pub mod actions;
pub mod baseline;
pub mod conditions;
pub mod controller;
pub mod coordinator;
pub mod engine;
pub mod journal;
pub mod lease;
pub mod monitor;
mod past;
pub mod preflight;
pub mod recovery;
pub mod report;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use self::conditions::UnknownCondition;
use self::coordinator::{Account, Assignment, Crew, Fate};
use crate::model::{Event, OccurrenceId, Outcome, Placed, PlanFile, Status, Task};
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
    /// Tasks that were named come after each other in a circle, or the plan file asks for what cannot be.
    #[error(transparent)]
    Schedule(#[from] ScheduleError),
    /// Something could not be recorded.
    #[error("stopped, because something could not be recorded")]
    State(#[from] StateError),
}

/// The least that `run --due` looks ahead: what starts now depends only on what is near.
const HORIZON: TimeDelta = TimeDelta::days(1);

/// Carries out everything that is due, until nothing more is.
///
/// # Errors
/// [`RunError`].
pub fn run_due(crew: &Crew, jobs: usize) -> Result<Vec<Account>, RunError> {
    if matches!(crew.plan.status.value, Status::Draft | Status::Retired) {
        return Err(RunError::NotInForce(crew.plan.status.value));
    }
    if crew.plan.tasks.is_empty() {
        return Err(RunError::NoTask);
    }
    meet_new_tasks(crew)?;
    let mut accounts = ask_conditions(crew)?;
    let mut attempted = BTreeSet::new();
    loop {
        let due: Vec<_> = due_now(crew)?
            .into_iter()
            .filter(|placed| attempted.insert(placed.occurrence.id.clone()))
            .collect();
        if due.is_empty() || crew.interrupts.work.is_fired() {
            return Ok(accounts);
        }
        accounts.extend(crew.carry_out(due.into_iter().map(assignment_of).collect(), jobs)?);
    }
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

/// Notes tasks that were never seen, so that their calendar starts to count.
fn meet_new_tasks(crew: &Crew) -> Result<(), RunError> {
    let known = crew.journal.state().known_tasks()?;
    let is_new = |name: &str| !known.contains(name);
    let scheduled = crew.plan.tasks.iter().filter(|(_, task)| task.schedule.is_some());
    let tasks: Vec<_> = scheduled.map(|(name, _)| name.value.clone()).filter(|name| is_new(name)).collect();
    if !tasks.is_empty() {
        crew.journal.record(&Event::TasksSeen { tasks })?;
    }
    Ok(())
}

/// Asks the checks that tasks wait for; what could not be found out is told.
fn ask_conditions(crew: &Crew) -> Result<Vec<Account>, RunError> {
    let state = crew.journal.state();
    let asked = conditions::ask(crew.plan, state, crew.world, &crew.interrupts.work)?;
    for change in &asked.changes {
        crew.journal.tell(change);
    }
    let account = |unknown: UnknownCondition| {
        let fate = Fate::Unknown(unknown.in_words());
        Account { task: unknown.task, occurrence: None, fate }
    };
    Ok(asked.unknown.into_iter().map(account).collect())
}

/// What should have started by now, by the schedule; what was slept through is recorded.
fn due_now(crew: &Crew) -> Result<Vec<Placed>, RunError> {
    let now = crew.world.clock.now();
    let (past, published) = past::recent(crew.plan, crew.zone, crew.journal.state(), now)?;
    let longest =
        crew.plan.tasks.iter().map(|(_, task)| whole_length(crew.plan, task)).max().unwrap_or_default();
    let until = now + HORIZON.max(longest + longest);
    let computed = scheduler::compute(crew.plan, crew.plan_digest, &past, published.as_ref(), now, until)?;
    for missed in &computed.missed {
        let (occurrence, task, release) = (missed.occurrence.clone(), missed.task.clone(), missed.release);
        let refusal = crew.journal.state().refusal(&task)?;
        let refusal = refusal.filter(|refusal| refusal.occurrence.as_ref() == Some(&occurrence));
        let reason = refusal.map_or_else(
            || "nothing ran while it was due".to_owned(),
            |refusal| format!("it was refused until it was too late: {}", refusal.reason),
        );
        crew.journal.record(&Event::OccurrenceMissed { occurrence, task, release, reason })?;
    }
    Ok(computed.schedule.placed.into_iter().filter(|placed| placed.start <= now).collect())
}

fn assignment_of(placed: Placed) -> Assignment {
    let occurrence = placed.occurrence;
    Assignment {
        task: occurrence.task,
        due: occurrence.due,
        targets: occurrence.targets,
        estimate: occurrence.estimate,
        occurrence: Some(occurrence.id),
    }
}

/// Carries out the tasks that a person named, each after those of them that it comes after.
///
/// # Errors
/// [`RunError`].
pub fn run_tasks(crew: &Crew, names: &[String], jobs: usize) -> Result<Vec<Account>, RunError> {
    let mut accounts: Vec<Account> = Vec::new();
    for level in in_order(crew.plan, names)? {
        let (ready, blocked): (Vec<_>, Vec<_>) =
            level.into_iter().partition(|name| failed_before(crew.plan, name, &accounts).is_none());
        for name in blocked {
            let before = failed_before(crew.plan, &name, &accounts).unwrap_or_default();
            let fate = Fate::NotNow(format!("it comes after `{before}`, which did not succeed"));
            accounts.push(Account { task: name, occurrence: None, fate });
        }
        let assignments = ready.iter().filter_map(|name| on_demand(crew.plan, name)).collect();
        accounts.extend(crew.carry_out(assignments, jobs)?);
    }
    Ok(accounts)
}

fn on_demand(plan: &PlanFile, name: &str) -> Option<Assignment> {
    let task = plan.tasks.get(name)?;
    let targets = plan.targets_of(task);
    Some(Assignment {
        task: name.to_owned(),
        occurrence: None,
        due: None,
        estimate: whole_length(plan, task),
        targets,
    })
}

/// The declared length of a task on all its targets.
pub fn whole_length(plan: &PlanFile, task: &Task) -> TimeDelta {
    task.estimate(plan.targets_of(task).len())
}

fn failed_before(plan: &PlanFile, name: &str, accounts: &[Account]) -> Option<String> {
    let task = plan.tasks.get(name)?;
    let did_not_succeed = |before: &str| {
        accounts.iter().any(|account| {
            let succeeded = matches!(&account.fate, Fate::Ended(_, end) if end.outcome == Outcome::Succeeded);
            account.task == before && !succeeded
        })
    };
    task.after.iter().map(|before| before.value.clone()).find(|before| did_not_succeed(before))
}

/// The named tasks in levels: each level needs only those before it.
fn in_order(plan: &PlanFile, names: &[String]) -> Result<Vec<Vec<String>>, RunError> {
    for name in names {
        if plan.tasks.get(name).is_none() {
            let known = plan.tasks.names().map(str::to_owned).collect();
            return Err(RunError::NoSuchTask { name: name.clone(), known });
        }
    }
    let mut left: Vec<&String> = Vec::new();
    for name in names {
        if !left.contains(&name) {
            left.push(name);
        }
    }
    let mut levels = Vec::new();
    while !left.is_empty() {
        let waits = |name: &String| {
            let task = plan.tasks.get(name);
            task.is_some_and(|task| {
                task.after.iter().any(|before| left.iter().any(|other| **other == before.value))
            })
        };
        let (later, mut ready): (Vec<_>, Vec<_>) = left.iter().partition(|name| waits(name));
        if ready.is_empty() {
            // A circle, which the plan file's reader refuses: as they were named, then.
            ready.clone_from(&later);
        }
        left.retain(|name| !ready.contains(name));
        levels.push(ready.into_iter().cloned().collect());
    }
    Ok(levels)
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
