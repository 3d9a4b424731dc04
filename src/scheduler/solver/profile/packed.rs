//! All resources in one word.

use super::{Direction, Profile};
use crate::scheduler::solver::network::{FAR, Lists};
use crate::scheduler::solver::problem::{Demand, Problem, Time};

/// How many steps are looked through one by one, before it is worth halving what is left.
const NEARBY: usize = 16;

/// What is free, as one sorted list of steps. Each resource has some bits of a word and a guard bit above
/// them, which a subtraction clears when too little is free: all resources are compared at once.
///
/// Source of the comparison: Lamport, "Multiple byte processing with full-word instructions" (1975).
#[derive(Debug, Clone)]
pub struct Packed {
    /// What each job needs while it lasts.
    needs: Vec<u64>,
    /// What it holds longer than that, if any job does.
    parts: Option<Lists<Part>>,
    direction: Direction,
    guards: u64,
    all: u64,
    /// The first is before everything; in the last everything is free.
    steps: Vec<Step>,
    /// Where the last search ended: the next one begins nearby.
    near: usize,
    /// What is free at first, forwards and mirrored: what has started takes the rest.
    at_first: [Vec<Step>; 2],
}

/// From a time on, until the next step, so much is free.
#[derive(Debug, Clone, Copy)]
struct Step {
    time: Time,
    free: u64,
}

/// What a job holds for some time longer than it lasts.
#[derive(Debug, Clone, Copy, Default)]
struct Part {
    need: u64,
    hold: Time,
}

/// The bits of a resource.
#[derive(Debug, Clone, Copy)]
struct Field {
    shift: u32,
    mask: u64,
}

impl Field {
    fn packed(self, amount: u32) -> u64 {
        u64::from(amount) << self.shift
    }

    /// `free` less `amount`, or less all there is.
    fn less(self, free: u64, amount: u32) -> u64 {
        let left = ((free & self.mask) >> self.shift).saturating_sub(u64::from(amount));
        free & !self.mask | left << self.shift
    }
}

impl Packed {
    /// A profile for `problem`, if its capacities fit a word.
    pub fn of(problem: &Problem) -> Option<Self> {
        let (mut shift, mut guards, mut all) = (0, 0_u64, 0_u64);
        let mut fields = Vec::new();
        for capacity in problem.capacities() {
            let width = u32::BITS - capacity.leading_zeros();
            if u64::BITS <= shift + width {
                return None;
            }
            fields.push(Field { shift, mask: ((1 << width) - 1) << shift });
            all |= u64::from(*capacity) << shift;
            guards |= 1 << (shift + width);
            shift += width + 1;
        }
        // A job that needs more than there is is never asked about.
        let is_enough = |demand: &&Demand| demand.amount <= problem.capacities()[demand.resource.0];
        let part = |demand: &Demand| Part {
            need: fields[demand.resource.0].packed(demand.amount),
            hold: demand.hold,
        };
        let (mut needs, mut parts, mut is_holding) = (Vec::new(), Lists::default(), false);
        for job in problem.jobs() {
            let all_parts = job.demands.iter().filter(is_enough).map(part).filter(|part| part.need != 0);
            let (held, needed): (Vec<_>, Vec<_>) = all_parts.partition(|part| part.hold != 0);
            needs.push(needed.iter().map(|part| part.need).sum());
            is_holding |= !held.is_empty();
            parts.push(held);
        }
        let mut packed = Self {
            needs,
            parts: is_holding.then_some(parts),
            direction: Direction::Forwards,
            guards,
            all,
            steps: Vec::new(),
            near: 0,
            at_first: Default::default(),
        };
        packed.at_first = [Direction::Forwards, Direction::Mirrored]
            .map(|direction| packed.besides_started(problem, &fields, direction));
        packed.clear(Direction::Forwards);
        Some(packed)
    }

    /// What has started may hold more than there is: then nothing is free.
    fn besides_started(&mut self, problem: &Problem, fields: &[Field], direction: Direction) -> Vec<Step> {
        self.steps = vec![Step { time: -FAR, free: self.all | self.guards }];
        for job in problem.jobs() {
            let Some(start) = job.started else { continue };
            for demand in &job.demands {
                let (start, end) = direction.held(start, job.duration, demand.hold);
                let field = fields[demand.resource.0];
                self.change(start, end, |free| field.less(free, demand.amount));
            }
        }
        std::mem::take(&mut self.steps)
    }

