//! What mainstay costs, as ratios to a floor that is measured in the same minutes.
//!
//! `cargo bench --bench ratios [WORD]` measures the rows whose name contains WORD, all of them without one.
//! Wall times on a shared machine swing by a factor of two and more; a ratio of two programs that take turns
//! swings far less. The minimum says what the machine can do, the median what it did.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used, clippy::expect_used)]

use std::env;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How many steps the row of the executor has.
const N_STEPS: usize = 1000;

/// One row: mainstay and the least that its work could cost, as programs that take turns.
struct Row {
    name: String,
    floor_name: &'static str,
    n_rounds: usize,
    /// Gets the number of the round, for files that must be fresh.
    subject: Box<dyn Fn(usize) -> Command>,
    floor: Box<dyn Fn(usize) -> Command>,
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["floor-parse", plan_file] => floor_parse(Path::new(plan_file)),
        ["floor-spawn"] => floor_spawn(),
        ["floor-journal", journal] => floor_journal(Path::new(journal)),
        // `cargo bench` adds this; `cargo test --all-targets` does not, and waits for no figures.
        ["--bench"] => measure(""),
        [word, "--bench"] => measure(word),
        _ => eprintln!("usage: cargo bench --bench ratios [WORD]"),
    }
}

/// Parses a plan file into a value without a meaning: no positions, no references, no findings.
fn floor_parse(plan_file: &Path) {
    let text = fs::read_to_string(plan_file).expect("the plan file was just written");
    let options = serde_yaml::options! { budget: None };
    let value: serde_json::Value = serde_yaml::from_str_with_options(&text, options).expect("it is YAML");
    assert!(value["tasks"].is_object());
}

/// Starts as many processes as the run has steps, and nothing else.
fn floor_spawn() {
    for _ in 0..N_STEPS {
        assert!(spawn_true().success());
    }
}

/// The same with a line on disk before and after each process, which is what a run promises at least.
fn floor_journal(journal: &Path) {
    let mut journal = File::create(journal).expect("the directory is writable");
    for n in 0..N_STEPS {
        writeln!(journal, "{n} started").and_then(|()| journal.sync_data()).expect("the disk has room");
        assert!(spawn_true().success());
        writeln!(journal, "{n} ended").and_then(|()| journal.sync_data()).expect("the disk has room");
    }
}

fn spawn_true() -> std::process::ExitStatus {
    Command::new("true").stdin(Stdio::null()).stdout(Stdio::null()).status().expect("`true` is everywhere")
}

fn measure(word: &str) {
    // Not below /tmp, which may be in memory: the state file has to reach a disk.
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary directory");
    println!("| what | floor | min: mainstay / floor | ratio | median: mainstay / floor | ratio | rounds |");
    println!("|---|---|---|---|---|---|---|");
    for row in rows(dir.path()).iter().filter(|row| row.name.contains(word)) {
        println!("{}", line(row));
    }
}

fn rows(dir: &Path) -> Vec<Row> {
    let mut rows = Vec::from(start_up_rows(dir));
    rows.extend([100, 1000, 10_000].map(|n_tasks| validate_row(dir, n_tasks)));
    rows.extend(executor_rows(dir));
    rows
}

