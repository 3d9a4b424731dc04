//! MS409: a step timeout that never applies.

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS409",
    title: "a step timeout that never applies",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "The timeout of the task stops the run first. Whoever raises the step's timeout because \
          the step is slow finds it killed all the same.",
    before: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    timeout: 1h
    duration: 5m
    steps: [{run: [rm, old], timeout: 2h}]
",
    after: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    timeout: 3h
    duration: 5m
    steps: [{run: [rm, old], timeout: 2h}]
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for task in &facts.outlook().tasks {
        let Some(whole) = task.task.timeout else { continue };
        // The way back and `finally` have their own timeouts only.
        for step in task.task.steps.iter() {
            let Some(timeout) = step.timeout.filter(|timeout| whole.value < timeout.value) else { continue };
            let message = format!(
                "step `{}` may take {}, but task `{}` is stopped after {}",
                step.label(),
                timeout.value,
                task.name,
                whole.value
            );
            faults.push(
                Fault::new(RULE.code, timeout.span, message)
                    .expected(format!("expected at most {}", whole.value))
                    .related(whole.span, "the timeout of the run as a whole"),
            );
        }
    }
}
