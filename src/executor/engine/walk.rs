//! The walk along the script: steps and verification, the way back when they fail, and `finally`.

use chrono::Utc;

use super::compare::unlike_before;
use super::past::{self, Standing};
use super::steps::{OUT_OF_WINDOW, Progress};
use super::{End, Work};
use crate::executor::actions::Done;
use crate::model::Outcome;
use crate::model::script::{Part, Script, Unit};
use crate::state::StateError;
use crate::validator::verifier::Facts;

/// Why work on a target did not come to its end.
enum Stop {
    /// It failed on this target.
    Target(End),
    /// The run as a whole has to stop.
    Run(End),
}

impl Work<'_> {
    /// Steps and verification, the way back when they fail, and `finally`.
    pub(super) fn work<'s>(
        &self,
        progress: &mut Progress<'s>,
        script: &'s Script<'s>,
        before: Option<&Facts>,
    ) -> Result<End, StateError> {
        // A rollout finds out itself, batch by batch, what was going back.
        let mut end = if self.past.is_going_back() && !self.is_rolled() {
            self.cause_on_record(script)
        } else {
            self.steps_and_verify(progress, script, before)?
        };
        if end.outcome != Outcome::Succeeded
            && !self.task.rollback.is_empty()
            && let Some(back) = progress.to_go_back()
        {
            end = self.roll_back(progress, &back, before, end)?;
        }
        end = within_gap(progress, self.with_what_stays(progress, end));
        match self.finally(progress)? {
            // What is left of it is done when the run is resumed.
            Some(End { outcome: Outcome::Interrupted, reason }) => {
                let reasons: Vec<_> = end.reason.into_iter().chain(reason).collect();
                Ok(End::new(Outcome::Interrupted, reasons.join("; ")))
            }
            Some(problem) if end.outcome == Outcome::Succeeded => Ok(problem),
            _ => Ok(end),
        }
    }

    /// Why the way back was begun.
    fn cause_on_record(&self, script: &Script) -> End {
        for unit in script.parts().flat_map(|part| &part.steps) {
            let Some(record) = self.past.record(unit) else { continue };
            let done = past::done_of(record);
            if !done.is_well() {
                return self.failed_at(unit, &done);
            }
        }
        if let Some(done) = self.past.objection(None) {
            return unlike_before(done);
        }
        let checks = script.verify.iter().map(|asked| (Some(asked.place), asked.check.in_short()));
        for (place, name) in checks {
            if let Some(done) = self.past.objection(place) {
                return End::new(Outcome::Failed, verification(&name, &done));
            }
        }
        match self.past.not_started() {
            Some(why) => End::new(Outcome::Failed, format!("a step was not started: {why}")),
            None => End::new(Outcome::Interrupted, "the work was stopped"),
        }
    }

    fn steps_and_verify<'s>(
        &self,
        progress: &mut Progress<'s>,
        script: &'s Script<'s>,
        before: Option<&Facts>,
    ) -> Result<End, StateError> {
        for (n, batch) in script.batches.iter().enumerate() {
            if let Some(end) = self.was_going_back(batch) {
                return Ok(end);
            }
            for part in &batch.parts {
                let before_this = self.past.last_work_on(part);
                let n_before = progress.n_steps();
                let ended = self.on_target(progress, part)?;
                let has_worked = n_before < progress.n_steps();
                progress.leave(part, before_this.filter(|_| !has_worked));
                match ended {
                    Ok(()) => {}
                    Err(Stop::Run(end)) => return Ok(end),
                    Err(Stop::Target(end)) => {
                        if let Err(end) = self.bear(progress, batch, part, end)? {
                            return Ok(end);
                        }
                    }
                }
            }
            if let Some(next) = script.batches.get(n + 1) {
                if next.parts.iter().any(|part| self.past.touches(part)) {
                    // It had been verified, if it is that at all before the end.
                    if self.is_rolled() {
                        progress.keep(batch);
                    }
                } else if let Err(end) = self.between(progress, script, before, n)? {
                    return Ok(end);
                }
            }
        }
        let left_out = (!progress.left_out.is_empty()).then(|| progress.left_out.join("; "));
        if let (Some(why), true) = (&left_out, progress.touched.is_empty()) {
            return Ok(End::new(Outcome::Skipped, why));
        }
        let mut end = self.verify(progress, script, before)?;
        if end.outcome == Outcome::Succeeded {
            end = self.compare_series(progress, before)?;
        }
        let end = End { reason: end.reason.or(left_out), ..end };
        Ok(self.rolled_out(progress, script, end))
    }

    /// All steps on one target; if the work cannot go on, how the run ends.
    fn on_target<'s>(
        &self,
        progress: &mut Progress<'s>,
        part: &'s Part<'s>,
    ) -> Result<Result<(), Stop>, StateError> {
        for unit in &part.steps {
            let standing = self.past.standing(unit);
            if matches!(standing, Standing::Done | Standing::Failed | Standing::Interrupted) {
                let done = self.step(progress, unit)?;
                if done.not_now {
                    progress.leave_out(part, self.failed_at(unit, &done).reason.unwrap_or_default());
                    break;
                }
                if done.is_well() {
                    continue;
                }
                return Ok(Err(Stop::Target(self.failed_at(unit, &done))));
            }
            if self.interrupts.work.is_fired() {
                let of = self.task.steps.len();
                let reason =
                    format!("stopped before step {} of {of}, `{}`", unit.place + 1, unit.step.label());
                return Ok(Err(Stop::Run(End::new(Outcome::Interrupted, reason))));
            }
            if let Err(end) = self.recheck(progress, unit)? {
                return Ok(Err(Stop::Run(end)));
            }
            progress.touch(part);
            let done = self.step(progress, unit)?;
            progress.end_of_work = Utc::now();
            if done.not_now {
                progress.leave_out(part, self.failed_at(unit, &done).reason.unwrap_or_default());
                break;
            }
            if !done.is_well() {
                return Ok(Err(Stop::Target(self.failed_at(unit, &done))));
            }
        }
        Ok(Ok(()))
    }

    pub(super) fn verify(
        &self,
        progress: &Progress,
        script: &Script,
        before: Option<&Facts>,
    ) -> Result<End, StateError> {
        // First the baseline: right after a restart every check of monitoring finds nothing.
        if let Some(before) = before {
            let end = self.compare(progress, before, false)?;
            if end.outcome != Outcome::Succeeded {
                return Ok(end);
            }
        }
        for asked in &script.verify {
            let done = match self.objection(progress, Some(asked.place)) {
                Some(done) => done,
                None => self.check(progress, asked)?,
            };
            if !done.is_well() {
                let outcome =
                    if done.outcome == Outcome::Interrupted { done.outcome } else { Outcome::Failed };
                return Ok(End::new(outcome, verification(&asked.check.in_short(), &done)));
            }
        }
        Ok(End { outcome: Outcome::Succeeded, reason: None })
    }

    /// What verification found against the work before the run was resumed, unless more was done since.
    pub(super) fn objection(&self, progress: &Progress, place: Option<u32>) -> Option<Done> {
        if progress.has_worked.get() { None } else { self.past.objection(place) }
    }

    fn failed_at(&self, unit: &Unit, done: &Done) -> End {
        let on = if self.targets.len() > 1 { format!(" on {}", unit.target) } else { String::new() };
        let why = done.message.clone().unwrap_or_default();
        let outcome = if done.outcome == Outcome::Interrupted { done.outcome } else { Outcome::Failed };
        let of = self.task.steps.len();
        let window = if why.ends_with(OUT_OF_WINDOW) { "out of window: " } else { "" };
        End::new(
            outcome,
            format!("{window}step {} of {of}, `{}`{on}: {why}", unit.place + 1, unit.step.label()),
        )
    }

    /// Goes the way back on these targets, the last one first.
    fn roll_back(
        &self,
        progress: &mut Progress,
        parts: &[&Part],
        before: Option<&Facts>,
        cause: End,
    ) -> Result<End, StateError> {
        let cause_text = cause.reason.unwrap_or_default();
        for part in parts.iter().rev() {
            if let Some(End { outcome, reason }) = self.way_back(progress, part)? {
                return Ok(End::new(outcome, format!("{cause_text}; {}", reason.unwrap_or_default())));
            }
        }
        if let Some(before) = before {
            let back = self.compare(progress, before, true)?;
            if back.outcome != Outcome::Succeeded {
                let why = back.reason.unwrap_or_default();
                return Ok(End::new(Outcome::Failed, format!("{cause_text}; rolled back, but {why}")));
            }
        }
        // Who resumes a run that was going back wants it to be over.
        let is_open = cause.outcome == Outcome::Interrupted && !self.past.is_going_back();
        let outcome = if is_open { Outcome::Interrupted } else { Outcome::RolledBack };
        let note = if outcome == Outcome::Interrupted { "; rolled back" } else { "" };
        Ok(End::new(outcome, format!("{cause_text}{note}")))
    }

    /// Runs every `finally` step, whatever becomes of the one before; returns the first problem.
    fn finally(&self, progress: &Progress) -> Result<Option<End>, StateError> {
        let mut problem = None;
        for part in &progress.touched {
            for unit in &part.finally {
                let done = self.step(progress, unit)?;
                let is_interrupted = done.outcome == Outcome::Interrupted;
                if !done.is_well() && (problem.is_none() || is_interrupted) {
                    let outcome = if is_interrupted { Outcome::Interrupted } else { Outcome::Failed };
                    let why = done.message.unwrap_or_default();
                    problem = Some(End::new(outcome, format!("finally step `{}`: {why}", unit.step.label())));
                }
            }
        }
        Ok(problem)
    }
}

/// Work that kept targets from being scraped for longer than it may has failed, and no way back mends that.
fn within_gap(progress: &Progress, end: End) -> End {
    let blind = progress.blind.take();
    if end.outcome == Outcome::Succeeded && !blind.is_empty() {
        return End::new(Outcome::Failed, format!("monitoring was blind for too long: {}", blind.join("; ")));
    }
    end
}

fn verification(name: &str, done: &Done) -> String {
    format!("verification `{name}`: {}", done.message.as_deref().unwrap_or_default())
}
