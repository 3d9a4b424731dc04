//! Laws of the solver on random problems.
//!
//! The checker and the exhaustive search share no code with the solver.

mod checker;
mod problems;
mod words;

use checker::{cost_of, faults, is_there_better, peak};
use mainstay::scheduler::solver::{
    self, Demand, Due, Effort, Job, JobId, Predecessor, Problem, ResourceId, Solution, Why,
};
use problems::problem;
use proptest::prelude::*;

fn demand(resource: usize, amount: u32) -> Demand {
    Demand { resource: ResourceId(resource), amount, hold: 0 }
}

/// Whether `job` is left out because others are placed, in the end.
fn lacks_room(solution: &Solution, job: JobId) -> bool {
    let why = solution.unplaced.iter().find(|(other, _)| *other == job).map(|(_, why)| *why);
    match why {
        Some(Why::After(before)) => lacks_room(solution, before),
        why => matches!(why, Some(Why::NoRoom | Why::Optional)),
    }
}

/// Whether the search, and not only a proof, is held to find the best schedule of a small problem: nothing is
/// late because something else was early, and nothing that is needed comes after what is optional.
fn is_simple(problem: &Problem) -> bool {
    let is_optional = |before: &Predecessor| problem.jobs()[before.job.0].optional;
    let is_simple = |job: &Job| {
        let is_due_after = job.weight != 0 && matches!(job.due, Some(Due::After { .. }));
        !is_due_after && (job.optional || !job.predecessors.iter().any(is_optional))
    };
    problem.jobs().iter().all(is_simple)
}

fn solve(problem: &Problem, seed: u64, steps: u64) -> Solution {
    solver::solve(problem, seed, Effort::Steps(steps))
}

/// Everything that an answer claims, but for how good it is compared with others.
fn check(problem: &Problem, solution: &Solution) -> Result<(), TestCaseError> {
    prop_assert_eq!(faults(problem, &solution.starts), Vec::<String>::new());
    let (_, tardiness, moved, left_out, makespan) = cost_of(problem, solution);
    let objective = &solution.objective;
    prop_assert_eq!((objective.weighted_tardiness, objective.moved), (tardiness, moved));
    prop_assert_eq!(objective.left_out, left_out);
    prop_assert_eq!((objective.makespan, objective.peak), (makespan, peak(problem, &solution.starts)));
    let unplaced: Vec<JobId> = solution.unplaced.iter().map(|(job, _)| *job).collect();
    let without_start = solution.starts.iter().enumerate().filter(|(_, start)| start.is_none());
    prop_assert_eq!(unplaced, without_start.map(|(n, _)| JobId(n)).collect::<Vec<_>>());
    for (job, why) in &solution.unplaced {
        check_why(problem, solution, *job, *why)?;
    }
    let is_needed = |(job, _): &(JobId, Why)| !problem.jobs()[job.0].optional;
    if !solution.unplaced.iter().any(is_needed) {
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
            for start in -20..200 {
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
        let n_unplaced = solution.unplaced.iter().filter(|(job, _)| !problem.jobs()[job.0].optional).count();
        if first.objective.moved < solution.objective.moved && first.n_unplaced <= n_unplaced {
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
        if solution.optimal || is_simple(&problem) {
            prop_assert!(!is_there_better(&problem, cost_of(&problem, &solution)), "{:?}", solution);
        }
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
        let (_, tardiness, moved, left_out, makespan) = cost_of(&problem, &best);
        // The bound is that of schedules that leave out only what no schedule can place.
        let is_needed = |job: &JobId| !problem.jobs()[job.0].optional;
        if !best.unplaced.iter().any(|(job, _)| is_needed(job) && lacks_room(&best, *job)) {
            let bound = (bound.weighted_tardiness, bound.moved, bound.left_out, bound.makespan);
            prop_assert!(bound <= (tardiness, moved, left_out, makespan));
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
