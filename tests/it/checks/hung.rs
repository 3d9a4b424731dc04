//! Files on a file system that hangs in the kernel.

use std::fmt::Write;
use std::time::{Duration, Instant};

use crate::support::{Case, HungFileSystem};

/// More would be no time at all that somebody set.
const IN_TIME: Duration = Duration::from_secs(40);

/// Mounts it beside the plan file; without FUSE the test says so, and nothing is proved.
fn hung(case: &Case) -> Option<HungFileSystem> {
    match HungFileSystem::mount(&case.path().join("hung")) {
        Ok(hung) => Some(hung),
        Err(why) => {
            eprintln!("not tested: no file system that hangs can be mounted here: {why}");
            None
        }
    }
}

#[test]
fn case_15_a_file_system_that_hangs_is_named_stops_no_other_check_and_not_the_end() {
    let mut checks = String::from("mainstay: 1\nchecks:\n");
    for n in 10..40 {
        let _ = writeln!(checks, "  file{n}: {{file: {{path: hung/{n}, contains: a}}, timeout: 2s}}");
        let _ = writeln!(checks, "  fine{n}: {{file: {{path: maintenance.yaml}}}}");
    }
    checks.push_str("  link: {file: {path: link}, timeout: 2s}\n");
    checks.push_str("  disk: {disk: {path: hung, used: {lt: 90}}, timeout: 2s}\n");
    checks.push_str("  mount: {mount: {path: /proc, filesystem: proc}}\n");
    checks.push_str("  certificate: {certificate: {file: hung/a.pem}, timeout: 2s}\n");
    checks.push_str("  command: {command: {run: [cat, hung/a]}, timeout: 2s}\n");
    let case = Case::new().plan_file(checks);
    std::os::unix::fs::symlink("hung/deep/er", case.path().join("link")).expect("a link");
    let Some(_hung) = hung(&case) else { return };

    let began = Instant::now();
    let report = case.run("validate --live --format json").exit(3).json();
    assert!(began.elapsed() < IN_TIME, "{:?}", began.elapsed());
    let place = case.path().join("hung").display().to_string();
    for item in report["items"].as_array().expect("items") {
        let (name, said) = (item["name"].as_str().expect("a name"), item["said"].as_str().expect("words"));
        if name.starts_with("checks.fine") || name == "checks.mount" {
            assert_eq!(item["outcome"], "yes", "{item}");
            continue;
        }
        assert_eq!(item["outcome"], "unknown", "{item}");
        let named = format!("the file system at {place} (fuse, hung-for-a-test) does not answer within ");
        assert!(said.contains(&named) || name == "checks.command", "{item}");
    }
}

#[test]
fn a_run_that_asks_a_file_system_that_hangs_ends() {
    let case = Case::new().plan_file(
        "mainstay: 1\ntasks:\n  tidy:\n    type: routine\n    domain: component\n    duration: 1m\n    preconditions: [{file: {path: hung/a}, timeout: 2s}]\n    steps: [{run: [touch, done]}]\n",
    );
    let Some(_hung) = hung(&case) else { return };
    let began = Instant::now();
    let mut ran = case.run("run tidy").exit(1);
    let (told, _) = (ran.take_stdout(), ran.take_stderr());
    assert!(began.elapsed() < IN_TIME, "{:?}", began.elapsed());
    assert!(told.contains("tidy refused: precondition `file hung/a` does not hold"), "{told}");
    assert!(told.contains("hangs") && !case.has("done"), "{told}");
}
