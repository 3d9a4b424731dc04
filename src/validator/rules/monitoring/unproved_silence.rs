//! MS613: silence without proof.

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS613",
    title: "silence without proof",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "While alerts are muted nobody hears what breaks, and afterwards nothing compares. A target \
          that never came back stays lost until somebody misses its data.",
    before: r#"mainstay: 1
connections:
  alertmanager: {url: "http://127.0.0.1:9093"}
  prometheus: {url: "http://127.0.0.1:9090"}
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    silence: {matchers: ['job="prometheus"']}
    steps: [{run: [rm, old]}]
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
    silence: {matchers: ['job="prometheus"']}
    baseline: {within: 2%}
    steps: [{run: [rm, old]}]
"#,
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for (name, task) in facts.plan.tasks.iter() {
        let Some(silence) = &task.silence else { continue };
        let asks_monitoring = task.verify.iter().any(|check| {
            check.promql.is_some() || check.target_up.is_some() || check.rules_healthy.is_some()
        });
        let is_spoiled = facts.is_spoiled(facts.value_of("tasks", &name.value));
        if task.baseline.is_none() && !asks_monitoring && !is_spoiled {
            let message =
                format!("task `{}` silences alerts, and nothing proves that they would come", name.value);
            faults.push(
                Fault::new(RULE.code, beginning(silence.span), message)
                    .help("add `baseline:`, or a check that asks Prometheus to `verify:`"),
            );
        }
    }
}
