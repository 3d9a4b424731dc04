//! `mainstay monitor` as people, programs and a real Alertmanager see it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use chrono::{SecondsFormat, TimeDelta, Utc};
use mainstay::model::{Event, Outcome};
use serde_json::Value;

use super::support::{Case, HungPeer, Past, Stack};

const TIDY: &str = r#"
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    schedule: {every: 1d, tolerance: 1h}
    duration: 5m
    steps:
      - run: ["true"]
"#;

/// `tidy` was done two days ago and is late by 23 hours.
fn overdue(plan: &str) -> Case {
    let case = Case::new().plan_file(plan);
    let past = Past(&case);
    let seen = Event::TasksSeen { tasks: vec!["tidy".to_owned()] };
    past.at(&ago(60), |state| assert!(state.record(&seen).is_ok()));
    past.begin(&ago(49), "tidy", "tidy#1").end(&ago(48), 1, Outcome::Succeeded, "");
    case
}

fn ago(hours: i64) -> String {
    (Utc::now() - TimeDelta::hours(hours)).to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn do_the_work(case: &Case) {
    let mut ran = case.run("run tidy").exit(0);
    ran.take_stdout();
    ran.take_stderr();
}

fn with_alertmanager(stack: &Stack) -> String {
    format!("{TIDY}connections:\n  alertmanager: {{url: \"{}\"}}\n", stack.alertmanager_url())
}

fn json(case: &Case, code: i32) -> Value {
    let mut ran = case.run("monitor --format json").exit(code);
    ran.take_stderr();
    serde_json::from_str(&ran.take_stdout()).unwrap()
}

fn n_entries(case: &Case) -> u64 {
    let mut n = 0;
    Past(case).at(&ago(0), |state| n = state.ledger_head().unwrap().entries);
    n
}

#[test]
fn overdue_work_reaches_alertmanager_and_is_resolved_when_it_is_done() {
    let stack = Stack::alertmanager_only();
    let case = overdue(&with_alertmanager(&stack));
    let found = json(&case, 1);
    assert_eq!(found["schema"], "mainstay/monitor/v1");
    assert_eq!(
        (&found["alerts"][0]["name"], &found["alerts"][0]["state"]),
        (&"MainstayTaskOverdue".into(), &"firing".into())
    );
    let alerts = stack.alerts();
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    let labels = &alerts[0]["labels"];
    assert_eq!((&labels["alertname"], &labels["task"]), (&"MainstayTaskOverdue".into(), &"tidy".into()));
    assert_eq!(labels["severity"], "warning");

    let before = n_entries(&case);
    json(&case, 1);
    assert_eq!(n_entries(&case), before, "a call at which nothing changes adds nothing to the ledger");

    do_the_work(&case);
    let found = json(&case, 0);
    assert_eq!(found["alerts"][0]["state"], "resolved");
    assert_eq!(stack.alerts(), Vec::<Value>::new());
    assert_eq!(json(&case, 0)["alerts"], serde_json::json!([]));
}

#[test]
fn an_alert_that_was_not_taken_is_owed_until_it_is() {
    let stack = Stack::alertmanager_only();
    let case = overdue(&with_alertmanager(&stack));
    stack.stop("alertmanager");
    let found = json(&case, 3);
    assert_eq!((&found["verdict"], &found["delivery"]["owed"]), (&"undelivered".into(), &1.into()));
    let before = n_entries(&case);
    json(&case, 3);
    assert_eq!(n_entries(&case), before, "the ledger hears of an outage once");
    stack.start_component("alertmanager");
    let found = json(&case, 1);
    assert_eq!(found["delivery"]["taken"], 1);
    assert_eq!(stack.alerts().len(), 1);

    stack.stop("alertmanager");
    do_the_work(&case);
    assert_eq!(json(&case, 3)["delivery"]["owed"], 1);
    stack.start_component("alertmanager");
    assert_eq!(json(&case, 0)["delivery"]["taken"], 1);
    assert_eq!(json(&case, 0)["delivery"]["taken"], 0);
}

#[test]
fn quiet_is_silent_when_nothing_fires() {
    let case = overdue(TIDY);
    do_the_work(&case);
    case.run("monitor --quiet").exit(0);
    let case = overdue(TIDY);
    let shown = case.run("monitor --quiet").exit(1).take_stdout();
    assert!(shown.starts_with("ALERT ") && shown.lines().count() == 2, "{shown}");
}

#[test]
fn the_textfile_is_what_node_exporter_reads() {
    let case = overdue(TIDY);
    case.run("monitor --textfile mainstay.prom").exit(1).take_stdout();
    let path = case.path().join("mainstay.prom");
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
    assert!(text.ends_with('\n'));
    assert!(text.contains(
        "# TYPE mainstay_runs_total counter\nmainstay_runs_total{outcome=\"succeeded\",task=\"tidy\"} 1\n"
    ));
    let promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut promtool = promtool.expect("promtool is there; `.ci/setup` installs it");
    std::io::Write::write_all(&mut promtool.stdin.take().unwrap(), text.as_bytes()).unwrap();
    let said = promtool.wait_with_output().unwrap();
    let said_text = [said.stdout, said.stderr].concat();
    assert!(said.status.success() && said_text.is_empty(), "{}", String::from_utf8_lossy(&said_text));
}

#[test]
fn a_peer_that_hangs_costs_its_deadline_and_no_more() {
    let (first, second) = (HungPeer::start(), HungPeer::start());
    let metrics = format!(
        "{TIDY}metrics:
  first_seconds: {{http: {{url: \"{}\", value: seconds, timeout: 1s}}}}
  second_seconds: {{http: {{url: \"{}\", value: seconds, timeout: 1s}}}}
  second_up: {{http: {{url: \"{}\", timeout: 1s}}}}
alerts:
  SlowPage: {{expr: \"first_seconds > 5\", severity: page}}
",
        first.url(),
        second.url(),
        second.url(),
    );
    let case = overdue(&metrics);
    do_the_work(&case);
    let begun = Instant::now();
    let found = json(&case, 3);
    assert!(begun.elapsed() < Duration::from_millis(2_500), "the peers were waited for one after the other");
    assert_eq!(found["verdict"], "unknown");
    let value = |name: &str, metric: Option<&str>| {
        let metrics = found["metrics"].as_array().unwrap();
        let is_it = |one: &&Value| {
            one["name"] == name && metric.is_none_or(|metric| one["labels"]["metric"] == metric)
        };
        metrics.iter().find(is_it).map(|one| one["value"].as_f64().unwrap())
    };
    assert_eq!(value("mainstay_collector_up", Some("first_seconds")), Some(0.0));
    assert_eq!(value("mainstay_collector_up", Some("second_up")), Some(1.0));
    assert_eq!(value("second_up", None), Some(0.0), "that nobody answers is an answer to the question");
    let unknown: Vec<_> = found["unknown"].as_array().unwrap().iter().map(|one| &one["metric"]).collect();
    assert_eq!(unknown, ["first_seconds", "second_seconds", "first_seconds"]);
}

#[test]
fn nothing_to_evaluate_is_not_a_yes() {
    let case = Case::new().plan_file("mainstay: 1\n");
    let mut ran = case.run("monitor -q").exit(3);
    assert_eq!(
        ran.take_stderr(),
        "warning: nothing to evaluate: the plan file has no tasks and no metrics\n"
    );
}

#[test]
fn what_prometheus_said_last_holds_until_it_says_otherwise() {
    let stack = Stack::prometheus_only();
    let plan = format!(
        r#"{TIDY}connections:
  prometheus: {{url: "{}"}}
metrics:
  target_up: {{promql: {{query: "up"}}, help: "Whether a target answers."}}
  not_a_number: {{promql: {{query: "vector(0) / 0"}}}}
  nothing: {{promql: {{query: "there_is_no_such_metric"}}}}
alerts:
  TargetUp: {{expr: "target_up == 1", severity: page}}
  NotANumber: {{expr: "not_a_number != 1"}}
"#,
        stack.prometheus_url()
    );
    let case = overdue(&plan);
    do_the_work(&case);
    let found = json(&case, 1);
    let alerts = found["alerts"].as_array().unwrap();
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    let labels = &alerts[0]["labels"];
    assert_eq!((&labels["severity"], &labels["job"]), (&"page".into(), &"prometheus".into()));
    let of = |name: &str| {
        let metrics = found["metrics"].as_array().unwrap();
        metrics.iter().filter(|one| one["name"] == name).map(|one| one["value"].clone()).collect::<Vec<_>>()
    };
    assert_eq!((of("not_a_number"), of("nothing")), (vec!["NaN".into()], vec![]));
    assert_eq!(found["unknown"][0]["metric"], "nothing");

    let before = n_entries(&case);
    stack.stop("prometheus");
    let found = json(&case, 1);
    assert_eq!(found["alerts"][0]["state"], "firing", "unknown is not resolved");
    assert_eq!(found["unknown"].as_array().unwrap().len(), 5, "three metrics, two alerts");
    assert_eq!(n_entries(&case), before);
}

#[test]
fn a_format_that_there_is_not_is_refused_before_anything_is_done() {
    let case = overdue(TIDY);
    let before = n_entries(&case);
    let mut ran = case.run("monitor --format html").exit(2);
    assert!(ran.take_stderr().starts_with("error: this command has no format `html`"));
    assert_eq!(n_entries(&case), before);
}
