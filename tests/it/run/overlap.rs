//! What happens to work that is due while the last run of its task goes on.

use std::process::Child;

use mainstay::model::{Event, OccurrenceId, Origin, Outcome, RunId};
use mainstay::state::NewRun;
use mainstay::world::process_identity;

use super::PATIENCE;
use crate::support::{Case, Past, wait_until};

/// A task at every full hour; its first run goes on until there is a file `go`, and every other one ends at once.
fn hourly(rest: &str) -> Case {
    let case = Case::new().plan_file(format!(
        "mainstay: 1\ntasks:\n  hourly:\n    type: routine\n    domain: component\n    schedule: {{cron: '0 * * * *'}}\n    \
         duration: 1m\n    steps:\n      - shell: 'echo $MAINSTAY_OCCURRENCE >> began; test $(wc -l < began) -gt 1 || \
         until [ -e go ]; do sleep 0.05; done'\n    finally:\n      - shell: echo $MAINSTAY_OCCURRENCE >> ended\n{rest}"
    ));
    case.run("--now 2026-03-07T01:30:00Z run --due").exit(0);
    case
}

/// The run at two o'clock, which goes on.
fn going(case: &Case) -> Child {
    let child = case.command("--now 2026-03-07T02:00:10Z run --due").spawn().expect("a process");
    wait_until("the step has begun", PATIENCE, || case.has("began"));
    child
}

fn let_go(case: &Case, child: Child) -> Option<i32> {
    std::fs::write(case.path().join("go"), "").expect("a file");
    child.wait_with_output().expect("an end").status.code()
}

#[test]
fn skip_leaves_out_what_is_due_meanwhile_and_that_is_on_record_once() {
    let case = hourly("");
    let child = going(&case);
    for _ in 0..2 {
        case.run("--now 2026-03-07T03:00:10Z run --due").exit(0);
    }
    assert_eq!(let_go(&case, child), Some(0));
    case.run("--now 2026-03-07T03:05:00Z run --due").exit(0);
    assert_eq!(case.read("began"), "hourly@2026-03-07T02:00:00Z\n");
    let log = case.run("audit log").take_text();
    let left = "missed hourly@2026-03-07T03:00:00Z: left out, because run 1 of its task had not ended when it was due\n";
    assert_eq!(log.matches(left).count(), 1, "{log}");
    case.run("--now 2026-03-07T04:00:10Z run --due").exit(0).any_output();
    assert_eq!(case.read("began").lines().count(), 2);
}

#[test]
fn after_a_long_run_skip_waits_for_the_next_time_also_when_nobody_looked_meanwhile() {
    let case = hourly("");
    Past(&case).begin("2026-03-07T02:00:10Z", "hourly", "hourly@2026-03-07T02:00:00Z").end(
        "2026-03-07T03:10:00Z",
        1,
        Outcome::Failed,
        "",
    );
    case.run("--now 2026-03-07T03:12:00Z run --due").exit(0);
    case.run("audit log")
        .exit(0)
        .stdout_has("missed hourly@2026-03-07T03:00:00Z: left out, because run 1 of its task");
    // What stopped in its middle is no reason: nobody knows until when it went on.
    let case = hourly("");
    std::fs::write(case.path().join("go"), "").expect("a file");
    Past(&case).begin("2026-03-07T02:00:10Z", "hourly", "hourly@2026-03-07T02:00:00Z").end(
        "2026-03-07T03:10:00Z",
        1,
        Outcome::Interrupted,
        "",
    );
    case.run("--now 2026-03-07T03:12:00Z run --due").exit(0).any_output();
    assert_eq!(case.read("began"), "hourly@2026-03-07T03:00:00Z\n");
}

#[test]
fn queue_starts_when_the_last_run_has_ended() {
    let case = hourly("    overlap: queue\n");
    let child = going(&case);
    case.run("--now 2026-03-07T03:00:10Z run --due").exit(0);
    assert_eq!(let_go(&case, child), Some(0));
    case.run("--now 2026-03-07T03:05:00Z run --due").exit(0).any_output();
    assert_eq!(case.read("began"), "hourly@2026-03-07T02:00:00Z\nhourly@2026-03-07T03:00:00Z\n");
}

