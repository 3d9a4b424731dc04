//! MS308: nothing to do.

use crate::model::{Span, Spanned};
use crate::planfile::Kind;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS308",
    title: "nothing to do",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "Work that consists of nothing succeeds without an effect.",
    before: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps: []
",
    after: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps: [{run: [rm, old]}]
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    steps_of_tasks(facts, faults);
    let mut text = |key: &str, text: &Spanned<String>| {
        if text.value.trim().is_empty() {
            faults.push(nothing(key, text.span));
        }
    };
    for step in facts.steps() {
        step.shell.iter().for_each(|shell| text("shell", shell));
        step.cwd.iter().for_each(|cwd| text("cwd", cwd));
    }
    for (_, check) in facts.checks() {
        check.promql.iter().for_each(|promql| text("query", &promql.query));
        for (key, value) in check.names() {
            text(key, value);
        }
        check.alert_path.iter().for_each(|path| text("receiver", &path.receiver));
        check
            .alert_route
            .iter()
            .filter_map(|route| route.config.as_ref())
            .for_each(|path| text("config", path));
        if let Some(live) = &check.config_live {
            live.prometheus.iter().for_each(|path| text("prometheus", path));
            live.alertmanager.iter().for_each(|path| text("alertmanager", path));
        }
    }
    for (_, task) in facts.plan.tasks.iter() {
        task.gate.iter().for_each(|gate| text("promql", &gate.promql));
        let series = task.baseline.iter().flat_map(|baseline| baseline.series.iter());
        for series in series {
            text("promql", &series.promql);
        }
    }
    for (_, metric) in facts.plan.metrics.iter() {
        metric.promql.iter().for_each(|promql| text("query", &promql.query));
    }
    let argvs = facts.steps().filter_map(|step| step.run.as_ref());
    let commands = facts.checks().filter_map(|(_, check)| Some(&check.command.as_ref()?.run));
    for argv in argvs.chain(commands) {
        if argv.value.first().is_none_or(|program| program.trim().is_empty()) {
            faults.push(nothing("run", argv.span).expected("expected a program and its arguments"));
        }
    }
}

fn nothing(key: &str, span: Span) -> Fault {
    Fault::new(RULE.code, span, format!("`{key}` is empty"))
}

fn steps_of_tasks(facts: &Facts, faults: &mut Vec<Fault>) {
    let Some((_, tasks)) = facts.tree.entry(facts.tree.root(), "tasks") else { return };
    for (name, task) in facts.tree.entries(tasks) {
        let Some((_, steps)) = facts.tree.entry(*task, "steps") else { continue };
        if matches!(&facts.tree.node(steps).kind, Kind::Seq(elements) if elements.is_empty()) {
            let message = format!("task `{}` has no steps", facts.tree.text(*name));
            faults.push(
                Fault::new(RULE.code, facts.tree.span(steps), message).expected("expected at least one"),
            );
        }
    }
}
