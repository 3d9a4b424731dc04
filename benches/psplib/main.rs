//! How good the solver's schedules are, and how soon they are there.
//!
//! `cargo bench --bench psplib -- FILE... [--every N] [--seconds S,S...] [--steps N,N...] [--seed N] [--each]`
//! solves each Nth instance of each file and prints, for each effort, the share that was proved optimal and the
//! mean deviation from the best makespan that is known; with `--each` also what came of each instance. A file has one instance a line, as JSON, and may be
//! compressed with gzip: `id`, `cap` (capacities), `dur` (durations), `req` (what each job needs of each
//! resource), `succ` (successors), `ub` (the best known makespan). Seconds are those of the processor, so
//! that others who use it do not count.
//!
//! With `--plan-files` each instance is made a plan file first, and what is measured is what `mainstay plan` does.
//!
//! `cargo bench --bench psplib -- maintenance N...` makes a plan of N occurrences and prints when the first
//! schedule was there.
//!
//! The instances, PSPLIB, are not part of this repository. Kolisch, Sprecher, "PSPLIB - a project scheduling
//! library" (1996).
#![allow(
    clippy::cast_precision_loss,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::expect_used
)]

mod instance;
mod maintenance;
mod plan_file;

use std::env;
use std::fs;
use std::time::{Duration, Instant};

use instance::{Instance, Outcome};
use mainstay::scheduler::solver::Effort;

/// One effort for all instances.
#[derive(Clone, Copy)]
enum Given {
    Seconds(f64),
    Steps(u64),
}

/// What the command line asks for.
#[derive(Default)]
struct Wanted {
    names: Vec<String>,
    every: usize,
    efforts: Vec<Given>,
    seed: u64,
    as_plan_files: bool,
    is_each_printed: bool,
}

const USAGE: &str = "usage: cargo bench --bench psplib -- FILE... [--every N] [--seconds S,S] [--steps N,N] [--seed N] [--each] [--plan-files]\n\
                     \x20      cargo bench --bench psplib -- maintenance N...";

fn main() {
    let Some(wanted) = wanted(env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return;
    };
    match wanted.names.split_first() {
        Some((word, numbers)) if word == "maintenance" => maintenance::measure(numbers),
        // `cargo test --all-targets` comes here, and waits for no figures.
        None => eprintln!("{USAGE}"),
        Some(_) => wanted.names.iter().for_each(|file| measure(file, &wanted)),
    }
}

fn wanted(mut arguments: impl Iterator<Item = String>) -> Option<Wanted> {
    let mut wanted = Wanted { every: 1, seed: 1, ..Wanted::default() };
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--bench" => {}
            "--every" => wanted.every = arguments.next()?.parse().ok()?,
            "--seconds" => wanted.efforts.extend(list(&arguments.next()?)?.into_iter().map(Given::Seconds)),
            "--steps" => wanted.efforts.extend(list(&arguments.next()?)?.into_iter().map(Given::Steps)),
            "--seed" => wanted.seed = arguments.next()?.parse().ok()?,
            "--each" => wanted.is_each_printed = true,
            "--plan-files" => wanted.as_plan_files = true,
            name => wanted.names.push(name.to_owned()),
        }
    }
    Some(wanted)
}

fn list<T: std::str::FromStr>(text: &str) -> Option<Vec<T>> {
    text.split(',').map(|item| item.parse().ok()).collect()
}

fn measure(file: &str, wanted: &Wanted) {
    let instances = instance::read(file);
    let sample: Vec<&Instance> = instances.iter().step_by(wanted.every).collect();
    println!("{file}: {} of {} instances", sample.len(), instances.len());
    for effort in &wanted.efforts {
        measure_effort(&sample, *effort, wanted);
    }
}

fn measure_effort(sample: &[&Instance], effort: Given, wanted: &Wanted) {
    let (mut deviation, mut n_proved, mut n_best, mut steps) = (0.0, 0_u32, 0_u32, 0);
    let begin = time_on_processor();
    for instance in sample {
        let solution = solve(instance, effort, wanted);
        let makespan = instance.checked_makespan(&solution);
        deviation += (makespan - instance.best) as f64 / instance.best as f64;
        n_proved += u32::from(solution.optimal);
        n_best += u32::from(makespan <= instance.best);
        steps += solution.steps;
        if wanted.is_each_printed {
            let (id, best, bound) = (&instance.id, instance.best, solution.bound);
            println!("{id}: makespan {makespan}, best known {best}, at least {bound}");
        }
        assert!(!solution.optimal || makespan <= instance.best, "{}: not optimal", instance.id);
        assert!(solution.bound <= instance.best, "{}: the bound is wrong", instance.id);
    }
    let seconds = time_on_processor().saturating_sub(begin).as_secs_f64();
    let share = |n: f64| 100.0 * n / sample.len() as f64;
    let name = match effort {
        Given::Seconds(seconds) => format!("{seconds} s"),
        Given::Steps(steps) => format!("{steps} steps"),
    };
    println!(
        "{name:>14}: mean {:.3} %, best known {:.1} %, proved {:.1} %; {steps} steps in {seconds:.1} s, {:.0}/s",
        share(deviation),
        share(f64::from(n_best)),
        share(f64::from(n_proved)),
        steps as f64 / seconds,
    );
}

fn solve(instance: &Instance, effort: Given, wanted: &Wanted) -> Outcome {
    let plan = wanted.as_plan_files.then(|| plan_file::read(plan_file::yaml(instance)));
    let solve = |effort: Effort| match &plan {
        Some(plan) => plan_file::solve(instance, plan, wanted.seed, effort),
        None => instance.solve(wanted.seed, effort),
    };
    match effort {
        Given::Steps(steps) => solve(Effort::Steps(steps)),
        Given::Seconds(seconds) => {
            let (begin, spent) = (Instant::now(), time_on_processor());
            let given = Duration::from_secs_f64(seconds);
            // The first is quick to ask, and is never less than the second.
            let mut is_over =
                || given <= begin.elapsed() && given <= time_on_processor().saturating_sub(spent);
            solve(Effort::Until(&mut is_over))
        }
    }
}

/// How long this program had a processor for itself: on a shared machine the time that counts.
fn time_on_processor() -> Duration {
    let text = fs::read_to_string("/proc/self/schedstat").expect("this is Linux");
    let nanoseconds = text.split(' ').next().and_then(|number| number.parse().ok());
    Duration::from_nanos(nanoseconds.expect("a number"))
}
