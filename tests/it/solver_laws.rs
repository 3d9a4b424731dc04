//! Laws of the solver on random problems.
//!
//! The checker and the exhaustive search here share no code with the solver.

use mainstay::scheduler::solver::{
    self, CalendarId, Demand, Due, Effort, Job, JobId, Predecessor, Problem, ResourceId, Solution, Stretch,
    Time, Why,
};
use proptest::prelude::*;
use proptest::sample::Index;

/// How good a schedule is, worked out here: weight left out, weighted lateness, moved starts, makespan.
type Cost = (u128, u128, u64, Time);

/// A job before the number of jobs is known.
#[derive(Debug, Clone)]
struct Draft {
    duration: Time,
    release: Time,
    due: Option<Time>,
    weight: u64,
    latest_start: Option<Time>,
    published: Option<Time>,
    demands: Vec<u32>,
    before: Vec<Index>,
    calendar: Option<Index>,
}

prop_compose! {
    fn draft(longest: Time, spread: Time)(
        duration in 0..=longest,
        release in 0..=spread / 2,
        due in proptest::option::weighted(0.4, 0..=spread * 2),
        weight in 0..4_u64,
        latest_start in proptest::option::weighted(0.2, 0..=spread * 2),
        published in proptest::option::weighted(0.4, 0..=spread * 2),
        demands in proptest::collection::vec(0..=3_u32, 2),
        before in proptest::collection::vec(any::<Index>(), 0..=2),
        calendar in proptest::option::weighted(0.5, any::<Index>()),
    ) -> Draft {
        Draft { duration, release, due, weight, latest_start, published, demands, before, calendar }
    }
}

/// Gap before, length, and how long before the end nothing starts any more.
fn calendar(longest: Time) -> impl Strategy<Value = Vec<Stretch>> {
    let stretch = (0..=longest, 0..=longest * 2, 0..=longest);
    proptest::collection::vec(stretch, 0..=4).prop_map(|stretches| {
        let mut now = 0;
        let place = |(gap, length, cutoff): (Time, Time, Time)| {
            let start = now + gap;
            now = start + length;
            Stretch { start, end: now, last_start: (now - cutoff).max(start) }
        };
        stretches.into_iter().map(place).collect()
    })
}

/// Problems of up to `n_jobs`. With `scale` the amounts are so large that they do not fit a word.
fn problem(n_jobs: usize, longest: Time, spread: Time) -> impl Strategy<Value = Problem> {
    let drafts = proptest::collection::vec(draft(longest, spread), 1..=n_jobs);
    let calendars = proptest::collection::vec(calendar(longest), 1..=2);
    let scale = prop_oneof![2 => Just(1_u32), 1 => Just(1 << 29)];
    (drafts, calendars, scale, proptest::collection::vec(1..=4_u32, 2)).prop_map(
        |(drafts, calendars, scale, capacities)| {
            let jobs = drafts.iter().enumerate().map(|(n, draft)| job(n, draft, calendars.len(), scale));
            let capacities = capacities.into_iter().map(|capacity| capacity * scale).collect();
            Problem::new(jobs.collect(), capacities, calendars).expect("jobs only come after earlier ones")
        },
    )
}

fn job(n: usize, draft: &Draft, n_calendars: usize, scale: u32) -> Job {
    let before = draft
        .before
        .iter()
        .filter(|_| n != 0)
        .map(|before| Predecessor { job: JobId(before.index(n)), lag: 0 });
    let demands = draft.demands.iter().enumerate().filter(|(_, amount)| **amount != 0);
    Job {
        duration: draft.duration,
        release: draft.release,
        due: draft.due.map(Due::At),
        weight: draft.weight,
        latest_start: draft.latest_start,
        published: draft.published,
        demands: demands.map(|(resource, amount)| demand(resource, amount * scale)).collect(),
        predecessors: before.collect(),
        calendar: draft.calendar.map(|calendar| CalendarId(calendar.index(n_calendars))),
        ..Job::default()
    }
}

fn demand(resource: usize, amount: u32) -> Demand {
    Demand { resource: ResourceId(resource), amount, hold: 0 }
}

