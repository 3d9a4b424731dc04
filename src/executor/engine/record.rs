//! What a run records: each step as intended before it starts, and its end.

use std::time::Instant;

use super::Work;
use super::steps::Progress;
use crate::executor::actions::Done;
use crate::model::script::Asked;
use crate::model::{Event, NOT_NOW, Outcome, Phase};
use crate::state::StateError;
use crate::validator::checks::{self, Answer};

/// One attempt at something, as it is announced.
#[derive(Debug, Clone, Copy)]
pub(super) struct Intent<'i> {
    /// Its place in the run, from 1.
    pub(super) ordinal: u32,
    /// Which attempt this is, from 1.
    pub(super) attempt: u32,
    /// The part of the run.
    pub(super) phase: Phase,
    /// The target; empty for what belongs to no single one.
    pub(super) target: &'i str,
    /// Its place in the task's list of this phase; `None` for what the plan file does not list.
    pub(super) place: Option<u32>,
    /// What people call it.
    pub(super) name: &'i str,
    /// What it does, in one short line.
    pub(super) action: &'i str,
}

impl Work<'_> {
    /// One check, on this machine.
    pub(super) fn check(&self, progress: &Progress, asked: &Asked) -> Result<Done, StateError> {
        let cancel = self.cancel_of(asked.phase);
        let name = asked.check.in_short();
        let intent = self.intent(progress, asked.phase, (&name, &name));
        let intent = Intent { place: Some(asked.place), ..intent };
        let ask = || {
            if cancel.is_fired() {
                return Done::interrupted("not begun");
            }
            let answer = checks::ask(asked.check, self.world, cancel);
            let words = answer.in_words();
            let not_now = answer.is_not_now(asked.check);
            match answer {
                Answer::Yes { .. } => Done::well(words),
                _ if cancel.is_fired() => Done::interrupted("stopped"),
                _ if not_now => Done { exit_code: Some(NOT_NOW), not_now, ..Done::failed(words) },
                Answer::No { .. } | Answer::Unknown { .. } => Done::failed(words),
            }
        };
        self.recorded(progress, intent, ask, |done| (done, false))
    }

    /// Something that is tried once and belongs to no single target.
    pub(super) fn once(
        &self,
        progress: &Progress,
        phase: Phase,
        name: &str,
        action: &str,
        body: impl FnOnce() -> Done,
    ) -> Result<Done, StateError> {
        let intent = self.intent(progress, phase, (name, action));
        self.recorded(progress, intent, body, |done| (done, false))
    }

    fn intent<'i>(
        &'i self,
        progress: &Progress,
        phase: Phase,
        (name, action): (&'i str, &'i str),
    ) -> Intent<'i> {
        let target = match self.targets {
            [target] => target,
            _ => "",
        };
        Intent { ordinal: progress.next(), attempt: 1, phase, target, place: None, name, action }
    }

    /// Records the intention, does it, and holds its end until the next record.
    ///
    /// `judge` has the last word on how it went, and says whether another attempt follows.
    pub(super) fn recorded(
        &self,
        progress: &Progress,
        intent: Intent,
        body: impl FnOnce() -> Done,
        judge: impl FnOnce(Done) -> (Done, bool),
    ) -> Result<Done, StateError> {
        let Intent { ordinal, attempt, phase, target, place, name, action } = intent;
        progress.hold(Event::StepIntended {
            run: self.run,
            ordinal,
            phase,
            target: target.to_owned(),
            name: name.to_owned(),
            action: action.to_owned(),
            attempt,
            place,
        });
        self.flush(progress)?;
        let began = Instant::now();
        let done = body();
        let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (done, retried) = judge(done);
        progress.hold(Event::StepEnded {
            run: self.run,
            ordinal,
            attempt,
            outcome: done.outcome,
            retried,
            exit_code: done.exit_code,
            took_ms,
            message: done.message.clone(),
            output: done.output.clone(),
            usage: done.usage,
        });
        if done.outcome != Outcome::Succeeded {
            // What went wrong may be looked at before the next step is intended.
            self.flush(progress)?;
        }
        Ok(done)
    }

    /// Makes durable what is held.
    pub(super) fn flush(&self, progress: &Progress) -> Result<(), StateError> {
        self.journal.record_all(&progress.held())
    }
}
