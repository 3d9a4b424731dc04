//! A state file that cannot be used: no work starts that could not be recorded.

use std::fs;
use std::os::unix::fs::FileExt;

use rusqlite::Connection;

use crate::support::Case;

const PLAN: &str = "\
mainstay: 1
tasks:
  touch:
    type: routine
    domain: system
    duration: 1m
    steps: [{shell: \"echo done >> effects\"}]
";

/// A case with one run on record, and its state file.
fn worked() -> (Case, std::path::PathBuf) {
    let case = Case::new().plan_file(PLAN);
    case.run("run touch").any_output().exit(0);
    assert_eq!(case.read("effects"), "done\n");
    let state = case.path().join(".mainstay/state.db");
    (case, state)
}

/// The work is not begun, the exit code says that it could not be found out, and the reason names the file.
fn refuses(case: &Case, why: &str) {
    case.run("run touch").exit(3).any_output().stderr_has(why);
    assert_eq!(case.read("effects"), "done\n", "nothing was done: {why}");
}

#[test]
fn case_38_a_state_file_that_another_program_locks_is_waited_for_in_bounded_time() {
    let (case, state) = worked();
    let other = Connection::open(state).expect("the state file");
    other.execute_batch("BEGIN IMMEDIATE").expect("a lock");
    refuses(&case, "state.db");
    other.execute_batch("ROLLBACK").expect("no lock");
    case.run("run touch").any_output().exit(0);
    assert_eq!(case.read("effects"), "done\ndone\n");
}

#[test]
fn case_38_a_newer_schema_is_left_alone() {
    let (case, state) = worked();
    Connection::open(&state)
        .expect("the state file")
        .execute_batch("PRAGMA user_version = 99")
        .expect("a newer one");
    let before = fs::read(&state).expect("the state file");
    refuses(&case, "newer");
    assert!(fs::read(&state).expect("the state file") == before, "untouched");
}

#[test]
fn case_38_a_corrupt_page_is_named_and_nothing_is_started() {
    let (case, state) = worked();
    let file = fs::File::options().write(true).open(&state).expect("the state file");
    let length = file.metadata().expect("its length").len();
    let page = [0xa5; 4096];
    for n in 1..length / 4096 {
        file.write_all_at(&page, n * 4096).expect("a page");
    }
    refuses(&case, "state.db");
}
