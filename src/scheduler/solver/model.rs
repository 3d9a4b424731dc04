//! A problem as the search sees it: what is known before anything is placed.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use super::network::{FAR, Link, Lists, Network, first_start, id, latest_start};
use super::problem::{Due, JobId, Problem, Time};
use super::solution::Why;

/// The start of a job that has none: so late that nothing can come after it.
pub const UNPLACED: Time = FAR;

/// What schedules are compared by, the peak apart. Smaller is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cost {
    /// The weight of what is left out.
    pub unplaced: u128,
    pub tardiness: u128,
    pub moved: u64,
    /// How many optional jobs are left out.
    pub left_out: u64,
    pub makespan: Time,
}

/// A problem with what follows from it.
#[derive(Debug)]
pub struct Model<'p> {
    pub problem: &'p Problem,
    pub forwards: Network,
    pub mirrored: Network,
    /// What can be placed, predecessors first.
    pub jobs: Vec<u32>,
    /// What cannot, whatever the schedule.
    pub hopeless: Vec<(JobId, Why)>,
    /// The place of each job in a topological order.
    pub rank: Vec<u32>,
    /// No schedule starts a job earlier.
    pub head: Vec<Time>,
    /// No job may start earlier, for reasons of its own.
    pub first: Vec<Time>,
    /// No job may start later.
    pub last: Vec<Time>,
    /// What may be left out, with all that comes after it, without leaving out what is not optional. In the
    /// best schedules none of it is late, or moved.
    pub is_skippable: Vec<bool>,
    /// What of that has no published start.
    pub optional: Vec<u32>,
    /// How many published starts and optional jobs there are to decide about.
    pub n_choices: usize,
    /// What is due how long after each job, if there is any such thing whose lateness costs anything.
    pub dependents: Option<Lists<(u32, Time)>>,
    /// Published starts that could be kept if they were the only ones.
    pub published: Vec<(u32, Time)>,
    /// How many others there are among the jobs that can be placed.
    pub n_must_move: u64,
    /// The start by which a job delays nothing that comes after it; what is most urgent has the smallest.
    pub urgency: Vec<Time>,
    /// When each job is due, if its lateness costs anything.
    dues: Vec<Option<Due>>,
    /// When each job has started, if it has.
    pub started: Vec<Option<Time>>,
    /// Where each job stays once it is there: its published start, or where it has started.
    pub kept: Vec<Option<Time>>,
    /// Jobs of the same kind need the same, for as long, in the same calendar.
    pub kind: Vec<u32>,
    pub n_kinds: usize,
}

impl<'p> Model<'p> {
    /// Works out what follows from `problem`.
    pub fn of(problem: &'p Problem) -> Self {
        let forwards = Network::forwards(problem);
        let order = problem.topological_order().unwrap_or_default();
        let n_jobs = problem.jobs().len();
        let mut model = Self {
            problem,
            mirrored: forwards.mirrored(),
            forwards,
            jobs: Vec::with_capacity(n_jobs),
            hopeless: Vec::new(),
            rank: vec![0; n_jobs],
            head: vec![UNPLACED; n_jobs],
            first: problem.jobs().iter().map(first_start).collect(),
            last: problem.jobs().iter().map(latest_start).collect(),
            is_skippable: vec![false; n_jobs],
            optional: Vec::new(),
            n_choices: 0,
            dependents: None,
            published: Vec::new(),
            n_must_move: 0,
            urgency: vec![0; n_jobs],
            dues: problem.jobs().iter().map(|job| job.due.filter(|_| job.weight != 0)).collect(),
            started: problem.jobs().iter().map(|job| job.started).collect(),
            kept: problem.jobs().iter().map(|job| job.started.or(job.published)).collect(),
            kind: Vec::new(),
            n_kinds: 0,
        };
        model.find_possible(&order);
        model.sort_published();
        model.n_choices = model.published.len() + model.optional.len();
        model.find_dependents();
        model.find_urgency();
        model.find_kinds();
        model
    }

    /// Whether `job` has started: it stays where it is.
    pub fn is_started(&self, job: usize) -> bool {
        self.started[job].is_some()
    }

    fn sort_published(&mut self) {
        for &job in &self.jobs {
            let n = job as usize;
            let Some(start) = self.problem.jobs()[n].published.filter(|_| !self.is_started(n)) else {
                if self.is_skippable[n] {
                    self.optional.push(job);
                }
                continue;
            };
            let is_allowed = self.forwards.allowed(n, start).is_some_and(|(first, _)| first == start);
            if is_allowed && self.head[n] <= start && start <= self.last[n] {
                self.published.push((job, start));
            } else {
                self.n_must_move += 1;
            }
        }
    }

