//! Work and questions that consist of nothing.

use super::{Facts, beginning};
use crate::model::{Span, Spanned};
use crate::planfile::fault::Fault;
use crate::planfile::tree::Kind;

pub(super) fn check(facts: &Facts, faults: &mut Vec<Fault>) {
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
        check.file.iter().for_each(|file| text("path", &file.path));
    }
    for (_, task) in facts.plan.tasks.iter() {
        task.gate.iter().for_each(|gate| text("promql", &gate.promql));
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
    vacuous(facts, faults);
}

fn nothing(key: &str, span: Span) -> Fault {
    Fault::new("MS308", span, format!("`{key}` is empty"))
}

fn steps_of_tasks(facts: &Facts, faults: &mut Vec<Fault>) {
    let Some((_, tasks)) = facts.tree.entry(facts.tree.root(), "tasks") else { return };
    for (name, task) in facts.tree.entries(tasks) {
        let Some((_, steps)) = facts.tree.entry(*task, "steps") else { continue };
        if matches!(&facts.tree.node(steps).kind, Kind::Seq(elements) if elements.is_empty()) {
            let message = format!("task `{}` has no steps", facts.tree.text(*name));
            faults
                .push(Fault::new("MS308", facts.tree.span(steps), message).expected("expected at least one"));
        }
    }
}

/// Checks that hold whatever the answer is.
fn vacuous(facts: &Facts, faults: &mut Vec<Fault>) {
    for (_, check) in facts.checks() {
        if let Some(promql) = &check.promql
            && promql.every.is_none()
            && promql.any.is_none()
            && promql.count.is_none()
            && !facts.is_spoiled(promql.span)
        {
            faults.push(
                Fault::new(
                    "MS309",
                    beginning(promql.span),
                    "the check says nothing about the query's samples",
                )
                .expected("expected `every`, `any` or `count`")
                .help("to ask for at least one sample, write `count: {ge: 1}`"),
            );
        }
        if let Some(file) = &check.file
            && file.exists == Some(false)
            && file.contains.is_some()
        {
            faults.push(
                Fault::new("MS309", beginning(file.span), "a file that is not there contains nothing")
                    .help("remove `exists: false` or `contains`"),
            );
        }
    }
}
