//! Rollouts: what comes between two batches, and which failures of targets are borne.
//!
//! 1. The next batch begins only when the one before is verified, window and gate are open, and the targets of a group
//!    that were worked on are covered. Otherwise the rest is left out, and what was verified stays as it is.
//! 2. A target that fails goes its own way back at once. A batch that is not verified goes back as a whole.
//! 3. Nothing waits beyond the cutoff.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

use super::past::{Past, Standing};
use super::steps::Progress;
use super::{End, Work};
use crate::executor::actions::Done;
use crate::executor::controller;
use crate::executor::cover::{self, Needed};
use crate::model::script::{Batch, Part, Script};
use crate::model::{Length, Outcome, Phase, PlanFile, Task, wait_for_cover};
use crate::scheduler::words::why_not;
use crate::state::StateError;
use crate::validator::verifier::Facts;

/// Where a rollout stands.
#[derive(Debug, Default)]
pub(super) struct Rolled<'s> {
    /// The targets of batches that are verified.
    verified: BTreeSet<&'s str>,
    /// The targets that failed, and why.
    failed: Vec<(&'s str, String)>,
    /// How many of them belong to the batch that is in work.
    n_failed_in_batch: usize,
    /// The targets that have gone their way back.
    back: Vec<&'s str>,
    /// Whether one of them has not come back.
    is_stuck: bool,
    /// Whether all batches are done; then nothing goes back any more.
    is_over: bool,
    /// When work on each target ended; by the clock that is never set, and by the other one.
    worked: Vec<(&'s str, Instant, DateTime<Utc>)>,
}

impl<'s> Progress<'s> {
    /// A batch is verified: it stays as it is.
    pub(super) fn keep(&mut self, batch: &'s Batch<'s>) {
        self.rolled.verified.extend(batch.parts.iter().map(|part| part.target));
        self.rolled.n_failed_in_batch = 0;
    }

    /// Notes that work on a target has ended now, or `before` the run was resumed.
    pub(super) fn leave(&mut self, part: &'s Part<'s>, before: Option<DateTime<Utc>>) {
        if self.touched.iter().any(|touched| touched.target == part.target) {
            let ended = before.unwrap_or_else(Utc::now);
            // A clock that was set back makes nothing end in the future.
            let ago = (Utc::now() - ended).to_std().unwrap_or_default();
            let instant = Instant::now().checked_sub(ago).unwrap_or_else(Instant::now);
            self.rolled.worked.push((part.target, instant, ended));
        }
    }

    /// What goes back when the run fails now, in the order in which it was touched; `None` when nothing has to, and
    /// nothing has.
    pub(super) fn to_go_back(&self) -> Option<Vec<&'s Part<'s>>> {
        let stays =
            |target: &str| self.rolled.verified.contains(target) || self.rolled.back.contains(&target);
        let parts: Vec<_> = self.touched.iter().filter(|part| !stays(part.target)).copied().collect();
        let has_gone = !self.rolled.back.is_empty() && !self.rolled.is_over && !self.rolled.is_stuck;
        (!parts.is_empty() || has_gone).then_some(parts)
    }
}

impl Work<'_> {
    /// Whether batches are verified one by one.
    pub(super) fn is_rolled(&self) -> bool {
        is_rolled(self.plan, self.task, self.targets)
    }

    /// What becomes of the run after the work on one target failed: nothing when that is borne.
    pub(super) fn bear<'s>(
        &self,
        progress: &mut Progress<'s>,
        batch: &'s Batch<'s>,
        part: &'s Part<'s>,
        end: End,
    ) -> Result<Result<(), End>, StateError> {
        let Some(rollout) = self.task.rollout.as_ref().filter(|_| end.outcome == Outcome::Failed) else {
            return Ok(Err(end));
        };
        // Without time left everything else would fail, too.
        if self.interrupts.work.is_fired() || progress.time_left(Duration::MAX, Phase::Steps).is_zero() {
            return Ok(Err(end));
        }
        let why = end.reason.unwrap_or_default();
        progress.rolled.failed.push((part.target, why.clone()));
        progress.rolled.n_failed_in_batch += 1;
        progress.rolled.back.push(part.target);
        if let Some(End { outcome, reason }) = self.way_back(progress, part)? {
            progress.rolled.is_stuck = true;
            return Ok(Err(End::new(outcome, format!("{why}; {}", reason.unwrap_or_default()))));
        }
        let (n_failed, in_batch) = (progress.rolled.failed.len(), progress.rolled.n_failed_in_batch);
        if !rollout.is_too_much(n_failed, in_batch, batch.parts.len()) {
            return Ok(Ok(()));
        }
        let borne = rollout.max_failures.map_or_else(|| "0".to_owned(), |borne| borne.value.to_string());
        let failed = crate::counted(n_failed, "failed target");
        Ok(Err(End::new(Outcome::Failed, format!("{why}; {failed}, and `max_failures` bears {borne}"))))
    }

    /// How a run ends that had begun to take back this batch as a whole when it was interrupted.
    pub(super) fn was_going_back(&self, batch: &Batch) -> Option<End> {
        let was_going = self.is_rolled() && is_going_back(&self.past, batch);
        was_going.then(|| End::new(Outcome::Failed, "the way back was begun before the run was resumed"))
    }

    /// Goes the way back on one target; how the run ends when that does not come to its end.
    pub(super) fn way_back(&self, progress: &mut Progress, part: &Part) -> Result<Option<End>, StateError> {
        for unit in &part.rollback {
            let done = self.step(progress, unit)?;
            progress.end_of_work = Utc::now();
            if !done.is_well() {
                let (why, label) = (done.message.unwrap_or_default(), unit.step.label());
                return Ok(Some(if done.outcome == Outcome::Interrupted {
                    End::new(Outcome::Interrupted, format!("the way back stopped at `{label}`: {why}"))
                } else {
                    End::new(Outcome::Failed, format!("the rollback failed at `{label}`: {why}"))
                }));
            }
        }
        Ok(None)
    }

    /// Comes after batch `n` and before the next one starts; if that must not, how the run ends.
    ///
    /// A run that is resumed does not come by here again when the next batch had begun.
    pub(super) fn between<'s>(
        &self,
        progress: &mut Progress<'s>,
        script: &'s Script<'s>,
        before: Option<&Facts>,
        n: usize,
    ) -> Result<Result<(), End>, StateError> {
        let Some(next) = script.batches.get(n + 1).filter(|_| self.is_rolled()) else { return Ok(Ok(())) };
        self.flush(progress)?;
        let left: Vec<_> = script.batches[n + 1..].iter().flat_map(|batch| &batch.parts).collect();
        let left = format!("left out: {}", names(left.iter().map(|part| part.target)));
        let end = self.verify(progress, script, before)?;
        if end.outcome != Outcome::Succeeded {
            let why = end.reason.unwrap_or_default();
            return Ok(Err(End::new(end.outcome, format!("after batch {}: {why}; {left}", n + 1))));
        }
        progress.keep(&script.batches[n]);
        let of = script.batches.len();
        let name = format!("before batch {} of {of}", n + 2);
        let wait = self.wait_before(progress, next);
        // On screen while it waits.
        let action = format!("ask again{}", wait.as_ref().map(Wait::words).unwrap_or_default());
        let done = self.once(progress, Phase::Gate, &name, &action, || match &wait {
            Ok(wait) => self.go_on(wait),
            Err(why) => Done::failed(why.clone()),
        })?;
        if done.is_well() {
            return Ok(Ok(()));
        }
        let why = done.message.unwrap_or_default();
        let reason = format!("{why}; stopped {name}, {left}");
        Ok(Err(End::new(Outcome::Interrupted, reason)))
    }

    /// How the run ends when all batches are done and verified.
    pub(super) fn rolled_out<'s>(
        &self,
        progress: &mut Progress<'s>,
        script: &'s Script<'s>,
        end: End,
    ) -> End {
        if end.outcome != Outcome::Succeeded {
            return end;
        }
        script.batches.iter().for_each(|batch| progress.keep(batch));
        progress.rolled.is_over = true;
        let failed = &progress.rolled.failed;
        if failed.is_empty() {
            return end;
        }
        let (n, of) = (failed.len(), self.targets.len());
        let what: Vec<_> = failed.iter().map(|(_, why)| why.as_str()).collect();
        let reason = format!(
            "{n} of {of} targets failed, which `max_failures` bears; the others are done: {}",
            what.join("; ")
        );
        End::new(Outcome::Failed, reason)
    }

    /// Adds to the reason of a run that failed what of it stays as it is; then not everything has gone back.
    pub(super) fn with_what_stays(&self, progress: &Progress, end: End) -> End {
        let rolled = &progress.rolled;
        let touched = progress.touched.iter().map(|part| part.target);
        let stays: Vec<_> = touched
            .filter(|target| rolled.verified.contains(target) && !rolled.back.contains(target))
            .collect();
        let end = match end.outcome {
            Outcome::RolledBack if progress.rolled.is_stuck => End { outcome: Outcome::Failed, ..end },
            _ => end,
        };
        if progress.rolled.is_over || stays.is_empty() || !self.is_rolled() {
            return end;
        }
        let outcome = if end.outcome == Outcome::RolledBack { Outcome::Failed } else { end.outcome };
        let note = if end.outcome == Outcome::RolledBack { "rolled back; " } else { "" };
        let reason = end.reason.unwrap_or_default();
        End::new(outcome, format!("{reason}; {note}done and left as it is: {}", names(stays.into_iter())))
    }

    /// Waits, and asks whether the next batch may begin.
    fn go_on(&self, wait: &Wait) -> Done {
        let now = self.world.clock.now();
        if let Some(window) = self.window.filter(|window| window.cutoff <= now + wait.length) {
            let cutoff = self.zone.date_and_time(window.cutoff);
            return Done::failed(format!(
                "out of window: nothing starts after {cutoff}, its cutoff{}",
                wait.words()
            ));
        }
        if self.interrupts.work.wait(wait.length.to_std().unwrap_or_default()) {
            return Done::interrupted("stopped");
        }
        let now = self.world.clock.now();
        match controller::admit(self.plan, self.zone, self.task, self.task.duration.value.0, now) {
            _ if self.emergency.is_some() => {}
            Ok(Ok(_)) => {}
            Ok(Err(because)) => {
                return Done::failed(format!("out of window: {}", why_not(&because, self.zone)));
            }
            Err(error) => return Done::failed(crate::in_words(&error)),
        }
        match self.ask_gate_again() {
            Ok(found) => Done::well(format!("{found}{}", wait.words())),
            Err(why) => Done::failed(why),
        }
    }

    /// How long is waited before `next`: the pause, or until those who were worked on are covered.
    ///
    /// Fails when how long that is cannot be found out.
    fn wait_before(&self, progress: &Progress, next: &Batch) -> Result<Wait, String> {
        let pause = self.task.rollout.as_ref().map_or(TimeDelta::zero(), |rollout| rollout.pause());
        let mut wait = Wait { length: pause, group: None, rule: None };
        let mut in_next: BTreeMap<&str, usize> = BTreeMap::new();
        for group in next.parts.iter().filter_map(|part| self.group_of(part.target)) {
            *in_next.entry(group.0).or_default() += 1;
        }
        for (name, n_next) in in_next {
            let is_ahead = |target: &str| next.parts.iter().any(|part| part.target == target);
            let worked = progress.rolled.worked.iter();
            let gaps: Vec<_> = worked
                .filter(|(target, ..)| {
                    self.group_of(target).is_some_and(|of| of.0 == name) && !is_ahead(target)
                })
                .collect();
            let Some(group) = self.plan.groups.get(name) else { continue };
            let declared = group.cover.map_or(TimeDelta::zero(), |cover| cover.value.0);
            let mut needed = Needed { length: declared, rule: None };
            for (target, _, ended) in &gaps {
                let asked = self.cover_needed((target, *ended), declared)?;
                if needed.length < asked.length {
                    needed = asked;
                }
            }
            let ages: Vec<_> = gaps
                .iter()
                .map(|(_, ended, _)| TimeDelta::from_std(ended.elapsed()).unwrap_or(TimeDelta::MAX))
                .collect();
            let length = wait_for_cover(&ages, n_next, group.max_down.value, needed.length);
            if wait.length < length {
                wait = Wait { length, group: Some(name.to_owned()), rule: needed.rule };
            }
        }
        Ok(wait)
    }

    /// How long the gap that work on a target left has to be covered; in an emergency what cannot be found out stops
    /// nothing.
    fn cover_needed(&self, worked: (&str, DateTime<Utc>), declared: TimeDelta) -> Result<Needed, String> {
        let by_the_plan = Needed { length: declared, rule: None };
        if !cover::is_asked(self.plan, self.task) {
            return Ok(by_the_plan);
        }
        match cover::needed(self.plan, self.world, worked, declared) {
            Err(_) if self.emergency.is_some() => Ok(by_the_plan),
            needed => needed,
        }
    }

    /// The group of a target, when the others of it have to cover what work on one leaves.
    fn group_of(&self, target: &str) -> Option<(&str, TimeDelta)> {
        group_of(self.plan, self.task, target)
    }
}

