//! How good the solver's schedules are, and how soon they are there.
//!
//! `cargo bench --bench psplib -- FILE... [--every N] [--seconds S,S...] [--steps N,N...]` solves each Nth
//! instance of each file and prints, for each effort, the share that was proved optimal and the mean
//! deviation from the best makespan that is known, from what is proved (the bound) and from the critical path. A file has one instance a line, as JSON, and may be
//! compressed with gzip: `id`, `cap` (capacities), `dur` (durations), `req` (what each job needs of each
//! resource), `succ` (successors), `ub` (the best known makespan). Seconds are those of the processor, so
//! that others who use it do not count.
//!
//! With `--plan-files` each instance is made a plan file first, and what is measured is what `mainstay plan` does.
//!
//! `cargo bench --bench psplib -- random N... [--seed N]` does so with instances of N jobs that are made on the
//! spot: whether what holds for PSPLIB, by which the solver was measured all along, holds for others too.
//!
//! `cargo bench --bench psplib -- maintenance N...` makes a plan of N occurrences and prints when the first
//! schedule was there.
//!
//! The instances, PSPLIB, are not part of this repository. Kolisch, Sprecher, "PSPLIB - a project scheduling
//! library" (1996).
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::expect_used
)]

mod instance;
mod maintenance;
mod plan_file;
mod random;

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
    as_plan_files: bool,
    seed: u64,
}

const USAGE: &str = "usage: cargo bench --bench psplib -- FILE... [--every N] [--seconds S,S] [--steps N,N] [--plan-files]\n\
                     \x20      cargo bench --bench psplib -- random N... [--seed N] [the options above]\n\
                     \x20      cargo bench --bench psplib -- maintenance N...";

fn main() {
    let Some(wanted) = wanted(env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return;
    };
    match wanted.names.split_first() {
        Some((word, numbers)) if word == "maintenance" => maintenance::measure(numbers),
        Some((word, numbers)) if word == "random" => {
            for number in numbers {
                let instances = random::instances(number.parse().expect("a number of jobs"), wanted.seed);
                measure(&format!("random, {number} jobs, seed {}", wanted.seed), &instances, &wanted);
            }
        }
        // `cargo test --all-targets` comes here, and waits for no figures.
        None => eprintln!("{USAGE}"),
        Some(_) => wanted.names.iter().for_each(|file| measure(file, &instance::read(file), &wanted)),
    }
}

fn wanted(mut arguments: impl Iterator<Item = String>) -> Option<Wanted> {
    let mut wanted = Wanted { every: 1, seed: 1, ..Wanted::default() };
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--bench" => {}
            "--every" => wanted.every = arguments.next()?.parse().ok()?,
            "--seed" => wanted.seed = arguments.next()?.parse().ok()?,
            "--seconds" => wanted.efforts.extend(list(&arguments.next()?)?.into_iter().map(Given::Seconds)),
            "--steps" => wanted.efforts.extend(list(&arguments.next()?)?.into_iter().map(Given::Steps)),
            "--plan-files" => wanted.as_plan_files = true,
            name => wanted.names.push(name.to_owned()),
        }
    }
    Some(wanted)
}

fn list<T: std::str::FromStr>(text: &str) -> Option<Vec<T>> {
    text.split(',').map(|item| item.parse().ok()).collect()
}

fn measure(name: &str, instances: &[Instance], wanted: &Wanted) {
    let sample: Vec<&Instance> = instances.iter().step_by(wanted.every).collect();
    println!("{name}: {} of {} instances", sample.len(), instances.len());
    for effort in &wanted.efforts {
        measure_effort(&sample, *effort, wanted.as_plan_files);
    }
}

fn measure_effort(sample: &[&Instance], effort: Given, is_plan_file: bool) {
    let mut total = Total::default();
    let begin = time_on_processor();
    for instance in sample {
        total.add(instance, &solve(instance, effort, is_plan_file));
    }
    let seconds = time_on_processor().saturating_sub(begin).as_secs_f64();
    let name = match effort {
        Given::Seconds(seconds) => format!("{seconds} s"),
        Given::Steps(steps) => format!("{steps} steps"),
    };
    let (steps, total) = (total.steps, total.in_words());
    println!("{name:>14}: {total}; {steps} steps in {seconds:.1} s, {:.0}/s", steps as f64 / seconds);
}

/// What came of the instances so far.
#[derive(Default)]
struct Total {
    n: u32,
    n_proved: u32,
    /// Of those of which a best makespan is known.
    n_known: u32,
    n_best: u32,
    above_best: f64,
    above_bound: f64,
    above_critical_path: f64,
    steps: u64,
}

impl Total {
    fn add(&mut self, instance: &Instance, solution: &Outcome) {
        let makespan = instance.checked_makespan(solution);
        let above = |bound: i64| (makespan - bound) as f64 / bound as f64;
        assert!(!solution.optimal || makespan == solution.bound, "{}: not proved", instance.id);
        if let Some(best) = instance.best {
            assert!(!solution.optimal || makespan <= best, "{}: not optimal", instance.id);
            assert!(solution.bound <= best, "{}: the bound is wrong", instance.id);
            self.n_known += 1;
            self.n_best += u32::from(makespan <= best);
            self.above_best += above(best);
        }
        self.n += 1;
        self.n_proved += u32::from(solution.optimal);
        self.above_bound += above(solution.bound.max(instance.critical_path()));
        self.above_critical_path += above(instance.critical_path());
        self.steps += solution.steps;
    }

    fn in_words(&self) -> String {
        let known = (self.n_known != 0).then(|| {
            let share = |n: f64| 100.0 * n / f64::from(self.n_known);
            format!("mean {:.3} %, best known {:.1} %, ", share(self.above_best), share(self.n_best.into()))
        });
        let share = |n: f64| 100.0 * n / f64::from(self.n);
        format!(
            "{}proved {:.1} %, {:.3} % above the bound, {:.2} % above the critical path",
            known.unwrap_or_default(),
            share(self.n_proved.into()),
            share(self.above_bound),
            share(self.above_critical_path)
        )
    }
}

fn solve(instance: &Instance, effort: Given, is_plan_file: bool) -> Outcome {
    let plan = is_plan_file.then(|| plan_file::read(plan_file::yaml(instance)));
    let solve = |effort: Effort| match &plan {
        Some(plan) => plan_file::solve(instance, plan, 1, effort),
        None => instance.solve(1, effort),
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
