//! MS422: a wait that its timeout cuts off.

use crate::model::{Length, Spanned, Step};
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS422",
    title: "a wait that its timeout cuts off",
    severity: Severity::Error,
    standing: Standing::Gate,
    why: "A wait that lasts longer than its timeout fails every time, after having waited: the run \
          goes the way back although nothing is wrong.",
    before: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 30m
    steps: [{wait: 20m}]
",
    after: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 30m
    steps: [{wait: 20m, timeout: 25m}]
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for task in &facts.outlook().tasks {
        let of_work = task.task.steps.iter().map(|step| (step, task.task.timeout));
        let cleaning_up = task.task.rollback.iter().chain(task.task.finally.iter()).map(|step| (step, None));
        for (step, whole) in of_work.chain(cleaning_up) {
            let Some(wait) = &step.wait else { continue };
            let Some(length) = wait.duration else { continue };
            let (timeout, whose) = limit(step, whole);
            if timeout < length.value {
                let message =
                    format!("step `{}` of task `{}` is cut off after {timeout}", step.label(), task.name);
                faults.push(
                    Fault::new(RULE.code, wait.span, message)
                        .expected(format!("expected at most {timeout}, {whose}"))
                        .help("give the step a longer `timeout`"),
                );
            }
        }
    }
}

/// What cuts a step off, and what that is.
fn limit(step: &Step, whole: Option<Spanned<Length>>) -> (Length, &'static str) {
    let own =
        if step.timeout.is_some() { "the step's `timeout`" } else { "the `timeout` of a step without one" };
    match whole.filter(|whole| whole.value < step.timeout()) {
        Some(whole) => (whole.value, "the task's `timeout`"),
        None => (step.timeout(), own),
    }
}