/// What is wrong with a schedule, rule by rule; a start of nothing means that the job is left out.
fn faults(problem: &Problem, starts: &[Option<Time>]) -> Vec<String> {
    let mut faults = Vec::new();
    for (n, job) in problem.jobs().iter().enumerate() {
        if let Some(start) = starts[n] {
            if !is_allowed(problem, job, start) {
                faults.push(format!("job {n} must not start at {start}"));
            }
            if !follows_predecessors(problem, starts, n) {
                faults.push(format!("job {n} starts before something before it has ended"));
            }
            if !has_room(problem, starts, start) {
                faults.push(format!("too much is in use when job {n} starts"));
            }
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
        end.is_some_and(|end| starts[n].is_none_or(|start| end <= start))
    })
}

/// Use only ever rises where something starts, so that starts are all the instants to look at.
fn has_room(problem: &Problem, starts: &[Option<Time>], time: Time) -> bool {
    let is_running = |n: &usize| {
        starts[*n].is_some_and(|start| (start..start + problem.jobs()[*n].duration).contains(&time))
    };
    let running: Vec<usize> = (0..starts.len()).filter(is_running).collect();
    problem.capacities().iter().enumerate().all(|(resource, capacity)| {
        let demands = running.iter().flat_map(|n| &problem.jobs()[*n].demands);
        let used: u64 = demands
            .filter(|demand| demand.resource.0 == resource)
            .map(|demand| u64::from(demand.amount))
            .sum();
        used <= u64::from(*capacity)
    })
}

fn cost(problem: &Problem, starts: &[Option<Time>]) -> Cost {
    let origin = problem.jobs().iter().map(|job| job.release).min().unwrap_or(0);
    let mut cost = (0, 0, 0, 0);
    for (job, start) in problem.jobs().iter().zip(starts) {
        let Some(start) = start else {
            cost.0 += u128::from(job.weight.max(1));
            continue;
        };
        let end = start + job.duration;
        let late = match job.due {
            Some(Due::At(due)) => (end - due).max(0),
            _ => 0,
        };
        cost.1 += u128::from(job.weight) * u128::from(late.unsigned_abs());
        cost.2 += u64::from(job.published.is_some_and(|published| published != *start));
        cost.3 = cost.3.max(end - origin);
    }
    cost
}

fn peak(problem: &Problem, starts: &[Option<Time>]) -> u64 {
    let used = |time: Time| -> u64 {
        let jobs = problem.jobs().iter().zip(starts);
        let running =
            jobs.filter(|(job, start)| start.is_some_and(|s| (s..s + job.duration).contains(&time)));
        running.flat_map(|(job, _)| &job.demands).map(|demand| u64::from(demand.amount)).sum()
    };
    starts.iter().flatten().map(|start| used(*start)).max().unwrap_or(0)
}

fn cost_of(problem: &Problem, solution: &Solution) -> Cost {
    cost(problem, &solution.starts)
}

/// Whether any schedule is better than `than`: every job at every start, or left out.
fn is_there_better(problem: &Problem, than: Cost) -> bool {
    let latest = problem.jobs().iter().filter_map(|job| {
        let times = [Some(job.release), job.published, job.latest_start];
        times.into_iter().flatten().max()
    });
    let closing = problem.calendars().iter().flatten().map(|stretch| stretch.end);
    let work: Time = problem.jobs().iter().map(|job| job.duration).sum();
    let horizon = latest.chain(closing).max().unwrap_or(0) + work;
    extend(problem, &mut vec![None; problem.jobs().len()], 0, horizon, than)
}

fn extend(problem: &Problem, starts: &mut Vec<Option<Time>>, n: usize, horizon: Time, than: Cost) -> bool {
    let Some(job) = problem.jobs().get(n) else { return cost(problem, starts) < than };
    // Jobs only come after earlier ones; a job whose predecessor is left out is left out.
    for start in (job.release..=horizon).filter(|start| is_allowed(problem, job, *start)) {
        starts[n] = Some(start);
        let is_possible = follows_predecessors(problem, starts, n)
            && starts
                .iter()
                .flatten()
                .filter(|time| start <= **time)
                .all(|time| has_room(problem, starts, *time));
        if is_possible
            && cost_so_far(problem, starts, n) < than
            && extend(problem, starts, n + 1, horizon, than)
        {
            return true;
        }
    }
    starts[n] = None;
    cost_so_far(problem, starts, n) < than && extend(problem, starts, n + 1, horizon, than)
}

