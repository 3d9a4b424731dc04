//! What a run keeps from others: by its task, its targets and the plan file.

use std::collections::HashSet;

use chrono::TimeDelta;

use crate::model::{ClaimMode, Holds, IMPLICIT_TARGET, PlanFile, Task};
use crate::state::{GroupLimit, Limits};

/// What a run of `task` on `targets` holds while it goes on, and how much there is of it.
pub fn of(plan: &PlanFile, task: &Task, targets: &[String]) -> (Holds, Limits) {
    let mut holds = Holds::default();
    let mut limits =
        Limits { first_batch: task.batches(targets).next().map_or(0, <[_]>::len), ..Limits::default() };
    for (claim, mode) in task.claims.iter().flat_map(|claim| claim.value.held()) {
        let held = holds.claims.entry(claim.to_owned()).or_insert(mode);
        if mode == ClaimMode::Exclusive {
            *held = mode;
        }
    }
    for (name, amount) in task.resources.iter().filter(|(_, amount)| 0 < amount.value) {
        // Without a capacity, which `validate` refuses, there is nothing to take turns at.
        let Some(capacity) = plan.resources.get(&name.value) else { continue };
        holds.resources.insert(name.value.clone(), amount.value);
        limits.resources.insert(name.value.clone(), capacity.value);
    }
    for (name, n) in plan.most_of_groups(task, targets) {
        let Some(group) = plan.groups.get(name) else { continue };
        let cover = group.cover.map_or(TimeDelta::zero(), |cover| cover.value.0);
        let members = if TimeDelta::zero() < cover { members(plan, name) } else { HashSet::new() };
        holds.groups.insert(name.to_owned(), n);
        limits.groups.insert(
            name.to_owned(),
            GroupLimit { max_down: group.max_down.value, cover, members, ..GroupLimit::default() },
        );
    }
    (holds, limits)
}

/// The targets of a group.
pub fn members(plan: &PlanFile, group: &str) -> HashSet<String> {
    let is_member = |target: &crate::model::Target| target.group.as_ref().is_some_and(|of| of.value == group);
    plan.targets.iter().filter(|(_, target)| is_member(target)).map(|(name, _)| name.value.clone()).collect()
}

/// The names of everything that a run takes turns at with others.
pub fn names<'a>(
    task: &'a str,
    targets: &'a [String],
    holds: &'a Holds,
) -> impl Iterator<Item = String> + 'a {
    let targets = targets.iter().filter(|target| *target != IMPLICIT_TARGET);
    [format!("task:{task}")]
        .into_iter()
        .chain(targets.map(|target| format!("target:{target}")))
        .chain(holds.claims.keys().map(|claim| format!("claim:{claim}")))
        .chain(holds.resources.keys().map(|name| format!("resource:{name}")))
        .chain(holds.groups.keys().map(|name| format!("group:{name}")))
}
