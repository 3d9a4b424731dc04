//! Numbers and lengths: within their bounds, and not against each other.

use chrono::TimeDelta;

use super::{Facts, stands};
use crate::model::{FORMAT_VERSION, Length, Spanned};
use crate::planfile::fault::Fault;

/// The highest priority of a task.
const MAX_PRIORITY: u32 = 100;

pub(super) fn check(facts: &Facts, faults: &mut Vec<Fault>) {
    let plan = facts.plan;
    if plan.mainstay.value != FORMAT_VERSION {
        faults.push(
            Fault::new(
                "MS303",
                plan.mainstay.span,
                format!("unknown format version {}", plan.mainstay.value),
            )
            .expected(format!("expected {FORMAT_VERSION}"))
            .help("a newer mainstay may read it"),
        );
    }
    let at_least_one = |key: &str, number: &Spanned<u32>| {
        (number.value < 1).then(|| {
            Fault::new("MS304", number.span, format!("`{key}` cannot be 0")).expected("expected at least 1")
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
    for (_, task) in plan.tasks.iter() {
        if let Some(priority) = task.priority.filter(|priority| priority.value > MAX_PRIORITY) {
            faults.push(
                Fault::new("MS304", priority.span, format!("`priority` cannot be {}", priority.value))
                    .expected(format!("expected a whole number from 0 to {MAX_PRIORITY}")),
            );
        }
    }
    lengths(facts, faults);
    pairs(facts, faults);
}

/// Lengths that cannot be nothing.
fn lengths(facts: &Facts, faults: &mut Vec<Fault>) {
    let mut positive = |key: &str, length: Option<&Spanned<Length>>| {
        if let Some(length) = length.filter(|length| length.value.0 <= TimeDelta::zero()) {
            faults.push(
                Fault::new("MS304", length.span, format!("`{key}` cannot be {}", length.value))
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
        let schedule = task.schedule.as_ref();
        positive("every", schedule.and_then(|schedule| schedule.every.as_ref()));
        positive("within", schedule.and_then(|schedule| schedule.within.as_ref()));
    }
    for step in facts.steps() {
        positive("timeout", step.timeout.as_ref());
    }
    for (_, check) in facts.checks() {
        positive("timeout", check.timeout.as_ref());
    }
    for (_, metric) in facts.plan.metrics.iter() {
        positive("timeout", metric.http.as_ref().and_then(|http| http.timeout.as_ref()));
    }
}

/// Lengths that have to be shorter than others.
fn pairs(facts: &Facts, faults: &mut Vec<Fault>) {
    for (name, window) in facts.plan.windows.iter() {
        if let Some(cutoff) = window.cutoff
            && stands(&window.duration)
            && cutoff.value >= window.duration.value
        {
            let message = format!("nothing can ever start in window `{}`", name.value);
            faults.push(
                Fault::new("MS305", cutoff.span, message)
                    .expected(format!("expected less than the duration, {}", window.duration.value))
                    .related(window.duration.span, "the duration is set here"),
            );
        }
    }
    for (name, task) in facts.plan.tasks.iter() {
        let Some(schedule) = &task.schedule else { continue };
        if let (Some(every), Some(tolerance)) = (schedule.every, schedule.tolerance)
            && tolerance.value >= every.value
        {
            let message = format!("task `{}` would be due again as soon as it ended", name.value);
            faults.push(
                Fault::new("MS305", tolerance.span, message)
                    .expected(format!("expected less than `every`, {}", every.value))
                    .related(every.span, "the interval is set here"),
            );
        }
        if let (Some(within), None) = (schedule.within, &schedule.when) {
            faults.push(
                Fault::new("MS305", within.span, "`within` says nothing without `when`").help("remove it"),
            );
        }
    }
}
