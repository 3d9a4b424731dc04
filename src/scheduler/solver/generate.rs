//! Schedules from lists of jobs, and better schedules from schedules.
//!
//! Sources: serial schedule generation, Kolisch, "Serial and parallel resource-constrained project scheduling
//! methods revisited" (1996); double justification, Valls, Ballestin, Quintanilla, "Justification and RCPSP:
//! a technique that pays" (2005).

use super::model::{Model, UNPLACED};
use super::network::{FAR, Link, Network};
use super::problem::{LIMIT, Time};
use super::profile::Profile;

/// Makes schedules, one after the other, in the same memory.
///
/// 1. What it makes keeps every rule of the problem; what finds no start is [`UNPLACED`].
/// 2. [`Generator::justify`] makes no job end later than it is due or than it ended before, whichever is
///    later, moves no published start that is kept, and makes no makespan longer.
pub struct Generator<'m, 'p, P> {
    model: &'m Model<'p>,
    profile: P,
    /// The schedule.
    pub starts: Vec<Time>,
    /// The same with time reversed, while it is justified.
    mirrored: Vec<Time>,
    /// Of each kind of job: from the first time to before the second there is no start.
    searched: Vec<(Time, Time)>,
    /// Jobs that have their published start before their turn comes.
    is_pinned: Vec<bool>,
    /// No job may start later, pinned successors considered.
    last: Vec<Time>,
    /// Jobs to be sorted by time, then rank.
    by_time: Vec<(Time, u32, u32)>,
}

impl<'m, 'p, P: Profile> Generator<'m, 'p, P> {
    /// A generator for `model` with an empty schedule.
    pub fn new(model: &'m Model<'p>, profile: P) -> Self {
        let n_jobs = model.rank.len();
        Self {
            model,
            profile,
            starts: vec![UNPLACED; n_jobs],
            mirrored: vec![UNPLACED; n_jobs],
            searched: vec![(FAR, FAR); if P::IS_LARGE { model.n_kinds } else { 0 }],
            is_pinned: vec![false; n_jobs],
            last: model.last.clone(),
            by_time: Vec::with_capacity(n_jobs),
        }
    }

    /// Places one job after the other, each as early as possible.
    ///
    /// `order` has predecessors first. `is_kept` has an entry for each of [`Model::published`]; what is kept
    /// is reserved before anything else is placed, and given up when something that must come before finds no
    /// other place.
    pub fn build(&mut self, order: &[u32], is_kept: &[bool]) {
        self.forget();
        self.starts.fill(UNPLACED);
        self.pin(is_kept);
        for &job in order {
            let job = job as usize;
            if self.is_pinned[job] {
                if self.earliest_after_predecessors(job) <= self.starts[job] {
                    continue;
                }
                self.unpin(job);
            }
            self.place(job);
        }
        self.place_left_out();
    }

    /// Places what found no place before something else was moved or given up.
    fn place_left_out(&mut self) {
        let model = self.model;
        for &job in &model.jobs {
            if self.starts[job as usize] == UNPLACED {
                // What comes after it has no start, so that nothing but its own last start binds it.
                self.last[job as usize] = model.last[job as usize];
                self.place(job as usize);
            }
        }
    }

    fn forget(&mut self) {
        self.profile.clear();
        self.searched.fill((FAR, FAR));
    }

    fn place(&mut self, job: usize) {
        let from = self.earliest_after_predecessors(job);
        let (network, own_last) = (&self.model.forwards, self.model.last[job]);
        let mut found =
            find(network, &self.profile, self.model, &mut self.searched, job, from, self.last[job]);
        if found.is_none() && self.last[job] < own_last {
            self.unpin_after(job);
            found = find(network, &self.profile, self.model, &mut self.searched, job, from, own_last);
        }
        if let Some(start) = found {
            self.starts[job] = start;
            self.profile.take(job, start, network.duration[job]);
        }
    }

    fn earliest_after_predecessors(&self, job: usize) -> Time {
        earliest(&self.model.forwards, &self.starts, job, self.model.head[job])
    }