/// What the jobs up to `n` cost; what comes later cannot make it less.
fn cost_so_far(problem: &Problem, starts: &[Option<Time>], n: usize) -> Cost {
    let later: u128 = problem.jobs()[n + 1..].iter().map(|job| u128::from(job.weight.max(1))).sum();
    let cost = cost(problem, starts);
    (cost.0 - later, cost.1, cost.2, cost.3)
}

fn solve(problem: &Problem, seed: u64, steps: u64) -> Solution {
    solver::solve(problem, seed, Effort::Steps(steps))
}

/// Everything that an answer claims, but for how good it is compared with others.
fn check(problem: &Problem, solution: &Solution) -> Result<(), TestCaseError> {
    prop_assert_eq!(faults(problem, &solution.starts), Vec::<String>::new());
    let (_, tardiness, moved, makespan) = cost_of(problem, solution);
    let objective = &solution.objective;
    prop_assert_eq!((objective.weighted_tardiness, objective.moved), (tardiness, moved));
    prop_assert_eq!((objective.makespan, objective.peak), (makespan, peak(problem, &solution.starts)));
    let left_out: Vec<JobId> = solution.unplaced.iter().map(|(job, _)| *job).collect();
    let without_start = solution.starts.iter().enumerate().filter(|(_, start)| start.is_none());
    prop_assert_eq!(left_out, without_start.map(|(n, _)| JobId(n)).collect::<Vec<_>>());
    for (job, why) in &solution.unplaced {
        check_why(problem, solution, *job, *why)?;
    }
    if solution.unplaced.is_empty() {
        prop_assert!(solution.lower_bound <= solution.objective);
    }
    Ok(())
}

