//! The main job: maintenance of a real Prometheus with a real Alertmanager, asserted against their own APIs.

mod back;
mod empty;
mod labels;
mod reload;
mod restore;
mod series;
mod silences;
mod storage;
mod verdict;

use std::time::Duration;

use chrono::{DateTime, Utc};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{Case, Stack, wait_until};

/// Saturday, 03:00 in Berlin: `weekend-night` has been open for an hour.
const IN_THE_WINDOW: &str = "2026-11-28T02:00:00Z";
/// Long enough for a busy machine, short enough for a test that fails.
const PATIENCE: Duration = Duration::from_secs(90);

/// The example, with the places of `stack` in it.
fn example(stack: &Stack) -> String {
    let restart = stack.restart_script("prometheus");
    include_str!("../../examples/prometheus/maintenance.yaml")
        .replace("http://127.0.0.1:9090", &stack.prometheus_url())
        .replace("http://127.0.0.1:9093", &stack.alertmanager_url())
        .replace("/etc/prometheus/rules", &stack.rules_dir().display().to_string())
        .replace("/etc/prometheus/prometheus.yml", &stack.prometheus_config().display().to_string())
        .replace("[systemctl, restart, prometheus]", &format!("[{}]", restart.display()))
}

fn case(plan_file: &str) -> Case {
    let rules = include_str!("../../examples/prometheus/rules/mainstay.yml");
    Case::new().plan_file(plan_file).file("rules/mainstay.yml", rules)
}

fn started(stack: &Stack) -> DateTime<Utc> {
    let info = stack.get_json(&format!("{}/api/v1/status/runtimeinfo", stack.prometheus_url()));
    time(&info["data"]["startTime"])
}

fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("no time: {value}"))
}

fn outcomes(runs: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let runs = runs["runs"].as_array().expect("runs");
    runs.iter().map(|run| (text(&run["task"]), text(&run["outcome"]))).collect()
}

/// The silences that mainstay made.
fn our_silences(stack: &Stack) -> Vec<Value> {
    let is_ours =
        |silence: &Value| silence["comment"].as_str().is_some_and(|text| text.contains("[mainstay:"));
    stack.silences().into_iter().filter(is_ours).collect()
}

/// Everything that the ledger says, after a check of its chain that shares no code with mainstay's.
fn ledger(case: &Case) -> Vec<Value> {
    let exported = case.run("audit export").take_text();
    let mut prev = "0".repeat(64);
    let mut entries = Vec::new();
    for (n, line) in exported.lines().enumerate() {
        let entry: Value = serde_json::from_str(line).expect("a line is JSON");
        assert_eq!(entry["prev"], prev, "line {}", n + 1);
        assert_eq!(entry["seq"], n + 1);
        prev = format!("{:x}", Sha256::digest(format!("{line}\n")));
        entries.push(entry["event"].clone());
    }
    entries
}

fn of_kind<'a>(entries: &'a [Value], kind: &str) -> Vec<&'a Value> {
    entries.iter().filter(|event| event["kind"] == kind).collect()
}

