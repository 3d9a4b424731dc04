//! `mainstay validate --live`: checks that are asked of the live system.

use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Case, wait_until};

/// Long enough for a busy machine, short enough for a test that fails.
const PATIENCE: Duration = Duration::from_mins(1);

fn checks(yaml: &str) -> Case {
    Case::new().plan_file(format!("mainstay: 1\nchecks:\n{yaml}"))
}

/// The names and the outcomes of the items of a JSON report.
fn outcomes(report: &serde_json::Value) -> Vec<(String, String)> {
    let items = report["items"].as_array().expect("items").iter();
    let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
    items.map(|item| (text(&item["name"]), text(&item["outcome"]))).collect()
}

const THREE: &str = "  fine: {file: {path: maintenance.yaml}}\n  wrong: {command: {run: [printf, 'a\\nb'], stdout: {patterns: ['!b']}}}\n  odd: {promql: {query: up, every: 1}}\nconnections: {prometheus: {url: 'http://127.0.0.1:1'}}\n";

#[test]
fn each_check_is_a_line_and_what_fails_says_what_was_expected_found_and_where() {
    let case = checks(THREE);
    let text = case.run("validate --live fine wrong odd").exit(1).take_text();
    let lines: Vec<_> = text.lines().collect();
    assert!(lines[0].starts_with("ok       checks.fine   file maintenance.yaml "), "{text}");
    assert!(lines[1].starts_with("FAILED   checks.wrong  command printf a\\nb "), "{text}");
    assert_eq!(lines[2].trim(), "expected output no line with `b`, found line 2: b", "{text}");
    assert_eq!(lines[3].trim(), "MC001, maintenance.yaml:4:64", "{text}");
    assert!(lines[4].starts_with("unknown  checks.odd    promql up "), "{text}");
    assert_eq!(lines[7], "maintenance.yaml: 3 checks, 1 ok, 1 failed, 1 unknown", "{text}");

    // Who asks for all is told of monitoring itself as well.
    let all = case.run("validate --live").exit(1).take_text();
    assert!(
        all.contains("unknown  monitoring.prometheus http://127.0.0.1:1 ") && all.contains("MV101"),
        "{all}"
    );
    assert!(all.contains("maintenance.yaml: 4 checks, 1 ok, 1 failed, 2 unknown"), "{all}");

    let quiet = case.run("validate --live --quiet").exit(1).take_text();
    assert!(!quiet.contains("checks.fine") && quiet.contains("checks.wrong"), "{quiet}");
    case.run("validate --live fine --quiet").exit(0).stdout("");
}

#[test]
fn no_answer_and_nothing_to_ask_are_unknown() {
    let case = checks(THREE);
    case.run("validate --live odd").exit(3).stdout_has("1 check, 1 unknown");
    case.run("validate --live odd wrong").exit(1).any_output();
    case.run("validate --live wrong --exit-zero").exit(0).any_output();
    checks("  {}\n").run("validate --live").exit(3).stdout_has("there is no check");
}

#[test]
fn a_name_that_is_not_there_is_an_error_of_the_command_line() {
    let case = checks(THREE);
    case.run("validate --live fin")
        .exit(2)
        .stderr_has("the plan file has no check `fin`; did you mean `fine`?");
    case.run("validate --live --task tidy").exit(2).stderr_has("the plan file has no task `tidy`");
    case.run("validate --live --timeout 0s").exit(2).stderr_has("expected a length above 0");
    case.run("validate --timeout 5s").exit(2).stderr_has("--live");
}

#[test]
fn a_plan_file_that_is_wrong_is_told_and_nothing_is_asked() {
    let case =
        checks("  a: {command: {run: [touch, asked]}}\n  b: {command: {run: [a], stdout: {matches: '('}}}\n");
    case.run("validate --live a").exit(1).stdout_has("error[MS323]: `(` is not a regular expression");
    assert!(!case.has("asked"));
}

#[test]
fn what_a_task_asks_before_and_after_is_asked_by_its_name() {
    let case = Case::new().plan_file(
        "mainstay: 1\ntasks:\n  tidy:\n    type: routine\n    domain: component\n    duration: 1m\n    preconditions: [{file: {path: maintenance.yaml}}]\n    steps: [{run: [touch, done]}]\n    verify: [{file: {path: done}}]\n",
    );
    let report = case.run("validate --live --task tidy --format json").exit(1).json();
    let expected = [("tasks.tidy.preconditions[0]", "yes"), ("tasks.tidy.verify[0]", "no")];
    assert_eq!(outcomes(&report), expected.map(|(name, outcome)| (name.to_owned(), outcome.to_owned())));
    assert!(!case.has("done"));
}

