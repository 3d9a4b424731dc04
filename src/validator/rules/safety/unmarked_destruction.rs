//! MS501: destructive work not marked.

use super::destruction;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS501",
    title: "destructive work not marked",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "What is removed for good cannot be rolled back. A step that says `destructive: true` is \
          shown as such before a run and, in data work, wants a backup before it; `destructive: \
          false` says that somebody looked and that nothing of value goes.",
    before: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps:
      - run: [rm, -rf, /srv/exports/old]
",
    after: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps:
      - run: [rm, -rf, /srv/exports/old]
        destructive: true
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for step in &facts.work().steps {
        if step.step.destructive.is_some() || facts.is_spoiled(step.step.span) {
            continue;
        }
        if let Some(destruction) = destruction::of_step(facts, step) {
            let message = format!(
                "task `{}` removes something for good, `{}`, and does not say so",
                step.task_name.value, destruction.what
            );
            faults.push(Fault::new(RULE.code, destruction.span, message).help(
                "add `destructive: true` to the step, or `destructive: false` if nothing of value goes",
            ));
        }
    }
}