#[test]
fn a_snapshot_a_rule_change_and_a_restart_in_a_window_leave_monitoring_as_it_was() {
    let stack = Stack::start();
    let case = case(&example(&stack));
    let before = started(&stack);
    assert_eq!(stack.query("job:up:count"), json!([]), "the rule is not there yet");

    let planned = case.run(&format!("--now {IN_THE_WINDOW} plan --publish --format json")).exit(0).json();
    let occurrences = &planned["occurrences"].as_array().expect("occurrences")[..3];
    // As cron would: a call at each published start.
    let ticks = occurrences.iter().map(|occurrence| occurrence["start"].as_str().expect("a start"));
    let ran = ticks
        .map(|now| case.run(&format!("--now {now} run --due --format json")).exit(0).json()["runs"].clone());
    let runs = json!({"runs": ran.flat_map(|runs| runs.as_array().cloned().unwrap_or_default()).collect::<Vec<_>>()});

    let tasks: Vec<_> = occurrences.iter().map(|occurrence| &occurrence["task"]).collect();
    assert_eq!(tasks, ["snapshot", "change-rules", "restart-prometheus"]);
    let expected = ["snapshot", "change-rules", "restart-prometheus"]
        .map(|task| (task.to_owned(), "succeeded".to_owned()));
    assert_eq!(outcomes(&runs), expected);

    // The snapshot: a folder with the name that Prometheus gave it.
    let message = runs["runs"][0]["steps"][1]["message"].as_str().expect("a message");
    let name = message.split([' ', ',']).nth(1).expect("a name");
    assert!(stack.prometheus_data().join("snapshots").join(name).is_dir(), "{message}");

    // The rule: loaded, healthy, evaluated.
    let rules = stack.get_json(&format!("{}/api/v1/rules", stack.prometheus_url()));
    let group =
        rules["data"]["groups"].as_array().expect("groups").iter().find(|group| group["name"] == "mainstay");
    assert!(
        group.expect("the new group")["rules"]
            .as_array()
            .expect("rules")
            .iter()
            .all(|rule| rule["health"] == "ok")
    );
    assert_ne!(stack.query("job:up:count"), json!([]));

    // The restart: another process, in the middle of a silence that is over now.
    let after = started(&stack);
    assert!(before < after, "{before} {after}");
    let silences = our_silences(&stack);
    assert_eq!(silences.len(), 1);
    assert_eq!(silences[0]["status"]["state"], "expired");
    assert!(
        time(&silences[0]["startsAt"]) < after && after < time(&silences[0]["endsAt"]),
        "{}",
        silences[0]
    );
    let targets = stack.get_json(&format!("{}/api/v1/targets", stack.prometheus_url()));
    assert!(
        targets["data"]["activeTargets"]
            .as_array()
            .expect("targets")
            .iter()
            .all(|target| target["health"] == "up")
    );

    // The record: silence, baseline and comparison are in the ledger, in their order.
    let entries = ledger(&case);
    let kinds: Vec<_> = entries
        .iter()
        .filter(|event| event["run"] == 3 || event["tag"].is_string())
        .map(|event| event["kind"].as_str().unwrap_or(""))
        .filter(|kind| !kind.starts_with("step"))
        .collect();
    assert_eq!(
        kinds,
        [
            "run_started",
            "baseline_taken",
            "silence_intended",
            "silence_created",
            "baseline_compared",
            "silence_expired",
            "run_ended"
        ]
    );
    assert!(of_kind(&entries, "baseline_compared").iter().all(|event| event["same"] == true));
    case.run(&format!("--now {IN_THE_WINDOW} run --due")).exit(0);
}

#[test]
fn rules_that_do_not_load_are_taken_back_and_monitoring_is_as_before() {
    let stack = Stack::start();
    let case =
        case(&example(&stack)).file("rules/mainstay.yml", "groups:\n  - name: broken\n    rules: nonsense\n");

    let runs = case.run(&format!("--now {IN_THE_WINDOW} run change-rules --format json")).exit(1).json();

    assert_eq!(outcomes(&runs), [("change-rules".to_owned(), "rolled_back".to_owned())], "{runs:#}");
    assert!(!stack.rules_dir().join("mainstay.yml").exists());
    let info = stack.get_json(&format!("{}/api/v1/status/runtimeinfo", stack.prometheus_url()));
    assert_eq!(info["data"]["reloadConfigSuccess"], true);
}

#[test]
fn a_target_that_is_lost_fails_the_run_by_name() {
    let stack = Stack::start();
    let lost = format!("[sh, -c, \"echo '[]' > {}/prometheus/targets/node.json\"]", stack.dir().display());
    let text = example(&stack).replace("settle: 5m", "settle: 5s");
    let restart = format!("[{}]", stack.restart_script("prometheus").display());
    let case = case(&text.replace(&restart, &lost));

    let runs =
        case.run(&format!("--now {IN_THE_WINDOW} run restart-prometheus --format json")).exit(1).json();

    let reason = runs["runs"][0]["reason"].as_str().expect("a reason");
    assert!(reason.starts_with("monitoring did not come back as it was: target node {"), "{reason}");
    assert!(reason.contains(" is gone"), "{reason}");
    assert!(our_silences(&stack).iter().all(|silence| silence["status"]["state"] == "expired"));
}

#[test]
fn a_silence_survives_neither_ctrl_c_nor_a_kill() {
    let stack = Stack::alertmanager_only();
    let text = format!(
        "mainstay: 1\nconnections: {{alertmanager: {{url: \"{}\"}}}}\ntasks:\n  slow:\n    type: routine\n    domain: component\n    duration: 1m\n    silence: {{matchers: ['job=\"node\"']}}\n    steps:\n      - shell: touch began; test -e go || exec sleep 600\n",
        stack.alertmanager_url()
    );
    let states = || our_silences(&stack).iter().map(|one| one["status"]["state"].clone()).collect::<Vec<_>>();
    for (n, signal) in [Signal::INT, Signal::KILL].into_iter().enumerate() {
        let case = Case::new().plan_file(&text);
        let mut child = case.command("run slow").spawn().expect("a process");
        wait_until("the step has begun", PATIENCE, || case.has("began"));
        assert_eq!(states().iter().filter(|state| *state == "active").count(), 1);

        kill_process(Pid::from_raw(i32::try_from(child.id()).expect("a pid")).expect("a pid"), signal)
            .expect("a signal");
        child.wait().expect("an end");

        if signal == Signal::KILL {
            assert!(states().contains(&json!("active")), "nobody was left to end it");
            case.run("run --due").exit(0).stderr_has("warning: the silence of run 1 is ended");
        }
        assert_eq!(states().iter().filter(|state| *state == "expired").count(), n + 1);
        assert_eq!(states().iter().filter(|state| *state == "active").count(), 0);
        if signal == Signal::KILL {
            // Who goes on is silent again, under the same tag, and to its end only.
            let case = case.file("go", "");
            case.run("run --resume --assume not-done").exit(0).stdout_has("succeeded");
            assert_eq!(states().iter().filter(|state| *state == "expired").count(), n + 2);
            assert_eq!(states().iter().filter(|state| *state == "active").count(), 0);
            let log = case.run("audit export").take_text();
            assert_eq!(log.matches("silence_created").count(), 2, "{log}");
        }
    }
}