/// Loading the program, and loading it to read a small plan file, against a program that returns at once.
fn start_up_rows(dir: &Path) -> [Row; 2] {
    let nothing = do_nothing_program(dir);
    let row = |name: &str, arguments: Vec<PathBuf>| Row {
        name: name.to_owned(),
        floor_name: "a Rust program that does nothing",
        n_rounds: 40,
        subject: Box::new(move |_| with_arguments(mainstay(), &arguments)),
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

fn validate_row(dir: &Path, n_tasks: usize) -> Row {
    let plan_file = dir.join(format!("{n_tasks}-tasks.yaml"));
    fs::write(&plan_file, plan_of_tasks(n_tasks)).expect("the directory is writable");
    Row {
        name: format!("validate: {n_tasks} tasks"),
        floor_name: "parsing the YAML into a plain value",
        n_rounds: if n_tasks < 10_000 { 20 } else { 7 },
        subject: Box::new({
            let arguments = ["-f".into(), plan_file.clone(), "validate".into()];
            move |_| with_arguments(mainstay(), &arguments)
        }),
        floor: Box::new(move |_| with_arguments(this_program("floor-parse"), &[&plan_file])),
    }
}

fn executor_rows(dir: &Path) -> [Row; 2] {
    let plan_file = dir.join("steps.yaml");
    fs::write(&plan_file, plan_of_steps()).expect("the directory is writable");
    let row = |floor_name, key: &'static str, floor: Box<dyn Fn(usize) -> Command>| Row {
        name: format!("run: {N_STEPS} steps that do nothing"),
        floor_name,
        n_rounds: 7,
        subject: Box::new({
            let (dir, plan_file) = (dir.to_owned(), plan_file.clone());
            move |round| {
                let state = dir.join(format!("{key}-{round}.db"));
                let mut command = mainstay();
                command.arg("-q").arg("-f").arg(&plan_file).arg("--state").arg(state).args(["run", "steps"]);
                command
            }
        }),
        floor,
    };
    let journal = dir.join("journal");
    [
        row("spawning `true` as often", "spawn", Box::new(|_| this_program("floor-spawn"))),
        row(
            "the same, with a line on disk before and after each",
            "journal",
            Box::new(move |_| with_arguments(this_program("floor-journal"), &[&journal])),
        ),
    ]
}

/// Measures a row, subject and floor in turn, and words it as a line of the table.
fn line(row: &Row) -> String {
    let mut subjects = Vec::new();
    let mut floors = Vec::new();
    for round in 0..=row.n_rounds {
        // A program that fails early would look fast.
        let pair =
            time(&mut (row.subject)(round)).and_then(|subject| Ok((subject, time(&mut (row.floor)(round))?)));
        match pair {
            Ok(_) if round == 0 => {} // Fills the caches.
            Ok((subject, floor)) => {
                subjects.push(subject);
                floors.push(floor);
            }
            Err(problem) => {
                return format!("| {} | {} | not measured: {problem} |", row.name, row.floor_name);
            }
        }
    }
    subjects.sort_unstable();
    floors.sort_unstable();
    let mut line = format!("| {} | {} ", row.name, row.floor_name);
    for at in [0, row.n_rounds / 2] {
        let (subject, floor) = (milliseconds(subjects[at]), milliseconds(floors[at]));
        let _ = write!(line, "| {subject:.2} ms / {floor:.2} ms | {:.2} ", subject / floor);
    }
    let _ = write!(line, "| {} |", row.n_rounds);
    line
}

/// The wall time of a program from its start to its end, which has to be a success.
fn time(command: &mut Command) -> Result<Duration, String> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let begun = Instant::now();
    let output = command.output().map_err(|error| error.to_string())?;
    let taken = begun.elapsed();
    if output.status.success() {
        return Ok(taken);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{}: {}", output.status, said.lines().next().unwrap_or_default()))
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

fn mainstay() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mainstay"));
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

/// Compiles `fn main() {}` with the compiler that made mainstay.
fn do_nothing_program(dir: &Path) -> PathBuf {
    let (source, program) = (dir.join("nothing.rs"), dir.join("nothing"));
    fs::write(&source, "fn main() {}\n").expect("the directory is writable");
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let status = Command::new(rustc).arg("-O").arg(&source).arg("-o").arg(&program).status();
    assert!(status.is_ok_and(|status| status.success()), "rustc did not compile an empty program");
    program
}

/// A plan file of tasks as people write them: a few keys each, one of them a reference.
fn plan_of_tasks(n_tasks: usize) -> String {
    let mut text = String::from(
        "mainstay: 1\n\
         title: Measured\n\
         targets:\n  here: {local: true}\n\
         windows:\n  night: {cron: \"0 2 * * *\", duration: 4h, cutoff: 30m}\n\
         tasks:\n",
    );
    for n in 0..n_tasks {
        let _ = write!(
            text,
            "  task-{n:05}:\n    \
                 title: Task number {n}\n    \
                 type: routine\n    \
                 domain: component\n    \
                 schedule: {{cron: \"{} 2 * * *\"}}\n    \
                 window: night\n    \
                 targets: [here]\n    \
                 duration: 1m\n    \
                 steps:\n      - run: [\"true\"]\n        timeout: 30s\n    \
                 verify:\n      - command: {{run: [\"true\"]}}\n",
            n % 60
        );
    }
    text
}

/// A plan file with one task of many steps.
fn plan_of_steps() -> String {
    let head = "mainstay: 1\ntitle: Measured\ntargets:\n  here: {local: true}\ntasks:\n  steps:\n    \
                title: Steps that do nothing\n    type: routine\n    domain: component\n    targets: [here]\n    \
                duration: 5m\n    steps:\n";
    head.to_owned() + &"      - run: [\"true\"]\n".repeat(N_STEPS)
}
