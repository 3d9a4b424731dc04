//! Asking again: what let the run start may be over by the time that it does what cannot be undone.
//!
//! Steps before it may have outlived the window, a blackout may have begun, an alert may fire. So window, blackouts
//! and gate are asked just before each destructive step; when they say no the step is not run, and what was done is
//! undone by `rollback`. The silence of the run has to hold by then, too: an alert in the middle of what cannot be undone
//! pages people, or makes something else act. And a step that restarts Prometheus is not run when Prometheus would not
//! start again. Steps that are not destructive go on beyond a cutoff: stopping half-way does more harm.

use super::steps::Progress;
use super::{End, Work};
use crate::executor::actions::Done;
use crate::executor::actions::prometheus::config_fault;
use crate::executor::controller::{self, GateAnswer};
use crate::model::script::Unit;
use crate::model::{Outcome, Phase};
use crate::scheduler::words::why_not;
use crate::state::StateError;

impl Work<'_> {
    /// Whether a step may start now; if not, how the run ends.
    pub(super) fn recheck(&self, progress: &Progress, unit: &Unit) -> Result<Result<(), End>, StateError> {
        if let Err(end) = self.may_restart(progress, unit)? {
            return Ok(Err(end));
        }
        let step = unit.step;
        let is_destructive = step.destructive.is_some_and(|destructive| destructive.value);
        if is_destructive && let Some(Err(why)) = progress.silence.as_ref().map(|lease| lease.ensure()) {
            let name = format!("before `{}`", step.label());
            let done =
                self.once(progress, Phase::Gate, &name, "ask for the silence", || Done::failed(why))?;
            return Ok(Err(self.not_started(progress, unit, done)));
        }
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
        if done.is_well() { Ok(Ok(())) } else { Ok(Err(self.not_started(progress, unit, done))) }
    }

    /// Whether Prometheus would come back from a step that restarts it; if not, how the run ends. One that does not
    /// answer may well be what the restart is to mend.
    fn may_restart(&self, progress: &Progress, unit: &Unit) -> Result<Result<(), End>, StateError> {
        let Some(prometheus) = &self.world.prometheus else { return Ok(Ok(())) };
        if !unit.step.restarts(&["prometheus"]) {
            return Ok(Ok(()));
        }
        let name = format!("before `{}`", unit.step.label());
        let done =
            self.once(progress, Phase::Gate, &name, "check the configuration", || {
                match config_fault(prometheus, self.world, &self.interrupts.work) {
                    Ok(None) => {
                        Done::well("nothing is known that would keep Prometheus from starting".to_owned())
                    }
                    Ok(Some(fault)) => Done::failed(format!("Prometheus would not start again: {fault}")),
                    Err(error) => Done::well(format!("not checked: {}", crate::in_words(&error))),
                }
            })?;
        if done.is_well() { Ok(Ok(())) } else { Ok(Err(self.not_started(progress, unit, done))) }
    }

    /// How a run ends whose next step was not let through.
    fn not_started(&self, progress: &Progress, unit: &Unit, done: Done) -> End {
        let step = unit.step;
        let on = if self.targets.len() > 1 { format!(" on {}", unit.target) } else { String::new() };
        let (of, why) = (self.task.steps.len(), done.message.unwrap_or_default());
        let reason =
            format!("step {} of {of}, `{}`{on}, was not started: {why}", unit.place + 1, step.label());
        // Nothing was touched yet: then it is as if the run had not been let in.
        let outcome = if progress.touched.is_empty() { Outcome::Refused } else { Outcome::Failed };
        End::new(outcome, reason)
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
        self.ask_gate_again()
    }

    /// What the gate says now; if it is not open, why.
    pub(super) fn ask_gate_again(&self) -> Result<String, String> {
        let Some(gate) = &self.task.gate else { return Ok("still open".to_owned()) };
        match controller::ask_gate(gate, self.world) {
            GateAnswer::Open(found) => Ok(found),
            GateAnswer::Closed(why) => Err(format!("its gate is closed by now: {why}")),
            GateAnswer::Unknown(why) if self.emergency.is_some() => Ok(controller::open_in_emergency(&why)),
            GateAnswer::Unknown(why) => Err(format!("its gate cannot be asked: {why}")),
        }
    }
}
