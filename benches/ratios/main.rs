//! What mainstay costs, as ratios to a floor that is measured in the same minutes.
//!
//! `cargo bench --bench ratios [WORD]` measures the rows whose name contains WORD, all of them without one.
//! Wall times on a shared machine swing by a factor of two and more; a ratio of two programs that take turns
//! swings far less. The minimum says what the machine can do, the median what it did. Memory hardly swings.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used, clippy::expect_used)]

mod checks;
mod due;
mod floor;
mod plan_file;
mod row;
mod run;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use row::{Quantity, Row};

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["floor-parse", plan_file] => floor::parse(Path::new(plan_file)),
        ["floor-spawn", n_steps] => floor::spawn(number(n_steps)),
        ["floor-journal", n_steps, journal] => floor::journal(number(n_steps), Path::new(journal)),
        ["floor-rows", n_steps, n_threads, file] => {
            floor::rows(number(n_steps), number(n_threads), Path::new(file));
        }
        ["floor-copy", n_bytes, file] => {
            floor::copy(with_arguments(this_program("print"), &[n_bytes]), Path::new(file));
        }
        ["floor-due", state, plan_file] => floor::due(Path::new(state), Path::new(plan_file)),
        ["floor-checks", folder] => checks::floor(Path::new(folder)),
        ["print", n_bytes] => floor::print(number(n_bytes)),
        // `cargo bench` adds this; `cargo test --all-targets` does not, and waits for no figures.
        ["--bench"] => measure(""),
        [word, "--bench"] => measure(word),
        _ => eprintln!("usage: cargo bench --bench ratios [WORD]"),
    }
}

fn number(text: &str) -> usize {
    text.parse().expect("a number")
}

fn measure(word: &str) {
    // Not below /tmp, which may be in memory: the state file has to reach a disk.
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary directory");
    println!("{}", row::HEAD);
    for row in rows(dir.path()).iter().filter(|row| row.name.contains(word)) {
        println!("{}", row::line(row));
    }
}

fn rows(dir: &Path) -> Vec<Row> {
    let mut rows = Vec::from(start_up_rows(dir));
    rows.extend(validate_rows(dir));
    rows.extend(run::rows(dir));
    rows.push(due::row(dir));
    rows.push(checks::row(dir));
    rows
}

/// Loading the program, and loading it to read a small plan file, against a program that returns at once.
fn start_up_rows(dir: &Path) -> [Row; 2] {
    let nothing = installed(&floor::nothing(dir), dir);
    let mainstay = installed(Path::new(env!("CARGO_BIN_EXE_mainstay")), dir);
    let row = |name: &str, arguments: Vec<PathBuf>| Row {
        name: name.to_owned(),
        floor_name: "a Rust program that does nothing",
        quantity: Quantity::WallTime,
        limit: Some(2.0),
        most: None,
        n_rounds: 200,
        subject: Box::new({
            let mainstay = mainstay.clone();
            move |_| with_arguments(in_clean_environment(&mainstay), &arguments)
        }),
        exit_code: 0,
        floor: Box::new({
            let nothing = nothing.clone();
            move |_| Command::new(&nothing)
        }),
    };
    let quickstart = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/quickstart/maintenance.yaml");
    [
        row("start: --help", vec!["--help".into()]),
        row("start: validate the quickstart", vec!["-f".into(), quickstart, "validate".into()]),
    ]
}

/// A copy, as an installed program is one. What the linker wrote itself takes up to 0.4 ms longer to load, for as
/// long as the page cache holds it as it was written.
fn installed(program: &Path, dir: &Path) -> PathBuf {
    let copy = dir.join("installed").join(program.file_name().expect("a program has a name"));
    fs::create_dir_all(dir.join("installed")).expect("the directory is writable");
    fs::copy(program, &copy).expect("the disk has room");
    copy
}

fn validate_rows(dir: &Path) -> [Row; 5] {
    let timed = |n_tasks| validate_row(dir, n_tasks, "night");
    [
        timed(100),
        timed(1000),
        Row { limit: Some(3.0), ..timed(10_000) },
        Row {
            name: "memory: validate 10000 tasks".to_owned(),
            quantity: Quantity::PeakMemory,
            limit: Some(5.0),
            ..timed(10_000)
        },
        // A reference to nothing, so that names like it are looked for, too.
        Row {
            name: "validate: 10000 tasks, a finding in each".to_owned(),
            exit_code: 1,
            ..validate_row(dir, 10_000, "nihgt")
        },
    ]
}

fn validate_row(dir: &Path, n_tasks: usize, window: &str) -> Row {
    let plan_file = dir.join(format!("{n_tasks}-tasks-{window}.yaml"));
    fs::write(&plan_file, plan_file::of_tasks(n_tasks, window)).expect("the directory is writable");
    Row {
        name: format!("validate: {n_tasks} tasks"),
        floor_name: "parsing the YAML into a plain value",
        quantity: Quantity::WallTime,
        limit: None,
        most: None,
        n_rounds: if n_tasks < 10_000 { 20 } else { 7 },
        subject: Box::new({
            let arguments = ["-f".into(), plan_file.clone(), "validate".into()];
            move |_| with_arguments(mainstay(), &arguments)
        }),
        exit_code: 0,
        floor: Box::new(move |_| with_arguments(this_program("floor-parse"), &[&plan_file])),
    }
}

fn mainstay() -> Command {
    in_clean_environment(Path::new(env!("CARGO_BIN_EXE_mainstay")))
}

fn in_clean_environment(mainstay: &Path) -> Command {
    let mut command = Command::new(mainstay);
    command.env_remove("MAINSTAY_FILE").env_remove("MAINSTAY_STATE");
    command
}

fn this_program(floor: &str) -> Command {
    let mut command = Command::new(env::current_exe().expect("this program has a path"));
    command.arg(floor);
    command
}

fn with_arguments(mut command: Command, arguments: &[impl AsRef<Path>]) -> Command {
    command.args(arguments.iter().map(AsRef::as_ref));
    command
}
