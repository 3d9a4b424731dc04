//! MS711: unused window.

use std::collections::HashSet;

use super::unused;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS711",
    title: "unused window",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "A window that no task names looks like a promise that work keeps to it. Mostly a task was \
          meant to, and runs at any time instead.",
    before: r#"mainstay: 1
windows:
  night: {cron: "0 2 * * *", duration: 4h}
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps: [{run: [rm, old]}]
"#,
    after: r#"mainstay: 1
windows:
  night: {cron: "0 2 * * *", duration: 4h}
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    window: night
    steps: [{run: [rm, old]}]
"#,
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    let tasks = facts.plan.tasks.iter();
    let used: HashSet<&str> =
        tasks.flat_map(|(_, task)| task.window.iter()).map(|window| window.value.as_str()).collect();
    for name in unused::names(facts, "windows", &used) {
        let fault = Fault::new(RULE.code, name.span, format!("no task runs in window `{}`", name.value));
        faults.push(fault.help("name it in `window:` of a task, or remove it"));
    }
}
