//! Several that publish at the same time, and one that dies while it does.

use std::process::Child;

use serde_json::Value;

use crate::support::Case;

const YAML: &str = "mainstay: 1
timezone: Europe/Berlin
tasks:
  k:
    type: routine
    domain: component
    schedule: {cron: \"0 2 * * *\"}
    duration: 20m
    steps: [{run: [\"true\"]}]
";

const PUBLISH: &str = "--now 2026-03-07T12:00:00Z plan --effort 0 --publish";

fn revision(case: &Case) -> Value {
    let plan = case.run("--now 2026-03-07T12:00:00Z plan --effort 0 --format json").exit(0).json();
    plan["base_revision"].clone()
}

#[test]
fn of_many_that_publish_first_each_publishes_or_is_told_who_was_faster_and_revisions_are_counted() {
    let case = Case::new().plan_file(YAML);
    let begin = |_| {
        let mut command = case.command(PUBLISH);
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped());
        command.spawn().expect("the binary was built")
    };
    let children: Vec<Child> = (0..8).map(begin).collect();
    let mut n_published = 0;
    for child in children {
        let output = child.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        match output.status.code() {
            Some(0) => n_published += 1,
            Some(1) => assert!(said.contains(" was published in the meantime"), "{said}"),
            code => panic!("{code:?}: {said}"),
        }
    }
    assert!(n_published >= 1);
    assert_eq!(revision(&case), n_published, "no revision was lost, and none counted twice");
    case.run("audit verify").any_output().stdout_has("the chain is unbroken");
}

#[test]
fn one_that_is_killed_while_it_publishes_has_published_all_or_nothing_and_holds_nobody_up() {
    // The first transaction makes the ledger, the second one publishes.
    for (crash, published) in [("before:1", 0), ("after:1", 0), ("before:2", 0), ("after:2", 1)] {
        let case = Case::new().plan_file(YAML);
        let mut command = case.command(PUBLISH);
        let output = command.env("MAINSTAY_TEST_CRASH", crash).output().expect("the binary was built");
        assert_eq!(output.status.code(), None, "{crash}: it was killed");
        assert_eq!(revision(&case), published, "{crash}");
        case.run(PUBLISH).any_output().exit(0);
        assert_eq!(revision(&case), published + 1, "{crash}");
        case.run("audit verify").any_output().stdout_has("the chain is unbroken");
    }
}
