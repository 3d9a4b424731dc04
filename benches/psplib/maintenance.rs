//! Problems in the shape of a maintenance plan.

use std::time::Instant;

use mainstay::scheduler::solver::{
    self, CalendarId, Demand, Due, Effort, Job, JobId, Predecessor, Problem, ResourceId, Stretch, Time,
};

const HOUR: Time = 3600;
const DAY: Time = 24 * HOUR;

/// How many hosts are in a group of which one may be down.
const GROUP: usize = 3;

/// How often a task happens in the horizon.
const N_OCCURRENCES: usize = 12;

/// Prints for each number of occurrences when the first schedule was there, and how good it is.
pub fn measure(numbers: &[String]) {
    for number in numbers {
        let problem = of_occurrences(number.parse().expect("a number of occurrences"));
        let begin = Instant::now();
        let first = solver::solve(&problem, 1, Effort::Until(&mut || true));
        let seconds = begin.elapsed().as_secs_f64();
        println!(
            "{number} occurrences: first schedule after {seconds:.3} s, {} unplaced, {:?}",
            first.unplaced.len(),
            first.objective
        );
    }
}

/// Twelve weeks: tasks that recur weekly on the hosts of high-availability groups, in one of three
/// maintenance windows, outside of blackouts, by a crew that grows with the estate.
pub fn of_occurrences(n_jobs: usize) -> Problem {
    let n_tasks = n_jobs.div_ceil(N_OCCURRENCES);
    let n_hosts = n_tasks.div_ceil(4).next_multiple_of(GROUP);
    let n_groups = n_hosts / GROUP;
    let crew = u32::try_from(n_jobs / 400 + 2).expect("a crew");
    let mut capacities = vec![crew];
    capacities.resize(1 + n_hosts + n_groups, 1);
    let mut jobs: Vec<Job> = Vec::with_capacity(n_jobs);
    for n in 0..n_jobs {
        let (task, occurrence) = (n % n_tasks, n / n_tasks);
        let host = task % n_hosts;
        let release = Time::try_from(occurrence).expect("a week") * 7 * DAY;
        let mut predecessors = Vec::new();
        if let Some(before) = n.checked_sub(n_tasks) {
            predecessors.push(Predecessor { job: JobId(before), lag: 0 });
        }
        // Every fourth task of a host comes after the one before it.
        if task % 4 == 3 {
            predecessors.push(Predecessor { job: JobId(n - 1), lag: 0 });
        }
        jobs.push(Job {
            duration: [600, 1200, 1800, 2700, 5400][task * 7 % 5],
            release,
            due: Some(Due::At(release + 5 * DAY)),
            weight: [1, 2, 4, 8][task % 4],
            demands: vec![
                demand(0, 1 + u32::from(task % 5 == 0)),
                demand(1 + host, 1),
                demand(1 + n_hosts + host / GROUP, 1),
            ],
            predecessors,
            calendar: Some(CalendarId(task % 3)),
            ..Job::default()
        });
    }
    Problem::new(jobs, capacities, vec![nightly(2, 4), nightly(22, 7), nightly(9, 8)]).expect("a problem")
}

fn demand(resource: usize, amount: u32) -> Demand {
    Demand { resource: ResourceId(resource), amount, hold: 0 }
}

/// Open daily for `hours` from `hour` on; every third weekend and the last week of each month are closed.
fn nightly(hour: Time, hours: Time) -> Vec<Stretch> {
    let is_open = |day: &Time| !(day % 21 == 5 || day % 21 == 6 || 24 <= day % 28);
    let stretch = |day| {
        let start = day * DAY + hour * HOUR;
        Stretch { start, end: start + hours * HOUR, last_start: start + hours * HOUR - HOUR / 2 }
    };
    (0..26 * 7).filter(is_open).map(stretch).collect()
}
