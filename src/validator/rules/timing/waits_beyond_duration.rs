//! MS425: an estimate shorter than the waits.

use chrono::TimeDelta;

use crate::model::Length;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS425",
    title: "an estimate shorter than the waits",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "The estimate decides whether work still fits its window, and when other work may start. \
          Steps that wait for longer than that are certain to overrun both.",
    before: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps: [{run: [rm, old]}, {wait: 8m}]
",
    after: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 10m
    steps: [{run: [rm, old]}, {wait: 8m}]
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for task in facts.outlook().tasks.iter().filter(|task| task.estimate.is_some()) {
        // A step with `only_if` may be left out.
        let steps = task.task.steps.iter().filter(|step| step.only_if.is_none());
        let mut waits = steps.filter_map(|step| step.wait.as_ref()?.duration);
        let waits = waits.try_fold(TimeDelta::zero(), |sum, wait| sum.checked_add(&wait.value.0));
        // After the work, so long is waited for the samples of series.
        let series = task.task.baseline.iter().flat_map(|baseline| baseline.series.iter());
        let window = series.map(|series| series.window().0).max();
        let waits = waits.and_then(|waits| waits.checked_add(&window.unwrap_or_default()));
        let duration = task.task.duration;
        let Some(waits) = waits.filter(|waits| duration.value.0 < *waits) else { continue };
        let who = if window.is_some() { "the steps and series" } else { "the steps" };
        let message = format!("{who} of task `{}` wait for {}", task.name, Length(waits));
        faults.push(
            Fault::new(RULE.code, duration.span, message)
                .expected(format!("expected more than {}", Length(waits))),
        );
    }
}
