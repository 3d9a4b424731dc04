//! MS424: time to settle that is never granted.

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS424",
    title: "time to settle that is never granted",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "After the work monitoring has `settle` to come back, but no longer than the run may \
          take. A replay of the WAL that is allowed for here is cut off all the same, and a good \
          change is taken back.",
    before: r#"mainstay: 1
connections:
  prometheus: {url: "http://127.0.0.1:9090"}
tasks:
  tidy:
    type: routine
    domain: component
    baseline: {settle: 30m}
    timeout: 15m
    duration: 5m
    steps: [{run: [rm, old]}]
"#,
    after: r#"mainstay: 1
connections:
  prometheus: {url: "http://127.0.0.1:9090"}
tasks:
  tidy:
    type: routine
    domain: component
    baseline: {settle: 30m}
    timeout: 1h
    duration: 5m
    steps: [{run: [rm, old]}]
"#,
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for task in &facts.outlook().tasks {
        let settle = task.task.baseline.as_ref().and_then(|baseline| baseline.settle);
        let (Some(settle), Some(timeout)) = (settle, task.task.timeout) else { continue };
        if timeout.value < settle.value {
            let message = format!(
                "monitoring may take {} to come back, but task `{}` is stopped after {}",
                settle.value, task.name, timeout.value
            );
            faults.push(
                Fault::new(RULE.code, settle.span, message)
                    .expected(format!("expected less than {}", timeout.value))
                    .related(timeout.span, "the timeout of the run as a whole"),
            );
        }
    }
}
