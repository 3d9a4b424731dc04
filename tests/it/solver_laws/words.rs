//! What a job can say, one thing at a time.

use mainstay::scheduler::solver::{
    self, CalendarId, Demand, Due, Effort, Job, JobId, Predecessor, Problem, ResourceId, Solution, Stretch,
    Time, Why,
};

/// A job that lasts so long and needs the one resource that there is.
fn job(duration: Time) -> Job {
    let demand = Demand { resource: ResourceId(0), amount: 1, hold: 0 };
    Job { duration, demands: vec![demand], ..Job::default() }
}

fn after(job: usize, lag: Time) -> Vec<Predecessor> {
    vec![Predecessor { job: JobId(job), lag }]
}

fn open(start: Time, end: Time) -> Stretch {
    Stretch { start, end, last_start: end }
}

fn solve_in(jobs: Vec<Job>, calendars: Vec<Vec<Stretch>>, steps: u64) -> Solution {
    let problem = Problem::new(jobs, vec![1], calendars).expect("a problem");
    solver::solve(&problem, 1, Effort::Steps(steps))
}

fn solve(jobs: Vec<Job>) -> Solution {
    solve_in(jobs, vec![], 1000)
}

#[test]
fn a_job_starts_a_lag_after_its_predecessor_has_ended() {
    let solution = solve(vec![job(3), Job { predecessors: after(0, 5), ..job(1) }]);
    assert_eq!(solution.starts, [Some(0), Some(8)]);
    assert!(solution.optimal);
}

#[test]
fn a_job_waits_so_that_what_is_due_after_it_is_not_late() {
    // The second one would be due at 56, and it is closed from 10 to 60.
    let first = Job { calendar: Some(CalendarId(0)), weight: 1, ..job(1) };
    let due = Some(Due::After { job: JobId(0), within: 55 });
    let second = Job { predecessors: after(0, 20), due, ..first.clone() };
    for steps in [0, 1000] {
        let calendar = vec![open(0, 10), open(60, 70)];
        let solution = solve_in(vec![first.clone(), second.clone()], vec![calendar], steps);
        assert_eq!(solution.starts, [Some(5), Some(60)], "{steps} steps");
        assert_eq!(solution.objective.weighted_tardiness, 0);
    }
}

#[test]
fn what_is_optional_is_left_out_rather_than_late() {
    let needed = Job { due: Some(Due::At(4)), weight: 1, ..job(4) };
    let optional = Job { optional: true, due: Some(Due::At(6)), weight: 9, ..job(4) };
    let then = Job { optional: true, predecessors: after(1, 0), ..job(1) };
    let solution = solve(vec![needed, optional, then]);
    assert_eq!(solution.starts, [Some(0), None, None]);
    assert_eq!(solution.unplaced, [(JobId(1), Why::Optional), (JobId(2), Why::After(JobId(1)))]);
    assert_eq!((solution.objective.weighted_tardiness, solution.objective.left_out), (0, 2));
}

#[test]
fn what_has_started_goes_on_even_beyond_a_capacity_and_nothing_joins_it() {
    let going_on = |started, duration| Job { started: Some(started), published: Some(0), ..job(duration) };
    let waiting = Job { predecessors: after(0, 0), ..job(1) };
    let solution = solve(vec![going_on(-5, 8), going_on(-2, 9), waiting]);
    assert_eq!(solution.starts, [Some(-5), Some(-2), Some(7)]);
    assert_eq!((solution.objective.moved, solution.objective.peak), (0, 2));
    assert!(solution.optimal);
}

#[test]
fn what_has_started_asks_no_rule() {
    let early = Job { release: 50, latest_start: Some(60), calendar: Some(CalendarId(0)), ..job(2) };
    let early = Job { started: Some(10), predecessors: after(0, 0), ..early };
    let solution = solve_in(vec![job(30), early], vec![vec![]], 1000);
    assert_eq!(solution.starts[1], Some(10));
    assert_eq!(solution.starts[0], Some(12), "nothing else fits before");
}

#[test]
fn a_partner_waits_for_what_is_held_after_the_end() {
    let holding = |job: Job| {
        let demands = vec![Demand { hold: 6, ..job.demands[0] }];
        Job { demands, ..job }
    };
    let solution = solve(vec![holding(job(2)), job(2)]);
    assert!(solution.optimal);
    assert_eq!(solution.starts, [Some(2), Some(0)], "what holds nothing goes first");

    let held = holding(Job { started: Some(0), ..job(2) });
    assert_eq!(solve(vec![held, job(2)]).starts, [Some(0), Some(8)]);
    let told = holding(Job { published: Some(0), ..job(2) });
    assert_eq!(solve(vec![told, job(2)]).starts, [Some(0), Some(8)]);
}

#[test]
fn without_steps_the_first_schedule_is_the_answer() {
    let jobs: Vec<Job> = (0..50).map(|n| Job { release: n % 7, ..job(1 + n % 3) }).collect();
    let solution = solve_in(jobs, vec![], 0);
    assert_eq!(solution.steps, 1);
    assert_eq!(solution.objective, solution.first.objective);
}
