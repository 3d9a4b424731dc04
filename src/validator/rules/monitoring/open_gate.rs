//! MS616: gate that opens when nobody answers.

use crate::model::{Criticality, Unknown};
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS616",
    title: "gate that opens when nobody answers",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "The gate asks whether it is safe to start. When Prometheus does not answer, something is \
          wrong already, and `unknown: open` starts the work then of all times.",
    before: r#"mainstay: 1
connections:
  alertmanager: {url: "http://127.0.0.1:9093"}
  prometheus: {url: "http://127.0.0.1:9090"}
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    criticality: high
    gate: {promql: 'absent(ALERTS{severity="page"})', unknown: open}
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
    criticality: high
    gate: {promql: 'absent(ALERTS{severity="page"})', unknown: wait}
    steps: [{run: [rm, old]}]
"#,
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for (name, task) in facts.plan.tasks.iter() {
        let Some(gate) = &task.gate else { continue };
        let criticality = task.criticality.unwrap_or(facts.plan.criticality);
        if gate.unknown == Some(Unknown::Open) && criticality >= Criticality::High {
            let message = format!("task `{}` starts when its gate cannot be asked", name.value);
            faults.push(
                Fault::new(RULE.code, beginning(gate.span), message)
                    .help("`unknown: wait` asks again at the next `run --due`"),
            );
        }
    }
}
