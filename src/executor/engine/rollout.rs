//! The seams of a rollout: what happens between two batches, and whether a target may fail.

use super::script::{Batch, Part};
use super::steps::Progress;
use super::{End, Work};
use crate::state::StateError;

impl Work<'_> {
    /// Comes after a batch and before the next one starts; if that must not, how the run ends.
    ///
    /// What takes time here begins with [`Work::flush`]: the end of the last step is on disk before anything else
    /// happens. A run that is resumed does not come by here again when the next batch had begun.
    #[expect(
        clippy::unused_self,
        clippy::unnecessary_wraps,
        reason = "a seam: nothing comes between batches yet"
    )]
    pub(super) fn between(
        &self,
        _progress: &Progress,
        _batch: &Batch,
        _next: &Batch,
    ) -> Result<Result<(), End>, StateError> {
        Ok(Ok(()))
    }

    /// Whether the rollout goes on although the work on one target ended like this.
    #[expect(clippy::unused_self, reason = "a seam: no failure is borne yet")]
    pub(super) fn may_fail(&self, _progress: &Progress, _part: &Part, _end: &End) -> bool {
        false
    }
}
