//! What validate mends without a person, and how little it touches.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use super::Case;

/// A plan file with comments, odd spaces and both styles, to which a standard applies.
const PLAN: &str = "\
# Our estate
mainstay: 1
standards: [house.yaml]   # our own

documents: {}
tasks:
  # tidy up
  tidy:   # nightly
    type:     routine
    domain: component
    duration: 5m
    steps: [ {run: [rm, old]} ]
  other: {type: routine, domain: component, duration: 5m, steps: [{run: [ls]}]}
";

const HOUSE: &str = "\
standard: house
title: House rules
version: 1
controls:
  - id: OPS-01
    statement: a task has a priority
    reason: The planner decides by it.
    severity: error
    computed: {requires: priority, each: tasks}
    fix: {set: 50}
  - id: OPS-02
    statement: there is an owner
    reason: Somebody answers for it.
    severity: warning
    computed: {requires: owner}
    fix: {set: 'Ops: Berlin'}
  - id: OPS-03
    statement: there is a page about the process
    reason: People read it.
    severity: warning
    computed: {requires: documents.process}
    fix: {document: process}
";

const FIXED: &str = "\
# Our estate
mainstay: 1
standards: [house.yaml]   # our own

documents:
  process: docs/process.md
tasks:
  # tidy up
  tidy:   # nightly
    type:     routine
    domain: component
    duration: 5m
    steps: [ {run: [rm, old]} ]
    priority: 50
  other: {type: routine, domain: component, duration: 5m, steps: [{run: [ls]}], priority: 50}
owner: \"Ops: Berlin\"
";

fn case() -> Case {
    Case::new().plan_file(PLAN).file("house.yaml", HOUSE)
}

const DONE: &str = "\
fixed: maintenance.yaml: owner
fixed: maintenance.yaml: documents.process
fixed: maintenance.yaml: tasks.tidy.priority
fixed: maintenance.yaml: tasks.other.priority
fixed: docs/process.md
";

#[test]
fn what_is_missing_is_added_and_everything_else_stays_to_the_byte() {
    let case = case();
    case.run("validate").any_output().exit(1);
    case.run("validate --fix --show error").stderr(DONE).stdout("maintenance.yaml: ok, 2 tasks\n").exit(0);
    assert_eq!(case.read("maintenance.yaml"), FIXED);
    assert!(case.read("docs/process.md").starts_with("# Maintenance: how the work is organised\n"));
}

#[test]
fn what_was_fixed_is_not_fixed_again() {
    let case = case();
    case.run("validate --fix").any_output().exit(0);
    let page = case.path().join("docs/process.md");
    fs::write(&page, "written by people\n").unwrap();
    case.run("validate --fix --show error").stdout("maintenance.yaml: ok, 2 tasks\n").exit(0);
    assert_eq!(case.read("maintenance.yaml"), FIXED);
    assert_eq!(case.read("docs/process.md"), "written by people\n");
    case.run("validate --fix --diff").exit(0);
}

#[test]
fn a_difference_is_shown_first_and_git_takes_it() {
    let case = case();
    let would = DONE.replace("fixed", "would fix");
    let diff = case.run("validate --fix --diff").stderr(&would).exit(1).take_stdout();
    assert_eq!(case.read("maintenance.yaml"), PLAN, "nothing is written");
    assert!(!case.has("docs"));
    let case = case.file("fix.patch", diff);
    let git = Command::new("git").args(["apply", "fix.patch"]).current_dir(case.path()).output().unwrap();
    assert!(git.status.success(), "{}", String::from_utf8_lossy(&git.stderr));
    assert_eq!(case.read("maintenance.yaml"), FIXED);
    case.run("validate --fix --diff").exit(0);
}

#[test]
fn the_form_of_the_file_is_kept() {
    let windows = "\u{feff}".to_owned() + &PLAN.trim_end().replace('\n', "\r\n");
    let case = Case::new().plan_file(&windows).file("house.yaml", HOUSE);
    let path = case.path().join("maintenance.yaml");
    fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
    case.run("validate --fix").any_output().exit(0);
    let expected = "\u{feff}".to_owned() + &FIXED.trim_end().replace('\n', "\r\n");
    assert_eq!(case.read("maintenance.yaml").trim_end(), expected);
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o640);
}

#[test]
fn nothing_is_fixed_that_would_make_an_error_and_nothing_is_written_outside_of_the_folder() {
    let house = HOUSE.replace("requires: owner", "requires: timezone").replace("'Ops: Berlin'", "Nowhere");
    let plan = PLAN.replace("documents: {}", "documents: {process: ../process.md}");
    let case = Case::new().plan_file(plan).file("house.yaml", house);
    let refused = case.run("validate --fix").exit(0).take_text();
    assert!(!case.read("maintenance.yaml").contains("Nowhere"), "{refused}");
    let why = "warning: maintenance.yaml: timezone cannot be fixed: it would make another error\n";
    case.run("validate --fix").stderr(why).any_output().exit(0);
    assert!(!case.path().parent().unwrap().join("process.md").exists());
}

#[test]
fn what_cannot_be_written_leaves_the_old_file() {
    let case = case();
    // A file where a folder would have to be.
    let case = case.file("docs", "x");
    case.run("validate --fix").stderr_has("cannot write docs/process.md").exit(3);
    assert_eq!(case.read("maintenance.yaml"), PLAN);
    case.run("validate --fix -").stderr_has("cannot be fixed in place").exit(2);
    case.run("validate --diff").stderr_has("--fix").exit(2);
}

#[test]
fn any_number_of_fixes_at_once_leave_the_file_fixed_once() {
    let case = case().file("docs/process.md", "written by people\n");
    let all: Vec<_> = (0..8).map(|_| case.command("validate --fix").spawn().unwrap()).collect();
    for child in all {
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        let is_late = said.contains("it has changed since it was read");
        assert!(matches!((output.status.code(), is_late), (Some(0), false) | (Some(3), true)), "{said}");
    }
    assert_eq!(case.read("maintenance.yaml"), FIXED);
    let left: Vec<_> = fs::read_dir(case.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 3, "{left:?}");
}
