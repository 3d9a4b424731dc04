//! A problem in the words of the constraint solver.

use pumpkin_core::Solver;
use pumpkin_core::predicate;
use pumpkin_core::predicates::Predicate;
use pumpkin_core::variables::{DomainId, TransformableVariable as _};

use super::model::Model;
use super::network::first_start;
use super::problem::{Demand, Due, Time};
use super::timetable::{Resource, Task};

/// With more jobs than this there is no hope of a proof.
const MAX_JOBS: usize = 300;

/// More instants than this make the question too large.
const MAX_INSTANTS: Time = 20_000;

/// That everything that can be placed is placed, as punctually as can be, with no more moved than must be.
pub struct Statement<'m, 'p> {
    model: &'m Model<'p>,
    /// All times that matter are a whole number of these after the origin.
    unit: Time,
    origin: Time,
    tails: Vec<Time>,
    /// What is held longer than this is held to the end.
    makespan: Time,
}

impl<'m, 'p> Statement<'m, 'p> {
    /// What is to be said of `model` for a makespan of less than `makespan`, unless that is too much.
    pub fn about(model: &'m Model<'p>, makespan: Time) -> Option<Self> {
        if MAX_JOBS < model.jobs.len() {
            return None;
        }
        let statement =
            Self { model, unit: unit(model), origin: model.problem.origin(), tails: model.tails(), makespan };
        let fits = makespan / statement.unit <= MAX_INSTANTS;
        (fits && statement.adds_up()).then_some(statement)
    }

    /// Whether the solver, which counts in 32 bits, can add up all the work of each resource.
    fn adds_up(&self) -> bool {
        let mut work: Vec<u64> = self.model.problem.capacities().iter().copied().map(u64::from).collect();
        for (job, wanted) in self.model.problem.jobs().iter().enumerate() {
            for demand in &wanted.demands {
                let length = u64::from(self.held(job, demand).max(1).unsigned_abs());
                let work = &mut work[demand.resource.0];
                *work = work.saturating_add(u64::from(demand.amount) * length);
            }
        }
        work.into_iter().all(|work| i32::try_from(work).is_ok())
    }

    /// The time of an instant.
    pub fn time(&self, instant: i32) -> Time {
        self.origin + Time::from(instant) * self.unit
    }

    /// The last instant that is not after `time`.
    fn instant(&self, time: Time) -> i32 {
        i32::try_from((time - self.origin).div_euclid(self.unit)).unwrap_or(i32::MAX)
    }

    /// A whole number of units.
    fn units(&self, length: Time) -> i32 {
        i32::try_from(length / self.unit).unwrap_or(i32::MAX)
    }

    /// How long `job` holds what it demands.
    fn held(&self, job: usize, demand: &Demand) -> i32 {
        self.units((self.model.forwards.duration[job] + demand.hold).min(self.makespan + self.unit))
    }

    /// Says that `makespan` is not exceeded, of `starts` that [`Statement::pose`] gave.
    pub fn limit(&self, solver: &mut Solver, starts: &[Option<DomainId>], makespan: Time) {
        let tag = solver.new_constraint_tag();
        let end = self.origin + makespan;
        for (job, start) in starts.iter().enumerate() {
            let Some(start) = *start else { continue };
            let last = self.instant(end - self.tails[job] - self.model.forwards.duration[job]);
            if last < solver.upper_bound(&start) {
                let in_time: Predicate = predicate![start <= last];
                solver.add_clause([in_time], tag);
            }
        }
    }

    /// States all rules; nothing if one of them cannot be kept.
    pub fn pose(&self, solver: &mut Solver, makespan: Time) -> Option<Vec<Option<DomainId>>> {
        let mut starts = vec![None; self.model.rank.len()];
        for &job in &self.model.jobs {
            let instants = self.instants(job as usize, self.origin + makespan);
            starts[job as usize] = match instants[..] {
                [] => return None,
                [first, .., last] if last - first == i32::try_from(instants.len()).ok()? - 1 => {
                    Some(solver.new_bounded_integer(first, last))
                }
                _ => Some(solver.new_sparse_integer(instants)),
            };
        }
        self.state_precedence(solver, &starts);
        self.state_due_times(solver, &starts);
        self.state_capacities(solver, &starts);
        Some(starts)
    }

    /// When `job` may start for the project to end by `end` without more lateness or moves than must be.
    fn instants(&self, job: usize, end: Time) -> Vec<i32> {
        let (model, wanted) = (self.model, &self.model.problem.jobs()[job]);
        let head = model.head[job];
        let mut last = model.last[job].min(end - self.tails[job] - wanted.duration);
        if let Some(due) = model.fixed_due(job) {
            last = last.min(due.max(head + wanted.duration) - wanted.duration);
        }
        let mut from = head;
        if let Ok(n) =
            model.published.binary_search_by_key(&model.rank[job], |(job, _)| model.rank[*job as usize])
        {
            let published = model.published[n].1;
            if last < published {
                return Vec::new();
            }
            (from, last) = (published, published);
        }
        let mut instants = Vec::new();
        while let Some((first, stretch_end)) =
            model.forwards.allowed(job, from).filter(|(first, _)| *first <= last)
        {
            instants.extend(self.instant(first)..=self.instant(stretch_end.min(last)));
            from = stretch_end + 1;
        }
        instants.dedup();
        instants
    }

