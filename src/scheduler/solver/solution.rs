//! What the answer is.

use super::model::UNPLACED;
use super::problem::{JobId, Problem, ResourceId, Time};

/// How good a schedule is; what is smaller is better, the first difference decides.
///
/// Placing less of what is not optional than what can be placed is worse than anything in here: see
/// [`Solution::unplaced`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Objective {
    /// Sum over all placed jobs of the time that they end late, times their weight.
    pub weighted_tardiness: u128,
    /// Published starts of placed jobs that moved.
    pub moved: u64,
    /// Optional jobs that are left out.
    pub left_out: u64,
    /// From the earliest release, or start of what has started, to the last end.
    pub makespan: Time,
    /// The most that is in use at one instant, of all resources together.
    pub peak: u64,
}

/// A schedule, and what is known about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Solution {
    /// When each job starts, unless it is in `unplaced`.
    pub starts: Vec<Option<Time>>,
    /// How good that is.
    pub objective: Objective,
    /// No schedule that places as much is better than this, part by part as far as the parts before are
    /// equal. Nothing but zero is claimed of the peak.
    pub lower_bound: Objective,
    /// Whether it is proved that no schedule places more, is less late, moves less or ends earlier, in this
    /// order. The peak decides between schedules that are equal in all that; nothing is proved of it.
    pub optimal: bool,
    /// The first schedule: published starts are kept wherever that is possible. What the answer gains over it
    /// is what it moved them for.
    pub first: First,
    /// What could not be placed, and why.
    pub unplaced: Vec<(JobId, Why)>,
    /// How many schedules were generated.
    pub steps: u64,
}

/// What is known of the schedule that the search began with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct First {
    /// How good it is.
    pub objective: Objective,
    /// How many jobs it leaves out that are not optional.
    pub n_unplaced: usize,
}

/// Why a job has no start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It needs more of a resource than there is.
    TooMuch(ResourceId),
    /// Its calendar, its latest start and what comes before it leave no start, even if nothing else happens.
    NoStretch,
    /// A job that comes before it has no start.
    After(JobId),
    /// Whenever it may start, others hold what it needs.
    NoRoom,
    /// It is optional: with it something would be late, or a published start would move, or more of what is
    /// optional would be left out.
    Optional,
}

impl Solution {
    /// How far the makespan is above what is proved, as a share of it; nothing if lateness, moves or what is
    /// left out are not proved to be needed.
    pub fn gap(&self) -> Option<f64> {
        let (found, proved) = (&self.objective, &self.lower_bound);
        let before =
            |objective: &Objective| (objective.weighted_tardiness, objective.moved, objective.left_out);
        let is_comparable = before(found) == before(proved);
        #[expect(clippy::cast_precision_loss, reason = "a share for people")]
        let gap = |above: Time| if above == 0 { 0.0 } else { above as f64 / found.makespan as f64 };
        is_comparable.then(|| gap(found.makespan - proved.makespan))
    }
}

/// The most that is in use at one instant, of all resources together.
pub(super) fn peak(problem: &Problem, starts: &[Time]) -> u64 {
    let mut changes: Vec<(Time, i64)> = Vec::new();
    for (job, start) in problem.jobs().iter().zip(starts).filter(|(_, start)| **start != UNPLACED) {
        for demand in &job.demands {
            let (amount, end) = (i64::from(demand.amount), start + job.duration + demand.hold);
            if *start < end && amount != 0 {
                changes.extend([(*start, amount), (end, -amount)]);
            }
        }
    }
    // What ends at an instant comes before what starts at it.
    changes.sort_unstable();
    let (mut used, mut most) = (0, 0);
    for (_, change) in changes {
        used += change;
        most = most.max(used);
    }
    most.unsigned_abs()
}