#[test]
fn case_15_one_that_hangs_is_unknown_within_the_time_for_all_and_stops_no_other() {
    let peer = crate::support::HungPeer::start();
    let case = checks(&format!(
        "  command: {{command: {{run: [sleep, '600']}}, timeout: 15m}}\n  peer: {{http: {{url: '{}/'}}, timeout: 15m}}\n  fine: {{file: {{path: maintenance.yaml}}}}\n",
        peer.url()
    ));
    let began = Instant::now();
    let report = case.run("validate --live --timeout 2s --format json").exit(3).json();
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    let expected = [("checks.command", "unknown"), ("checks.peer", "unknown"), ("checks.fine", "yes")];
    assert_eq!(outcomes(&report), expected.map(|(name, outcome)| (name.to_owned(), outcome.to_owned())));
    assert_eq!(report["verdict"], "unknown");
}

#[test]
fn ctrl_c_ends_what_was_begun_and_tells_what_is_known() {
    let case = checks(
        "  fine: {file: {path: maintenance.yaml}}\n  slow: {command: {run: [sh, -c, 'touch began; sleep 600']}, timeout: 15m}\n",
    );
    let child = case.command("validate --live --format json").spawn().expect("a process");
    wait_until("the command has begun", PATIENCE, || case.has("began"));
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a pid")).expect("a pid");
    kill_process(pid, Signal::INT).expect("it can be signalled");
    let output = child.wait_with_output().expect("an end");
    assert_eq!(output.status.code(), Some(130));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["items"][0]["outcome"], "yes");
    assert_eq!(
        (&report["items"][1]["outcome"], &report["items"][1]["said"]),
        (&"unknown".into(), &"interrupted".into())
    );
}

#[test]
fn case_39_secrets_and_escape_sequences_never_reach_a_report() {
    let case = checks(
        "  leaky: {command: {run: [sh, -c, 'echo hunter2-hunter2; printf \"\\\\033[31mred\\\\007\"'], stdout: none}}\nsecrets:\n  db: {file: db.password}\n",
    )
    .file("db.password", "hunter2-hunter2\n");
    std::fs::set_permissions(
        case.path().join("db.password"),
        std::os::unix::fs::PermissionsExt::from_mode(0o600),
    )
    .expect("a mode");
    for format in ["text", "json", "jsonl", "sarif", "junit", "github", "gitlab", "tap", "checkstyle"] {
        let text = case.run(&format!("validate --live --format {format}")).exit(1).take_text();
        assert!(text.contains("[secret db]"), "{format}: {text}");
        assert!(
            !text.contains("hunter2") && !text.contains('\u{1b}') && !text.contains('\u{7}'),
            "{format}: {text}"
        );
    }
}

#[test]
fn where_no_way_leads_nothing_is_known_of_the_other_side() {
    // No kernel lets a connection begin to a broadcast address: nothing is sent.
    let case = checks(
        "  t: {tcp: {address: '255.255.255.255:80'}}\n  h: {http: {url: 'http://255.255.255.255/'}}\n  p: {promql: \
         {query: up, every: 1}}\n  d: {dns: {name: a.test, server: '127.0.0.1:1'}}\nconnections: {prometheus: {url: \
         'http://255.255.255.255'}}\n",
    );
    let text = case.run("validate --live t h p d").exit(3).take_text();
    assert_eq!(text.matches("unknown  checks.").count(), 4, "{text}");
    for said in [
        "\n         255.255.255.255:80: Network is unreachable",
        "cannot reach http://255.255.255.255/: Network is unreachable",
        "cannot reach http://255.255.255.255/api/v1/query: Network is unreachable",
        "127.0.0.1:1",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
}

#[test]
fn any_number_at_once_on_one_plan_file_and_state_say_the_same() {
    let case = checks(THREE);
    case.run("validate --live fine").exit(0).any_output();
    let start = || case.command("validate --live fine wrong --format json").stdout(Stdio::piped()).spawn();
    let all: Vec<_> = (0..6).map(|_| start().expect("a process")).collect();
    for child in all {
        let output = child.wait_with_output().expect("an end");
        assert_eq!(output.status.code(), Some(1));
        let report = serde_json::from_slice(&output.stdout).expect("a report");
        let told = [("checks.fine", "yes"), ("checks.wrong", "no")];
        assert_eq!(outcomes(&report), told.map(|(name, said)| (name.to_owned(), said.to_owned())));
    }
}