    /// The earliest start at or after `from` from which on, for `duration`, `need` is free.
    #[inline]
    fn earliest_of(&mut self, need: u64, from: Time, duration: Time) -> Time {
        let guards = self.guards;
        if need == 0 || duration == 0 {
            return from;
        }
        let mut near = self.at(from);
        let (mut start, mut end) = (from, from + duration);
        let mut fits = self.steps[near].free.wrapping_sub(need) & guards == guards;
        for (step, Step { time, free }) in (near + 1..).zip(&self.steps[near + 1..]) {
            if !fits {
                (near, start, end) = (step, *time, *time + duration);
            } else if end <= *time {
                break;
            }
            fits = free.wrapping_sub(need) & guards == guards;
        }
        self.near = near;
        start
    }

    /// The same for a job that holds something longer than it lasts.
    fn earliest_of_parts(&mut self, job: usize, from: Time, duration: Time) -> Time {
        let need = self.needs[job];
        let mut start = from;
        loop {
            let mut found = self.earliest_of(need, start, duration);
            for n in 0..self.parts_of(job).len() {
                let part = self.parts_of(job)[n];
                let offset = self.direction.offset(part.hold);
                found = self.earliest_of(part.need, found + offset, duration + part.hold) - offset;
            }
            if found == start {
                return start;
            }
            start = found;
        }
    }

    #[inline]
    fn change(&mut self, start: Time, end: Time, change: impl Fn(u64) -> u64) {
        if end <= start {
            return;
        }
        let first = self.begin_step(start);
        for n in first..self.steps.len() {
            let free = self.steps[n].free;
            self.steps[n].free = change(free);
            match self.steps.get(n + 1) {
                Some(next) if next.time < end => {}
                Some(next) if next.time == end => return,
                _ => {
                    self.steps.insert(n + 1, Step { time: end, free });
                    return;
                }
            }
        }
    }

    #[inline]
    fn parts_of(&self, job: usize) -> &[Part] {
        self.parts.as_ref().map_or(&[], |parts| parts.of(job))
    }

    #[cold]
    fn change_parts(&mut self, job: usize, start: Time, duration: Time, change: impl Fn(u64, u64) -> u64) {
        for n in 0..self.parts_of(job).len() {
            let part = self.parts_of(job)[n];
            let start = start + self.direction.offset(part.hold);
            self.change(start, start + duration + part.hold, |free| change(free, part.need));
        }
    }

    /// The step in which `time` lies: most often it is near the last one.
    #[inline]
    fn at(&self, time: Time) -> usize {
        let near = self.near.min(self.steps.len() - 1);
        let is_before = |step: &Step| step.time <= time;
        if is_before(&self.steps[near]) {
            let later = &self.steps[near + 1..];
            let next = later.iter().take(NEARBY).position(|step| !is_before(step));
            near + next.unwrap_or_else(|| later.partition_point(is_before))
        } else {
            let sooner = &self.steps[..near];
            let last = sooner.iter().rev().take(NEARBY).position(is_before);
            last.map_or_else(|| sooner.partition_point(is_before), |n| near - n) - 1
        }
    }

    /// The step that begins at `time`, which is made if there is none.
    #[inline]
    fn begin_step(&mut self, time: Time) -> usize {
        let step = self.at(time);
        if self.steps[step].time == time {
            return step;
        }
        self.steps.insert(step + 1, Step { time, free: self.steps[step].free });
        step + 1
    }
}

impl Profile for Packed {
    const IS_LARGE: bool = false;

    fn clear(&mut self, direction: Direction) {
        self.direction = direction;
        self.steps.clone_from(&self.at_first[direction as usize]);
    }

    #[inline]
    fn earliest(&mut self, job: usize, from: Time, duration: Time) -> Time {
        if self.parts_of(job).is_empty() {
            self.earliest_of(self.needs[job], from, duration)
        } else {
            self.earliest_of_parts(job, from, duration)
        }
    }

    #[inline]
    fn take(&mut self, job: usize, start: Time, duration: Time) {
        let need = self.needs[job];
        if need != 0 {
            self.change(start, start + duration, |free| free - need);
        }
        if self.parts.is_some() {
            self.change_parts(job, start, duration, |free, need| free - need);
        }
    }

    fn give_back(&mut self, job: usize, start: Time, duration: Time) {
        let need = self.needs[job];
        if need != 0 {
            self.change(start, start + duration, |free| free + need);
        }
        if self.parts.is_some() {
            self.change_parts(job, start, duration, |free, need| free + need);
        }
    }
}
