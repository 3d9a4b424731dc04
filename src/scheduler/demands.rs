//! What work takes of what tasks share.

use std::collections::HashSet;

use super::ground::TaskGround;
use crate::model::PlanFile;

/// What a task takes of one resource while it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Demand {
    /// The resource's name; `group:NAME` for the `max_down` of a group, `target:NAME` for a target.
    pub name: String,
    /// How much there is of it.
    pub capacity: u32,
    /// How much of it the task takes.
    pub amount: u32,
}

/// What a task takes while it runs.
///
/// The machine that a task without targets works on is not a target that others have to wait for.
pub(super) fn demands(plan: &PlanFile, task: &TaskGround) -> Vec<Demand> {
    let mut demands = Vec::new();
    for (name, amount) in task.task.resources.iter() {
        if let Some(capacity) = plan.resources.get(name).filter(|_| amount.value > 0) {
            demands.push(Demand { name: name.value.clone(), capacity: capacity.value, amount: amount.value });
        }
    }
    let mut groups = HashSet::new();
    for target in task.targets.iter().filter(|_| !task.task.targets.is_empty()) {
        let Some(declared) = plan.targets.get(target) else { continue };
        if let Some(group) = &declared.group
            && let Some(of) = plan.groups.get(group)
            && groups.insert(group.value.as_str())
        {
            let name = format!("group:{}", group.value);
            demands.push(Demand { name, capacity: of.max_down.value, amount: 1 });
        }
        demands.push(Demand { name: format!("target:{target}"), capacity: 1, amount: 1 });
    }
    demands
}
