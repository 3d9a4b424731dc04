//! The way of alerts, and what is served against what is written: asked of real Alertmanagers and a real Prometheus.

mod live;
mod path;
mod route;
mod silences;

use std::time::Duration;

use crate::support::{Case, Stack};

/// Long enough for a busy machine, short enough for a test that fails.
const PATIENCE: Duration = Duration::from_mins(1);

/// A plan file whose task `try` does nothing and then asks this check.
fn plan_file(connections: &str, check: &str) -> String {
    format!(
        "mainstay: 1\nconnections:\n{connections}\ntasks:\n  try:\n    type: routine\n    domain: component\n    \
         duration: 5m\n    steps: [{{run: [\"true\"]}}]\n    verify:\n      - {check}\n"
    )
}

/// Every member of the cluster as a connection.
fn alertmanagers(urls: &[String]) -> String {
    let (first, others) = urls.split_first().expect("an Alertmanager");
    let others: Vec<_> = others.iter().map(|url| format!("{url:?}")).collect();
    format!("  alertmanager: {{url: {first:?}, members: [{}]}}", others.join(", "))
}

/// Asks one check; the text says what it found, or is empty when it holds.
fn answer(case: &Case) -> String {
    let output = case.command("run try").output().expect("the binary was built");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    match output.status.code() {
        Some(0) => String::new(),
        Some(1) => text.lines().find(|line| line.contains("failed: ")).unwrap_or(&text).to_owned(),
        _ => panic!("{text}{}", String::from_utf8_lossy(&output.stderr)),
    }
}

/// What a check answers, asked with these connections.
fn asked(connections: &str, check: &str) -> String {
    answer(&Case::new().plan_file(plan_file(connections, check)))
}

#[track_caller]
fn assert_says(answer: &str, expected: &[&str]) {
    for part in expected {
        assert!(answer.contains(part), "expected `{part}` in: {answer}");
    }
}

/// No alert is left on any member.
#[track_caller]
fn assert_nothing_fires(stack: &Stack) {
    for url in stack.alertmanager_urls() {
        let alerts = stack.get_json(&format!("{url}/api/v2/alerts?filter=mainstay_probe!=%22%22"));
        assert_eq!(alerts.as_array().map(Vec::len), Some(0), "{url}: {alerts}");
    }
}
