//! MS201: unknown name.

use crate::model::{AlertmanagerAction, EnvValue, IMPLICIT_TARGET, Spanned, Task};
use crate::planfile::alert_expr;
use crate::validator::facts::steps_of;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS201",
    title: "unknown name",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "A name that is not defined is a slip of the pen, and the work would run at another time, \
          somewhere else, or not at all.",
    before: r#"mainstay: 1
windows:
  night: {cron: "0 2 * * *", duration: 4h}
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    window: nigth
    steps: [{run: [rm, old]}]
"#,
    after: r#"mainstay: 1
windows:
  night: {cron: "0 2 * * *", duration: 4h}
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    window: night
    steps: [{run: [rm, old]}]
"#,
    finder: Finder::Look(look),
};

/// The beginning of the names of the metrics that mainstay collects by itself.
const OWN_METRICS: &str = "mainstay_";

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for (name, task) in facts.plan.tasks.iter() {
        let owner = format!("task `{}`", name.value);
        of_task(facts, task, &owner, faults);
        of_selectors(facts, task, &owner, faults);
    }
    for (name, target) in facts.plan.targets.iter() {
        if let Some(group) = &target.group {
            let owner = format!("target `{}`", name.value);
            faults.extend(facts.unknown("groups", "group", &owner, &group.value, group.span));
        }
    }
    of_alerts(facts, faults);
    of_silences(facts, faults);
}

fn of_task(facts: &Facts, task: &Task, owner: &str, faults: &mut Vec<Fault>) {
    let mut known = |section, what, found: &Spanned<String>| {
        faults.extend(facts.unknown(section, what, owner, &found.value, found.span));
    };
    for window in task.window.iter() {
        known("windows", "window", window);
    }
    for after in task.after.iter() {
        known("tasks", "task", after);
    }
    for (resource, _) in task.resources.iter() {
        known("resources", "resource", resource);
    }
    if let Some(when) = task.schedule.as_ref().and_then(|schedule| schedule.when.as_ref()) {
        known("checks", "check", when);
    }
    for step in steps_of(task) {
        for value in step.env.values() {
            if let EnvValue::Secret(secret) = value {
                known("secrets", "secret", secret);
            }
        }
    }
}

/// The targets and groups that a task names; of the selectors of another form there are rules of their own.
fn of_selectors(facts: &Facts, task: &Task, owner: &str, faults: &mut Vec<Fault>) {
    for selector in task.targets.iter() {
        let (text, span) = (selector.value.as_str(), selector.span);
        if let Some(group) = text.strip_prefix("group:") {
            faults.extend(facts.unknown("groups", "group", owner, group, span));
        } else if !text.contains(':') && text != "all" && text != IMPLICIT_TARGET {
            faults.extend(facts.unknown("targets", "target", owner, text, span));
        }
    }
}

/// What a step ends has to be what a step of some task makes.
fn of_silences(facts: &Facts, faults: &mut Vec<Fault>) {
    let made: Vec<_> = facts
        .steps()
        .filter_map(|step| match step.alertmanager.as_deref()? {
            AlertmanagerAction::Silence(silence) => Some(silence.name.0.as_str()),
            _ => None,
        })
        .collect();
    for (name, task) in facts.plan.tasks.iter() {
        for step in steps_of(task) {
            let Some(AlertmanagerAction::Expire(ended)) = step.alertmanager.as_deref() else { continue };
            if !made.contains(&ended.0.as_str()) {
                let message = format!("task `{}` ends an unknown silence `{}`", name.value, ended.value);
                let fault = Fault::new(RULE.code, ended.span, message)
                    .expected("expected the `name` of a silence that a step makes");
                faults.push(facts.suggest(fault, &ended.0, made.iter().copied()));
            }
        }
    }
}

fn of_alerts(facts: &Facts, faults: &mut Vec<Fault>) {
    for (name, rule) in facts.plan.alerts.iter() {
        let Ok(parsed) = alert_expr::parse(&rule.expr.value) else { continue };
        if !parsed.metric.starts_with(OWN_METRICS) {
            let owner = format!("alert `{}`", name.value);
            faults.extend(facts.unknown("metrics", "metric", &owner, &parsed.metric, rule.expr.span));
        }
    }
}