fn check_why(problem: &Problem, solution: &Solution, id: JobId, why: Why) -> Result<(), TestCaseError> {
    let job = &problem.jobs()[id.0];
    match why {
        Why::TooMuch(resource) => {
            let needs =
                job.demands.iter().find(|demand| demand.resource == resource).map(|demand| demand.amount);
            prop_assert!(needs > Some(problem.capacities()[resource.0]));
        }
        Why::After(before) => {
            prop_assert!(
                job.predecessors.iter().any(|other| other.job == before)
                    && solution.starts[before.0].is_none()
            );
        }
        Why::Optional => prop_assert!(job.optional),
        Why::NoStretch | Why::NoRoom => {
            for start in 0..200 {
                let mut starts = solution.starts.clone();
                starts[id.0] = Some(start);
                prop_assert!(!faults(problem, &starts).is_empty(), "job {} fits at {}", id.0, start);
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn an_answer_keeps_every_rule_and_says_how_good_it_is(
        problem in problem(40, 8, 30), seed in any::<u64>(), steps in 0..200_u64,
    ) {
        check(&problem, &solve(&problem, seed, steps))?;
    }

    #[test]
    fn the_same_seed_and_steps_give_the_same_answer_and_more_steps_none_that_is_worse(
        problem in problem(30, 8, 30), seed in any::<u64>(), steps in 0..300_u64,
    ) {
        let solution = solve(&problem, seed, steps);
        prop_assert_eq!(&solution, &solve(&problem, seed, steps));
        let more = solve(&problem, seed, steps + 200);
        let whole = |solution: &Solution| (cost_of(&problem, solution), solution.objective.peak);
        prop_assert!(whole(&more) <= whole(&solution));
        prop_assert_eq!(more.first, solution.first);
    }

    #[test]
    fn a_published_start_moves_only_for_what_is_left_out_or_late(
        problem in problem(20, 8, 30), seed in any::<u64>(),
    ) {
        let solution = solve(&problem, seed, 100);
        let first = solution.first;
        if first.objective.moved < solution.objective.moved && first.n_unplaced <= solution.unplaced.len() {
            prop_assert!(
                solution.objective.weighted_tardiness < first.objective.weighted_tardiness
                    || cost_of(&problem, &solution).0 < cost_of(&problem, &solve(&problem, seed, 0)).0
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_better_than_the_answer_to_a_small_problem(problem in problem(6, 3, 5)) {
        let solution = solve(&problem, 7, 20_000);
        check(&problem, &solution)?;
        prop_assert!(!is_there_better(&problem, cost_of(&problem, &solution)), "{:?}", solution);
    }

    #[test]
    fn nothing_is_better_than_what_is_called_optimal_at_once(problem in problem(6, 3, 5)) {
        let solution = solve(&problem, 7, 1);
        if solution.optimal {
            prop_assert!(!is_there_better(&problem, cost_of(&problem, &solution)), "{:?}", solution);
        }
    }

    #[test]
    fn the_bound_is_not_above_the_best_answer(problem in problem(6, 3, 5)) {
        let best = solve(&problem, 7, 20_000);
        let bound = solve(&problem, 8, 1).lower_bound;
        let (_, tardiness, moved, makespan) = cost_of(&problem, &best);
        // The bound is that of schedules that leave out only what no schedule can place.
        if best.unplaced.iter().all(|(_, why)| !matches!(why, Why::NoRoom)) {
            let bound = (bound.weighted_tardiness, bound.moved, bound.makespan);
            prop_assert!(bound <= (tardiness, moved, makespan));
        }
    }
}

#[test]
fn the_closure_is_asked_and_ends_the_search() {
    let job = |n: usize| Job { duration: 3, demands: vec![demand(n % 2, 1)], ..Job::default() };
    let mut jobs: Vec<Job> = (0..9).map(job).collect();
    // The chain hides behind the bounds: they see neither resource's gap.
    jobs.push(Job { duration: 2, demands: vec![demand(0, 1), demand(1, 1)], ..Job::default() });
    jobs.push(Job { duration: 2, predecessors: vec![Predecessor { job: JobId(9), lag: 0 }], ..job(0) });
    jobs[0].release = 1;
    let problem = Problem::new(jobs, vec![1, 1], vec![]).expect("a problem");
    let mut n_asked = 0;
    let mut is_over = || {
        n_asked += 1;
        5 < n_asked
    };
    let solution = solver::solve(&problem, 1, Effort::Until(&mut is_over));
    assert!(solution.optimal || n_asked == 6, "{solution:?}, asked {n_asked} times");
    assert_eq!(faults(&problem, &solution.starts), Vec::<String>::new());
}

#[test]
fn what_can_wait_does_not_add_to_the_peak() {
    let long = Job { duration: 10, ..Job::default() };
    let short = Job { duration: 3, demands: vec![demand(0, 1)], ..Job::default() };
    let jobs = vec![long, short.clone(), short.clone(), short];
    let problem = Problem::new(jobs, vec![3], vec![]).expect("a problem");
    let solution = solve(&problem, 1, 100);
    assert!(solution.optimal, "{solution:?}");
    assert_eq!((solution.objective.makespan, solution.objective.peak), (10, 1), "{solution:?}");
}

#[test]
fn a_published_start_stays_although_the_makespan_could_be_shorter_and_moves_for_what_is_late() {
    let published = Job { duration: 4, published: Some(2), demands: vec![demand(0, 1)], ..Job::default() };
    let other = Job { duration: 4, demands: vec![demand(0, 1)], ..Job::default() };
    let patient = Problem::new(vec![published.clone(), other.clone()], vec![1], vec![]).expect("a problem");
    let solution = solve(&patient, 1, 1000);
    assert_eq!(solution.starts, [Some(2), Some(6)]);
    assert_eq!((solution.objective.moved, solution.objective.makespan), (0, 10));

    let urgent = Job { due: Some(Due::At(5)), weight: 3, ..other };
    let urgent = Problem::new(vec![published, urgent], vec![1], vec![]).expect("a problem");
    let solution = solve(&urgent, 1, 1000);
    assert_eq!(solution.starts, [Some(4), Some(0)]);
    assert_eq!((solution.first.objective.weighted_tardiness, solution.first.objective.moved), (15, 0));
    assert_eq!((solution.objective.weighted_tardiness, solution.objective.moved), (0, 1));
    assert!(solution.optimal || solution.lower_bound.moved == 0);
}
