//! An instance, and whether a schedule keeps its rules.

use std::fs;
use std::path::Path;
use std::process::Command;

use mainstay::scheduler::solver::{Demand, Effort, Job, JobId, Predecessor, Problem, ResourceId, solve};
use serde_json::Value;

/// An instance with what is known of it.
pub struct Instance {
    pub id: String,
    pub problem: Problem,
    /// The shortest makespan that is known.
    pub best: Option<i64>,
}

/// What came of an instance.
pub struct Outcome {
    /// When each job starts.
    pub starts: Vec<Option<i64>>,
    /// Whether it is said that nothing is better.
    pub optimal: bool,
    /// What the makespan is said not to be below.
    pub bound: i64,
    /// How many schedules were made, where that is known.
    pub steps: u64,
}

/// The instances of a file.
pub fn read(file: &str) -> Vec<Instance> {
    let text = if Path::new(file).extension().is_some_and(|extension| extension == "gz") {
        let output = Command::new("gzip").args(["-dc", file]).output().expect("gzip is there");
        assert!(output.status.success(), "gzip cannot read {file}");
        String::from_utf8(output.stdout).expect("the file is text")
    } else {
        fs::read_to_string(file).expect("the file can be read")
    };
    text.lines().map(|line| parse(&serde_json::from_str(line).expect("each line is JSON"))).collect()
}

fn parse(value: &Value) -> Instance {
    let durations = numbers(&value["dur"]);
    let mut jobs: Vec<Job> = durations.iter().map(|n| Job { duration: *n, ..Job::default() }).collect();
    for (n, job) in jobs.iter_mut().enumerate() {
        let needs = numbers(&value["req"][n]).into_iter().enumerate();
        let needs = needs.map(|(resource, n)| Demand {
            resource: ResourceId(resource),
            amount: u32::try_from(n).expect("a need"),
            hold: 0,
        });
        job.demands = needs.filter(|need| need.amount != 0).collect();
    }
    for n in 0..jobs.len() {
        for successor in numbers(&value["succ"][n]) {
            jobs[usize::try_from(successor).expect("a job")]
                .predecessors
                .push(Predecessor { job: JobId(n), lag: 0 });
        }
    }
    let capacities = numbers(&value["cap"]).into_iter().map(|n| u32::try_from(n).expect("a capacity"));
    Instance {
        id: value["id"].as_str().expect("a name").to_owned(),
        problem: Problem::new(jobs, capacities.collect(), vec![]).expect("a problem"),
        best: Some(value["ub"].as_i64().expect("a makespan")),
    }
}

fn numbers(value: &Value) -> Vec<i64> {
    let list = value.as_array().expect("a list");
    list.iter().map(|n| n.as_i64().expect("a number")).collect()
}

impl Instance {
    /// Hands it to the solver as it is.
    pub fn solve(&self, seed: u64, effort: Effort) -> Outcome {
        let solution = solve(&self.problem, seed, effort);
        let (optimal, bound) = (solution.optimal, solution.lower_bound.makespan);
        Outcome { starts: solution.starts, optimal, bound, steps: solution.steps }
    }

    /// The longest chain of jobs. They are in order of precedence.
    pub fn critical_path(&self) -> i64 {
        let mut ends: Vec<i64> = Vec::new();
        for job in self.problem.jobs() {
            let start = job.predecessors.iter().map(|before| ends[before.job.0] + before.lag).max();
            ends.push(start.unwrap_or(0) + job.duration);
        }
        ends.into_iter().max().unwrap_or(0)
    }

    /// The makespan of a schedule, which is checked instant by instant.
    pub fn checked_makespan(&self, solution: &Outcome) -> i64 {
        let jobs = self.problem.jobs();
        let starts: Vec<i64> =
            solution.starts.iter().map(|start| start.expect("everything is placed")).collect();
        let ends: Vec<i64> = starts.iter().zip(jobs).map(|(start, job)| start + job.duration).collect();
        for (n, job) in jobs.iter().enumerate() {
            let in_order = job.predecessors.iter().all(|before| ends[before.job.0] <= starts[n]);
            assert!(0 <= starts[n] && in_order, "{}: job {n} is too early", self.id);
        }
        let makespan = ends.iter().copied().max().unwrap_or(0);
        for time in 0..makespan {
            let mut used = vec![0; self.problem.capacities().len()];
            let running = (0..jobs.len()).filter(|n| (starts[*n]..ends[*n]).contains(&time));
            for demand in running.flat_map(|n| &jobs[n].demands) {
                used[demand.resource.0] += demand.amount;
            }
            let fits = used.iter().zip(self.problem.capacities()).all(|(used, capacity)| used <= capacity);
            assert!(fits, "{}: too much is in use at {time}", self.id);
        }
        makespan
    }
}
