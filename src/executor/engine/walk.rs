//! The walk along the script: steps and verification, the way back when they fail, and `finally`.

use chrono::Utc;

use super::script::{Part, Script, Unit};
use super::steps::{OUT_OF_WINDOW, Progress};
use super::{End, Work};
use crate::executor::actions::Done;
use crate::executor::baseline::Facts;
use crate::model::Outcome;
use crate::state::StateError;

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
        let mut end = self.steps_and_verify(progress, script, before)?;
        if end.outcome != Outcome::Succeeded
            && !self.task.rollback.is_empty()
            && let Some(back) = progress.to_go_back()
        {
            end = self.roll_back(progress, &back, before, end)?;
        }
        end = self.with_what_stays(progress, end);
        if let Some(problem) = self.finally(progress)?
            && end.outcome == Outcome::Succeeded
        {
            end = End::new(Outcome::Failed, problem);
        }
        Ok(end)
    }

    fn steps_and_verify<'s>(
        &self,
        progress: &mut Progress<'s>,
        script: &'s Script<'s>,
        before: Option<&Facts>,
    ) -> Result<End, StateError> {
        for (n, batch) in script.batches.iter().enumerate() {
            for part in &batch.parts {
                let ended = self.on_target(progress, part)?;
                progress.leave(part);
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
            if let Err(end) = self.between(progress, script, before, n)? {
                return Ok(end);
            }
        }
        let end = self.verify(progress, script, before)?;
        Ok(self.rolled_out(progress, end))
    }

    /// All steps on one target; if the work cannot go on, how the run ends.
    fn on_target<'s>(
        &self,
        progress: &mut Progress<'s>,
        part: &'s Part<'s>,
    ) -> Result<Result<(), Stop>, StateError> {
        for unit in &part.steps {
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
            let done = self.check(progress, asked)?;
            if !done.is_well() {
                let why = done.message.unwrap_or_default();
                let outcome =
                    if done.outcome == Outcome::Interrupted { done.outcome } else { Outcome::Failed };
                return Ok(End::new(outcome, format!("verification `{}`: {why}", asked.check.in_short())));
            }
        }
        Ok(End { outcome: Outcome::Succeeded, reason: None })
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
            if let Some(problem) = self.way_back(progress, part)? {
                return Ok(End::new(Outcome::Failed, format!("{cause_text}; {problem}")));
            }
        }
        if let Some(before) = before {
            let back = self.compare(progress, before, true)?;
            if back.outcome != Outcome::Succeeded {
                let why = back.reason.unwrap_or_default();
                return Ok(End::new(Outcome::Failed, format!("{cause_text}; rolled back, but {why}")));
            }
        }
        let outcome =
            if cause.outcome == Outcome::Interrupted { Outcome::Interrupted } else { Outcome::RolledBack };
        let note = if outcome == Outcome::Interrupted { "; rolled back" } else { "" };
        Ok(End::new(outcome, format!("{cause_text}{note}")))
    }

    /// Runs every `finally` step, whatever becomes of the one before; returns the first problem.
    fn finally(&self, progress: &Progress) -> Result<Option<String>, StateError> {
        let mut problem = None;
        for part in &progress.touched {
            for unit in &part.finally {
                let done = self.step(progress, unit)?;
                if !done.is_well() && problem.is_none() {
                    let why = done.message.unwrap_or_default();
                    problem = Some(format!("finally step `{}`: {why}", unit.step.label()));
                }
            }
        }
        Ok(problem)
    }
}
