//! MS614: no time to settle.

use chrono::TimeDelta;

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS614",
    title: "no time to settle",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "After a restart Prometheus needs two scrapes before it notices that a target is gone; a \
          comparison that may not wait for them fails healthy work, or sees nothing.",
    before: r#"mainstay: 1
connections:
  alertmanager: {url: "http://127.0.0.1:9093"}
  prometheus: {url: "http://127.0.0.1:9090"}
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    baseline: {settle: 5s}
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
    baseline: {settle: 2m}
    steps: [{run: [rm, old]}]
"#,
    finder: Finder::Look(look),
};

/// Two scrapes at the shortest interval that is common, 10 s, and the time to notice.
const SHORTEST: TimeDelta = TimeDelta::seconds(25);

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    let baselines = facts.plan.tasks.iter().filter_map(|(_, task)| task.baseline.as_ref());
    for settle in baselines.filter_map(|baseline| baseline.settle) {
        if settle.value.0 < SHORTEST {
            let message = format!("monitoring has {} to come back", settle.value);
            faults.push(
                Fault::new(RULE.code, settle.span, message)
                    .expected("expected at least two scrape intervals, such as 2m"),
            );
        }
    }
}
