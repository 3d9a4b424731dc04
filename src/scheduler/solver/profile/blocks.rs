//! One list of steps per resource, in blocks.

use std::collections::BTreeMap;

use super::{Direction, Profile};
use crate::scheduler::solver::network::{FAR, Lists, id};
use crate::scheduler::solver::problem::{Problem, Time};

/// What is in use of each resource. A search passes over blocks of steps that are busy or free throughout.
#[derive(Debug, Clone)]
pub struct Blocks {
    /// Of each job: which resources, and how much may be in use of it besides.
    needs: Lists<Need>,
    direction: Direction,
    lines: Vec<Line>,
    /// The resources that are in use at first, by what has started, forwards and mirrored.
    at_first: [Vec<(usize, Line)>; 2],
}

#[derive(Debug, Clone, Copy, Default)]
struct Need {
    resource: u32,
    amount: u32,
    most: u32,
    hold: Time,
}

impl Blocks {
    /// A profile for `problem`.
    pub fn of(problem: &Problem) -> Self {
        let mut needs = Lists::default();
        for job in problem.jobs() {
            let demands = job.demands.iter().filter(|demand| demand.amount != 0);
            needs.push(demands.map(|demand| Need {
                resource: id(demand.resource.0),
                amount: demand.amount,
                most: problem.capacities()[demand.resource.0].saturating_sub(demand.amount),
                hold: demand.hold,
            }));
        }
        let at_first =
            [Direction::Forwards, Direction::Mirrored].map(|direction| of_started(problem, direction));
        let lines = vec![Line::default(); problem.capacities().len()];
        let mut blocks = Self { needs, direction: Direction::Forwards, lines, at_first };
        blocks.clear(Direction::Forwards);
        blocks
    }

    fn change(&mut self, job: usize, start: Time, duration: Time, change: impl Fn(u32, u32) -> u32) {
        for need in self.needs.of(job) {
            let start = start + self.direction.offset(need.hold);
            let end = start + duration + need.hold;
            self.lines[need.resource as usize].change(start, end, |used| change(used, need.amount));
        }
    }
}

/// What has started may hold more than there is: then all is in use.
fn of_started(problem: &Problem, direction: Direction) -> Vec<(usize, Line)> {
    let mut lines: BTreeMap<usize, Line> = BTreeMap::new();
    for job in problem.jobs() {
        let Some(start) = job.started else { continue };
        for demand in &job.demands {
            let (start, end) = direction.held(start, job.duration, demand.hold);
            let capacity = problem.capacities()[demand.resource.0];
            let line = lines.entry(demand.resource.0).or_default();
            line.change(start, end, |used| used.saturating_add(demand.amount).min(capacity));
        }
    }
    lines.into_iter().collect()
}

impl Profile for Blocks {
    const IS_LARGE: bool = true;

    fn clear(&mut self, direction: Direction) {
        self.direction = direction;
        self.lines.iter_mut().for_each(|line| line.blocks.clear());
        for (resource, line) in &self.at_first[direction as usize] {
            self.lines[*resource].clone_from(line);
        }
    }

    fn earliest(&mut self, job: usize, from: Time, duration: Time) -> Time {
        let needs = self.needs.of(job);
        let (mut start, mut n_agreed) = (from, 0);
        for need in needs.iter().cycle() {
            let offset = self.direction.offset(need.hold);
            let line = &self.lines[need.resource as usize];
            let found = line.earliest(start + offset, duration + need.hold, need.most) - offset;
            n_agreed = if found == start { n_agreed + 1 } else { 1 };
            start = found;
            if n_agreed == needs.len() {
                break;
            }
        }
        start
    }

    fn take(&mut self, job: usize, start: Time, duration: Time) {
        self.change(job, start, duration, |used, amount| used + amount);
    }

    fn give_back(&mut self, job: usize, start: Time, duration: Time) {
        self.change(job, start, duration, |used, amount| used - amount);
    }
}

/// How many steps a block has at most.
const BLOCK: usize = 64;

/// The use of one resource: before the first step and from the last one on nothing is in use.
#[derive(Debug, Clone, Default)]
struct Line {
    blocks: Vec<Block>,
}

/// Some steps, at least one: from each time on, until the next, so much is in use.
#[derive(Debug, Clone, Default)]
struct Block {
    first: Time,
    least: u32,
    most: u32,
    steps: Vec<(Time, u32)>,
}

