//! MS202: nothing selected.

use std::collections::HashSet;

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS202",
    title: "nothing selected",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "A task that selects no target would succeed without doing anything.",
    before: r#"mainstay: 1
targets:
  here: {local: true, labels: {zone: a}}
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    targets: ["label:zone=b"]
    steps: [{run: [rm, old]}]
"#,
    after: r#"mainstay: 1
targets:
  here: {local: true, labels: {zone: a}}
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    targets: ["label:zone=a"]
    steps: [{run: [rm, old]}]
"#,
    finder: Finder::Look(look),
};

/// What a selector can select by.
struct Selectable<'a> {
    /// Groups that have a target.
    groups: HashSet<&'a str>,
    labels: HashSet<(&'a str, &'a str)>,
    /// Whether every target was read: one that was not may be what is meant.
    is_complete: bool,
}

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    let selectable = selectable(facts);
    for (name, task) in facts.plan.tasks.iter() {
        for selector in task.targets.iter() {
            let nothing = |what: &str| {
                let message = format!("task `{}` selects no target: {what}", name.value);
                Fault::new(RULE.code, selector.span, message)
            };
            faults.extend(judge(facts, &selectable, &selector.value, nothing));
        }
    }
}

fn selectable<'a>(facts: &Facts<'a>) -> Selectable<'a> {
    let targets = &facts.plan.targets;
    let groups = targets.iter().filter_map(|(_, target)| target.group.as_ref());
    let labels = targets.iter().flat_map(|(_, target)| &target.labels);
    Selectable {
        groups: groups.map(|group| group.value.as_str()).collect(),
        labels: labels.map(|(name, value)| (name.as_str(), value.as_str())).collect(),
        is_complete: facts.n_names("targets") == targets.len(),
    }
}

fn judge(
    facts: &Facts,
    selectable: &Selectable,
    selector: &str,
    nothing: impl Fn(&str) -> Fault,
) -> Option<Fault> {
    if !selectable.is_complete {
        return None;
    }
    if selector == "all" {
        let is_empty = facts.plan.targets.is_empty();
        return is_empty
            .then(|| nothing("the plan file has none").help("remove `targets` to work on this machine"));
    }
    if let Some(group) = selector.strip_prefix("group:") {
        let is_empty = facts.knows("groups", group) && !selectable.groups.contains(group);
        return is_empty.then(|| nothing(&format!("no target is in the group `{group}`")));
    }
    let (label, value) = selector.strip_prefix("label:")?.split_once('=')?;
    if selectable.labels.contains(&(label, value)) {
        return None;
    }
    let near = selectable.labels.iter().filter(|(name, _)| *name == label).map(|(_, value)| *value);
    let what = format!("no target has the label `{label}` with the value `{value}`");
    Some(facts.suggest(nothing(&what), value, near))
}