/// Whether the batches of a run are verified one by one: the task says so, or targets of a group have to cover for each
/// other.
fn is_rolled(plan: &PlanFile, task: &Task, targets: &[String]) -> bool {
    task.rollout.is_some() || targets.iter().any(|target| group_of(plan, task, target).is_some())
}

/// Whether a rollout that went back on single targets goes on with others when it is resumed: unless a whole batch was
/// going back.
pub fn rolls_on(plan: &PlanFile, task: &Task, targets: &[String], (script, past): (&Script, &Past)) -> bool {
    is_rolled(plan, task, targets) && !script.batches.iter().any(|batch| is_going_back(past, batch))
}

/// Whether a target of `batch` was going back that had not failed itself.
fn is_going_back(past: &Past, batch: &Batch) -> bool {
    batch.parts.iter().any(|part| {
        let has_failed = part.steps.iter().any(|unit| past.standing(unit) == Standing::Failed);
        !has_failed && part.rollback.iter().any(|unit| past.record(unit).is_some())
    })
}

fn group_of<'p>(plan: &'p PlanFile, task: &Task, target: &str) -> Option<(&'p str, TimeDelta)> {
    let name = plan.targets.get(target)?.group.as_ref()?;
    let cover = plan.groups.get(&name.value)?.cover.map_or(TimeDelta::zero(), |cover| cover.value.0);
    (TimeDelta::zero() < cover || cover::is_asked(plan, task)).then_some((name.value.as_str(), cover))
}

/// What is waited for between two batches.
struct Wait {
    length: TimeDelta,
    /// The group that has to be covered, when that takes longer than the pause.
    group: Option<String>,
    /// The rule that looks back so far, when it is not the plan file that says how long.
    rule: Option<String>,
}

impl Wait {
    /// `, after 2m`, or nothing.
    fn words(&self) -> String {
        // What is left of a cover is no whole second.
        let length = Length(TimeDelta::seconds((self.length + TimeDelta::milliseconds(999)).num_seconds()));
        match &self.group {
            _ if self.length.is_zero() => String::new(),
            Some(group) => match &self.rule {
                Some(rule) => {
                    format!(
                        ", after {length}, until group `{group}` is covered as far as the rule `{rule}` looks back"
                    )
                }
                None => format!(", after {length}, until group `{group}` is covered"),
            },
            None => format!(", after a pause of {length}"),
        }
    }
}

fn names<'a>(targets: impl Iterator<Item = &'a str>) -> String {
    targets.collect::<Vec<_>>().join(", ")
}