#[test]
fn peers_that_are_down_or_hang_refuse_the_run_before_anything_is_touched() {
    let hung = crate::support::HungPeer::start();
    for (url, expected) in
        [("http://127.0.0.1:9".to_owned(), "connection refused"), (hung.url(), "did not answer within")]
    {
        let text = format!(
            "mainstay: 1\nconnections: {{alertmanager: {{url: \"{url}\"}}, prometheus: {{url: \"{url}\"}}}}\ntasks:\n  silenced:\n    type: routine\n    domain: component\n    duration: 1m\n    silence: {{matchers: ['job=\"node\"']}}\n    steps:\n      - shell: touch done\n  proved:\n    type: routine\n    domain: component\n    duration: 1m\n    baseline: {{}}\n    steps:\n      - shell: touch done\n"
        );
        let case = Case::new().plan_file(text);
        for task in ["silenced", "proved"] {
            case.run(&format!("run {task}")).exit(1).stderr_has("hint: ").stdout_has(expected);
        }
        assert!(!case.has("done"));
    }
}

#[test]
fn a_gate_that_is_closed_or_unknown_keeps_the_work_waiting() {
    let stack = Stack::prometheus_only();
    let text = |url: &str, query: &str| {
        format!(
            "mainstay: 1\nconnections: {{prometheus: {{url: \"{url}\"}}}}\ntasks:\n  gated:\n    type: routine\n    domain: component\n    schedule: {{every: 1d}}\n    duration: 1m\n    gate: {{promql: '{query}'}}\n    steps:\n      - shell: touch done\n"
        )
    };
    let closed = Case::new().plan_file(text(&stack.prometheus_url(), "up == 0"));
    closed.run("run gated").exit(1).stdout_has("its gate is closed: `up == 0` returns nothing");
    closed.run("run --due").exit(0);
    closed.run("run --due").exit(0);
    assert_eq!(of_kind(&ledger(&closed), "run_refused").len(), 2, "once on demand, once by the schedule");
    let unknown = Case::new().plan_file(text("http://127.0.0.1:9", "up"));
    unknown.run("run gated").exit(3).stdout_has("its gate cannot be asked: ");
    let open = Case::new().plan_file(text(&stack.prometheus_url(), "up == 1"));
    open.run("run gated").exit(0).any_output();
    assert!(!closed.has("done") && !unknown.has("done") && open.has("done"));
}

#[test]
fn the_alerts_of_the_work_are_silenced_and_no_others() {
    let stack = Stack::start();
    let ctl = stack.dir().join("bin/ctl");
    let text = format!(
        "mainstay: 1
connections: {{alertmanager: {{url: \"{}\"}}, prometheus: {{url: \"{}\"}}}}
tasks:
  repair-node:
    type: routine
    domain: component
    duration: 5m
    silence: {{matchers: ['job=\"node\"']}}
    baseline: {{settle: 60s}}
    steps:
      - run: [{ctl}, stop, node]
      - name: wait until its alert fires
        wait: {{until: {{promql: {{query: 'count(ALERTS{{alertname=\"TargetDown\",alertstate=\"firing\"}})', every: {{ge: 1}}}}}}}}
      - name: wait until Alertmanager has it
        wait: {{until: {{http: {{url: \"{}/api/v2/alerts?active=false\", body: {{contains: TargetDown}}}}}}}}
      - run: [{ctl}, start, node]
",
        stack.alertmanager_url(),
        stack.prometheus_url(),
        stack.alertmanager_url(),
        ctl = ctl.display(),
    );
    let case = Case::new().plan_file(text);

    let runs = case.run("run repair-node --format json").exit(0).json();

    assert_eq!(outcomes(&runs), [("repair-node".to_owned(), "succeeded".to_owned())]);
    let told = stack.notifications().iter().map(Value::to_string).collect::<String>();
    assert!(told.contains("Watchdog"), "what is not in work is told as ever: {told}");
    assert!(!told.contains("TargetDown"), "what is in work is not: {told}");
}
