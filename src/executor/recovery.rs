//! What a crash left behind is settled before anything new is started.
//!
//! Who is alive is decided by process id, start time and boot together; time alone declares nobody dead.

use std::time::Duration;

use chrono::Utc;

use super::engine::{silence_tag, step_tag};
use super::journal::Journal;
use super::lease::{LeaseError, expire_by_tag, named};
use crate::model::{Event, Outcome, Run, StepRecord};
use crate::state::{State, StateError};
use crate::world::World;
use crate::world::process_identity;
use crate::world::scratch;
use crate::world::stragglers::{self, Mark};

/// The time between TERM and KILL for what a dead mainstay left running.
const GRACE: Duration = Duration::from_secs(10);

/// What was settled, or could not be, a sentence each, for people.
///
/// 1. Runs whose mainstay has gone are closed as interrupted, and processes that they left are stopped.
/// 2. Silences of runs that are over are expired, also those whose id was never known.
/// 3. Scratch servers of restore tests whose mainstay has gone are stopped.
///
/// # Errors
/// [`StateError`].
pub fn settle(journal: &Journal, world: &World, origin: &str) -> Result<Vec<String>, StateError> {
    let mut notes = Vec::new();
    let unfinished = journal.state().unfinished_runs()?;
    for run in unfinished.iter().filter(|run| !process_identity::is_alive(&run.holder)) {
        notes.push(close(journal, run, origin)?);
    }
    notes.extend(expire_leftover_silences(journal, world, origin)?);
    notes.extend(scratch::clean_up(GRACE));
    journal.state().sweep_signs()?;
    Ok(notes)
}

/// What runs whose mainstay has gone left running, a sentence for each run, for people. Nothing is touched.
///
/// # Errors
/// [`StateError`].
pub fn still_running(state: &State) -> Result<Vec<String>, StateError> {
    let unfinished = state.unfinished_runs()?;
    let mut left: Vec<_> = unfinished.iter().filter(|run| !process_identity::is_alive(&run.holder)).collect();
    // Nothing has outlived a boot.
    left.retain(|run| process_identity::is_of_this_boot(&run.holder));
    if left.is_empty() {
        return Ok(Vec::new());
    }
    let origin = state.origin()?.unwrap_or_default();
    let mut notes = Vec::new();
    for run in left {
        let mut found = Vec::new();
        for step in state.steps(run.id)?.iter().filter(|step| step.outcome.is_none()) {
            let tag = step_tag(&origin, run.id, step.ordinal, step.attempts);
            let root = step.process.filter(|_| process_identity::is_of_this_namespace(&run.holder));
            let mark = Mark { tag: &tag, root, ..Mark::default() };
            found.extend(stragglers::find(&mark).iter().map(ToString::to_string));
        }
        if !found.is_empty() {
            notes.push(format!(
                "run {} of `{}` has lost its mainstay (pid {}), and is still running: {}; the next `mainstay run` stops \
                 that",
                run.id,
                run.task,
                run.holder.pid,
                found.join(", ")
            ));
        }
    }
    Ok(notes)
}

fn close(journal: &Journal, run: &Run, origin: &str) -> Result<String, StateError> {
    let steps = journal.state().steps(run.id)?;
    let open: Vec<_> = steps.iter().filter(|step| step.outcome.is_none() && step.settled.is_none()).collect();
    let is_of_this_boot = process_identity::is_of_this_boot(&run.holder);
    let is_here = process_identity::is_of_this_namespace(&run.holder);
    let mut survivors = Vec::new();
    for step in &open {
        let tag = step_tag(origin, run.id, step.ordinal, step.attempts);
        // A number and a start say nothing after a reboot; nor is anything left then. In a container they say nothing of
        // another one.
        let root = step.process.filter(|_| is_of_this_boot && is_here);
        survivors.extend(stragglers::stop(&tag, root, GRACE).iter().map(ToString::to_string));
    }
    let place = if is_here || !is_of_this_boot { "" } else { " in another container" };
    let mut reason = format!("mainstay (pid {}{place}) ended {}", run.holder.pid, where_it_was(&open));
    if !place.is_empty() && !open.is_empty() {
        reason.push_str("; what that left running there cannot be seen from here");
    }
    if !survivors.is_empty() {
        reason = format!("{reason}; still running: {}", survivors.join(", "));
    }
    journal.record(&Event::RunEnded {
        run: run.id,
        outcome: Outcome::Interrupted,
        reason: Some(reason.clone()),
    })?;
    Ok(format!("run {} of `{}` was interrupted: {reason}", run.id, run.task))
}

fn where_it_was(open: &[&StepRecord]) -> String {
    match open {
        [] => "between two steps".to_owned(),
        [step, ..] => format!("in the middle of `{}` ({})", step.name, step.phase),
    }
}

fn expire_leftover_silences(
    journal: &Journal,
    world: &World,
    origin: &str,
) -> Result<Vec<String>, StateError> {
    let mut notes = Vec::new();
    let (silences, unfinished) = {
        let state = journal.state();
        (state.open_silences()?, state.unfinished_runs()?)
    };
    for silence in silences.iter().filter(|silence| unfinished.iter().all(|run| run.id != silence.run)) {
        match named::settle(world.alertmanager.as_ref(), journal, silence) {
            Ok(true) => continue,
            Ok(false) => {}
            Err(LeaseError::State(error)) => return Err(error),
            Err(error) => {
                let why = crate::in_words(&error);
                notes.push(format!("whether {} left a silence behind is not known: {why}", silence.tag));
                continue;
            }
        }
        if silence.until.is_some_and(|until| until < Utc::now()) {
            let reason = "ended by itself: its run renewed it no more".to_owned();
            journal.record(&Event::SilenceExpired { tag: silence.tag.clone(), reason })?;
            continue;
        }
        let Some(alertmanager) = world.alertmanager.as_ref().filter(|one| one.url() == silence.alertmanager)
        else {
            let (at, run) = (&silence.alertmanager, silence.run);
            notes.push(format!(
                "run {run} may have left a silence at {at}, which the plan file no longer names"
            ));
            continue;
        };
        let tag = silence_tag(origin, silence.run);
        match expire_by_tag(alertmanager, &tag) {
            Ok(_) => {
                let reason = "found after its run was over".to_owned();
                journal.record(&Event::SilenceExpired { tag: silence.tag.clone(), reason })?;
                notes.push(format!("the silence of run {} is ended", silence.run));
            }
            Err(error) => {
                let why = crate::in_words(&error);
                notes.push(format!("the silence of run {} could not be ended: {why}", silence.run));
            }
        }
    }
    Ok(notes)
}
