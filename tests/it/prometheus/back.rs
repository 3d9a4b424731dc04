//! "Ready means back": what is asked before a restart, and what is waited for after it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use mainstay::validator::verifier::{cover_of, gap_of};
use mainstay::world::http::Client;
use mainstay::world::prometheus::Prometheus;
use serde_json::json;

use super::{PATIENCE, started};
use crate::support::{Case, Stack, wait_until};

fn restarting(stack: &Stack, settle: &str, steps: &str) -> Case {
    Case::new().plan_file(format!(
        "mainstay: 1
connections: {{prometheus: {{url: \"{}\"}}}}
tasks:
  restart:
    type: routine
    domain: component
    duration: 5m
    baseline: {{settle: {settle}}}
    steps:
      - run: [\"true\"]
{steps}
",
        stack.prometheus_url()
    ))
}

#[test]
fn prometheus_is_not_restarted_when_it_would_not_start_again() {
    let stack = Stack::prometheus_only();
    let script = stack.restart_script("prometheus");
    let case = restarting(&stack, "60s", &format!("      - run: [{}]", script.display()));
    let before = started(&stack);
    // Nobody has noticed: it was loaded before the file was broken.
    let broken = stack.rules_dir().join("broken.yml");
    fs::write(&broken, "groups: [{name: broken, rules: [{record: a, expr: 'up{'}]}]\n").expect("a file");

    let runs = case.run("run restart --format json").exit(1).json();
    let reason = runs["runs"][0]["reason"].as_str().expect("a reason");
    assert!(
        reason.contains("was not started: Prometheus would not start again: `promtool check config "),
        "{reason}"
    );
    assert_eq!(started(&stack), before, "it runs on, as it was");

    fs::remove_file(&broken).expect("a file");
    case.run("run restart").exit(0).any_output();
    assert!(before < started(&stack));
}

#[test]
fn a_wal_that_was_corrupt_at_the_start_is_not_as_it_was() {
    let stack = Stack::prometheus_only();
    let (ctl, wal) = (stack.dir().join("bin/ctl"), stack.prometheus_data().join("wal"));
    let step = format!(
        "      - shell: >-
          {ctl} stop prometheus && newest=$(ls {wal} | grep '^0' | tail -n 1) &&
          head -c 64 /dev/zero | tr '\\0' '\\377' | dd of={wal}/$newest bs=1 seek=320 conv=notrunc 2>/dev/null &&
          {ctl} start prometheus",
        ctl = ctl.display(),
        wal = wal.display()
    );
    let runs = restarting(&stack, "15s", &step).run("run restart --format json").exit(1).json();
    let reason = runs["runs"][0]["reason"].as_str().expect("a reason");
    assert!(reason.contains("1 corruption of the WAL found: what came after in it is lost"), "{reason}");
}

/// A Prometheus in the middle of its replay, for ever.
fn replaying() -> String {
    replaying_until(3, None)
}

/// A Prometheus that replays its WAL of 6 segments up to `last`, one each time that it is asked how far it is. Once it has
/// replayed all of them it is ready, and the file `replayed` is there.
fn replaying_until(last: i64, replayed: Option<PathBuf>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        let mut segment = last.min(3);
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut reader = BufReader::new(stream.try_clone().expect("a connection"));
            let (mut first, mut line) = (String::new(), String::new());
            let _ = reader.read_line(&mut first);
            while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                line.clear();
            }
            let asked = first.contains("/api/v1/status/walreplay");
            let body =
                json!({"status": "success", "data": {"min": 0, "max": 6, "current": segment}}).to_string();
            segment += i64::from(asked && segment < last);
            let (status, body) = if asked {
                ("200 OK", body.as_str())
            } else if segment == 6 && first.contains("/-/ready") {
                if let Some(path) = &replayed {
                    fs::write(path, "").expect("a file");
                }
                ("200 OK", "ready")
            } else {
                ("503 Service Unavailable", "Service Unavailable")
            };
            let length = body.len();
            let answer =
                format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    url
}

#[test]
fn who_waits_for_a_prometheus_that_replays_its_wal_is_told_how_far_it_is() {
    let case = Case::new().plan_file(format!(
        "mainstay: 1
connections: {{prometheus: {{url: \"{}\"}}}}
tasks:
  wait:
    type: routine
    domain: component
    duration: 5m
    steps: [{{wait: {{until: {{rules_healthy: {{}}}}}}, timeout: 1s}}]
  expect:
    type: routine
    domain: component
    duration: 5m
    steps: [{{run: [\"true\"]}}]
    verify: [{{target_up: {{job: node}}}}]
",
        replaying()
    ));
    let replay = "could not be found out: Prometheus replays its WAL, segment 3 of 6";
    for task in ["wait", "expect"] {
        case.run(&format!("run {task}")).exit(1).stderr_has("hint: ").stdout_has(replay);
    }
}

#[test]
fn case_47_prometheus_is_not_stopped_in_the_middle_of_its_replay_neither_by_work_nor_by_the_way_back() {
    for (steps, done) in [
        ("steps: [{run: [./restart-prometheus]}]", "succeeded"),
        // An earlier start that did not get ready in time, and a way back that starts it again.
        ("steps: [{run: [\"false\"]}]\n    rollback: [{run: [./restart-prometheus]}]", "rolled_back"),
    ] {
        let case = Case::new().file("restart-prometheus", "#!/bin/sh\nexec test -e replayed\n");
        let script = case.path().join("restart-prometheus");
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("a mode");
        let url = replaying_until(6, Some(case.path().join("replayed")));
        let case = case.plan_file(format!(
            "mainstay: 1\nconnections: {{prometheus: {{url: \"{url}\"}}}}\ntasks:\n  mend:\n    type: routine\n    domain: \
             component\n    duration: 5m\n    {steps}\n"
        ));
        let report = case.run("run mend --format json").json();
        assert_eq!(report["runs"][0]["outcome"], done, "{report}");
    }
}

#[test]
fn case_50_the_loaded_rules_say_how_long_a_partner_is_left_alone_and_which_of_them_does_is_told() {
    let stack = Stack::prometheus_only();
    let of = |range: &str| {
        format!("groups: [{{name: far, rules: [{{record: near, expr: 'rate(up[{range}])'}}]}}]\n")
    };
    let load = |range: &str| {
        for own in ["alerts.yml", "recorded.yml"] {
            // Only there the first time.
            let _ = fs::remove_file(stack.rules_dir().join(own));
        }
        fs::write(stack.rules_dir().join("far.yml"), of(range)).expect("a file");
        ureq::post(&format!("{}/-/reload", stack.prometheus_url())).send_empty().expect("a reload");
    };
    load("6s");
    let case = Case::new().plan_file(format!(
        "mainstay: 1
connections: {{prometheus: {{url: \"{}\"}}}}
targets:
  a: {{local: true, group: pair, labels: {{job: prometheus}}}}
  b: {{local: true, group: pair, labels: {{job: prometheus}}}}
groups: {{pair: {{max_down: 1}}}}
tasks:
  roll:
    type: routine
    domain: component
    duration: 1m
    targets: [a, b]
    steps: [{{name: restart, shell: 'echo restart-prometheus; date +%s.%N >> done'}}]
  one:
    type: routine
    domain: component
    duration: 1m
    targets: [a]
    steps: [{{name: restart, shell: 'echo restart-prometheus; date +%s.%N >> done'}}]
",
        stack.prometheus_url()
    ));
    let ahead = "it waits 6s between targets of it, until their gap is covered, as far as the rule `far/near` looks back";
    case.run("run roll --dry-run").exit(0).stdout_has(ahead);
    let runs = case.run("run roll --format json").exit(0).json();
    let times: Vec<f64> = case.read("done").lines().map(|line| line.parse().expect("a time")).collect();
    assert!(6.0 <= times[1] - times[0], "{times:?}");
    let said = runs["runs"][0]["steps"].to_string();
    assert!(
        said.contains(", until group `pair` is covered as far as the rule `far/near` looks back"),
        "{said}"
    );

    // Another run on the partner is refused until then, and a dry run knows that.
    load("1h");
    let why = "the others have to cover the gap of `b` from run 1, for 1h";
    let rule = ", as far as the rule `far/near` looks back";
    for arguments in ["run one --dry-run", "run one"] {
        case.run(arguments).exit(1).any_output_with(why).any_output_with(rule);
    }
    // What cannot be found out is not taken for covered.
    stack.stop("prometheus");
    let unknown = "how far the rules look back into the gap of `b` cannot be found out: ";
    for arguments in ["run one --dry-run", "run one"] {
        case.run(arguments).exit(3).any_output_with(unknown);
    }
    assert_eq!(case.read("done").lines().count(), 2);
    case.run("run one --emergency --reason it-is-down").exit(0).any_output();
}

#[test]
fn case_50_a_partner_waits_until_no_rule_looks_back_into_the_gap() {
    let stack = Stack::prometheus_only();
    let rules = "groups:
  - name: far
    rules:
      - {alert: Slow, expr: 'rate(up[20m] offset 10m) > 9', for: 5m}
      - {record: near, expr: 'rate(up[1m])'}
";
    fs::write(stack.rules_dir().join("far.yml"), rules).expect("a file");
    ureq::post(&format!("{}/-/reload", stack.prometheus_url())).send_empty().expect("a reload");
    let prometheus = Prometheus::new(&stack.prometheus_url(), &Client::new());
    let cover = cover_of(&prometheus).expect("an answer");
    assert_eq!((cover.longest, cover.rule.as_deref()), (TimeDelta::minutes(35), Some("far/Slow")));
    assert_eq!(cover.unread, Vec::<String>::new());

    wait_until("it is scraped", PATIENCE, || stack.query("count_over_time(up[1m]) >= 3") != json!([]));
    let since = Utc::now();
    stack.stop("prometheus");
    let gone = Utc::now();
    stack.start_component("prometheus");
    let newer = format!("timestamp(up) > {}", gone.timestamp() + 1);
    let scraped = || stack.try_query(&newer).is_some_and(|found| found != json!([]));
    wait_until("it is scraped again", PATIENCE, scraped);
    let labels = BTreeMap::from([("job".to_owned(), "prometheus".to_owned())]);
    let until = Utc::now();
    let gap = gap_of(&prometheus, &labels, (since - TimeDelta::seconds(2), until)).expect("an answer");
    assert!(gap.from <= gone && gone < gap.until && gap.until < until, "{gap:?}, gone at {gone}");
    assert!(TimeDelta::seconds(4) < gap.length(), "after its start it waits 5s before it scrapes: {gap:?}");
    assert_eq!(gap.is_covered_from(&cover), gap.until + TimeDelta::minutes(35));
    // One who is never seen was away all the time.
    let nobody = BTreeMap::from([("instance".to_owned(), "no\"body".to_owned())]);
    let gap = gap_of(&prometheus, &nobody, (since, until)).expect("an answer");
    assert_eq!((gap.from, gap.until), (since, until));
    assert!(Duration::ZERO < gap.length().to_std().expect("a time"));
}
