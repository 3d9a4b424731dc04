//! MS315: nothing saved.

use crate::model::{Domain, PrometheusAction, Step, Task};
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS315",
    title: "nothing saved",
    severity: Severity::Error,
    standing: Standing::Judgement,
    why: "What a destructive step removes can only come back from what was saved before it.",
    before: r#"mainstay: 1
connections:
  prometheus: {url: "http://127.0.0.1:9090"}
tasks:
  purge:
    type: routine
    domain: data
    duration: 5m
    steps:
      - run: [rm, -r, old]
        destructive: true
"#,
    after: r#"mainstay: 1
connections:
  prometheus: {url: "http://127.0.0.1:9090"}
tasks:
  purge:
    type: routine
    domain: data
    duration: 5m
    steps:
      - prometheus: snapshot
      - run: [rm, -r, old]
        destructive: true
"#,
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    let tasks = facts.plan.tasks.iter().filter(|(_, task)| task.domain.value == Domain::Data);
    tasks.for_each(|(_, task)| of_task(task, faults));
}

fn of_task(task: &Task, faults: &mut Vec<Fault>) {
    let is_snapshot = |step: &Step| step.prometheus.as_deref() == Some(&PrometheusAction::Snapshot);
    let mut is_safe = false;
    for step in task.steps.iter() {
        is_safe |= is_snapshot(step);
        if let Some(destructive) = step.destructive.filter(|destructive| destructive.value)
            && !is_safe
        {
            faults.push(
                Fault::new(
                    RULE.code,
                    destructive.span,
                    format!("nothing is saved before `{}`", step.label()),
                )
                .expected("expected an earlier step `prometheus: snapshot`"),
            );
        }
    }
}
