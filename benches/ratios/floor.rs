//! The least that a piece of mainstay's work could cost, as programs that do that much and no more.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

/// Compiles `fn main() {}` with the compiler that made mainstay.
pub fn nothing(dir: &Path) -> PathBuf {
    let (source, program) = (dir.join("nothing.rs"), dir.join("nothing"));
    fs::write(&source, "fn main() {}\n").expect("the directory is writable");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let status = Command::new(rustc).arg("-O").arg(&source).arg("-o").arg(&program).status();
    assert!(status.is_ok_and(|status| status.success()), "rustc did not compile an empty program");
    program
}

/// Parses a plan file into a value without a meaning: no positions, no references, no findings.
pub fn parse(plan_file: &Path) {
    let text = fs::read_to_string(plan_file).expect("the plan file was just written");
    let options = serde_yaml::options! { budget: None };
    let value: serde_json::Value = serde_yaml::from_str_with_options(&text, options).expect("it is YAML");
    assert!(value["tasks"].is_object());
}

/// Starts as many processes as the run has steps, and nothing else.
pub fn spawn(n_steps: usize) {
    for _ in 0..n_steps {
        assert!(spawn_true().success());
    }
}

/// The same with a line on disk before and after each process, which is what a run promises at least.
pub fn journal(n_steps: usize, journal: &Path) {
    let mut journal = File::create(journal).expect("the directory is writable");
    for n in 0..n_steps {
        writeln!(journal, "{n} started").and_then(|()| journal.sync_data()).expect("the disk has room");
        assert!(spawn_true().success());
        writeln!(journal, "{n} ended").and_then(|()| journal.sync_data()).expect("the disk has room");
    }
}

fn spawn_true() -> ExitStatus {
    Command::new("true").stdin(Stdio::null()).stdout(Stdio::null()).status().expect("`true` is everywhere")
}
