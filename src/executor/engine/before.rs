//! Gate, preconditions and baseline: nothing is touched yet.

use super::steps::Progress;
use super::{End, Work};
use crate::executor::actions::Done;
use crate::model::script::Script;
use crate::model::{Event, Outcome, Phase};
use crate::state::StateError;
use crate::validator::verifier::{self, Facts};

impl Work<'_> {
    /// Gate, preconditions and baseline: nothing is touched yet.
    pub(super) fn prepare(
        &self,
        progress: &Progress,
        script: &Script,
    ) -> Result<Result<Option<Facts>, End>, StateError> {
        if let Err(end) = self.users_are_there() {
            return Ok(Err(end));
        }
        if let (Some(gate), Some(found)) = (&self.task.gate, &self.gate) {
            self.once(progress, Phase::Gate, "gate", &gate.promql, || Done::well(found.clone()))?;
        }
        if self.past.is_touched() {
            // What was before the work is on record, or nobody will know it any more.
            return Ok(Ok(self.past.facts.clone()));
        }
        for asked in &script.preconditions {
            let done = self.check(progress, asked)?;
            if done.outcome == Outcome::Interrupted {
                return Ok(Err(End::new(Outcome::Interrupted, "stopped before anything was touched")));
            }
            if done.not_now {
                let reason =
                    format!("not now, says the precondition `{}` (exit code 75)", asked.check.in_short());
                return Ok(Err(End::new(Outcome::Skipped, reason)));
            }
            if !done.is_well() {
                let why = done.message.unwrap_or_default();
                let reason = format!("precondition `{}` does not hold: {why}", asked.check.in_short());
                return Ok(Err(End::new(Outcome::Refused, reason)));
            }
        }
        match &self.task.baseline {
            Some(_) => {
                let facts = match self.past.facts.clone().map(Ok) {
                    Some(known) => known,
                    None => self.take_baseline(progress)?,
                };
                let facts = match facts {
                    Ok(facts) => facts,
                    Err(end) => return Ok(Err(end)),
                };
                Ok(self.take_series(progress, &facts)?.map(|()| Some(facts)))
            }
            None => Ok(Ok(None)),
        }
    }

    fn take_baseline(&self, progress: &Progress) -> Result<Result<Facts, End>, StateError> {
        let mut facts = None;
        let done = self.once(progress, Phase::Baseline, "capture the baseline", "capture", || {
            let Some(prometheus) = &self.world.prometheus else {
                return Done::failed("there is no Prometheus");
            };
            let spec = match self.baseline_spec() {
                Ok(spec) => spec,
                Err(error) => return Done::failed(crate::in_words(&error)),
            };
            match verifier::capture(prometheus, self.world, &spec) {
                Ok(taken) => {
                    let message = format!(
                        "{}, {}, {}",
                        crate::counted(taken.first.targets.len(), "target"),
                        crate::counted(taken.first.rules.len(), "rule"),
                        crate::counted(taken.first.firing.len(), "firing alert"),
                    );
                    facts = Some(taken.bounded());
                    Done::well(message)
                }
                Err(error) => Done::failed(crate::in_words(&error)),
            }
        })?;
        let Some(facts) = facts else {
            let why = done.message.unwrap_or_default();
            return Ok(Err(End::new(
                Outcome::Refused,
                format!("there is no baseline to come back to: {why}"),
            )));
        };
        if facts.first.targets.is_empty() {
            let reason = "the baseline is empty: Prometheus has no target, so nothing could be proved";
            return Ok(Err(End::new(Outcome::Refused, reason)));
        }
        // With the end of its step, so that there is none without the other.
        progress.hold(Event::BaselineTaken {
            run: self.run,
            at: self.world.clock.now(),
            facts: serde_json::to_value(&facts).unwrap_or_default(),
        });
        Ok(Ok(facts))
    }
}
