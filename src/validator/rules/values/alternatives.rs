//! Alternatives: keys of which exactly one has to be there.

use super::super::Facts;
use super::super::prelude::beginning;
use crate::model::{Metric, Recurrence, Secret, Span, Spanned, Step, Target, Window};
use crate::planfile::one_of;

/// Keys of which exactly one has to be there.
pub(super) struct Choice {
    /// Who has to choose: `a step`, `window `night``.
    pub what: String,
    /// All of it.
    pub whole: Span,
    /// Where to say so.
    pub place: Span,
    /// The keys.
    all: Vec<&'static str>,
    /// Those that are there.
    pub given: Vec<&'static str>,
}

impl Choice {
    /// What there is to choose from; of many, the first few.
    pub(super) fn expected(&self) -> String {
        const MOST: usize = 12;
        const FIRST: usize = 7;
        let all: Vec<_> = self.all.iter().map(|key| format!("`{key}`")).collect();
        match all.as_slice() {
            [only] => format!("expected {only}"),
            all if all.len() <= MOST => format!("expected one of {}", one_of(all)),
            all => format!("expected {} or another kind", all[..FIRST].join(", ")),
        }
    }
}

/// Every place of the plan file at which exactly one of some keys has to be there, and is not.
pub(super) fn wrong_choices(facts: &Facts) -> Vec<Choice> {
    let plan = facts.plan;
    let mut wrong = Vec::new();
    // Nearly all choices are right, and there are many: what a wrong one is called is worded only then.
    let mut hold = |what: &dyn Fn() -> String, whole: Span, place: Span, keys: &[(&'static str, bool)]| {
        if keys.iter().filter(|(_, given)| *given).count() != 1 {
            let all = keys.iter().map(|(key, _)| *key).collect();
            let given = keys.iter().filter(|(_, given)| *given).map(|(key, _)| *key).collect();
            wrong.push(Choice { what: what(), whole, place, all, given });
        }
    };
    for step in facts.steps() {
        hold(&|| "a step".to_owned(), step.span, beginning(step.span), &actions(step));
    }
    for (span, check) in facts.checks() {
        hold(&|| "a check".to_owned(), span, beginning(span), &check.kinds());
    }
    for (name, task) in plan.tasks.iter() {
        if let Some(schedule) = &task.schedule {
            let what = || format!("the schedule of `{}`", name.value);
            hold(&what, schedule.span, beginning(schedule.span), &recurrences(schedule));
        }
    }
    let mut hold_named =
        |what: &str, section: &str, name: &Spanned<String>, keys: &[(&'static str, bool)]| {
            let whole = facts.value_of(section, &name.value);
            hold(&|| format!("{what} `{}`", name.value), whole, name.span, keys);
        };
    for (name, window) in plan.windows.iter() {
        hold_named("window", "windows", name, &openings(window));
    }
    for (name, target) in plan.targets.iter() {
        hold_named("target", "targets", name, &transports(target));
    }
    for (name, metric) in plan.metrics.iter() {
        hold_named("metric", "metrics", name, &collectors(metric));
    }
    for (name, secret) in plan.secrets.iter() {
        hold_named("secret", "secrets", name, &sources(secret));
    }
    wrong
}

fn actions(step: &Step) -> [(&'static str, bool); 8] {
    [
        ("run", step.run.is_some()),
        ("shell", step.shell.is_some()),
        ("http", step.http.is_some()),
        ("wait", step.wait.is_some()),
        ("prometheus", step.prometheus.is_some()),
        ("alertmanager", step.alertmanager.is_some()),
        ("ansible", step.ansible.is_some()),
        ("pause", step.pause.is_some()),
    ]
}

fn recurrences(schedule: &Recurrence) -> [(&'static str, bool); 5] {
    [
        ("every", schedule.every.is_some()),
        ("cron", schedule.cron.is_some()),
        ("rrule", schedule.rrule.is_some()),
        ("at", schedule.at.is_some()),
        ("when", schedule.when.is_some()),
    ]
}

fn openings(window: &Window) -> [(&'static str, bool); 2] {
    [("cron", window.cron.is_some()), ("rrule", window.rrule.is_some())]
}

fn transports(target: &Target) -> [(&'static str, bool); 3] {
    let is_local = target.local.is_some_and(|local| local.value);
    [("local: true", is_local), ("ssh", target.ssh.is_some()), ("ansible", target.ansible.is_some())]
}

fn collectors(metric: &Metric) -> [(&'static str, bool); 2] {
    [("promql", metric.promql.is_some()), ("http", metric.http.is_some())]
}

fn sources(secret: &Secret) -> [(&'static str, bool); 3] {
    [("env", secret.env.is_some()), ("file", secret.file.is_some()), ("command", secret.command.is_some())]
}
