//! MS315: nothing saved.

use std::collections::{HashMap, HashSet};

use crate::model::{Domain, Task};
use crate::validator::rules::prelude::*;
use crate::validator::rules::safety::destruction;
use crate::validator::work::{Phase, StepWork};

pub(super) const RULE: Rule = Rule {
    code: "MS315",
    title: "nothing saved",
    severity: Severity::Error,
    standing: Standing::Judgement,
    why: "What a destructive step removes can only come back from what was saved before it.",
    before: r#"mainstay: 1
connections:
  prometheus: {url: "http://127.0.0.1:9090"}
tasks:
  purge:
    type: routine
    domain: data
    duration: 5m
    steps:
      - run: [rm, -r, old]
        destructive: true
"#,
    after: r#"mainstay: 1
connections:
  prometheus: {url: "http://127.0.0.1:9090"}
tasks:
  purge:
    type: routine
    domain: data
    duration: 5m
    steps:
      - prometheus: snapshot
      - run: [rm, -r, old]
        destructive: true
"#,
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    let steps = facts.work().steps.iter().filter(|step| step.phase == Phase::Steps);
    let saving: HashSet<_> = steps.clone().filter(|step| saves(step)).map(|step| name_of(step)).collect();
    let tasks: HashMap<_, _> =
        facts.plan.tasks.iter().map(|(name, task)| (name.value.as_str(), task)).collect();
    let mut is_safe = false;
    let mut last = "";
    for step in steps.filter(|step| step.task.domain.value == Domain::Data) {
        if std::mem::replace(&mut last, name_of(step)) != last {
            is_safe = false;
        }
        is_safe |= saves(step);
        if is_safe || step.step.destructive.is_some_and(|destructive| !destructive.value) {
            continue;
        }
        let span = match step.step.destructive {
            Some(destructive) => Some(destructive.span),
            None => destruction::of_step(facts, step).map(|destruction| destruction.span),
        };
        let Some(span) = span else { continue };
        is_safe = is_saved_before(&tasks, step.task, &saving);
        if !is_safe {
            let fault =
                Fault::new(RULE.code, span, format!("nothing is saved before `{}`", step.step.label()));
            faults.push(fault.expected("expected an earlier step `prometheus: snapshot`, or a backup"));
        }
    }
}

fn name_of<'a>(step: &StepWork<'a>) -> &'a str {
    &step.task_name.value
}

fn saves(step: &StepWork) -> bool {
    destruction::saves(step.step, &step.calls)
}

/// Whether a task that this one comes after saves something.
fn is_saved_before(tasks: &HashMap<&str, &Task>, task: &Task, saving: &HashSet<&str>) -> bool {
    // Nobody oversees more; then the answer is in doubt.
    const MOST: usize = 100;
    let mut seen = HashSet::new();
    let mut open: Vec<_> = task.after.iter().map(|name| name.value.as_str()).collect();
    while let Some(name) = open.pop() {
        if saving.contains(name) || seen.len() > MOST {
            return true;
        }
        if seen.insert(name)
            && let Some(task) = tasks.get(name)
        {
            open.extend(task.after.iter().map(|name| name.value.as_str()));
        }
    }
    false
}
