//! References: every name that is used is defined, and every selector selects something.

use std::collections::{HashMap, HashSet};

use super::Facts;
use crate::model::{EnvValue, IMPLICIT_TARGET, Span, Spanned};
use crate::planfile::fault::Fault;

pub(super) fn check(facts: &Facts, faults: &mut Vec<Fault>) {
    for (name, task) in facts.plan.tasks.iter() {
        let owner = format!("task `{}`", name.value);
        let mut known = |section, what, found: &Spanned<String>| {
            faults.extend(unknown(facts, section, what, &owner, &found.value, found.span));
        };
        for window in task.window.iter() {
            known("windows", "window", window);
        }
        for after in task.after.iter() {
            known("tasks", "task", after);
        }
        for (resource, _) in task.resources.iter() {
            known("resources", "resource", resource);
        }
        if let Some(when) = task.schedule.as_ref().and_then(|schedule| schedule.when.as_ref()) {
            known("checks", "check", when);
        }
        for step in task.steps.iter().chain(task.rollback.iter()).chain(task.finally.iter()) {
            for value in step.env.values() {
                if let EnvValue::Secret(secret) = value {
                    known("secrets", "secret", secret);
                }
            }
        }
    }
    for (name, target) in facts.plan.targets.iter() {
        if let Some(group) = &target.group {
            let owner = format!("target `{}`", name.value);
            faults.extend(unknown(facts, "groups", "group", &owner, &group.value, group.span));
        }
    }
    selectors(facts, faults);
    capacities(facts, faults);
}

/// The fault of naming something that a section does not define.
pub(super) fn unknown(
    facts: &Facts,
    section: &str,
    what: &str,
    owner: &str,
    found: &str,
    span: Span,
) -> Option<Fault> {
    if facts.knows(section, found) {
        return None;
    }
    let fault = Fault::new("MS201", span, format!("{owner} names an unknown {what} `{found}`"));
    Some(match facts.section_key(section) {
        Some(key) => facts.suggest(fault.expected_from(section, key), found, facts.names(section)),
        None => {
            fault.expected(format!("expected a name from `{section}:`, which the plan file does not have"))
        }
    })
}

/// Selectors of targets.
fn selectors(facts: &Facts, faults: &mut Vec<Fault>) {
    let targets = &facts.plan.targets;
    let groups: HashSet<&str> = targets
        .iter()
        .filter_map(|(_, target)| target.group.as_ref())
        .map(|group| group.value.as_str())
        .collect();
    let labels: HashSet<(&str, &str)> = targets
        .iter()
        .flat_map(|(_, target)| target.labels.iter().map(|(name, value)| (name.as_str(), value.as_str())))
        .collect();
    // What could not be read may be what is meant.
    let all_read = facts.sections.get("targets").is_none_or(|section| section.names.len() == targets.len());
    for (name, task) in facts.plan.tasks.iter() {
        let owner = format!("task `{}`", name.value);
        for selector in task.targets.iter() {
            let (text, span) = (selector.value.as_str(), selector.span);
            let nothing =
                |what: &str| Fault::new("MS202", span, format!("{owner} selects no target: {what}"));
            if text == "all" {
                if targets.is_empty() && all_read {
                    faults.push(
                        nothing("the plan file has none").help("remove `targets` to work on this machine"),
                    );
                }
            } else if let Some(group) = text.strip_prefix("group:") {
                let fault = unknown(facts, "groups", "group", &owner, group, span);
                let is_known = fault.is_none();
                faults.extend(fault);
                if is_known && !groups.contains(group) && all_read {
                    faults.push(nothing(&format!("no target is in the group `{group}`")));
                }
            } else if let Some(label) = text.strip_prefix("label:") {
                match label.split_once('=') {
                    Some(pair) if labels.contains(&pair) || !all_read => {}
                    Some((label, value)) => {
                        let near = labels.iter().filter(|(name, _)| *name == label).map(|(_, value)| *value);
                        let what = format!("no target has the label `{label}` with the value `{value}`");
                        faults.push(facts.suggest(nothing(&what), value, near));
                    }
                    None => faults.push(
                        Fault::new("MS203", span, format!("`{text}` is not a selector"))
                            .expected("expected `label:KEY=VALUE`"),
                    ),
                }
            } else if text.contains(':') {
                faults.push(
                    Fault::new("MS203", span, format!("`{text}` is not a selector"))
                        .expected("expected a target, `group:NAME`, `label:KEY=VALUE` or `all`"),
                );
            } else if text != IMPLICIT_TARGET {
                faults.extend(unknown(facts, "targets", "target", &owner, text, span));
            }
        }
    }
}

/// A task that takes more of a resource than there is could never start.
fn capacities(facts: &Facts, faults: &mut Vec<Fault>) {
    let capacities: HashMap<&str, &Spanned<u32>> =
        facts.plan.resources.iter().map(|(name, capacity)| (name.value.as_str(), capacity)).collect();
    for (name, task) in facts.plan.tasks.iter() {
        for (resource, needed) in task.resources.iter() {
            let Some(capacity) = capacities.get(resource.value.as_str()) else { continue };
            if capacity.value < needed.value {
                let message = format!(
                    "task `{}` takes {} of `{}`, more than the {} there are",
                    name.value, needed.value, resource.value, capacity.value
                );
                faults.push(
                    Fault::new("MS204", needed.span, message)
                        .related(capacity.span, "the capacity is set here"),
                );
            }
        }
    }
}
