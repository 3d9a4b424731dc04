//! What asks a monitoring system needs a connection to it.

use super::{Facts, beginning};
use crate::model::Span;
use crate::planfile::fault::Fault;

pub(super) fn check(facts: &Facts, faults: &mut Vec<Fault>) {
    let plan = facts.plan;
    // A connection that could not be read is one all the same.
    let connections = facts.tree.entry(facts.tree.root(), "connections").map(|(_, connections)| connections);
    let has = |name: &str| connections.is_some_and(|map| facts.tree.entry(map, name).is_some());
    if !has("prometheus") {
        let of_checks = facts.checks().filter_map(|(_, check)| {
            let promql = check.promql.as_ref().map(|promql| promql.span);
            let target_up = check.target_up.as_ref().map(|target_up| target_up.span);
            promql.or(target_up).or(check.rules_healthy.as_ref().map(|rules| rules.span))
        });
        let of_steps = facts.steps().filter_map(|step| Some(step.prometheus.as_ref()?.span));
        let of_tasks = plan.tasks.iter().flat_map(|(_, task)| {
            let baseline = task.baseline.as_ref().map(|baseline| baseline.span);
            baseline.into_iter().chain(task.gate.as_ref().map(|gate| gate.span))
        });
        let of_metrics = plan.metrics.iter().filter_map(|(_, metric)| Some(metric.promql.as_ref()?.span));
        let spans = of_checks.chain(of_steps).chain(of_tasks).chain(of_metrics);
        faults.extend(spans.map(|span| missing("prometheus", beginning(span))));
    }
    if !has("alertmanager") {
        let of_tasks = plan.tasks.iter().filter_map(|(_, task)| Some(task.silence.as_ref()?.span));
        let of_steps = facts.steps().filter_map(|step| Some(step.alertmanager.as_ref()?.span));
        faults.extend(of_tasks.chain(of_steps).map(|span| missing("alertmanager", beginning(span))));
    }
}

pub(super) fn missing(system: &str, span: Span) -> Fault {
    Fault::new("MS206", span, format!("the plan file has no connection to {system}"))
        .expected(format!("expected `{system}` in `connections:`"))
        .help(format!("add `connections: {{{system}: {{url: ...}}}}`"))
}