impl Block {
    fn summed_up(mut self) -> Self {
        self.sum_up();
        self
    }

    fn sum_up(&mut self) {
        self.first = self.steps.first().map_or(FAR, |step| step.0);
        self.least = self.steps.iter().map(|step| step.1).min().unwrap_or(0);
        self.most = self.steps.iter().map(|step| step.1).max().unwrap_or(0);
    }
}

/// A search for a stretch that is free long enough.
struct Search {
    /// The time reached lies in a stretch that is free since then.
    free_since: Option<Time>,
    length: Time,
    most: u32,
}

impl Search {
    /// Goes on to a step; returns the start of the free stretch before it if that is long enough.
    fn step(&mut self, time: Time, used: u32) -> Option<Time> {
        let found = self.free_since.filter(|start| start + self.length <= time);
        self.free_since = if used <= self.most { self.free_since.or(Some(time)) } else { None };
        found
    }

    fn through(&mut self, steps: &[(Time, u32)]) -> Option<Time> {
        steps.iter().find_map(|(time, used)| self.step(*time, *used))
    }
}

impl Line {
    /// The earliest time at or after `from` from which on, for `length`, at most `most` is in use.
    fn earliest(&self, from: Time, length: Time, most: u32) -> Time {
        if length == 0 {
            return from;
        }
        let mut search = Search { free_since: Some(from), length, most };
        let n = self.block_at(from);
        let Some(block) = self.blocks.get(n) else { return from };
        let next = block.steps.partition_point(|(time, _)| *time <= from);
        if 0 < next && most < block.steps[next - 1].1 {
            search.free_since = None;
        }
        if let Some(start) = search.through(&block.steps[next..]) {
            return start;
        }
        for block in &self.blocks[n + 1..] {
            let found = if most < block.least || block.most <= most {
                search.step(block.first, block.most)
            } else {
                search.through(&block.steps)
            };
            if let Some(start) = found {
                return start;
            }
        }
        search.free_since.unwrap_or(from)
    }

    /// The block in which `time` lies; the first one for what is before all.
    fn block_at(&self, time: Time) -> usize {
        self.blocks.partition_point(|block| block.first <= time).saturating_sub(1)
    }

    fn used_before(&self, block: usize, step: usize) -> u32 {
        let steps = match (block, step) {
            (0, 0) => return 0,
            (block, 0) => &self.blocks[block - 1].steps[..],
            (block, step) => &self.blocks[block].steps[..step],
        };
        steps.last().map_or(0, |step| step.1)
    }

    fn change(&mut self, start: Time, end: Time, change: impl Fn(u32) -> u32) {
        if end <= start {
            return;
        }
        self.begin_step(start);
        self.begin_step(end);
        let first = self.block_at(start);
        let mut n = first;
        while let Some(block) = self.blocks.get_mut(n).filter(|block| block.first < end) {
            for (time, used) in &mut block.steps {
                if (start..end).contains(time) {
                    *used = change(*used);
                }
            }
            block.sum_up();
            n += 1;
        }
        self.merge_step(end);
        self.merge_step(start);
    }

    /// Makes a step begin at `time`.
    fn begin_step(&mut self, time: Time) {
        if self.blocks.is_empty() {
            self.blocks.push(Block { steps: vec![(time, 0)], ..Block::default() }.summed_up());
            return;
        }
        let n = self.block_at(time);
        let Err(place) = self.blocks[n].steps.binary_search_by_key(&time, |step| step.0) else { return };
        let used = self.used_before(n, place);
        let block = &mut self.blocks[n];
        block.steps.insert(place, (time, used));
        if BLOCK < block.steps.len() {
            let rest = block.steps.split_off(BLOCK / 2);
            self.blocks.insert(n + 1, Block { steps: rest, ..Block::default() }.summed_up());
        }
        self.blocks[n].sum_up();
    }

    /// Makes the step that begins at `time` part of the one before, if the use is the same.
    fn merge_step(&mut self, time: Time) {
        let n = self.block_at(time);
        let Some(block) = self.blocks.get(n) else { return };
        let Ok(place) = block.steps.binary_search_by_key(&time, |step| step.0) else { return };
        if self.used_before(n, place) != block.steps[place].1 {
            return;
        }
        self.blocks[n].steps.remove(place);
        if self.blocks[n].steps.is_empty() {
            self.blocks.remove(n);
        } else {
            self.blocks[n].sum_up();
        }
    }
}