    /// What has started holds of a resource, but no more than there is: from when on, how long, how much.
    fn going_on(&self, resource: usize, capacity: u32) -> Vec<(i32, i32, i32)> {
        let mut changes = Vec::new();
        for job in self.model.problem.jobs() {
            for demand in job.demands.iter().filter(|demand| demand.resource.0 == resource) {
                let Some(start) = job.started else { continue };
                let end = (start + job.duration + demand.hold).min(self.origin + self.makespan + self.unit);
                changes.extend([(start, i64::from(demand.amount)), (end, -i64::from(demand.amount))]);
            }
        }
        changes.sort_unstable();
        let mut used = 0;
        let steps = changes.windows(2).filter_map(|pair| {
            used += pair[0].1;
            let (start, end) = (self.instant(pair[0].0), self.instant(pair[1].0));
            let amount = i32::try_from(used.min(i64::from(capacity))).unwrap_or(i32::MAX);
            (start < end && 0 < amount).then_some((start, end - start, amount))
        });
        steps.collect()
    }

    fn state_precedence(&self, solver: &mut Solver, starts: &[Option<DomainId>]) {
        let tag = solver.new_constraint_tag();
        for &job in &self.model.jobs {
            for before in self.model.forwards.predecessors.of(job as usize) {
                if let Some((start, before_start)) = starts[job as usize].zip(starts[before.job as usize]) {
                    let terms = vec![before_start.scaled(1), start.scaled(-1)];
                    let in_order =
                        pumpkin_constraints::less_than_or_equals(terms, -self.units(before.wait), tag);
                    solver.add_constraint(in_order).post();
                }
            }
        }
    }

    /// Nothing is late that is due after the end of something else.
    fn state_due_times(&self, solver: &mut Solver, starts: &[Option<DomainId>]) {
        let tag = solver.new_constraint_tag();
        for &job in &self.model.jobs {
            let wanted = &self.model.problem.jobs()[job as usize];
            let Some(Due::After { job: before, within }) = wanted.due.filter(|_| wanted.weight != 0) else {
                continue;
            };
            // No two jobs end further apart than the makespan is long.
            if self.model.is_started(before.0) || self.makespan <= within {
                continue;
            }
            if let Some((start, before_start)) = starts[job as usize].zip(starts[before.0]) {
                let latest = self.model.forwards.duration[before.0] + within - wanted.duration;
                let terms = vec![start.scaled(1), before_start.scaled(-1)];
                let in_time = pumpkin_constraints::less_than_or_equals(terms, self.units(latest), tag);
                solver.add_constraint(in_time).post();
            }
        }
    }

    fn state_capacities(&self, solver: &mut Solver, starts: &[Option<DomainId>]) {
        for (resource, capacity) in self.model.problem.capacities().iter().enumerate() {
            let mut tasks = Vec::new();
            for (n, job) in self.model.problem.jobs().iter().enumerate() {
                let mut demands = job.demands.iter().filter(|_| job.started.is_none());
                let demand = demands.find(|demand| demand.resource.0 == resource && demand.amount != 0);
                let demand = demand.filter(|demand| self.held(n, demand) != 0);
                if let Some((demand, start)) = demand.zip(starts[n]) {
                    let amount = i32::try_from(demand.amount).unwrap_or(i32::MAX);
                    tasks.push(Task { start, length: self.held(n, demand), amount });
                }
            }
            if !tasks.is_empty() {
                for (start, length, amount) in self.going_on(resource, *capacity) {
                    tasks.push(Task { start: solver.new_bounded_integer(start, start), length, amount });
                }
                let tag = solver.new_constraint_tag();
                let capacity = i32::try_from(*capacity).unwrap_or(i32::MAX);
                solver.add_propagator(Resource { tasks, capacity, tag });
            }
        }
    }
}

/// The greatest length that divides all lengths and all distances between times before which nothing starts:
/// when all starts are put back to whole numbers of it, no rule is broken, and nothing is later.
fn unit(model: &Model) -> Time {
    let origin = model.problem.origin();
    let jobs = model.problem.jobs().iter();
    let of_jobs = jobs.flat_map(|job| {
        let published = job.published.filter(|_| job.started.is_none()).unwrap_or(origin);
        let within = if let Some(Due::After { within, .. }) = job.due { within } else { 0 };
        let lags = job.predecessors.iter().map(|before| before.lag);
        let holds = job.demands.iter().map(|demand| demand.hold);
        let own = [job.duration, first_start(job) - origin, published - origin, within];
        own.into_iter().chain(lags).chain(holds)
    });
    let stretches = model.problem.calendars().iter().flatten().map(|stretch| stretch.start - origin);
    of_jobs.chain(stretches).fold(0, |a, b| greatest_common_divisor(a, b.abs())).max(1)
}

fn greatest_common_divisor(a: Time, b: Time) -> Time {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}
