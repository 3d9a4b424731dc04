//! The solver: start times for jobs that share resources.
//!
//! Resource-constrained project scheduling with calendars. [`Problem`] holds jobs with durations, releases,
//! due times, demands, predecessors and calendars; [`solve`] gives a [`Solution`] at once and better ones
//! until its [`Effort`] is used up or none can be better.
//!
//! Pure: no clock and no threads; time comes in as a closure.
//!
//! 1. Every start keeps every rule: release, latest start, calendar, precedence, capacities.
//! 2. The same problem, seed and number of steps give the same solution.
//! 3. More steps never give a worse one.
//! 4. A published start moves only where the first schedule could not keep it, or for less that is left out
//!    or less lateness; [`Solution::first`] is what to compare with.
//! 5. What is called optimal is: the bound does not come from the search.

mod bound;
mod branching;
mod exact;
mod generate;
mod genetic;
mod justify;
mod level;
mod model;
mod network;
mod pausing;
mod possible;
mod problem;
mod profile;
mod proof;
mod quiet;
mod random;
mod solution;
mod statement;
mod timetable;
mod why;

pub use problem::{
    CalendarId, Demand, Due, Job, JobId, LIMIT, Predecessor, Problem, ProblemError, ResourceId, Stretch, Time,
};
pub use solution::{First, Objective, Solution, Why};

use genetic::Genetic;
use model::{Cost, Model, UNPLACED};
use profile::{Blocks, Packed, Profile};
use proof::Prover;

/// How long to look for better schedules. The first one is made in any case.
pub enum Effort<'e> {
    /// About so many schedules: what has begun is finished. With 0 the first schedule is all there is.
    Steps(u64),
    /// Until this says that it is over; it is asked after every few schedules.
    Until(&'e mut dyn FnMut() -> bool),
}

impl Effort<'_> {
    fn is_used_up(&mut self, steps: u64) -> bool {
        self.at_most(1, steps) == 0 || self.is_over()
    }

    fn is_over(&mut self) -> bool {
        match self {
            Effort::Steps(_) => false,
            Effort::Until(is_over) => is_over(),
        }
    }

    /// `wanted` more steps, or as many as are left after `steps`.
    fn at_most(&self, wanted: u64, steps: u64) -> u64 {
        match self {
            Effort::Steps(limit) => wanted.min(limit.saturating_sub(steps)),
            Effort::Until(_) => wanted,
        }
    }
}

/// With more jobs than this a list of steps with all resources gets too long to insert into.
const MAX_JOBS_PACKED: usize = 4000;

/// Finds a schedule for `problem`.
///
/// `seed` decides between equals and steers the search.
pub fn solve(problem: &Problem, seed: u64, effort: Effort) -> Solution {
    let model = Model::of(problem);
    match Packed::of(problem).filter(|_| problem.jobs().len() <= MAX_JOBS_PACKED) {
        Some(profile) => search(&model, profile, seed, effort),
        None => search(&model, Blocks::of(problem), seed, effort),
    }
}

fn search<P: Profile>(model: &Model, profile: P, seed: u64, mut effort: Effort) -> Solution {
    let mut genetic = Genetic::begin(model, profile, seed);
    let mut steps = 1;
    let first = first(model, &genetic.best.starts);
    let mut bound = bound::lower_bound(model);
    let mut prover = Prover::new(model);
    while genetic.best.cost != bound && !effort.is_used_up(steps) {
        steps += if prover.is_due(&genetic.best.cost, &bound, steps) {
            prover.ask(&mut genetic, &mut bound, &mut effort, steps)
        } else {
            genetic.advance()
        };
    }
    let best = genetic.best;
    let is_whole = best.cost.unplaced == bound.unplaced;
    let is_wanted = is_whole && !matches!(effort, Effort::Steps(0));
    let mut is_over = || !is_wanted || effort.is_over();
    let levelled = level::level(model.problem, &best.starts, best.cost, &mut is_over);
    answer(model, &levelled.unwrap_or(best.starts), first, bound, steps)
}

fn answer(model: &Model, starts: &[Time], first: First, bound: Cost, steps: u64) -> Solution {
    let cost = model.cost(starts);
    Solution {
        objective: objective(cost, solution::peak(model.problem, starts)),
        lower_bound: objective(bound, 0),
        optimal: cost == bound,
        first,
        unplaced: why::unplaced(model, starts),
        starts: starts.iter().map(|start| (*start != UNPLACED).then_some(*start)).collect(),
        steps,
    }
}

fn first(model: &Model, starts: &[Time]) -> First {
    let jobs = model.problem.jobs().iter().zip(starts);
    First {
        objective: objective(model.cost(starts), solution::peak(model.problem, starts)),
        n_unplaced: jobs.filter(|(job, start)| !job.optional && **start == UNPLACED).count(),
    }
}

fn objective(cost: Cost, peak: u64) -> Objective {
    Objective {
        weighted_tardiness: cost.tardiness,
        moved: cost.moved,
        left_out: cost.left_out,
        makespan: cost.makespan,
        peak,
    }
}
