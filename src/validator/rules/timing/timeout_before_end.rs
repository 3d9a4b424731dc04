//! MS408: a timeout shorter than the work.

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS408",
    title: "a timeout shorter than the work",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "A run is stopped when its timeout is over. By its own estimate this one is stopped in \
          the middle of the work every time, and goes the way back.",
    before: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    timeout: 10m
    duration: 20m
    steps: [{run: [rm, old]}]
",
    after: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    timeout: 40m
    duration: 20m
    steps: [{run: [rm, old]}]
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for task in &facts.outlook().tasks {
        let (Some(timeout), Some(needed)) = (task.task.timeout, task.estimate) else { continue };
        if timeout.value.0 < needed {
            let message =
                format!("task `{}` takes {} and is stopped after {}", task.name, task.takes(), timeout.value);
            faults.push(
                Fault::new(RULE.code, timeout.span, message)
                    .related(task.task.duration.span, "the estimate")
                    .help("leave room beyond the estimate, or correct the estimate"),
            );
        }
    }
}
