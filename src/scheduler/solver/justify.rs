//! Better schedules from schedules.
//!
//! Source: double justification, Valls, Ballestin, Quintanilla, "Justification and RCPSP: a technique that
//! pays" (2005).

use super::generate::{Generator, earliest, find};
use super::model::UNPLACED;
use super::network::{FAR, Network};
use super::problem::{LIMIT, Time};
use super::profile::{Direction, Profile};

/// How often a schedule is justified for the sake of what is due after something else: each time helps one
/// more job of a chain.
const MAX_PASSES: usize = 8;

impl<P: Profile> Generator<'_, '_, P> {
    /// Makes what is late because of what comes before it less late, however long the whole takes, and gives
    /// up what is optional and still late.
    pub fn be_punctual(&mut self) {
        if self.model.dependents.is_none() {
            return;
        }
        let mut cost = self.model.cost(&self.starts);
        for _ in 0..MAX_PASSES {
            if cost.tardiness == 0 {
                break;
            }
            let starts = self.starts.clone();
            self.justify_until(LIMIT);
            let reached = self.model.cost(&self.starts);
            if cost <= reached {
                self.starts = starts;
                self.restore();
                break;
            }
            cost = reached;
        }
        if cost.tardiness != 0 {
            self.give_up_late();
        }
    }

    /// Leaves out what may be skipped and is late, and what comes after it; then there may be room for other
    /// things.
    fn give_up_late(&mut self) {
        let model = self.model;
        let mut is_any_late = false;
        for &job in &model.jobs {
            let job = job as usize;
            let start = self.starts[job];
            if start == UNPLACED || !model.is_skippable[job] {
                continue;
            }
            let end = start + model.forwards.duration[job];
            let is_missing = |job: u32| self.starts[job as usize] == UNPLACED;
            let mut before = model.forwards.predecessors.of(job).iter();
            if model.due(job, &self.starts).is_some_and(|due| due < end)
                || before.any(|before| is_missing(before.job))
            {
                self.remove(job);
                is_any_late = true;
            }
        }
        if is_any_late {
            self.place_left_out();
        }
    }

    /// Moves every job as late as possible, the last one first, and then as early as possible, the first one
    /// first: what is in the way of nothing makes room. Two schedules are generated.
    ///
    /// 1. No job ends later than it is due or than it ended before, whichever is later, unless what is due
    ///    after it gains more by that.
    /// 2. No published start that is kept moves, and nothing that has started.
    /// 3. No makespan gets longer.
    pub fn justify(&mut self) {
        let duration = &self.model.forwards.duration;
        let placed = self.model.jobs.iter().map(|job| *job as usize);
        let placed = placed.filter(|job| self.starts[*job] != UNPLACED);
        let end = placed.map(|job| self.starts[job] + duration[job]).max();
        self.justify_until(end.unwrap_or(0));
    }

    /// The same with the end of the whole at `end`.
    fn justify_until(&mut self, end: Time) {
        if self.justify_right(end) {
            self.justify_left();
        } else {
            self.restore();
        }
    }

    /// Says whether there was room. What is held longer than a job lasts may be in the way of what ends
    /// sooner.
    fn justify_right(&mut self, end: Time) -> bool {
        let model = self.model;
        let duration = &model.forwards.duration;
        self.sort_by_time(|starts, job| -(starts[job] + duration[job]), true);
        self.forget(Direction::Mirrored);
        // What is not placed is in nobody's way.
        self.mirrored.fill(-FAR);
        self.reserve_kept(&model.mirrored, true);
        for n in 0..self.by_time.len() {
            let job = self.by_time[n] as usize;
            if self.is_fixed(job) {
                continue;
            }
            let limit = self.latest_end(job, end);
            let from = earliest(&model.mirrored, &self.mirrored, job, -limit);
            let last = -(self.starts[job] + duration[job]);
            let Some(start) =
                find(&model.mirrored, &mut self.profile, model, &mut self.searched, job, from, last)
            else {
                return false;
            };
            self.mirrored[job] = start;
            self.profile.take(job, start, duration[job]);
        }
        true
    }

