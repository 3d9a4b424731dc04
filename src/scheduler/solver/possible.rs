//! Which jobs can be placed, and from when on.

use super::model::{Model, UNPLACED};
use super::network::id;
use super::problem::{Demand, JobId};
use super::solution::Why;

impl Model<'_> {
    /// Finds what can be placed, and when at the earliest. `order` has predecessors first.
    pub(super) fn find_possible(&mut self, order: &[usize]) {
        for (rank, job) in order.iter().enumerate() {
            self.rank[*job] = id(rank);
        }
        self.find_heads(order);
        self.find_skippable(order);
        if self.is_skippable.contains(&true) {
            self.narrow(order);
        }
    }

    fn find_heads(&mut self, order: &[usize]) {
        self.jobs.clear();
        self.hopeless.clear();
        self.head.fill(UNPLACED);
        for &job in order {
            match self.first_start(job) {
                Ok(start) => {
                    self.head[job] = start;
                    self.jobs.push(id(job));
                }
                Err(why) => self.hopeless.push((JobId(job), why)),
            }
        }
    }

    /// The earliest start of `job` if there were no other jobs but those before it.
    fn first_start(&self, job: usize) -> Result<i64, Why> {
        let wanted = &self.problem.jobs()[job];
        if let Some(start) = wanted.started {
            return Ok(start);
        }
        let too_much = |demand: &&Demand| self.problem.capacities()[demand.resource.0] < demand.amount;
        if let Some(demand) = wanted.demands.iter().find(too_much) {
            return Err(Why::TooMuch(demand.resource));
        }
        let mut from = self.first[job];
        for before in self.forwards.predecessors.of(job) {
            if self.head[before.job as usize] == UNPLACED {
                return Err(Why::After(JobId(before.job as usize)));
            }
            from = from.max(self.head[before.job as usize] + before.wait);
        }
        let start = self.forwards.allowed(job, from).map(|(start, _)| start);
        start.filter(|start| *start <= self.last[job]).ok_or(Why::NoStretch)
    }

    fn find_skippable(&mut self, order: &[usize]) {
        for &job in order.iter().rev() {
            let wanted = &self.problem.jobs()[job];
            let is_skippable = |next: usize| self.is_skippable[next] || self.head[next] == UNPLACED;
            let mut after = self.forwards.successors.of(job).iter();
            self.is_skippable[job] = wanted.optional
                && wanted.started.is_none()
                && self.head[job] != UNPLACED
                && after.all(|next| is_skippable(next.job as usize));
        }
    }

    /// Whatever else is placed, it is better to skip a job than to be late with it or to move it.
    fn narrow(&mut self, order: &[usize]) {
        let was_possible: Vec<bool> = self.head.iter().map(|head| *head != UNPLACED).collect();
        for &job in order.iter().filter(|job| self.is_skippable[**job]) {
            let wanted = &self.problem.jobs()[job];
            if let Some(published) = wanted.published {
                self.first[job] = self.first[job].max(published);
                self.last[job] = self.last[job].min(published);
            }
            if let Some(due) = self.fixed_due(job) {
                self.last[job] = self.last[job].min(due - wanted.duration);
            }
        }
        self.find_heads(order);
        for (job, why) in &mut self.hopeless {
            if was_possible[job.0] && !matches!(why, Why::After(_)) {
                *why = Why::Optional;
            }
        }
    }
}
