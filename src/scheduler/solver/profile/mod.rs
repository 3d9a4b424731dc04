//! What of the resources is in use, when.
//!
//! Two ways to keep it: [`Packed`] for few resources and jobs, [`Blocks`] for many. They give the same
//! answers.

mod blocks;
mod packed;

pub use blocks::Blocks;
pub use packed::Packed;

use super::problem::Time;

/// Which way time runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Forwards,
    /// What ended at `t` starts at `-t`; what was held after that is held before.
    Mirrored,
}

impl Direction {
    /// How long after a job starts it begins to hold what it holds for `hold` longer.
    #[inline]
    fn offset(self, hold: Time) -> Time {
        match self {
            Direction::Forwards => 0,
            Direction::Mirrored => -hold,
        }
    }

    /// From when to when something is held for `hold` after a job that starts forwards.
    fn held(self, start: Time, duration: Time, hold: Time) -> (Time, Time) {
        match self {
            Direction::Forwards => (start, start + duration + hold),
            Direction::Mirrored => (-(start + duration + hold), -start),
        }
    }
}

/// The use of all resources over time.
pub trait Profile {
    /// Whether a search takes so long that it is worth remembering the last ones.
    const IS_LARGE: bool;

    /// Nothing is in use but by what has started. From now on time runs in this direction.
    fn clear(&mut self, direction: Direction);

    /// The earliest start at or after `from` at which `job` finds all it needs for `duration`, and as much
    /// longer as it is held.
    fn earliest(&mut self, job: usize, from: Time, duration: Time) -> Time;

    /// Takes what `job` needs, from `start` for `duration`, and as much longer as it is held.
    fn take(&mut self, job: usize, start: Time, duration: Time);

    /// Gives it back.
    fn give_back(&mut self, job: usize, start: Time, duration: Time);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheduler::solver::problem::{Demand, Job, Problem, ResourceId};
    use crate::scheduler::solver::random::Random;

    const N_JOBS: usize = 400;
    const CAPACITIES: [u32; 3] = [1, 3, 12];

    fn below(random: &mut Random, n: usize) -> i64 {
        i64::try_from(random.below(n)).unwrap_or(0)
    }

    /// Every third seed makes jobs that hold something longer than they last, and some that have started.
    fn problem(random: &mut Random, seed: u64) -> Problem {
        let mut job = |n: usize| {
            let demands = CAPACITIES.iter().enumerate().map(|(resource, capacity)| {
                let amount = u32::try_from(random.below(*capacity as usize + 1)).unwrap_or(0);
                let hold = if seed.is_multiple_of(3) && random.below(4) == 0 { below(random, 5) } else { 0 };
                Demand { resource: ResourceId(resource), amount, hold }
            });
            let demands = demands.collect();
            let started = (seed.is_multiple_of(3) && n.is_multiple_of(40)).then(|| below(random, 200));
            Job { duration: below(random, 9), demands, started, ..Job::default() }
        };
        let jobs = (0..N_JOBS).map(&mut job).collect();
        Problem::new(jobs, CAPACITIES.to_vec(), vec![]).expect("a problem")
    }

    /// What the profiles are to say, instant by instant.
    fn plain(
        problem: &Problem,
        taken: &[(usize, Time)],
        job: usize,
        from: Time,
        direction: Direction,
    ) -> Time {
        let jobs = problem.jobs();
        let holds = |start: Time, job: &Job, demand: &Demand, time: Time| {
            let (before, after) = match direction {
                Direction::Forwards => (0, demand.hold),
                Direction::Mirrored => (demand.hold, 0),
            };
            (start - before..start + job.duration + after).contains(&time)
        };
        let started = jobs.iter().enumerate().filter_map(|(n, job)| {
            let start = job.started?;
            Some((n, if direction == Direction::Forwards { start } else { -(start + job.duration) }))
        });
        let running: Vec<(usize, Time)> = started.chain(taken.iter().copied()).collect();
        let used = |resource: ResourceId, time: Time| -> u32 {
            let demands = running.iter().flat_map(|(other, start)| {
                jobs[*other].demands.iter().map(move |demand| (other, start, demand))
            });
            demands
                .filter(|(other, start, demand)| {
                    demand.resource == resource && holds(**start, &jobs[**other], demand, time)
                })
                .map(|(_, _, demand)| demand.amount)
                .sum()
        };
        let wanted = &jobs[job];
        let fits = |start: &Time| {
            (*start - 9..*start + wanted.duration + 9).all(|time| {
                let needed = wanted
                    .demands
                    .iter()
                    .filter(|demand| demand.amount != 0 && holds(*start, wanted, demand, time));
                needed.into_iter().all(|demand| {
                    used(demand.resource, time) + demand.amount <= CAPACITIES[demand.resource.0]
                })
            })
        };
        (from..from + 10_000).find(fits).unwrap_or(Time::MAX)
    }

    #[test]
    fn both_profiles_find_what_a_search_instant_by_instant_finds() {
        for seed in 0..24 {
            let mut random = Random::new(seed);
            let problem = problem(&mut random, seed);
            let mut packed = Packed::of(&problem).expect("small capacities");
            let mut blocks = Blocks::of(&problem);
            let direction = if seed % 2 == 0 { Direction::Forwards } else { Direction::Mirrored };
            packed.clear(direction);
            blocks.clear(direction);
            let mut taken: Vec<(usize, Time)> = Vec::new();
            for job in (0..N_JOBS).filter(|job| problem.jobs()[*job].started.is_none()) {
                let from = below(&mut random, 300) - 50;
                let duration = problem.jobs()[job].duration;
                let start = packed.earliest(job, from, duration);
                assert_eq!(start, blocks.earliest(job, from, duration), "seed {seed}, job {job}");
                if job % 40 == 1 {
                    let expected = plain(&problem, &taken, job, from, direction);
                    assert_eq!(start, expected, "seed {seed}, job {job}");
                }
                packed.take(job, start, duration);
                blocks.take(job, start, duration);
                taken.push((job, start));
                if random.below(4) == 0 {
                    let (job, start) = taken.swap_remove(random.below(taken.len()));
                    packed.give_back(job, start, problem.jobs()[job].duration);
                    blocks.give_back(job, start, problem.jobs()[job].duration);
                }
            }
        }
    }
}
