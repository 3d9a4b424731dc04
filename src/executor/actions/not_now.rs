//! Exit code 75: "not now".

use super::Done;
use crate::model::{Outcome, Phase};

/// What it means when a step ends with exit code 75.
///
/// A step that finds that this is not the time says so with exit code 75 (`EX_TEMPFAIL`), instead of failing. As long as
/// no earlier step has worked on the same target, nothing has to be undone: the work on this target is left out, quietly,
/// with the reason on record, and the other targets go on. After that it comes too late, because half of the work is
/// done: it is a failure like any other exit code. So it is in `rollback` and `finally`, where "not now" has no meaning.
///
/// Source: borgmatic's "soft failure" of hooks that run before a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotNow {
    /// The work on this target is left out.
    LeavesOut,
    /// The step has failed.
    Fails,
}

impl NotNow {
    /// What it means to a step of `phase`, by whether any step has worked on the same target before.
    pub fn to(phase: Phase, is_first_on_target: bool) -> Self {
        if phase == Phase::Steps && is_first_on_target { Self::LeavesOut } else { Self::Fails }
    }

    /// `done` as it counts then: left out, or as it is.
    pub fn applied_to(self, done: Done) -> Done {
        match self {
            Self::LeavesOut if done.not_now => Done { outcome: Outcome::Skipped, ..done },
            Self::LeavesOut | Self::Fails => Done { not_now: false, ..done },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_step_on_a_target_may_leave_it_out() {
        let tempfail =
            || Done { not_now: true, exit_code: Some(75), ..Done::failed("exit code 75 (not now)") };
        let outcome = |phase, is_first| NotNow::to(phase, is_first).applied_to(tempfail()).outcome;
        assert_eq!(outcome(Phase::Steps, true), Outcome::Skipped);
        assert_eq!(outcome(Phase::Steps, false), Outcome::Failed);
        assert_eq!(outcome(Phase::Rollback, true), Outcome::Failed);
        assert_eq!(outcome(Phase::Finally, true), Outcome::Failed);
    }

    #[test]
    fn what_did_not_say_so_is_left_as_it_is() {
        for done in [Done::failed("exit code 3"), Done::well(None), Done::interrupted("stopped")] {
            assert_eq!(NotNow::LeavesOut.applied_to(done.clone()), done);
        }
    }
}
