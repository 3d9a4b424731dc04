//! All resources in one word.

use super::Profile;
use crate::scheduler::solver::network::FAR;
use crate::scheduler::solver::problem::{Demand, Problem, Time};

/// What is free, as one sorted list of steps. Each resource has some bits of a word and a guard bit above
/// them, which a subtraction clears when too little is free: all resources are compared at once.
///
/// Source of the comparison: Lamport, "Multiple byte processing with full-word instructions" (1975).
#[derive(Debug, Clone)]
pub struct Packed {
    /// What each job needs.
    needs: Vec<u64>,
    guards: u64,
    all: u64,
    /// From each time on, until the next, so much is free; the first is before everything.
    times: Vec<Time>,
    free: Vec<u64>,
}

impl Packed {
    /// A profile for `problem`, if its capacities fit a word.
    pub fn of(problem: &Problem) -> Option<Self> {
        let (mut shift, mut guards, mut all) = (0, 0_u64, 0_u64);
        let mut shifts = Vec::new();
        for capacity in problem.capacities() {
            let width = u32::BITS - capacity.leading_zeros();
            if u64::BITS <= shift + width {
                return None;
            }
            shifts.push(shift);
            all |= u64::from(*capacity) << shift;
            guards |= 1 << (shift + width);
            shift += width + 1;
        }
        let needs = problem.jobs().iter().map(|job| {
            // A job that needs more than there is is never asked about.
            let enough = |demand: &&Demand| demand.amount <= problem.capacities()[demand.resource.0];
            let packed = |demand: &Demand| u64::from(demand.amount) << shifts[demand.resource.0];
            job.demands.iter().filter(enough).map(packed).sum()
        });
        let mut packed = Self { needs: needs.collect(), guards, all, times: Vec::new(), free: Vec::new() };
        packed.clear();
        Some(packed)
    }

    /// The step in which `time` lies.
    #[inline]
    fn at(&self, time: Time) -> usize {
        self.times.partition_point(|step| *step <= time) - 1
    }

    /// The step that begins at `time`, which is made if there is none.
    #[inline]
    fn begin_step(&mut self, time: Time) -> usize {
        let step = self.at(time);
        if self.times[step] == time {
            return step;
        }
        self.times.insert(step + 1, time);
        self.free.insert(step + 1, self.free[step]);
        step + 1
    }
}

impl Profile for Packed {
    const IS_LARGE: bool = false;

    fn clear(&mut self) {
        self.times.clear();
        self.free.clear();
        self.times.push(-FAR);
        self.free.push(self.all | self.guards);
    }

    #[inline]
    fn earliest(&self, job: usize, from: Time, duration: Time) -> Time {
        let (need, guards) = (self.needs[job], self.guards);
        if need == 0 || duration == 0 {
            return from;
        }
        let mut step = self.at(from);
        let mut start = from;
        loop {
            let fits = self.free[step].wrapping_sub(need) & guards == guards;
            step += 1;
            match self.times.get(step) {
                // Everything is free in the last step.
                None => return start,
                Some(&time) if !fits => start = time,
                Some(&time) if start + duration <= time => return start,
                Some(_) => {}
            }
        }
    }

    #[inline]
    fn take(&mut self, job: usize, start: Time, duration: Time) {
        let need = self.needs[job];
        if need != 0 && duration != 0 {
            let first = self.begin_step(start);
            let end = self.begin_step(start + duration);
            for free in &mut self.free[first..end] {
                *free -= need;
            }
        }
    }

    fn give_back(&mut self, job: usize, start: Time, duration: Time) {
        let need = self.needs[job];
        if need != 0 && duration != 0 {
            let first = self.begin_step(start);
            let end = self.begin_step(start + duration);
            for free in &mut self.free[first..end] {
                *free += need;
            }
        }
    }
}
