//! Work that a check asks for (`schedule.when`), from the check to the run and back.

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Case, wait_until};

/// Long enough for a busy machine, short enough for a test that fails.
const PATIENCE: Duration = Duration::from_mins(1);

/// A task that is to be done when there is no file `room`; `more` are lines of its own, `step` is shell text.
fn plan(more: &str, step: &str) -> String {
    format!(
        "mainstay: 1\nchecks:\n  room: {{file: {{path: room}}}}\nwindows:\n  night: {{cron: \"0 2 * * *\", duration: 4h}}\n\
         tasks:\n  tidy:\n    type: corrective\n    domain: data\n    schedule: {{when: room, within: 4h}}\n{more}    \
         duration: 10m\n    steps: [{{shell: {step:?}}}]\n"
    )
}

const NIGHT: &str = "    window: night\n";

/// The kinds of what is on record of `tidy`, without the steps of its runs.
fn recorded(case: &Case) -> Vec<String> {
    let log = case.run("audit log --task tidy --format json").json();
    let kind = |entry: &serde_json::Value| entry["event"]["kind"].as_str().unwrap_or_default().to_owned();
    let kinds = log["entries"].as_array().expect("entries").iter().map(kind);
    kinds.filter(|kind| !kind.starts_with("step_") && kind != "tasks_seen").collect()
}

/// What is planned at `now`: id and due time.
fn planned(case: &Case, now: &str) -> Vec<(String, String)> {
    let plan = case.run(&format!("--now {now} plan --format json")).exit(0).json();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or("never").to_owned();
    let occurrences = plan["occurrences"].as_array().expect("occurrences").iter();
    occurrences.map(|it| (text(&it["id"]), text(&it["due"]))).collect()
}

fn tick(case: &Case, now: &str) {
    case.run(&format!("--now {now} run --due")).exit(0);
}

#[test]
fn a_check_that_fails_releases_work_that_waits_for_its_window_and_is_due_within_its_time() {
    let case = Case::new().plan_file(plan(NIGHT, "touch room"));
    assert_eq!(planned(&case, "2026-03-07T00:00:00Z"), []);
    let nothing = "0 occurrences until Sat 2026-04-04 00:00 UTC, 1 task waiting for a check; nothing is published yet\n";
    case.run("--now 2026-03-07T00:00:00Z plan").stdout(nothing).stderr_has("hint: ").exit(0);

    tick(&case, "2026-03-07T00:00:00Z");

    let expected = ("tidy@2026-03-07T00:00:00Z".to_owned(), "2026-03-07T04:00:00Z".to_owned());
    assert_eq!(planned(&case, "2026-03-07T00:05:00Z"), std::slice::from_ref(&expected));
    tick(&case, "2026-03-07T00:05:00Z");
    assert_eq!(
        planned(&case, "2026-03-07T00:06:00Z"),
        [expected],
        "failing since then, not since the last look"
    );
    assert_eq!(recorded(&case), ["condition_failed"], "what did not change is not recorded");
    tick(&case, "2026-03-07T02:00:00Z");
    assert_eq!(planned(&case, "2026-03-07T02:01:00Z"), []);
    tick(&case, "2026-03-07T02:05:00Z");
    tick(&case, "2026-03-07T02:10:00Z");
    assert_eq!(recorded(&case), ["condition_failed", "run_started", "run_ended", "condition_held"]);
}

