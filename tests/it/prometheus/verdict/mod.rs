//! The verdict on the monitoring system itself: each of the ten points of the proof that monitoring came back, with the
//! lie that it guards against.

mod alerts;
mod faults;
mod now;
mod points;
mod renames;
mod replicas;
mod warnings;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::{Value, json};

use super::PATIENCE;
use crate::support::{Case, Stack, wait_until};

/// One task, `work`, with this baseline and these steps; Alertmanager is known when the stack has one.
fn work(stack: &Stack, baseline: &str, steps: &[String]) -> Case {
    let alertmanager = if stack.dir().join("bin/alertmanager").exists() {
        format!(", alertmanager: {{url: \"{}\"}}", stack.alertmanager_url())
    } else {
        String::new()
    };
    let steps: Vec<_> = steps.iter().map(|step| format!("      - shell: |\n          {step}\n")).collect();
    let steps = steps.concat();
    Case::new().plan_file(format!(
        "mainstay: 1
connections: {{prometheus: {{url: \"{}\"}}{alertmanager}}}
tasks:
  work:
    type: routine
    domain: component
    duration: 5m
    baseline: {baseline}
    steps:
{steps}",
        stack.prometheus_url()
    ))
}

/// The one run of `work`: its outcome in words, its reason, and what its baseline came to.
#[track_caller]
fn run(case: &Case, code: i32) -> (String, Value) {
    let runs = case.run("run work --format json").exit(code).json();
    let run = &runs["runs"][0];
    (run["reason"].as_str().unwrap_or_default().to_owned(), run["baseline"].clone())
}

/// The change of this fact whose subject holds this text.
#[track_caller]
fn change<'v>(baseline: &'v Value, fact: &str, subject: &str) -> &'v Value {
    let changes = baseline["changes"].as_array().expect("changes");
    let is_it = |change: &&Value| {
        change["fact"] == fact && change["subject"].as_str().is_some_and(|text| text.contains(subject))
    };
    changes.iter().find(is_it).unwrap_or_else(|| panic!("no {fact} {subject} in {changes:#?}"))
}

/// A shell command for `restart NAME`, `stop NAME`, `start NAME`.
fn ctl(stack: &Stack, action: &str) -> String {
    format!("{} {action}", stack.dir().join("bin/ctl").display())
}

/// Changes the command line of a server, from its next start on.
fn edit_script(stack: &Stack, name: &str, from: &str, to: &str) {
    let script = stack.dir().join("bin").join(name);
    let text = fs::read_to_string(&script).expect("a script");
    assert!(text.contains(from), "{text}");
    fs::write(&script, text.replace(from, to)).expect("a script");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("a mode");
}

/// A shell command that does the same.
fn sed(path: &Path, from: &str, to: &str) -> String {
    format!("sed -i \"s#{from}#{to}#\" {}", path.display())
}

fn reload(stack: &Stack) {
    ureq::post(&format!("{}/-/reload", stack.prometheus_url())).send_empty().expect("a reload");
}

/// Adds a job with one target, and rules, and waits until it is up and they are evaluated.
fn scrape(stack: &Stack, job: &str, address: &str, rules: &str) {
    let config = stack.prometheus_config();
    let mut text = fs::read_to_string(&config).expect("a configuration");
    let more = format!("\n  - job_name: {job}\n    static_configs: [{{targets: [\"{address}\"]}}]\n");
    text.push_str(&more);
    fs::write(&config, text).expect("a configuration");
    fs::write(stack.rules_dir().join("more.yml"), rules).expect("a file");
    reload(stack);
    let up = format!("count_over_time(up{{job=\"{job}\"}}[10s]) >= 3");
    wait_until("the new job is scraped", PATIENCE, || stack.query(&up) != json!([]));
}

fn has(stack: &Stack, query: &str) -> bool {
    stack.try_query(query).is_some_and(|found| found != json!([]))
}
