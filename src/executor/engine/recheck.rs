//! Asking again: what let the run start may be over by the time that it does what cannot be undone.
//!
//! Steps before it may have outlived the window, a blackout may have begun, an alert may fire. So window, blackouts
//! and gate are asked just before each destructive step; when they say no the step is not run, and what was done is
//! undone by `rollback`. Steps that are not destructive go on beyond a cutoff: stopping half-way does more harm.

use super::script::Unit;
use super::steps::Progress;
use super::{End, Work};
use crate::executor::actions::Done;
use crate::executor::controller::{self, GateAnswer};
use crate::model::{Outcome, Phase};
use crate::scheduler::words::why_not;
use crate::state::StateError;

impl Work<'_> {
    /// Whether a step may start now; if not, how the run ends.
    pub(super) fn recheck(&self, progress: &Progress, unit: &Unit) -> Result<Result<(), End>, StateError> {
        let step = unit.step;
        let is_destructive = step.destructive.is_some_and(|destructive| destructive.value);
        let is_gated =
            self.task.gate.is_some() || !self.task.window.is_empty() || !self.plan.blackouts.is_empty();
        if !is_destructive || !is_gated {
            return Ok(Ok(()));
        }
        let name = format!("before `{}`", step.label());
        let done = self.once(progress, Phase::Gate, &name, "ask again", || match self.still_open() {
            Ok(found) => Done::well(found),
            Err(why) => Done::failed(why),
        })?;
        if done.is_well() {
            return Ok(Ok(()));
        }
        let on = if self.targets.len() > 1 { format!(" on {}", unit.target) } else { String::new() };
        let (of, why) = (self.task.steps.len(), done.message.unwrap_or_default());
        let reason =
            format!("step {} of {of}, `{}`{on}, was not started: {why}", unit.place + 1, step.label());
        // Nothing was touched yet: then it is as if the run had not been let in.
        let outcome = if progress.touched.is_empty() { Outcome::Refused } else { Outcome::Failed };
        Ok(Err(End::new(outcome, reason)))
    }

    /// What window, blackouts and gate say now; if no, why.
    fn still_open(&self) -> Result<String, String> {
        let now = self.world.clock.now();
        match controller::still_open(self.plan, self.zone, self.task, now) {
            _ if self.emergency.is_some() => {}
            Ok(Ok(())) => {}
            Ok(Err(because)) => return Err(why_not(&because, self.zone)),
            Err(error) => return Err(crate::in_words(&error)),
        }
        let Some(gate) = &self.task.gate else { return Ok("still open".to_owned()) };
        match controller::ask_gate(gate, self.world) {
            GateAnswer::Open(found) => Ok(found),
            GateAnswer::Closed(why) => Err(format!("its gate is closed by now: {why}")),
            GateAnswer::Unknown(why) if self.emergency.is_some() => Ok(controller::open_in_emergency(&why)),
            GateAnswer::Unknown(why) => Err(format!("its gate cannot be asked: {why}")),
        }
    }
}