#[test]
fn work_that_nobody_needs_any_more_is_withdrawn_on_record_without_a_run() {
    let case = Case::new().plan_file(plan(NIGHT, "touch done"));
    tick(&case, "2026-03-07T00:00:00Z");
    let case = case.file("room", "");

    tick(&case, "2026-03-07T01:00:00Z");

    assert_eq!(planned(&case, "2026-03-07T01:01:00Z"), []);
    let log = case.run("audit log --task tidy").exit(0).take_text();
    let words = "condition `room` of tidy holds again: ";
    assert!(log.contains(words) && log.contains("; tidy@2026-03-07T00:00:00Z is withdrawn"), "{log}");
    tick(&case, "2026-03-07T02:00:00Z");
    assert!(!case.has("done"));

    std::fs::remove_file(case.path().join("room")).expect("it is there");
    tick(&case, "2026-03-07T06:00:00Z");
    assert_eq!(planned(&case, "2026-03-07T06:01:00Z")[0].0, "tidy@2026-03-07T06:00:00Z", "it failed anew");
    assert_eq!(recorded(&case), ["condition_failed", "condition_held", "condition_failed"]);
}

#[test]
fn what_still_fails_after_its_work_is_work_again() {
    let case = Case::new().plan_file(plan("", "echo x >> done"));
    for now in ["2026-03-07T00:00:00Z", "2026-03-07T00:05:00Z", "2026-03-07T00:10:00Z"] {
        tick(&case, now);
    }
    assert_eq!(case.read("done"), "x\nx\nx\n", "once a tick");
    let runs = case.run("audit log --task tidy").exit(0).take_text();
    assert!(runs.contains("(tidy@2026-03-07T00:10:00Z)"), "{runs}");
}

#[test]
fn after_a_failed_run_it_is_tried_again_later_and_later() {
    let case = Case::new().plan_file(plan("", "echo x >> done; exit 1"));
    // The first try, and what is released 10 minutes and then 20 minutes after the end of one that failed.
    let tries = ["00:00:00", "00:05:00", "00:10:00", "00:11:00", "00:30:00", "00:32:00"];
    for time in tries {
        case.run(&format!("--now 2026-03-07T{time}Z run --due")).any_output();
    }
    assert_eq!(case.read("done"), "x\nx\nx\n");
    let kinds = recorded(&case);
    assert_eq!(kinds.iter().filter(|kind| *kind == "condition_failed").count(), 1, "{kinds:?}");
    assert_eq!(planned(&case, "2026-03-07T00:40:00Z")[0].1, "2026-03-07T04:00:00Z", "due as before");
}

#[test]
fn a_kill_between_the_check_and_the_end_of_the_work_loses_nothing_and_repeats_nothing() {
    let case = Case::new().plan_file(plan("", "echo x >> done; exec sleep 600"));
    let child = case.command("run --due").spawn().expect("a process");
    wait_until("the step has begun", PATIENCE, || case.has("done"));
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a pid")).expect("a pid");
    kill_process(pid, Signal::KILL).expect("it can be killed");
    child.wait_with_output().expect("an end");
    assert_eq!(recorded(&case), ["condition_failed", "run_started"]);

    case.run("run --due").any_output().exit(0);

    assert_eq!(case.read("done"), "x\n", "what is known to be interrupted is not repeated at once");
    assert_eq!(recorded(&case), ["condition_failed", "run_started", "run_ended"]);
    let plan = case.run("plan --format json").exit(0).json();
    assert_eq!(plan["occurrences"].as_array().map(Vec::len), Some(1), "but it is owed: {plan}");
}

#[test]
fn any_number_of_processes_record_one_change() {
    let case = Case::new().plan_file(plan("    window: night\n", "true"));
    let all_at_once = |now: &str| {
        let start = |_| case.command(&format!("--now {now} run --due")).spawn().expect("a process");
        let children: Vec<_> = (0..8).map(start).collect();
        for child in children {
            let ended = child.wait_with_output().expect("an end");
            assert_eq!(ended.status.code(), Some(0), "{}", String::from_utf8_lossy(&ended.stderr));
        }
    };
    all_at_once("2026-03-07T00:00:00Z");
    assert_eq!(recorded(&case), ["condition_failed"]);
    std::fs::write(case.path().join("room"), "").expect("a file");
    all_at_once("2026-03-07T00:01:00Z");
    assert_eq!(recorded(&case), ["condition_failed", "condition_held"]);
}

