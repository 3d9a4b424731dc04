//! MS304: out of range.

use chrono::TimeDelta;

use crate::model::{AlertmanagerAction, Length, MAX_PRIORITY, MAX_REDIRECTS, Spanned};
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS304",
    title: "out of range",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "The value cannot have the effect that it asks for.",
    before: "\
mainstay: 1
targets:
  here: {local: true, group: pair}
groups:
  pair: {max_down: 0}
",
    after: "\
mainstay: 1
targets:
  here: {local: true, group: pair}
groups:
  pair: {max_down: 1}
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    numbers(facts, faults);
    lengths(facts, faults);
}

/// Numbers that have bounds.
fn numbers(facts: &Facts, faults: &mut Vec<Fault>) {
    let plan = facts.plan;
    let at_least_one = |key: &str, number: &Spanned<u32>| {
        (number.value < 1).then(|| {
            Fault::new(RULE.code, number.span, format!("`{key}` cannot be 0")).expected("expected at least 1")
        })
    };
    for (_, group) in plan.groups.iter() {
        faults.extend(at_least_one("max_down", &group.max_down));
    }
    for (name, capacity) in plan.resources.iter() {
        faults.extend(at_least_one(&name.value, capacity));
    }
    for step in facts.steps() {
        if let Some(retry) = &step.retry {
            faults.extend(at_least_one("attempts", &retry.attempts));
        }
    }
    for (_, check) in facts.checks() {
        if let Some(redirects) = check.http.as_ref().and_then(|http| http.redirects.as_ref())
            && redirects.value > MAX_REDIRECTS
        {
            let message = format!("`redirects` cannot be {}", redirects.value);
            faults.push(
                Fault::new(RULE.code, redirects.span, message)
                    .expected(format!("expected a whole number from 0 to {MAX_REDIRECTS}")),
            );
        }
    }
    for (_, task) in plan.tasks.iter() {
        if let Some(priority) = task.priority.filter(|priority| priority.value > MAX_PRIORITY) {
            faults.push(
                Fault::new(RULE.code, priority.span, format!("`priority` cannot be {}", priority.value))
                    .expected(format!("expected a whole number from 0 to {MAX_PRIORITY}")),
            );
        }
    }
}

/// Lengths that cannot be nothing.
fn lengths(facts: &Facts, faults: &mut Vec<Fault>) {
    let mut positive = |key: &str, length: Option<&Spanned<Length>>| {
        if let Some(length) = length.filter(|length| length.value.0 <= TimeDelta::zero()) {
            faults.push(
                Fault::new(RULE.code, length.span, format!("`{key}` cannot be {}", length.value))
                    .expected("expected a length above 0"),
            );
        }
    };
    for (_, window) in facts.plan.windows.iter() {
        positive("duration", Some(&window.duration));
    }
    for (_, task) in facts.plan.tasks.iter() {
        positive("duration", Some(&task.duration));
        positive("timeout", task.timeout.as_ref());
        for series in task.baseline.iter().flat_map(|baseline| baseline.series.iter()) {
            positive("window", series.window.as_ref());
        }
        positive("gap", task.baseline.as_ref().and_then(|baseline| baseline.gap.as_ref()));
        let schedule = task.schedule.as_ref();
        positive("every", schedule.and_then(|schedule| schedule.every.as_ref()));
        positive("within", schedule.and_then(|schedule| schedule.within.as_ref()));
    }
    for step in facts.steps() {
        positive("timeout", step.timeout.as_ref());
        if let Some(AlertmanagerAction::Silence(silence)) = step.alertmanager.as_deref() {
            positive("for", Some(&silence.length));
        }
    }
    for (_, check) in facts.checks() {
        positive("timeout", check.timeout.as_ref());
        positive("younger_than", check.file.as_ref().and_then(|file| file.younger_than.as_ref()));
        positive("older_than", check.file.as_ref().and_then(|file| file.older_than.as_ref()));
        positive("for", check.retry.as_ref().map(|retry| &retry.patience));
        positive("every", check.retry.as_ref().and_then(|retry| retry.every.as_ref()));
        positive("within", check.alert_path.as_ref().and_then(|path| path.within.as_ref()));
    }
    for (_, metric) in facts.plan.metrics.iter() {
        positive("timeout", metric.http.as_ref().and_then(|http| http.timeout.as_ref()));
    }
}
