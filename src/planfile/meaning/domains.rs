//! What the domain of a task asks for.

use super::Facts;
use crate::model::{Domain, PrometheusAction, Step, Task};
use crate::planfile::fault::Fault;

pub(super) fn check(facts: &Facts, faults: &mut Vec<Fault>) {
    for (name, task) in facts.plan.tasks.iter() {
        let is_spoiled = facts.is_spoiled(facts.value_of("tasks", &name.value));
        match task.domain.value {
            Domain::Data => snapshots(task, faults),
            Domain::System if task.rollback.is_empty() && !is_spoiled => faults.push(
                Fault::new(
                    "MS316",
                    task.domain.span,
                    format!("system task `{}` has no way back", name.value),
                )
                .help("add `rollback`"),
            ),
            Domain::System | Domain::Component | Domain::Security => {}
        }
    }
}

fn snapshots(task: &Task, faults: &mut Vec<Fault>) {
    let is_snapshot = |step: &Step| step.prometheus.as_deref() == Some(&PrometheusAction::Snapshot);
    let mut is_safe = false;
    for step in task.steps.iter() {
        is_safe |= is_snapshot(step);
        if let Some(destructive) = step.destructive.filter(|destructive| destructive.value)
            && !is_safe
        {
            faults.push(
                Fault::new("MS315", destructive.span, format!("nothing is saved before `{}`", step.label()))
                    .expected("expected an earlier step `prometheus: snapshot`"),
            );
        }
    }
}
