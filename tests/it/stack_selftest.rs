//! The helper stack keeps what it promises: real servers while a test runs, and nothing of them after it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::{env, fs};

use chrono::{TimeDelta, Utc};
use serde_json::json;

use crate::support::{HungPeer, Stack, wait_until};

/// Set by the test that starts this program a second time, to the file that shall hold the stack's directory.
const TELL_DIR_IN: &str = "MAINSTAY_TEST_TELL_DIR_IN";

#[test]
fn a_stack_works_restarts_through_its_script_and_ends_without_a_trace() {
    let stack = Stack::start();
    assert_eq!(stack.query("count(up == 1)")[0]["value"][1], "2");
    assert!(stack.prometheus_data().join("wal").is_dir());
    assert!(stack.prometheus_config().is_file());
    assert!(stack.rules_dir().join("alerts.yml").is_file());
    wait_until("the recording rule has a result", Duration::from_secs(20), || {
        stack.query("job:up:ratio").as_array().is_some_and(|found| found.len() == 2)
    });

    the_watchdog_arrives(&stack);
    a_stopped_target_fires_and_comes_back(&stack);
    a_restart_gives_a_new_process(&stack);

    let dir = stack.dir().to_owned();
    drop(stack);
    assert_nothing_is_left(&dir);
}

fn the_watchdog_arrives(stack: &Stack) {
    wait_until("the watchdog reaches the webhook", Duration::from_secs(20), || {
        stack.notifications().iter().any(|body| body["commonLabels"]["alertname"] == "Watchdog")
    });
    assert!(stack.alerts().iter().any(|alert| alert["labels"]["alertname"] == "Watchdog"));
}

fn a_stopped_target_fires_and_comes_back(stack: &Stack) {
    stack.stop("node");
    wait_until("TargetDown reaches the webhook", Duration::from_secs(30), || {
        stack.notifications().iter().any(|body| body["commonLabels"]["alertname"] == "TargetDown")
    });
    stack.start_component("node");
    assert!(ureq::get(format!("{}/metrics", stack.node_url())).call().is_ok());
    wait_until("the target is up again", Duration::from_secs(20), || {
        stack.query("up{job=\"node\"}")[0]["value"][1] == "1"
    });
}

fn a_restart_gives_a_new_process(stack: &Stack) {
    let runtime_info = format!("{}/api/v1/status/runtimeinfo", stack.prometheus_url());
    let (started, pid) =
        (stack.get_json(&runtime_info)["data"]["startTime"].clone(), stack.pid("prometheus"));

    let status = Command::new(stack.restart_script("prometheus")).status().expect("the script runs");

    assert!(status.success(), "{status}");
    assert_ne!(stack.pid("prometheus"), pid);
    wait_until("Prometheus answers again", Duration::from_secs(30), || stack.try_query("1").is_some());
    assert_ne!(stack.get_json(&runtime_info)["data"]["startTime"], started);
}

#[test]
fn a_silence_is_created_over_the_api() {
    let stack = Stack::alertmanager_only();
    let silence = json!({
        "matchers": [{"name": "job", "value": "node", "isRegex": false, "isEqual": true}],
        "startsAt": Utc::now().to_rfc3339(),
        "endsAt": (Utc::now() + TimeDelta::minutes(5)).to_rfc3339(),
        "createdBy": "selftest",
        "comment": "made by a test",
    });

    let created = stack.post_json(&format!("{}/api/v2/silences", stack.alertmanager_url()), &silence);

    let silences = stack.silences();
    assert_eq!(silences.len(), 1);
    assert_eq!(silences[0]["id"], created["silenceID"]);
    assert_eq!(silences[0]["status"]["state"], "active");
}

#[test]
fn prometheus_alone_scrapes_itself_and_returns_to_its_address() {
    let stack = Stack::prometheus_only();
    let url = stack.prometheus_url();
    stack.stop("prometheus");
    assert_eq!(stack.try_query("1"), None);

    stack.start_component("prometheus");

    assert_eq!(stack.prometheus_url(), url);
    assert!(stack.try_query("1").is_some());
}

#[test]
fn a_stack_ends_with_the_test_process_however_that_ends() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let file = place.path().join("dir");

    let status = Command::new(env::current_exe().expect("this program has a path"))
        .args(["--exact", "stack_selftest::a_test_that_dies"])
        .env(TELL_DIR_IN, &file)
        .output()
        .expect("this program runs a second time")
        .status;

    assert!(!status.success());
    let dir = PathBuf::from(fs::read_to_string(file).expect("the second process told its directory"));
    // The guard is the last of them: its own command line names the directory that it removes.
    wait_until("nothing is left", Duration::from_secs(20), || !dir.exists() && processes_of(&dir).is_empty());
}

#[test]
fn a_test_that_dies() {
    let Some(file) = env::var_os(TELL_DIR_IN) else { return };
    let stack = Stack::alertmanager_only();
    // As if somebody had restarted it: no child of this process, and not the one that was started.
    assert!(Command::new(stack.restart_script("alertmanager")).status().expect("the script runs").success());
    fs::write(file, stack.dir().to_str().expect("a path in UTF-8")).expect("the file is writable");
    std::process::abort();
}

#[test]
fn a_hung_peer_takes_a_request_and_never_answers() {
    let peer = HungPeer::start();
    let client: ureq::Agent =
        ureq::Agent::config_builder().timeout_global(Some(Duration::from_millis(300))).build().into();
    let error = client.get(peer.url()).call().expect_err("nobody answers");
    assert!(matches!(error, ureq::Error::Timeout(_)), "{error}");
}

fn assert_nothing_is_left(dir: &Path) {
    let left = processes_of(dir);
    assert!(left.is_empty(), "still running: {left:#?}");
    assert!(!dir.exists(), "{} is still there", dir.display());
}

/// The command lines that name `dir`.
fn processes_of(dir: &Path) -> Vec<String> {
    let needle = dir.to_str().expect("a path in UTF-8");
    let processes = fs::read_dir("/proc").expect("procfs is mounted").filter_map(Result::ok);
    processes
        .filter_map(|process| fs::read(process.path().join("cmdline")).ok())
        .map(|bytes| String::from_utf8_lossy(&bytes).replace('\0', " "))
        .filter(|command_line| command_line.contains(needle))
        .collect()
}
