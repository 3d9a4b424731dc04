//! What of the resources is in use, when.
//!
//! Two ways to keep it: [`Packed`] for few resources and jobs, [`Blocks`] for many. They give the same
//! answers.

mod blocks;
mod packed;

pub use blocks::Blocks;
pub use packed::Packed;

use super::problem::Time;

/// The use of all resources over time.
pub trait Profile {
    /// Whether a search takes so long that it is worth remembering the last ones.
    const IS_LARGE: bool;

    /// Nothing is in use.
    fn clear(&mut self);

    /// The earliest start at or after `from` at which `job` finds all it needs for `duration`.
    fn earliest(&self, job: usize, from: Time, duration: Time) -> Time;

    /// Takes what `job` needs, from `start` for `duration`.
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

    fn problem(random: &mut Random) -> Problem {
        let job = |random: &mut Random| {
            let demands = CAPACITIES.iter().enumerate().map(|(resource, capacity)| {
                let amount = u32::try_from(random.below(*capacity as usize + 1)).unwrap_or(0);
                Demand { resource: ResourceId(resource), amount, hold: 0 }
            });
            let demands = demands.collect();
            Job { duration: i64::try_from(random.below(9)).unwrap_or(0), demands, ..Job::default() }
        };
        let jobs = (0..N_JOBS).map(|_| job(random)).collect();
        Problem::new(jobs, CAPACITIES.to_vec(), vec![]).expect("a problem")
    }

    /// What the profiles are to say, instant by instant.
    fn plain(problem: &Problem, taken: &[(usize, Time)], job: usize, from: Time) -> Time {
        let wanted = &problem.jobs()[job];
        let used = |resource: ResourceId, time: Time| -> u32 {
            let running = taken
                .iter()
                .filter(|(other, start)| (*start..*start + problem.jobs()[*other].duration).contains(&time));
            running
                .flat_map(|(other, _)| &problem.jobs()[*other].demands)
                .filter(|demand| demand.resource == resource)
                .map(|demand| demand.amount)
                .sum()
        };
        let fits = |start: &Time| {
            (*start..*start + wanted.duration).all(|time| {
                let is_free = |demand: &Demand| {
                    used(demand.resource, time) + demand.amount <= CAPACITIES[demand.resource.0]
                };
                wanted.demands.iter().filter(|demand| demand.amount != 0).all(is_free)
            })
        };
        (from..from + 10_000).find(fits).unwrap_or(Time::MAX)
    }

    #[test]
    fn both_profiles_find_what_a_search_instant_by_instant_finds() {
        for seed in 0..20 {
            let mut random = Random::new(seed);
            let problem = problem(&mut random);
            let mut packed = Packed::of(&problem).expect("small capacities");
            let mut blocks = Blocks::of(&problem);
            let mut taken: Vec<(usize, Time)> = Vec::new();
            for job in 0..N_JOBS {
                let from = i64::try_from(random.below(300)).unwrap_or(0) - 50;
                let duration = problem.jobs()[job].duration;
                let start = packed.earliest(job, from, duration);
                assert_eq!(start, blocks.earliest(job, from, duration), "seed {seed}, job {job}");
                if job % 8 == 0 {
                    assert_eq!(start, plain(&problem, &taken, job, from), "seed {seed}, job {job}");
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
