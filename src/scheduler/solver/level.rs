//! Lower peaks for the same cost.
//!
//! All that is in use together is one more resource; the schedule is made again with less and less of it, as
//! long as it costs the same: a search that went on would not know of anything better.

use super::generate::Generator;
use super::model::{Cost, Model, UNPLACED};
use super::problem::{Demand, Problem, ResourceId, Time};
use super::profile::Blocks;
use super::solution::peak;

/// With more jobs than this the peak is left as it is: a schedule takes too long to be made for it alone.
const MAX_JOBS: usize = 5000;

/// A schedule that costs the same as `starts`, which leave out nothing that can be placed, and whose peak is
/// as low as could be found, if one was.
///
/// `is_over` is asked before each try; there are about as many as the peak has binary digits.
pub fn level(
    problem: &Problem,
    starts: &[Time],
    cost: Cost,
    is_over: &mut dyn FnMut() -> bool,
) -> Option<Vec<Time>> {
    if MAX_JOBS < starts.len() {
        return None;
    }
    let mut best = None;
    let (mut too_low, mut reached) = (highest_of_one(problem, starts), peak(problem, starts));
    // What one job needs alone is needed; one less is too low.
    too_low = too_low.saturating_sub(1);
    while too_low + 1 < reached && !is_over() {
        let limit = too_low + (reached - too_low) / 2;
        match with_limit(problem, starts, cost, limit) {
            Some((levelled, peak)) => {
                reached = peak;
                best = Some(levelled);
            }
            None => too_low = limit,
        }
    }
    best
}

fn highest_of_one(problem: &Problem, starts: &[Time]) -> u64 {
    let placed =
        problem.jobs().iter().zip(starts).filter(|(job, start)| **start != UNPLACED && job.duration != 0);
    placed.map(|(job, _)| units(job)).max().unwrap_or(0)
}

fn units(job: &super::Job) -> u64 {
    job.demands.iter().map(|demand| u64::from(demand.amount)).sum()
}

/// The schedule made again in the order of its starts, with at most `limit` in use.
///
/// What has started may need more than that.
fn with_limit(problem: &Problem, starts: &[Time], cost: Cost, limit: u64) -> Option<(Vec<Time>, u64)> {
    let mut jobs = problem.jobs().to_vec();
    let together = ResourceId(problem.capacities().len());
    for job in &mut jobs {
        let hold = job.demands.iter().map(|demand| demand.hold).max().unwrap_or(0);
        job.demands.push(Demand { resource: together, amount: u32::try_from(units(job)).ok()?, hold });
    }
    let mut capacities = problem.capacities().to_vec();
    capacities.push(u32::try_from(limit).ok()?);
    let limited = Problem::new(jobs, capacities, problem.calendars().to_vec()).ok()?;
    let model = Model::of(&limited);
    let mut generator = Generator::new(&model, Blocks::of(&limited));
    let is_kept = model.published.iter().map(|(job, start)| starts[*job as usize] == *start);
    let is_placed = model.optional.iter().map(|job| starts[*job as usize] != UNPLACED);
    generator.build(&model.ordered_by(|job| starts[job]), &is_kept.chain(is_placed).collect::<Vec<_>>());
    generator.justify();
    generator.be_punctual();
    let peak = peak(problem, &generator.starts);
    (model.cost(&generator.starts) == cost && peak <= limit).then_some((generator.starts, peak))
}
