//! What a schedule must keep and what it costs, and an exhaustive search: they share no code with the solver.

use mainstay::scheduler::solver::{Demand, Due, Job, Problem, Solution, Stretch, Time};

/// How good a schedule is, worked out here: weight left out, weighted lateness, moved starts, optional jobs
/// left out, makespan.
pub type Cost = (u128, u128, u64, u64, Time);

/// What is wrong with a schedule, rule by rule; a start of nothing means that the job is left out.
pub fn faults(problem: &Problem, starts: &[Option<Time>]) -> Vec<String> {
    let mut faults = Vec::new();
    for (n, job) in problem.jobs().iter().enumerate() {
        if job.started.is_some() {
            if starts[n] != job.started {
                faults.push(format!("job {n} has started, but not at {:?}", starts[n]));
            }
        } else if let Some(start) = starts[n] {
            if !is_allowed(problem, job, start) {
                faults.push(format!("job {n} must not start at {start}"));
            }
            if !follows_predecessors(problem, starts, n) {
                faults.push(format!("job {n} starts too early after something before it has ended"));
            }
        }
        if let Some(start) = starts[n].filter(|start| !has_room(problem, starts, *start)) {
            faults.push(format!("too much is in use at {start}, when job {n} starts"));
        }
    }
    faults
}

/// By itself: release, latest start, calendar, and nothing that is needed is more than there is.
fn is_allowed(problem: &Problem, job: &Job, start: Time) -> bool {
    let fits = |stretch: &Stretch| {
        stretch.start <= start && start <= stretch.last_start && start + job.duration <= stretch.end
    };
    let calendar = job.calendar.map(|calendar| &problem.calendars()[calendar.0]);
    let is_enough = |demand: &Demand| demand.amount <= problem.capacities()[demand.resource.0];
    job.release <= start
        && job.demands.iter().all(is_enough)
        && job.latest_start.is_none_or(|latest| start <= latest)
        && calendar.is_none_or(|stretches| stretches.iter().any(fits))
}

fn follows_predecessors(problem: &Problem, starts: &[Option<Time>], n: usize) -> bool {
    problem.jobs()[n].predecessors.iter().all(|before| {
        let end = starts[before.job.0].map(|start| start + problem.jobs()[before.job.0].duration);
        end.is_some_and(|end| starts[n].is_none_or(|start| end + before.lag <= start))
    })
}

/// What the jobs of `which` hold of a resource at a time.
fn held(
    problem: &Problem,
    starts: &[Option<Time>],
    resource: usize,
    time: Time,
    which: impl Fn(&Job) -> bool,
) -> u64 {
    let jobs = problem.jobs().iter().zip(starts).filter(|(job, _)| which(job));
    let demands = jobs.flat_map(|(job, start)| job.demands.iter().map(move |demand| (job, start, demand)));
    let holding = demands.filter(|(job, start, demand)| {
        demand.resource.0 == resource
            && start.is_some_and(|start| (start..start + job.duration + demand.hold).contains(&time))
    });
    holding.map(|(_, _, demand)| u64::from(demand.amount)).sum()
}

/// Use only ever rises where something starts, so that starts are all the instants to look at. What has
/// started may hold more than there is; then there is nothing for others.
fn has_room(problem: &Problem, starts: &[Option<Time>], time: Time) -> bool {
    problem.capacities().iter().enumerate().all(|(resource, capacity)| {
        let going_on = held(problem, starts, resource, time, |job| job.started.is_some());
        let others = held(problem, starts, resource, time, |job| job.started.is_none());
        others == 0 || going_on + others <= u64::from(*capacity)
    })
}

pub fn cost(problem: &Problem, starts: &[Option<Time>]) -> Cost {
    cost_of_first(problem, starts, problem.jobs().len())
}

/// What the first `n` jobs cost.
fn cost_of_first(problem: &Problem, starts: &[Option<Time>], n: usize) -> Cost {
    let origin = problem.jobs().iter().map(|job| job.started.unwrap_or(job.release)).min().unwrap_or(0);
    let mut cost = (0, 0, 0, 0, 0);
    for (job, start) in problem.jobs()[..n].iter().zip(starts) {
        let Some(start) = start else {
            cost.0 += if job.optional { 0 } else { u128::from(job.weight.max(1)) };
            cost.3 += u64::from(job.optional);
            continue;
        };
        let end = start + job.duration;
        let due = match job.due {
            None => None,
            Some(Due::At(due)) => Some(due),
            Some(Due::After { job: before, within }) => {
                starts[before.0].map(|start| start + problem.jobs()[before.0].duration + within)
            }
        };
        let late = due.map_or(0, |due| (end - due).max(0));
        cost.1 += u128::from(job.weight) * u128::from(late.unsigned_abs());
        cost.2 += u64::from(job.started.is_none() && job.published.is_some_and(|told| told != *start));
        cost.4 = cost.4.max(end - origin);
    }
    cost
}

pub fn peak(problem: &Problem, starts: &[Option<Time>]) -> u64 {
    let resources = || 0..problem.capacities().len();
    let used = |time: &Time| -> u64 { resources().map(|r| held(problem, starts, r, *time, |_| true)).sum() };
    starts.iter().flatten().map(used).max().unwrap_or(0)
}

pub fn cost_of(problem: &Problem, solution: &Solution) -> Cost {
    cost(problem, &solution.starts)
}

/// Whether any schedule is better than `than`: every job at every start, or left out.
pub fn is_there_better(problem: &Problem, than: Cost) -> bool {
    let jobs = || problem.jobs().iter();
    let latest = jobs().filter_map(|job| {
        let times = [Some(job.release), job.published, job.latest_start, job.started];
        times.into_iter().flatten().max()
    });
    let closing = problem.calendars().iter().flatten().map(|stretch| stretch.end);
    let lags = jobs().flat_map(|job| &job.predecessors).map(|before| before.lag);
    let holds = jobs().flat_map(|job| &job.demands).map(|demand| demand.hold);
    let work: Time = jobs().map(|job| job.duration).chain(lags).chain(holds).sum();
    let horizon = latest.chain(closing).max().unwrap_or(0) + work;
    let mut starts = vec![None; problem.jobs().len()];
    // Whatever else holds, this does.
    for (start, job) in starts.iter_mut().zip(problem.jobs()) {
        *start = job.started;
    }
    extend(problem, &mut starts, 0, horizon, than)
}

fn extend(problem: &Problem, starts: &mut Vec<Option<Time>>, n: usize, horizon: Time, than: Cost) -> bool {
    let Some(job) = problem.jobs().get(n) else { return cost(problem, starts) < than };
    // What comes later cannot make it cost less: jobs only come after earlier ones.
    let goes_on = |starts: &mut Vec<Option<Time>>| {
        cost_of_first(problem, starts, n + 1) < than && extend(problem, starts, n + 1, horizon, than)
    };
    if job.started.is_some() {
        return goes_on(starts);
    }
    for start in (job.release..=horizon).filter(|start| is_allowed(problem, job, *start)) {
        starts[n] = Some(start);
        if follows_predecessors(problem, starts, n) && is_consistent(problem, starts) && goes_on(starts) {
            return true;
        }
    }
    starts[n] = None;
    goes_on(starts)
}

fn is_consistent(problem: &Problem, starts: &[Option<Time>]) -> bool {
    starts.iter().flatten().all(|time| has_room(problem, starts, *time))
}