    /// Reserves the published starts that are kept, as far as they are possible together.
    fn pin(&mut self, is_kept: &[bool]) {
        if self.model.published.is_empty() {
            return;
        }
        self.is_pinned.fill(false);
        for (&(job, start), _) in self.model.published.iter().zip(is_kept).filter(|(_, is_kept)| **is_kept) {
            let (job, duration) = (job as usize, self.model.forwards.duration[job as usize]);
            if self.profile.earliest(job, start, duration) == start {
                self.profile.take(job, start, duration);
                self.starts[job] = start;
                self.is_pinned[job] = true;
            }
        }
        self.last.copy_from_slice(&self.model.last);
        for &job in self.model.jobs.iter().rev() {
            let job = job as usize;
            let limit = |link: &Link| {
                let next = link.job as usize;
                let limit = if self.is_pinned[next] { self.starts[next] } else { self.pinned_limit(next) };
                limit + self.model.forwards.duration[next] - link.wait
            };
            let limit = self.model.forwards.successors.of(job).iter().map(limit).min().unwrap_or(FAR);
            self.last[job] = self.last[job].min(limit - self.model.forwards.duration[job]);
            if self.is_pinned[job] && self.last[job] < self.starts[job] {
                self.unpin(job);
            }
        }
    }

    /// By when the predecessors of `job` must end for the sake of what is pinned after it: if its own last
    /// start is the reason, it may rather be left out.
    fn pinned_limit(&self, job: usize) -> Time {
        if self.last[job] < self.model.last[job] { self.last[job] } else { FAR }
    }

    fn unpin(&mut self, job: usize) {
        self.profile.give_back(job, self.starts[job], self.model.forwards.duration[job]);
        self.starts[job] = UNPLACED;
        self.is_pinned[job] = false;
        self.searched.fill((FAR, FAR));
    }

    /// Gives up every pinned start of what comes after `job`, directly or through others.
    fn unpin_after(&mut self, job: usize) {
        let mut waiting = vec![job];
        let mut seen = std::collections::HashSet::new();
        while let Some(job) = waiting.pop() {
            for next in self.model.forwards.successors.of(job) {
                let next = next.job as usize;
                if seen.insert(next) {
                    waiting.push(next);
                    if self.is_pinned[next] {
                        self.unpin(next);
                    }
                }
            }
        }
    }

    /// Moves every job as late as possible, the last one first, and then as early as possible, the first one
    /// first: what is in the way of nothing makes room. Two schedules are generated.
    pub fn justify(&mut self) {
        self.justify_right();
        self.justify_left();
    }

    fn justify_right(&mut self) {
        let model = self.model;
        let duration = &model.forwards.duration;
        let ends = model.jobs.iter().map(|job| (self.starts[*job as usize], duration[*job as usize]));
        let end = ends.filter(|(start, _)| *start != UNPLACED).map(|(start, length)| start + length).max();
        let end = end.unwrap_or(0);
        self.sort_by_time(|starts, job| -(starts[job] + duration[job]), true);
        self.forget();
        // What is not placed is in nobody's way.
        self.mirrored.fill(-FAR);
        self.reserve_kept(&model.mirrored, true);
        for n in 0..self.by_time.len() {
            let job = self.by_time[n].2 as usize;
            if self.keeps_published(job) {
                continue;
            }
            let limit = self.latest_end(job, end);
            let from = earliest(&model.mirrored, &self.mirrored, job, -limit);
            let found = find(&model.mirrored, &self.profile, model, &mut self.searched, job, from, FAR);
            // There is a start: the one that the job has.
            let start = found.unwrap_or(-(self.starts[job] + duration[job]));
            self.mirrored[job] = start;
            self.profile.take(job, start, duration[job]);
        }
    }

    /// By when `job` may end without making the schedule worse.
    fn latest_end(&self, job: usize, end: Time) -> Time {
        let wanted = &self.model.problem.jobs()[job];
        let limit = match self.model.due(job, &self.starts) {
            Some(due) => due.max(self.starts[job] + wanted.duration).min(end),
            None => end,
        };
        limit.min(self.model.last[job] + wanted.duration)
    }

