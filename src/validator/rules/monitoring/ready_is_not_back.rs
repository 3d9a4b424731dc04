//! MS617: ready is not back.

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS617",
    title: "ready is not back",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "After a restart `/-/ready` answers before targets are scraped and rules evaluated: for a \
          while it says yes of a Prometheus that sees nothing. `baseline:` waits until it does.",
    before: r#"mainstay: 1
connections:
  alertmanager: {url: "http://127.0.0.1:9093"}
  prometheus: {url: "http://127.0.0.1:9090"}
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    verify: [{http: {url: "http://127.0.0.1:9090/-/ready"}}]
    steps: [{run: [systemctl, restart, prometheus]}]
"#,
    after: r#"mainstay: 1
connections:
  alertmanager: {url: "http://127.0.0.1:9093"}
  prometheus: {url: "http://127.0.0.1:9090"}
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    verify: [{http: {url: "http://127.0.0.1:9090/-/ready"}}]
    baseline: {within: 2%}
    steps: [{run: [systemctl, restart, prometheus]}]
"#,
    finder: Finder::Look(look),
};

/// What answers before monitoring works.
const EARLY: [&str; 2] = ["/-/ready", "/-/healthy"];

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for (name, task) in facts.plan.tasks.iter() {
        let is_early = |url: &str| EARLY.iter().any(|path| url.trim_end_matches('/').ends_with(path));
        let checks: Vec<_> = task.verify.iter().collect();
        let all_early = !checks.is_empty()
            && checks.iter().all(|check| check.http.as_ref().is_some_and(|http| is_early(&http.url)));
        let is_spoiled = facts.is_spoiled(facts.value_of("tasks", &name.value));
        if !all_early || task.baseline.is_some() || is_spoiled {
            continue;
        }
        if task.steps.iter().any(|step| step.restarts(&["prometheus", "alertmanager"])) {
            let message = format!("task `{}` takes an early answer for proof", name.value);
            faults.push(
                Fault::new(RULE.code, beginning(checks[0].span), message)
                    .help("add `baseline:`, or checks such as `target_up` and `rules_healthy`"),
            );
        }
    }
}
