//! Carrying out work.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::row::{Quantity, Row};
use crate::{mainstay, plan_file, this_program, with_arguments};

/// How many steps one task has that does nothing else.
const N_STEPS: usize = 1000;
/// Layers of tasks of steps.
const SHAPE: [usize; 3] = [10, 20, 50];
/// What a step prints that prints much, and less. 1 MiB would be less than the compressor and its queue hold at most,
/// which is 3 MiB: what is asked is whether memory grows with what is printed, and those are full long before 64 MiB.
const MUCH: usize = 1 << 30;
const LESS: usize = 64 << 20;

pub fn rows(dir: &Path) -> Vec<Row> {
    let mut rows = Vec::from(one_task(dir));
    rows.extend([2, 8].map(|jobs| layers(dir, jobs)));
    rows.push(Row {
        name: format!("memory: {}", layers(dir, 8).name),
        quantity: Quantity::PeakMemory,
        limit: None,
        most: Some(64.0),
        n_rounds: 1,
        ..layers(dir, 8)
    });
    rows.extend(output(dir));
    rows
}

fn one_task(dir: &Path) -> [Row; 2] {
    let plan_file = dir.join("steps.yaml");
    fs::write(&plan_file, plan_file::of_steps(N_STEPS)).expect("the directory is writable");
    let row = |floor_name, key: &'static str, floor: Box<dyn Fn(usize) -> Command>| Row {
        name: format!("run: {N_STEPS} steps that do nothing"),
        floor_name,
        quantity: Quantity::WallTime,
        limit: None,
        most: None,
        n_rounds: 7,
        subject: Box::new({
            let (dir, plan_file) = (dir.to_owned(), plan_file.clone());
            move |round| run(&plan_file, &dir.join(format!("{key}-{round}.db")), &["steps"])
        }),
        exit_code: 0,
        floor,
    };
    let (n_steps, journal) = (N_STEPS.to_string(), dir.join("journal"));
    let arguments = [PathBuf::from(&n_steps), journal];
    [
        row(
            "spawning `true` as often",
            "spawn",
            Box::new(move |_| with_arguments(this_program("floor-spawn"), &[&n_steps])),
        ),
        row(
            "the same, with a line on disk before and after each",
            "journal",
            Box::new(move |_| with_arguments(this_program("floor-journal"), &arguments)),
        ),
    ]
}

/// Many tasks that come after each other, `jobs` of them at the same time.
fn layers(dir: &Path, jobs: usize) -> Row {
    let plan_file = dir.join("layers.yaml");
    fs::write(&plan_file, plan_file::of_layers(SHAPE)).expect("the directory is writable");
    let n_steps = SHAPE.iter().product::<usize>().to_string();
    let jobs = jobs.to_string();
    Row {
        name: format!("run: {n_steps} steps of {} tasks, --jobs {jobs}", SHAPE[0] * SHAPE[1]),
        floor_name: "spawning `true` in as many threads, a row on disk before and after each",
        quantity: Quantity::WallTime,
        limit: Some(1.3),
        most: None,
        n_rounds: 3,
        subject: Box::new({
            let (dir, jobs) = (dir.to_owned(), jobs.clone());
            move |_| {
                let mut command = run(&plan_file, &fresh(&dir, "layers.db"), &["--jobs", &jobs]);
                command.args(plan_file::names(SHAPE));
                command
            }
        }),
        exit_code: 0,
        floor: Box::new({
            let dir = dir.to_owned();
            move |_| {
                let mut command = this_program("floor-rows");
                command.args([&n_steps, &jobs]).arg(fresh(&dir, "rows.db"));
                command
            }
        }),
    }
}

/// A step that prints a gigabyte: how long, and how much of it is in memory.
fn output(dir: &Path) -> [Row; 2] {
    let printing = |n_bytes: usize| {
        let this = this_program("print");
        let program = this.get_program().to_str().expect("a path in UTF-8");
        let plan_file = dir.join(format!("print-{n_bytes}.yaml"));
        let text = plan_file::of_program(&[program, "print", &n_bytes.to_string()]);
        fs::write(&plan_file, text).expect("the directory is writable");
        let dir = dir.to_owned();
        move |_| run(&plan_file, &fresh(&dir, "print.db"), &["print"])
    };
    let row = Row {
        name: "run: a step that prints 1 GiB".to_owned(),
        floor_name: "copying it into a file",
        quantity: Quantity::WallTime,
        limit: Some(1.3),
        most: None,
        n_rounds: 3,
        subject: Box::new(printing(MUCH)),
        exit_code: 0,
        floor: Box::new({
            let copy = dir.join("copy");
            move |_| with_arguments(this_program("floor-copy"), &[&PathBuf::from(MUCH.to_string()), &copy])
        }),
    };
    let memory = Row {
        name: format!("memory: {}", row.name),
        floor_name: "one that prints 64 MiB",
        quantity: Quantity::PeakMemory,
        limit: Some(1.1),
        most: Some(64.0),
        n_rounds: 1,
        subject: Box::new(printing(MUCH)),
        exit_code: 0,
        floor: Box::new(printing(LESS)),
    };
    [row, memory]
}

fn run(plan_file: &Path, state: &Path, arguments: &[&str]) -> Command {
    let mut command = mainstay();
    command.arg("-q").arg("-f").arg(plan_file).arg("--state").arg(state).arg("run").args(arguments);
    command
}

/// The path of a database that is not there any more.
fn fresh(dir: &Path, name: &str) -> PathBuf {
    for suffix in ["", "-wal", "-shm"] {
        // It may not have been there at all.
        let _ = fs::remove_file(dir.join(format!("{name}{suffix}")));
    }
    dir.join(name)
}
