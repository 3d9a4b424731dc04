//! What happens to work that comes while the last run of its task goes on: `overlap`.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use super::coordinator::Crew;
use super::{controller, recovery};
use crate::model::{Outcome, Overlap, Placed, Run, Task};
use crate::state::{HeldBy, Miss, StateError};
use crate::world::process_identity;

/// How long a run that is to be replaced may take to stop and to clean up.
const PATIENCE: Duration = Duration::from_mins(5);
/// How often it is looked whether it has.
const POLL: Duration = Duration::from_millis(100);

/// What is left out of `placed`, because it was released while a run of its task went on; empty for other policies than
/// `skip`.
///
/// Source: `DeferReactivation=` of systemd waits for the next time after a long run, rather than to run back to back.
pub(super) fn left_out(crew: &Crew, placed: &[Placed], now: DateTime<Utc>) -> Result<Vec<Miss>, StateError> {
    let mut misses = Vec::new();
    for one in placed.iter().filter(|one| one.occurrence.release <= now) {
        let occurrence = &one.occurrence;
        let Some(task) = crew.plan.tasks.get(&occurrence.task) else { continue };
        if policy(task) != Overlap::Skip || !has_instants(task) {
            continue;
        }
        let Some(run) = crew.journal.state().last_run(&occurrence.task)? else { continue };
        if went_on(&run, occurrence.release) && run.occurrence.as_ref() != Some(&occurrence.id) {
            let reason =
                format!("left out, because run {} of its task had not ended when it was due", run.id);
            let (task, release) = (occurrence.task.clone(), occurrence.release);
            misses.push(Miss { occurrence: occurrence.id.clone(), task, release, reason });
        }
    }
    Ok(misses)
}

/// Whether `one` is to take the place of the run of its task that goes on.
pub(super) fn replaces(crew: &Crew, one: &Placed, now: DateTime<Utc>) -> Result<bool, StateError> {
    let occurrence = &one.occurrence;
    let Some(task) = crew.plan.tasks.get(&occurrence.task) else { return Ok(false) };
    if policy(task) != Overlap::Replace || !has_instants(task) || now < occurrence.release {
        return Ok(false);
    }
    let is_open =
        matches!(controller::admit(crew.plan, crew.zone, task, occurrence.estimate, now), Ok(Ok(_)));
    let last = crew.journal.state().last_run(&occurrence.task)?;
    Ok(is_open && last.is_some_and(|run| run.ended.is_none() && run.started < occurrence.release))
}

/// What `task` does when the last run is still going.
pub(super) fn policy(task: &Task) -> Overlap {
    task.overlap.map(|overlap| overlap.value).unwrap_or_default()
}

/// Intervals count from the end of the last run, and conditions are asked when none goes on.
fn has_instants(task: &Task) -> bool {
    task.schedule
        .as_ref()
        .is_some_and(|schedule| schedule.cron.is_some() || schedule.rrule.is_some() || schedule.at.is_some())
}

/// Whether `run` was worked on at `instant`. When it was interrupted by a crash, nobody knows until when it was.
fn went_on(run: &Run, instant: DateTime<Utc>) -> bool {
    let is_known = match run.outcome {
        None => process_identity::is_alive(&run.holder),
        Some(outcome) => outcome != Outcome::Interrupted,
    };
    is_known && run.started < instant && run.ended.is_none_or(|ended| instant < ended)
}

impl Crew<'_> {
    /// Asks the mainstay that works on `by` to stop, and waits until it has; if it cannot be, why.
    ///
    /// It stops as by Ctrl-C: its work is stopped and cleaned up.
    pub(super) fn replace(&self, by: &HeldBy) -> Result<Result<(), String>, StateError> {
        if let Some(why) = self.must_not_stop(by)? {
            return Ok(Err(format!("`overlap: replace` cannot stop {by}: {why}")));
        }
        (self.orders.say)(&format!("run {} of `{}` is asked to stop: `overlap: replace`", by.run, by.task));
        match process_identity::interrupt(&by.holder) {
            Ok(()) => {}
            Err(error) if !process_identity::is_alive(&by.holder) => drop(error),
            Err(error) => return Ok(Err(format!("`overlap: replace` cannot stop {by}: {error}"))),
        }
        let began = Instant::now();
        while self.journal.state().run(by.run)?.is_some_and(|run| run.ended.is_none()) {
            if !process_identity::is_alive(&by.holder) {
                recovery::settle(self.journal, self.world, self.origin)?;
                continue;
            }
            if PATIENCE < began.elapsed() || self.interrupts.work.wait(POLL) {
                let waited = began.elapsed().as_secs();
                return Ok(Err(format!("it was asked to stop {waited} s ago and has not ended yet: {by}")));
            }
        }
        Ok(Ok(()))
    }

    /// Why the process that works on `by` is not to be stopped for it.
    fn must_not_stop(&self, by: &HeldBy) -> Result<Option<String>, StateError> {
        let (theirs, ours) = (&by.holder, self.holder);
        if theirs.is_same_process(ours) {
            return Ok(Some("this very process works on it".to_owned()));
        }
        if theirs.user != ours.user || theirs.host != ours.host {
            return Ok(Some(format!("it is a process of {} on {}", theirs.user, theirs.host)));
        }
        let unfinished = self.journal.state().unfinished_runs()?;
        let other = unfinished.iter().find(|run| run.holder.is_same_process(theirs) && run.id != by.run);
        Ok(other.map(|run| format!("its process works on run {} of `{}` as well", run.id, run.task)))
    }
}