#[test]
fn what_cannot_be_found_out_changes_nothing_and_is_told() {
    let broken = |check: &str| plan(NIGHT, "true").replace("{file: {path: room}}", check);
    let case = Case::new().plan_file(plan(NIGHT, "true"));
    tick(&case, "2026-03-07T00:00:00Z");
    let case = case.plan_file(broken("{command: {run: [./no-such-program]}}"));

    let mut ran = case.run("--now 2026-03-07T00:05:00Z run --due").exit(3);

    let told = "`tidy` was not started: could not be found out: its condition `room`: ";
    let text = ran.take_stdout();
    assert!(text.starts_with(told), "{text}");
    assert_eq!(recorded(&case), ["condition_failed"]);
    assert_eq!(planned(&case, "2026-03-07T00:06:00Z").len(), 1, "the last that is known holds");
    let monitored = case.run("--now 2026-03-07T00:06:00Z monitor --format json").exit(3).json();
    assert_eq!(
        (&monitored["verdict"], &monitored["conditions"][0]["state"]),
        (&"unknown".into(), &"unknown".into())
    );
}

#[test]
fn monitor_asks_and_records_as_well_and_nothing_else_does() {
    let counting = "{command: {run: [sh, -c, 'echo x >> asked; exit 1']}}";
    let case = Case::new().plan_file(plan(NIGHT, "true").replace("{file: {path: room}}", counting));
    for command in
        ["plan", "plan --publish", "plan --explain tidy", "validate", "report status", "run --due --dry-run"]
    {
        case.run(&format!("--now 2026-03-07T00:00:00Z {command}")).any_output();
        assert!(!case.has("asked"), "{command}");
    }

    let monitored = case.run("--now 2026-03-07T00:00:00Z monitor --format json").exit(0).json();

    assert_eq!(monitored["conditions"][0]["since"], "2026-03-07T00:00:00Z");
    assert_eq!(monitored["conditions"][0]["state"], "fails");
    assert_eq!((case.read("asked").as_str(), recorded(&case)), ("x\n", vec!["condition_failed".to_owned()]));
    assert_eq!(planned(&case, "2026-03-07T00:01:00Z").len(), 1);
}

#[test]
fn a_check_that_several_tasks_wait_for_is_asked_once_and_each_has_its_work() {
    let counting = "{command: {run: [sh, -c, 'echo x >> asked; exit 1']}}";
    let one = plan(NIGHT, "true").replace("{file: {path: room}}", counting);
    let (_, task) = one.split_once("tasks:\n").expect("tasks");
    let case = Case::new().plan_file(format!("{one}{}", task.replace("tidy", "sweep")));
    tick(&case, "2026-03-07T00:00:00Z");
    assert_eq!(case.read("asked"), "x\n");
    let ids: Vec<_> = planned(&case, "2026-03-07T00:00:00Z").into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, ["sweep@2026-03-07T00:00:00Z", "tidy@2026-03-07T00:00:00Z"]);
}

#[test]
fn on_demand_it_runs_whatever_its_check_says_and_that_counts() {
    let case = Case::new().plan_file(plan("", "touch room"));
    case.run("--now 2026-03-07T00:00:00Z run tidy").exit(0).any_output();
    assert_eq!(recorded(&case), ["run_started", "run_ended"], "nobody asked");
    std::fs::remove_file(case.path().join("room")).expect("it is there");
    case.run("--now 2026-03-07T00:10:00Z monitor").any_output();
    case.run("--now 2026-03-07T00:20:00Z run tidy").exit(0).any_output();
    assert_eq!(planned(&case, "2026-03-07T00:21:00Z"), [], "it is done, until the check says otherwise");
}

#[test]
fn by_a_draft_nothing_is_asked() {
    let case = Case::new().plan_file(plan("", "true").replace("tasks:", "status: draft\ntasks:"));
    case.run("--now 2026-03-07T00:00:00Z monitor").any_output();
    assert_eq!(recorded(&case), [] as [&str; 0]);
}
