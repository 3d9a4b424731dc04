//! MS502: retried blindly.

use crate::model::{HttpAction, Step, Task};
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS502",
    title: "retried blindly",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "An attempt that timed out or died may have done half of the work, or all of it. A second \
          one then does it again on top: two restarts, two appended lines, a migration that finds \
          its own remains. Only who wrote the step knows whether that is harmless.",
    before: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps:
      - shell: echo 10.0.0.5 node-5 >> /etc/hosts
        retry: {attempts: 3}
",
    after: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps:
      - shell: grep -q node-5 /etc/hosts || echo 10.0.0.5 node-5 >> /etc/hosts
        retry: {attempts: 3}
        idempotent: true
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for step in &facts.work().steps {
        let Some(retry) = &step.step.retry else { continue };
        let attempts = &retry.attempts;
        let is_blind = attempts.value > 1 && has_effect(step.step) && !is_idempotent(step.task, step.step);
        if is_blind && stands(attempts) && !facts.is_spoiled(step.step.span) {
            let message = format!(
                "`{}` of task `{}` is attempted up to {} times, and nobody says that it may be repeated",
                step.step.label(),
                step.task_name.value,
                attempts.value
            );
            faults.push(Fault::new(RULE.code, attempts.span, message).help(
                "add `idempotent: true` if doing half of it and then all of it is harmless, else remove `retry`",
            ));
        }
    }
}

/// Whether doing it twice may be another thing than doing it once.
fn has_effect(step: &Step) -> bool {
    step.run.is_some() || step.shell.is_some() || step.http.as_ref().is_some_and(|http| is_effective(http))
}

/// Source: RFC 9110, section 9.2.2, idempotent methods; a reload loads the same configuration again.
fn is_effective(http: &HttpAction) -> bool {
    let method = http.method.as_deref().unwrap_or("GET").to_ascii_uppercase();
    matches!(method.as_str(), "POST" | "PATCH") && !http.url.trim_end_matches('/').ends_with("/-/reload")
}

fn is_idempotent(task: &Task, step: &Step) -> bool {
    step.idempotent.or(task.idempotent).unwrap_or(false)
}