    /// By when `job` may end without making the schedule worse.
    fn latest_end(&self, job: usize, end: Time) -> Time {
        let duration = self.model.forwards.duration[job];
        let limit = match self.model.due(job, &self.starts) {
            Some(due) => due.max(self.starts[job] + duration + self.worth_waiting(job)).min(end),
            None => end,
        };
        limit.min(self.model.last[job] + duration)
    }

    fn justify_left(&mut self) {
        let model = self.model;
        let duration = &model.forwards.duration;
        for n in 0..self.by_time.len() {
            let job = self.by_time[n] as usize;
            if !self.is_fixed(job) {
                self.starts[job] = -(self.mirrored[job] + duration[job]);
            }
        }
        self.sort_by_time(|starts, job| starts[job], false);
        self.forget(Direction::Forwards);
        self.reserve_kept(&model.forwards, false);
        for n in 0..self.by_time.len() {
            let job = self.by_time[n] as usize;
            // This includes what came to its published start when it was moved right.
            if self.is_fixed(job) {
                continue;
            }
            let from = earliest(&model.forwards, &self.starts, job, self.first_punctual(job));
            // There is a start: the one that the job has.
            let last = self.starts[job];
            let mut find =
                || find(&model.forwards, &mut self.profile, model, &mut self.searched, job, from, last);
            let start = if from == last { last } else { find().unwrap_or(last) };
            self.starts[job] = start;
            self.profile.take(job, start, duration[job]);
        }
        self.place_left_out();
    }

    /// How much later `job` may end for the sake of what is due after it and late, if that weighs more.
    fn worth_waiting(&self, job: usize) -> Time {
        let end = self.starts[job] + self.model.forwards.duration[job];
        let late = self.dependents(job).filter(|(wanted, _)| end < *wanted);
        let (weight, least) = late.fold((0, FAR), |(sum, least), (wanted, weight)| {
            (sum + u128::from(weight), least.min(wanted - end))
        });
        if u128::from(self.model.problem.jobs()[job].weight) < weight { least } else { 0 }
    }

    /// From when on `job` may start, so that what is due after it is no later than it is now, or gains less
    /// by that than `job` loses.
    #[inline]
    fn first_punctual(&self, job: usize) -> Time {
        let head = self.model.head[job];
        if self.model.dependents.is_none() {
            return head;
        }
        let (weight, end) = self
            .dependents(job)
            .fold((0, -FAR), |(sum, last), (wanted, weight)| (sum + u128::from(weight), last.max(wanted)));
        let wanted = &self.model.problem.jobs()[job];
        let own_due = self.model.due(job, &self.starts).filter(|_| weight < u128::from(wanted.weight));
        let end = own_due.map_or(end, |due| end.min(due));
        head.max(end - wanted.duration).min(self.starts[job])
    }

    /// What is due after `job`: when `job` would end at the earliest for it not to be late, and its weight.
    fn dependents(&self, job: usize) -> impl Iterator<Item = (Time, u64)> {
        let model = self.model;
        let dependents = model.dependents.as_ref().map_or(&[][..], |dependents| dependents.of(job));
        let placed = dependents.iter().map(|(next, within)| (*next as usize, within));
        let placed = placed.filter(|(next, _)| self.starts[*next] != UNPLACED);
        placed.map(move |(next, within)| {
            let end = self.starts[next] + model.forwards.duration[next];
            (end - within, model.problem.jobs()[next].weight)
        })
    }

    /// Makes the profile that of the schedule.
    fn restore(&mut self) {
        self.forget(Direction::Forwards);
        for &job in &self.model.jobs {
            let (job, duration) = (job as usize, self.model.forwards.duration[job as usize]);
            if self.starts[job] != UNPLACED && !self.model.is_started(job) {
                self.profile.take(job, self.starts[job], duration);
            }
        }
    }

    /// Whether `job` has started, or has its published start.
    fn is_fixed(&self, job: usize) -> bool {
        self.model.kept[job] == Some(self.starts[job])
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
}
