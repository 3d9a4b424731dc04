//! The comparison with the baseline.

use super::steps::Progress;
use super::{End, Work};
use crate::executor::actions::Done;
use crate::model::{Baseline, Event, Outcome, Phase};
use crate::state::StateError;
use crate::validator::verifier::{self, Facts};

impl Work<'_> {
    /// Waits until monitoring is as it was before the work, or before the way back (`is_cleanup`).
    pub(super) fn compare(
        &self,
        progress: &Progress,
        before: &Facts,
        is_cleanup: bool,
    ) -> Result<End, StateError> {
        if !is_cleanup && let Some(done) = self.objection(progress, None) {
            return Ok(unlike_before(done));
        }
        let cancel = if is_cleanup { &self.interrupts.cleanup } else { &self.interrupts.work };
        let spec = self.task.baseline.as_ref().map(|spec| spec.value.clone()).unwrap_or_default();
        let within = spec.within.map_or(Baseline::DEFAULT_WITHIN, |within| within.value);
        let patience = spec.settle.map_or(Baseline::DEFAULT_SETTLE, |settle| settle.value).to_std();
        let earlier = self.journal.state().settle_times()?.remove(self.name).unwrap_or_default();
        let patience = verifier::allowance(patience, &earlier);
        let patience = progress.time_left(patience, if is_cleanup { Phase::Rollback } else { Phase::Verify });
        let mut settled = None;
        let done = self.once(progress, Phase::Verify, "compare with the baseline", "compare", || {
            let found =
                verifier::settle(before, self.world, progress.end_of_work, (patience, within), cancel);
            let done = match found.took {
                Some(took) => {
                    Done::well(format!("monitoring is as it was, after {:.1}s", took.as_secs_f32()))
                }
                None if cancel.is_fired() => Done::interrupted("stopped waiting for monitoring to come back"),
                None => Done::failed(found.differences.join("; ")),
            };
            settled = Some(found);
            done
        })?;
        if let Some(settled) = settled {
            progress.hold(Event::BaselineCompared {
                run: self.run,
                same: settled.took.is_some(),
                differences: settled.differences,
                settled_ms: settled.took.map(|took| u64::try_from(took.as_millis()).unwrap_or(u64::MAX)),
            });
        }
        Ok(unlike_before(done))
    }
}

/// How a run ends after its comparison with the baseline.
pub(super) fn unlike_before(done: Done) -> End {
    match done.outcome {
        Outcome::Succeeded => End { outcome: Outcome::Succeeded, reason: None },
        Outcome::Interrupted => End { outcome: Outcome::Interrupted, reason: done.message },
        _ => End::new(
            Outcome::Failed,
            format!("monitoring did not come back as it was: {}", done.message.unwrap_or_default()),
        ),
    }
}