#[test]
fn queue_starts_nothing_after_its_latest_start() {
    let case = hourly("    overlap: queue\n");
    let child = going(&case);
    case.run("--now 2026-03-07T03:00:10Z run --due").exit(0);
    assert_eq!(let_go(&case, child), Some(0));
    case.run("--now 2026-03-07T04:00:10Z run --due").exit(0).any_output();
    assert_eq!(case.read("began"), "hourly@2026-03-07T02:00:00Z\nhourly@2026-03-07T04:00:00Z\n");
    case.run("audit log").exit(0).stdout_has("missed hourly@2026-03-07T03:00:00Z: ");
}

#[test]
fn replace_stops_the_last_run_lets_it_clean_up_and_starts() {
    let case = hourly("    overlap: replace\n");
    let child = going(&case);
    case.run("--now 2026-03-07T03:00:10Z run --due")
        .exit(0)
        .any_output()
        .stderr_has("run 1 of `hourly` is asked to stop: `overlap: replace`\n");
    assert_eq!(child.wait_with_output().expect("an end").status.code(), Some(130));
    let both = "hourly@2026-03-07T02:00:00Z\nhourly@2026-03-07T03:00:00Z\n";
    assert_eq!((case.read("began").as_str(), case.read("ended").as_str()), (both, both));
    let log = case.run("audit log").take_text();
    assert!(log.contains("run 1 interrupted: ") && log.contains("run 2 succeeded"), "{log}");
}

#[test]
fn replace_leaves_alone_who_is_somebody_else_or_works_on_something_else_as_well() {
    // The holder is this very test: if it were asked to stop, that would be seen.
    let begin = |case: &Case, task: &str, user: Option<&str>| {
        Past(case).at("2026-03-07T02:00:10Z", |state| {
            let mut holder = process_identity::current().expect("an identity");
            holder.user = user.map_or(holder.user, str::to_owned);
            let new = NewRun {
                task: task.to_owned(),
                occurrence: Some(OccurrenceId(format!("{task}@2026-03-07T02:00:00Z"))),
                origin: Origin::Due,
                due: None,
                plan_digest: String::new(),
                targets: vec![format!("host-of-{task}")],
                holder,
                approvals: Vec::new(),
                definition: None,
                holds: mainstay::model::Holds::default(),
                justification: None,
                partial: false,
            };
            state.start_run(&new).expect("a run");
        });
    };
    let case = hourly("    overlap: replace\n");
    begin(&case, "hourly", Some("somebody"));
    case.run("--now 2026-03-07T03:00:10Z run --due").exit(0);
    case.run("audit log").exit(0).stdout_has(": it is a process of somebody on ");
    let case = hourly("    overlap: replace\n");
    begin(&case, "hourly", None);
    begin(&case, "other", None);
    case.run("--now 2026-03-07T03:00:10Z run --due").exit(0);
    case.run("audit log").exit(0).stdout_has(": its process works on run 2 of `other` as well (");
    assert!(!case.has("began"));
    Past(&case).at("2026-03-07T03:00:20Z", |state| {
        let end = |run| Event::RunEnded { run: RunId(run), outcome: Outcome::Failed, reason: None };
        state.record_all(&[end(1), end(2)]).expect("an end");
    });
}

#[test]
fn missed_skip_holds_for_a_single_instant_too() {
    let once = |missed: &str| {
        let case = Case::new().plan_file(format!(
            "mainstay: 1\ntasks:\n  once:\n    type: routine\n    domain: component\n    schedule: {{at: \
             2026-03-07T02:00:00Z}}\n    missed: {missed}\n    duration: 1m\n    steps: [{{shell: touch done}}]\n"
        ));
        case.run("--now 2026-03-07T01:00:00Z run --due").exit(0);
        case
    };
    let case = once("skip");
    case.run("--now 2026-03-07T02:10:00Z run --due").exit(0);
    case.run("audit log")
        .exit(0)
        .stdout_has("missed once@2026-03-07T02:00:00Z: nothing ran while it was due\n");
    assert!(!case.has("done"));
    let case = once("skip");
    case.run("--now 2026-03-07T02:09:59Z run --due").exit(0).any_output();
    assert!(case.has("done"), "up to ten minutes late is not slept through");
    let case = once("latest");
    case.run("--now 2026-03-08T02:00:00Z run --due").exit(0).any_output();
    assert!(case.has("done"));
}
