//! Schedules from lists of jobs.
//!
//! Source: serial schedule generation, Kolisch, "Serial and parallel resource-constrained project scheduling
//! methods revisited" (1996).

use super::model::{Model, UNPLACED};
use super::network::{FAR, Link, Network, id};
use super::problem::{LIMIT, Time};
use super::profile::{Direction, Profile};

/// Makes schedules, one after the other, in the same memory.
///
/// What it makes keeps every rule of the problem; what finds no start is [`UNPLACED`].
pub struct Generator<'m, 'p, P> {
    pub(super) model: &'m Model<'p>,
    pub(super) profile: P,
    /// The schedule.
    pub starts: Vec<Time>,
    /// The same with time reversed, while it is justified.
    pub(super) mirrored: Vec<Time>,
    /// Of each kind of job: from the first time to before the second there is no start.
    pub(super) searched: Vec<(Time, Time)>,
    /// Jobs that have their published start before their turn comes.
    is_pinned: Vec<bool>,
    /// Optional jobs that are placed after all others, if they then find room.
    is_put_off: Vec<bool>,
    /// No job may start later, pinned successors considered.
    last: Vec<Time>,
    /// What is placed, sorted by a time.
    pub(super) by_time: Vec<u32>,
    /// The time of each, and its place in [`Model::jobs`].
    keys: Vec<(Time, u32)>,
    /// The same in one number.
    packed_keys: Vec<Time>,
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
            is_put_off: vec![false; n_jobs],
            last: model.last.clone(),
            by_time: Vec::with_capacity(n_jobs),
            keys: Vec::with_capacity(n_jobs),
            packed_keys: Vec::new(),
        }
    }

    /// Places one job after the other, each as early as possible.
    ///
    /// `order` has predecessors first. `is_wanted` has an entry for each of [`Model::published`], then for
    /// each of [`Model::optional`]. A published start that is wanted is reserved before anything else is
    /// placed, and given up when something that must come before finds no other place. What is optional and
    /// not wanted is put off until everything else is placed.
    pub fn build(&mut self, order: &[u32], is_wanted: &[bool]) {
        self.forget(Direction::Forwards);
        self.starts.fill(UNPLACED);
        self.put_off(is_wanted);
        self.pin(is_wanted);
        for &job in order {
            let job = job as usize;
            if let Some(start) = self.model.started[job] {
                self.starts[job] = start;
                continue;
            }
            if self.is_put_off[job] {
                continue;
            }
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

    /// Places what found no place before something else was moved or given up. Nothing that may be skipped
    /// is placed late.
    pub(super) fn place_left_out(&mut self) {
        let model = self.model;
        for &job in &model.jobs {
            let job = job as usize;
            if self.starts[job] == UNPLACED {
                // What comes after it has no start, so that nothing but its own last start binds it.
                let due = model.due(job, &self.starts).filter(|_| model.is_skippable[job]);
                let last = due.map_or(FAR, |due| due - model.forwards.duration[job]).min(model.last[job]);
                if let Some(start) = self.find(job, last) {
                    self.set(job, start);
                }
            }
        }
    }

    fn put_off(&mut self, is_wanted: &[bool]) {
        let model = self.model;
        if model.n_choices == 0 {
            return;
        }
        self.is_put_off.fill(false);
        let published = model.published.iter().map(|(job, _)| *job);
        let choices = published.chain(model.optional.iter().copied()).zip(is_wanted);
        for (job, _) in choices.filter(|(_, is_wanted)| !**is_wanted) {
            self.is_put_off[job as usize] = model.is_skippable[job as usize];
        }
    }

    pub(super) fn forget(&mut self, direction: Direction) {
        self.profile.clear(direction);
        self.searched.fill((FAR, FAR));
    }

    fn place(&mut self, job: usize) {
        let own_last = self.model.last[job];
        let mut found = self.find(job, self.last[job]);
        if found.is_none() && self.last[job] < own_last {
            self.unpin_after(job);
            found = self.find(job, own_last);
        }
        if let Some(start) = found {
            self.set(job, start);
        }
    }

    /// The first start of `job` after its predecessors and not after `last`.
    fn find(&mut self, job: usize, last: Time) -> Option<Time> {
        let from = self.earliest_after_predecessors(job);
        find(&self.model.forwards, &mut self.profile, self.model, &mut self.searched, job, from, last)
    }

    fn set(&mut self, job: usize, start: Time) {
        self.starts[job] = start;
        self.profile.take(job, start, self.model.forwards.duration[job]);
    }

    /// Leaves out `job`, which is placed.
    pub(super) fn remove(&mut self, job: usize) {
        self.profile.give_back(job, self.starts[job], self.model.forwards.duration[job]);
        self.starts[job] = UNPLACED;
        self.searched.fill((FAR, FAR));
    }

    fn earliest_after_predecessors(&self, job: usize) -> Time {
        earliest(&self.model.forwards, &self.starts, job, self.model.head[job])
    }

    /// Reserves the published starts that are kept, as far as they are possible together.
    fn pin(&mut self, is_wanted: &[bool]) {
        if self.model.published.is_empty() {
            return;
        }
        self.is_pinned.fill(false);
        let published = self.model.published.iter().zip(is_wanted);
        for (&(job, start), _) in published.filter(|(_, is_wanted)| **is_wanted) {
            let (job, duration) = (job as usize, self.model.forwards.duration[job as usize]);
            if self.profile.earliest(job, start, duration) == start {
                self.set(job, start);
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
        self.remove(job);
        self.is_pinned[job] = false;
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

    /// Sorts what is placed by a time; what is equal stays in, or against, the order of precedence.
    pub(super) fn sort_by_time(&mut self, time: impl Fn(&[Time], usize) -> Time, is_reversed: bool) {
        let jobs = &self.model.jobs;
        let (starts, keys) = (&self.starts, &mut self.keys);
        keys.clear();
        let (mut least, mut most) = (FAR, -FAR);
        for (n, job) in jobs.iter().map(|job| *job as usize).enumerate() {
            if starts[job] != UNPLACED {
                let time = time(starts, job);
                (least, most) = (least.min(time), most.max(time));
                keys.push((time, id(if is_reversed { jobs.len() - 1 - n } else { n })));
            }
        }
        let job = |n: u32| jobs[if is_reversed { jobs.len() - 1 - n as usize } else { n as usize }];
        self.by_time.clear();
        let n_bits = usize::BITS - jobs.len().leading_zeros();
        if most.saturating_sub(least).leading_zeros() <= n_bits {
            keys.sort_unstable();
            self.by_time.extend(keys.iter().map(|(_, n)| job(*n)));
            return;
        }
        // One number is compared sooner than two.
        let packed = &mut self.packed_keys;
        packed.clear();
        packed.extend(keys.iter().map(|(time, n)| (time - least) << n_bits | Time::from(*n)));
        packed.sort_unstable();
        let mask = (1 << n_bits) - 1;
        self.by_time.extend(packed.iter().map(|key| job(u32::try_from(key & mask).unwrap_or(0))));
    }

    /// Writes the list that makes this schedule: what starts first comes first, what has no place last.
    pub fn write_order(&mut self, order: &mut Vec<u32>) {
        self.sort_by_time(|starts, job| starts[job], false);
        order.clear();
        order.extend(&self.by_time);
        order.extend(self.model.jobs.iter().filter(|job| self.starts[**job as usize] == UNPLACED));
    }
}

/// When the predecessors of `job` have ended, but not before `from`.
#[inline]
pub(super) fn earliest(network: &Network, starts: &[Time], job: usize, from: Time) -> Time {
    let ends = network.predecessors.of(job).iter().map(|before| starts[before.job as usize] + before.wait);
    ends.fold(from, Time::max)
}

/// The first start of `job` from `from` to `last` that its calendar and the profile allow.
#[inline]
pub(super) fn find<P: Profile>(
    network: &Network,
    profile: &mut P,
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
pub(super) fn search<P: Profile>(
    network: &Network,
    profile: &mut P,
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
