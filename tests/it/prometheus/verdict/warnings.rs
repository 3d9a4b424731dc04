//! A Prometheus that answers, and warns that its answer may lack something: it reads from a storage that is away.

use std::fs;
use std::time::Duration;

use serde_json::{Value, json};

use super::{PATIENCE, change, now, reload, run, work};
use crate::support::{Case, Stack, free_address, wait_until};

/// A Prometheus that also reads from another storage, at which nobody listens.
fn reading_from_nobody() -> Stack {
    let stack = Stack::prometheus_only();
    let config = stack.prometheus_config();
    let text = fs::read_to_string(&config).expect("a configuration");
    let other = format!("\nremote_read:\n  - url: http://{}/read\n    read_recent: true\n", free_address());
    fs::write(&config, text + &other).expect("a configuration");
    reload(&stack);
    let url = format!("{}/api/v1/query?query=up", stack.prometheus_url());
    wait_until("it warns", PATIENCE, || !stack.get_json(&url)["warnings"].is_null());
    stack
}

fn finding<'v>(report: &'v Value, code: &str) -> &'v Value {
    let findings = report["findings"].as_array().expect("findings");
    findings.iter().find(|one| one["code"] == code).unwrap_or_else(|| panic!("no {code} in {report:#}"))
}

#[test]
fn case_11_a_warning_beside_an_answer_is_a_finding_of_every_look_at_the_live_system() {
    let stack = reading_from_nobody();
    let case = Case::new().plan_file(format!(
        "mainstay: 1
connections: {{prometheus: {{url: \"{}\"}}}}
checks:
  up: {{promql: {{query: up, every: 1}}}}
",
        stack.prometheus_url()
    ));
    for args in ["validate --live up --format json", "validate --live --format json"] {
        let report = case.run(&format!("{args} --fail-on warning")).exit(1).json();
        let warned = finding(&report, "MV116");
        assert_eq!(warned["severity"], "warning");
        let message = warned["message"].as_str().expect("words");
        assert!(message.starts_with(&format!("{} warns, asked `", stack.prometheus_url())), "{message}");
        assert!(message.contains("connection refused"), "{message}");
        let items = report["items"].as_array().expect("items");
        let up = items.iter().find(|item| item["name"] == "checks.up").expect("the check");
        assert_eq!(up["outcome"], "yes", "an answer with a warning is an answer: {up}");
        assert!(up["said"].as_str().expect("words").contains("; Prometheus warns: remote_read: "), "{up}");
    }
    case.run("validate --live up").exit(0).stdout_has("MV116");
}

#[test]
fn case_11_a_warning_beside_the_facts_of_a_baseline_its_series_and_a_gate_is_told() {
    let stack = reading_from_nobody();
    let baseline = "{settle: 60s, series: [{promql: up, window: 3s}]}";
    let (_, baseline) = run(&work(&stack, baseline, &["true".to_owned()]), 0);
    let warned = change(&baseline, "peer", "warnings");
    assert_eq!(warned["verdict"], "changed");
    let message = warned["message"].as_str().expect("words");
    assert!(message.contains("before and after the work came with a warning"), "{message}");

    let case = work(&stack, "{settle: 60s, series: [{promql: up, window: 3s}]}", &["true".to_owned()]);
    let text = case.read("maintenance.yaml");
    let case =
        case.plan_file(text.replace("    duration: 5m\n", "    duration: 5m\n    gate: {promql: up}\n"));
    let dry = case.run("run --dry-run work").exit(0).take_text();
    assert!(dry.contains("Prometheus warns: remote_read: "), "{dry}");
    case.run("run work").exit(0).any_output();
    let shown = case.run("run --show last").exit(0).take_text();
    let n_told = shown.matches("Prometheus warns: remote_read: ").count();
    assert_eq!(n_told, 3, "by the gate and both looks at the series: {shown}");
}

#[test]
fn case_11_an_answer_of_another_type_is_no_answer() {
    let stack = Stack::prometheus_only();
    let world = now::world(&format!("prometheus: {{url: \"{}\"}}", stack.prometheus_url()));
    let prometheus = world.prometheus.expect("a connection");
    for (query, kind) in [("up[5s]", "matrix"), ("\"text\"", "string")] {
        let error = prometheus.query(query, Duration::from_secs(10)).expect_err("no vector, no scalar");
        assert!(error.to_string().contains(&format!("the result is a {kind}")), "{error}");
    }
    let case = Case::new().plan_file(format!(
        "mainstay: 1
connections: {{prometheus: {{url: \"{}\"}}}}
checks:
  range: {{promql: {{query: 'up[5s]', every: 1}}}}
",
        stack.prometheus_url()
    ));
    let report = case.run("validate --live range --format json").exit(3).json();
    assert_eq!(report["verdict"], json!("unknown"));
}
