//! What is due by the schedule: found, and carried out until nothing more is.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;

use super::conditions::{self, UnknownCondition};
use super::coordinator::{Account, Assignment, Crew, Fate, Piece};
use super::early::{self, Later};
use super::{RunError, overlap, past, whole_length};
use crate::model::{Event, OccurrenceId, Placed, PlanFile, Status};
use crate::scheduler::{self, Skipped};
use crate::state::Miss;

/// The least that `run --due` looks ahead: what starts now depends only on what is near.
const HORIZON: TimeDelta = TimeDelta::days(1);

/// Carries out everything that is due, until nothing more is.
///
/// # Errors
/// [`RunError`].
pub fn run_due(crew: &Crew, jobs: usize) -> Result<Vec<Account>, RunError> {
    may_be_due(crew.plan)?;
    meet_new_tasks(crew)?;
    let mut accounts = ask_conditions(crew)?;
    let mut attempted = BTreeSet::new();
    loop {
        let found = due_now(crew, &attempted)?;
        if found.is_empty() || crew.interrupts.work.is_fired() {
            return Ok(accounts);
        }
        attempted.extend(
            found.iter().filter(|(_, is_early)| !is_early).map(|(placed, _)| placed.occurrence.id.clone()),
        );
        let done = crew.carry_out(&pieces_of(crew, found), jobs)?;
        attempted.extend(done.iter().filter_map(|account| account.occurrence.clone()));
        accounts.extend(done);
    }
}

/// Whether anything of `plan` can be due.
///
/// # Errors
/// [`RunError::NotInForce`] and [`RunError::NoTask`].
pub fn may_be_due(plan: &PlanFile) -> Result<(), RunError> {
    if matches!(plan.status.value, Status::Draft | Status::Retired) {
        return Err(RunError::NotInForce(plan.status.value));
    }
    if plan.tasks.is_empty() { Err(RunError::NoTask) } else { Ok(()) }
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

/// What should have started by now, by the schedule, and what could as soon as something of that is over (`true`); in
/// the order of the schedule. What was slept through is recorded.
fn due_now(crew: &Crew, attempted: &BTreeSet<OccurrenceId>) -> Result<Vec<(Placed, bool)>, RunError> {
    let now = crew.world.clock.now();
    let (past, published) = past::recent(crew.plan, crew.zone, crew.journal.state(), now)?;
    if scheduler::is_quiet(crew.plan, &past, published.as_ref(), now)? {
        return Ok(Vec::new());
    }
    let longest =
        crew.plan.tasks.iter().map(|(_, task)| whole_length(crew.plan, task)).max().unwrap_or_default();
    let until = now + HORIZON.max(longest + longest);
    let computed = scheduler::compute(crew.plan, crew.plan_digest, &past, published.as_ref(), now, until)?;
    let mut placed = computed.schedule.placed;
    let mut misses = slept_through(crew, computed.missed)?;
    misses.extend(overlap::left_out(crew, &placed, now)?);
    if 0 < crew.journal.state().record_missed(&misses)? {
        let told = misses.iter().cloned();
        told.for_each(|Miss { occurrence, task, release, reason }| {
            crew.journal.tell(&Event::OccurrenceMissed { occurrence, task, release, reason });
        });
    }
    let gone: BTreeSet<_> = misses.iter().map(|miss| &miss.occurrence).collect();
    placed.retain(|placed| !gone.contains(&placed.occurrence.id));
    let promised = published.iter().flat_map(|published| &published.placed);
    let promised: BTreeSet<_> =
        promised.filter(|placed| now < placed.start).map(|placed| &placed.occurrence.id).collect();
    for one in placed.iter_mut().filter(|one| !promised.contains(&one.occurrence.id)) {
        if past.of(&one.occurrence.task).running.is_some() && overlap::replaces(crew, one, now)? {
            one.start = now;
        }
    }
    placed.sort_by_key(|placed| placed.start);
    let later = Later { plan: crew.plan, promised: &promised, attempted, past: &past, now };
    Ok(early::choose(placed, &later))
}

/// Instants that no run was started for and none will be, each with the reason.
fn slept_through(crew: &Crew, missed: Vec<Skipped>) -> Result<Vec<Miss>, RunError> {
    let miss = |Skipped { occurrence, task, release, .. }: Skipped| {
        let refusal = crew.journal.state().refusal(&task)?;
        let refusal = refusal.filter(|refusal| refusal.occurrence.as_ref() == Some(&occurrence));
        let reason = refusal.map_or_else(
            || "nothing ran while it was due".to_owned(),
            |refusal| format!("it was refused until it was too late: {}", refusal.reason),
        );
        Ok(Miss { occurrence, task, release, reason })
    };
    missed.into_iter().map(miss).collect()
}

/// Each piece comes after those of the tasks before its own that are not released later.
fn pieces_of(crew: &Crew, found: Vec<(Placed, bool)>) -> Vec<Piece> {
    let mut of_task: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (place, (placed, _)) in found.iter().enumerate() {
        of_task.entry(placed.occurrence.task.clone()).or_default().push(place);
    }
    let after = |placed: &Placed| {
        let task = crew.plan.tasks.get(&placed.occurrence.task);
        let before = task.into_iter().flat_map(|task| task.after.iter());
        let places = before.filter_map(|before| of_task.get(&before.value)).flatten().copied();
        places.filter(|place| found[*place].0.occurrence.release <= placed.occurrence.release).collect()
    };
    let after: Vec<Vec<usize>> = found.iter().map(|(placed, _)| after(placed)).collect();
    let piece = |((placed, is_early), after): ((Placed, bool), Vec<usize>)| {
        let priority = crew.plan.tasks.get(&placed.occurrence.task).map_or(0, crate::model::Task::priority);
        Piece { assignment: assignment_of(placed), after, priority, is_early }
    };
    found.into_iter().zip(after).map(piece).collect()
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
