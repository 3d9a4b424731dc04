//! All resources in one word.

use super::{Direction, Profile};
use crate::scheduler::solver::network::{FAR, Lists};
use crate::scheduler::solver::problem::{Demand, Problem, Time};

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
    /// From each time on, until the next, so much is free; the first is before everything.
    times: Vec<Time>,
    free: Vec<u64>,
    /// What is free at first, forwards and mirrored: what has started takes the rest.
    at_first: [(Vec<Time>, Vec<u64>); 2],
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
            times: Vec::new(),
            free: Vec::new(),
            at_first: Default::default(),
        };
        packed.at_first = [Direction::Forwards, Direction::Mirrored]
            .map(|direction| packed.besides_started(problem, &fields, direction));
        packed.clear(Direction::Forwards);
        Some(packed)
    }

    /// What has started may hold more than there is: then nothing is free.
    fn besides_started(
        &mut self,
        problem: &Problem,
        fields: &[Field],
        direction: Direction,
    ) -> (Vec<Time>, Vec<u64>) {
        (self.times, self.free) = (vec![-FAR], vec![self.all | self.guards]);
        for job in problem.jobs() {
            let Some(start) = job.started else { continue };
            for demand in &job.demands {
                let (start, end) = direction.held(start, job.duration, demand.hold);
                let field = fields[demand.resource.0];
                self.change(start, end, |free| field.less(free, demand.amount));
            }
        }
        (std::mem::take(&mut self.times), std::mem::take(&mut self.free))
    }

    /// The earliest start at or after `from` from which on, for `duration`, `need` is free.
    #[inline]
    fn earliest_of(&self, need: u64, from: Time, duration: Time) -> Time {
        let guards = self.guards;
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

    /// The same for a job that holds something longer than it lasts.
    fn earliest_of_parts(&self, need: u64, parts: &[Part], from: Time, duration: Time) -> Time {
        let mut start = from;
        loop {
            let mut found = self.earliest_of(need, start, duration);
            for part in parts {
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
        let mut step = self.begin_step(start);
        loop {
            let free = self.free[step];
            self.free[step] = change(free);
            step += 1;
            match self.times.get(step) {
                Some(time) if *time < end => {}
                Some(time) if *time == end => return,
                _ => {
                    self.times.insert(step, end);
                    self.free.insert(step, free);
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

    fn clear(&mut self, direction: Direction) {
        self.direction = direction;
        let (times, free) = &self.at_first[direction as usize];
        self.times.clone_from(times);
        self.free.clone_from(free);
    }

    #[inline]
    fn earliest(&self, job: usize, from: Time, duration: Time) -> Time {
        match self.parts_of(job) {
            [] => self.earliest_of(self.needs[job], from, duration),
            parts => self.earliest_of_parts(self.needs[job], parts, from, duration),
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
