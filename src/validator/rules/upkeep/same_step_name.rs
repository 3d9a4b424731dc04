//! MS718: two steps of one name.

use std::collections::HashMap;

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS718",
    title: "two steps of one name",
    severity: Severity::Note,
    standing: Standing::Judgement,
    why: "Reports, logs and the ledger call a step by its name. With two of one name in a task, nobody \
          can tell which of them failed.",
    before: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps: [{name: tidy, run: [rm, a]}, {name: tidy, run: [rm, b]}]
",
    after: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps: [{name: tidy a, run: [rm, a]}, {name: tidy b, run: [rm, b]}]
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for (task_name, task) in facts.plan.tasks.iter() {
        for steps in [&task.steps, &task.rollback, &task.finally] {
            let mut seen = HashMap::new();
            for step in steps.iter() {
                let Some(name) = step.name.as_deref() else { continue };
                let Some(first) = seen.insert(name, step.span) else { continue };
                let message = format!("task `{}` has two steps called `{name}`", task_name.value);
                faults.push(
                    Fault::new(RULE.code, beginning(step.span), message)
                        .related(beginning(first), "the other one")
                        .help("give one of them another name"),
                );
            }
        }
    }
}