    fn find_dependents(&mut self) {
        let mut dependents = vec![Vec::new(); self.head.len()];
        for &job in &self.jobs {
            if let Some(Due::After { job: before, within }) = self.dues[job as usize] {
                dependents[before.0].push((job, within));
            }
        }
        if dependents.iter().any(|dependents| !dependents.is_empty()) {
            let mut lists = Lists::default();
            for list in dependents {
                lists.push(list);
            }
            self.dependents = Some(lists);
        }
    }

    fn find_urgency(&mut self) {
        let end = |job: &u32| self.head[*job as usize] + self.forwards.duration[*job as usize];
        let horizon = self.jobs.iter().map(end).max().unwrap_or(0);
        for &job in self.jobs.iter().rev() {
            let job = job as usize;
            let wanted = &self.problem.jobs()[job];
            let due = self.due(job, &self.head).unwrap_or(horizon).min(horizon);
            let successors = self.forwards.successors.of(job).iter();
            let possible = successors.filter(|next| self.head[next.job as usize] != UNPLACED);
            let end = |next: &Link| {
                self.urgency[next.job as usize] + self.forwards.duration[next.job as usize] - next.wait
            };
            let needed = possible.map(end).min().unwrap_or(horizon);
            self.urgency[job] = (due.min(needed) - wanted.duration).min(self.last[job]);
        }
    }

    fn find_kinds(&mut self) {
        let mut kinds = HashMap::new();
        for (n, job) in self.problem.jobs().iter().enumerate() {
            let next = id(kinds.len());
            let key = (&job.demands, job.duration, self.forwards.calendar_of(n));
            self.kind.push(*kinds.entry(key).or_insert(next));
        }
        self.n_kinds = kinds.len();
    }

    /// By when `job` has to end in order not to be late, if that costs anything, given when others start.
    #[inline]
    pub fn due(&self, job: usize, starts: &[Time]) -> Option<Time> {
        match self.dues[job]? {
            Due::At(time) => Some(time),
            Due::After { job: before, within } => {
                let start = Some(starts[before.0]).filter(|start| *start != UNPLACED)?;
                Some(start + self.forwards.duration[before.0] + within)
            }
        }
    }

    /// The same where it does not depend on the schedule.
    pub fn fixed_due(&self, job: usize) -> Option<Time> {
        match self.dues[job]? {
            Due::At(time) => Some(time),
            Due::After { job: before, within } => {
                let start = self.started[before.0]?;
                Some(start + self.forwards.duration[before.0] + within)
            }
        }
    }

    /// The jobs, predecessors first, otherwise by `key`; what is smallest comes first.
    pub fn ordered_by(&self, key: impl Fn(usize) -> Time) -> Vec<u32> {
        let entry = |job: u32| Reverse((key(job as usize), self.rank[job as usize], job));
        let mut n_open = vec![0_u32; self.rank.len()];
        let mut ready = BinaryHeap::new();
        for &job in &self.jobs {
            n_open[job as usize] = id(self.forwards.predecessors.of(job as usize).len());
            if n_open[job as usize] == 0 {
                ready.push(entry(job));
            }
        }
        let mut order = Vec::with_capacity(self.jobs.len());
        while let Some(Reverse((_, _, job))) = ready.pop() {
            order.push(job);
            for next in self.forwards.successors.of(job as usize) {
                let next = next.job as usize;
                n_open[next] = n_open[next].saturating_sub(1);
                if n_open[next] == 0 && self.head[next] != UNPLACED {
                    ready.push(entry(id(next)));
                }
            }
        }
        order
    }

    /// How long what comes after each job takes at least.
    pub fn tails(&self) -> Vec<Time> {
        let mut tails = vec![0; self.head.len()];
        for &job in self.jobs.iter().rev() {
            tails[job as usize] = self
                .forwards
                .successors
                .of(job as usize)
                .iter()
                .filter(|next| self.head[next.job as usize] != UNPLACED)
                .map(|next| tails[next.job as usize] + next.wait)
                .max()
                .unwrap_or(0);
        }
        tails
    }

    /// What the schedule costs.
    pub fn cost(&self, starts: &[Time]) -> Cost {
        let origin = self.problem.origin();
        let mut cost = Cost { unplaced: 0, tardiness: 0, moved: 0, left_out: 0, makespan: 0 };
        for (n, job) in self.problem.jobs().iter().enumerate() {
            let start = starts[n];
            if start == UNPLACED {
                if job.optional {
                    cost.left_out += 1;
                } else {
                    cost.unplaced += u128::from(job.weight.max(1));
                }
                continue;
            }
            let end = start + job.duration;
            cost.makespan = cost.makespan.max(end - origin);
            let is_moved = job.published.is_some_and(|published| published != start);
            cost.moved += u64::from(is_moved && job.started.is_none());
            if let Some(due) = self.due(n, starts).filter(|due| *due < end) {
                cost.tardiness += u128::from(job.weight) * u128::from((end - due).unsigned_abs());
            }
        }
        cost
    }
}
