//! MS206: no connection.

use crate::model::{AlertRouteCheck, Span, Spanned};
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS206",
    title: "no connection",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "What asks a monitoring system has to know where it answers.",
    before: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: data
    duration: 5m
    steps: [{prometheus: snapshot}]
",
    after: r#"mainstay: 1
connections:
  prometheus: {url: "http://127.0.0.1:9090"}
tasks:
  tidy:
    type: routine
    domain: data
    duration: 5m
    steps: [{prometheus: snapshot}]
"#,
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    let plan = facts.plan;
    // A connection that could not be read is one all the same.
    let connections = facts.tree.entry(facts.tree.root(), "connections").map(|(_, connections)| connections);
    let has = |name: &str| connections.is_some_and(|map| facts.tree.entry(map, name).is_some());
    if !has("prometheus") {
        let of_checks = facts.checks().filter_map(|(_, check)| {
            let promql = check.promql.as_ref().map(|promql| promql.span);
            let target_up = check.target_up.as_ref().map(|target_up| target_up.span);
            let restore = check.restore.as_ref().map(|restore| restore.span);
            let config_live = check.config_live.as_ref().filter(|live| live.prometheus.is_some());
            let is_of_loaded = |route: &&Spanned<AlertRouteCheck>| {
                let from = route.rules.iter().flat_map(|from| from.iter());
                from.into_iter().any(|from| from.value == AlertRouteCheck::ALL_RULES)
            };
            let alert_route = check.alert_route.as_deref().filter(is_of_loaded);
            promql
                .or(target_up)
                .or(check.rules_healthy.as_ref().map(|rules| rules.span))
                .or(restore)
                .or(config_live.map(|live| live.span))
                .or(alert_route.map(|route| route.span))
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
        let of_checks = facts.checks().filter_map(|(_, check)| {
            let alert_path = check.alert_path.as_ref().map(|path| path.span);
            let alert_route = check.alert_route.as_ref().filter(|route| route.config.is_none());
            let config_live = check.config_live.as_ref().filter(|live| live.alertmanager.is_some());
            alert_path.or(alert_route.map(|route| route.span)).or(config_live.map(|live| live.span))
        });
        let spans = of_tasks.chain(of_steps).chain(of_checks);
        faults.extend(spans.map(|span| missing("alertmanager", beginning(span))));
        let sends = plan.alerts.iter().filter_map(|(_, rule)| rule.send.as_ref());
        let sends = sends.filter(|send| send.value == "alertmanager");
        faults.extend(sends.map(|send| missing("alertmanager", send.span)));
    }
}

fn missing(system: &str, span: Span) -> Fault {
    Fault::new(RULE.code, span, format!("the plan file has no connection to {system}"))
        .expected(format!("expected `{system}` in `connections:`"))
        .help(format!("add `connections: {{{system}: {{url: ...}}}}`"))
}
