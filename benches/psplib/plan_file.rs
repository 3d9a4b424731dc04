//! An instance as a plan file, and the schedule of that as a solution of the instance.

use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Utc};
use mainstay::model::{PlanFile, Schedule};
use mainstay::scheduler::solver::{Effort, Job};
use mainstay::scheduler::{self, History, Search};

use crate::instance::{Instance, Outcome};

/// When everything is released.
const FROM: &str = "2026-01-01T00:00:00Z";

/// The instance in YAML: a job is a task that is due at no time, and an instant of the instance is a minute.
///
/// Jobs that take no time are left out: the first and the last of each instance, which order nothing.
pub fn yaml(instance: &Instance) -> String {
    let mut text = String::from("mainstay: 1\nresources:\n");
    for (n, capacity) in instance.problem.capacities().iter().enumerate() {
        writeln!(text, "  r{n}: {capacity}").expect("memory");
    }
    text.push_str("tasks:\n");
    let jobs = instance.problem.jobs();
    for (n, job) in jobs.iter().enumerate().filter(|(_, job)| job.duration != 0) {
        let needs: Vec<_> =
            job.demands.iter().map(|it| format!("r{}: {}", it.resource.0, it.amount)).collect();
        let after = job.predecessors.iter().map(|it| it.job.0).filter(|before| jobs[*before].duration != 0);
        let after: Vec<_> = after.map(|before| format!("t{before}")).collect();
        writeln!(
            text,
            "  t{n}: {{type: routine, domain: system, schedule: {{at: {FROM}}}, duration: {}m, \
             resources: {{{}}}, after: [{}], steps: [{{run: [\"true\"]}}]}}",
            job.duration,
            needs.join(", "),
            after.join(", ")
        )
        .expect("memory");
    }
    text
}

/// Reads what [`yaml`] wrote.
pub fn read(yaml: String) -> PlanFile {
    let text = mainstay::planfile::Text::new("maintenance.yaml", yaml.into_bytes());
    text.read().into_plan().expect("a plan file")
}

/// Plans it.
pub fn solve(instance: &Instance, plan: &PlanFile, seed: u64, effort: Effort) -> Outcome {
    let from: DateTime<Utc> = FROM.parse().expect("an instant");
    let whole: i64 = instance.problem.jobs().iter().map(|job| job.duration).sum();
    let until = from + TimeDelta::minutes(whole + 1);
    let search = Search::new(seed, effort);
    let computed = scheduler::compute_with(plan, "", &History::default(), None, from, until, search);
    outcome(instance, from, &computed.expect("a schedule").schedule)
}

fn outcome(instance: &Instance, from: DateTime<Utc>, schedule: &Schedule) -> Outcome {
    let jobs: &[Job] = instance.problem.jobs();
    let mut starts = vec![None; jobs.len()];
    for placed in &schedule.placed {
        let job: usize = placed.occurrence.task[1..].parse().expect("a number");
        starts[job] = Some((placed.start - from).num_minutes());
    }
    // What takes no time is where what comes before it has ended; the jobs are in order of precedence.
    for n in 0..jobs.len() {
        let ends =
            jobs[n].predecessors.iter().filter_map(|it| Some(starts[it.job.0]? + jobs[it.job.0].duration));
        let end = ends.max().unwrap_or(0);
        starts[n] = starts[n].or((jobs[n].duration == 0).then_some(end));
    }
    let minutes = |seconds: u64| i64::try_from(seconds.div_ceil(60)).expect("a time");
    Outcome {
        starts,
        optimal: schedule.objective.optimal,
        bound: minutes(schedule.objective.lower_bound_seconds),
        steps: 0,
    }
}