    fn justify_left(&mut self) {
        let model = self.model;
        let duration = &model.forwards.duration;
        for n in 0..self.by_time.len() {
            let job = self.by_time[n].2 as usize;
            if !self.keeps_published(job) {
                self.starts[job] = -(self.mirrored[job] + duration[job]);
            }
        }
        self.sort_by_time(|starts, job| starts[job], false);
        self.forget();
        self.reserve_kept(&model.forwards, false);
        for n in 0..self.by_time.len() {
            let job = self.by_time[n].2 as usize;
            // This includes what came to its published start when it was moved right.
            if self.keeps_published(job) {
                continue;
            }
            let from = earliest(&model.forwards, &self.starts, job, model.head[job]);
            let found =
                find(&model.forwards, &self.profile, model, &mut self.searched, job, from, self.starts[job]);
            // There is a start: the one that the job has.
            let start = found.unwrap_or(self.starts[job]);
            self.starts[job] = start;
            self.profile.take(job, start, duration[job]);
        }
        self.place_left_out();
    }

    fn keeps_published(&self, job: usize) -> bool {
        self.model.problem.jobs()[job].published == Some(self.starts[job])
    }

    fn reserve_kept(&mut self, network: &Network, is_mirrored: bool) {
        for &(job, start) in &self.model.published {
            let (job, duration) = (job as usize, network.duration[job as usize]);
            if self.starts[job] == start {
                let start = if is_mirrored { -(start + duration) } else { start };
                self.profile.take(job, start, duration);
                if is_mirrored {
                    self.mirrored[job] = start;
                }
            }
        }
    }

    /// Sorts what is placed by a time; what is equal stays in, or against, the order of precedence.
    fn sort_by_time(&mut self, time: impl Fn(&[Time], usize) -> Time, is_reversed: bool) {
        self.by_time.clear();
        for &job in &self.model.jobs {
            if self.starts[job as usize] != UNPLACED {
                let rank = self.model.rank[job as usize];
                let rank = if is_reversed { u32::MAX - rank } else { rank };
                self.by_time.push((time(&self.starts, job as usize), rank, job));
            }
        }
        self.by_time.sort_unstable();
    }

    /// Writes the list that makes this schedule: what starts first comes first, what has no place last.
    pub fn write_order(&mut self, order: &mut Vec<u32>) {
        self.sort_by_time(|starts, job| starts[job], false);
        order.clear();
        order.extend(self.by_time.iter().map(|entry| entry.2));
        order.extend(self.model.jobs.iter().filter(|job| self.starts[**job as usize] == UNPLACED));
    }
}

/// When the predecessors of `job` have ended, but not before `from`.
#[inline]
fn earliest(network: &Network, starts: &[Time], job: usize, from: Time) -> Time {
    let ends = network.predecessors.of(job).iter().map(|before| starts[before.job as usize] + before.wait);
    ends.fold(from, Time::max)
}

/// The first start of `job` from `from` to `last` that its calendar and the profile allow.
#[inline]
fn find<P: Profile>(
    network: &Network,
    profile: &P,
    model: &Model,
    searched: &mut [(Time, Time)],
    job: usize,
    from: Time,
    last: Time,
) -> Option<Time> {
    if !P::IS_LARGE {
        return search(network, profile, job, from, last).ok();
    }
    // As long as nothing is given back, what was too busy stays too busy.
    let searched = &mut searched[model.kind[job] as usize];
    let is_known = (searched.0..searched.1).contains(&from);
    let (first, from) = if is_known { *searched } else { (from, from) };
    let found = search(network, profile, job, from, last);
    *searched = (first, found.unwrap_or_else(|reached| reached));
    found.ok()
}

/// As [`find`]; on failure says before which time there is no start.
#[inline]
fn search<P: Profile>(
    network: &Network,
    profile: &P,
    job: usize,
    mut from: Time,
    last: Time,
) -> Result<Time, Time> {
    while from <= last.min(LIMIT) {
        let Some((first, end)) = network.allowed(job, from) else { return Err(FAR) };
        from = profile.earliest(job, first, network.duration[job]);
        if from <= end.min(last) {
            return Ok(from);
        }
    }
    Err(from)
}
