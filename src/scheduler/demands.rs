//! What work takes of what tasks share: resources, groups, targets and claims.

use std::collections::{BTreeMap, HashMap};

use chrono::TimeDelta;

use super::ground::{Ground, TaskGround};
use crate::model::{ClaimMode, PlanFile};

/// What a task takes of one resource while it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Demand {
    /// As the reasons name it: a resource of the plan file, `group:NAME` for the `max_down` of a group, `target:NAME`,
    /// `claim:NAME`.
    pub name: String,
    /// How much there is of it.
    pub capacity: u32,
    /// How much of it the task takes.
    pub amount: u32,
    /// For how long after the task has ended it is still taken.
    pub hold: TimeDelta,
}

impl Demand {
    fn new(name: String, capacity: u32, amount: u32) -> Self {
        Self { name, capacity, amount, hold: TimeDelta::zero() }
    }
}

/// What a task takes while it runs.
pub(super) fn demands(ground: &Ground, task: &TaskGround) -> Vec<Demand> {
    let plan = ground.plan;
    let mut demands = of_resources(plan, task);
    demands.extend(of_groups(plan, task));
    demands.extend(of_targets(plan, task));
    demands.extend(of_claims(&ground.n_sharing, task));
    demands
}

fn of_resources(plan: &PlanFile, task: &TaskGround) -> Vec<Demand> {
    let named = task.task.resources.iter().filter(|(_, amount)| amount.value > 0);
    let demand = |(name, amount): (&crate::model::Spanned<String>, &crate::model::Spanned<u32>)| {
        Some(Demand::new(name.value.clone(), plan.resources.get(name)?.value, amount.value))
    };
    named.filter_map(demand).collect()
}

/// Of each group as many as one batch has of it; they count as down until their partners cover for them.
fn of_groups(plan: &PlanFile, task: &TaskGround) -> Vec<Demand> {
    let demand = |(group, amount): (&str, u32)| {
        let declared = plan.groups.get(group)?;
        let hold = declared.cover.map_or(TimeDelta::zero(), |cover| cover.value.0);
        Some(Demand { hold, ..Demand::new(format!("group:{group}"), declared.max_down.value, amount) })
    };
    plan.most_of_groups(task.task, &task.targets).into_iter().filter_map(demand).collect()
}

/// The machine that a task without targets works on is not a target that others have to wait for.
fn of_targets(plan: &PlanFile, task: &TaskGround) -> Vec<Demand> {
    let is_named = |name: &&String| !task.task.targets.is_empty() && plan.targets.get(name).is_some();
    let named = task.targets.iter().filter(is_named);
    named.map(|name| Demand::new(format!("target:{name}"), 1, 1)).collect()
}

fn of_claims(n_sharing: &HashMap<&str, u32>, task: &TaskGround) -> Vec<Demand> {
    let all = |name: &str| n_sharing.get(name).map_or(1, |n| (*n).max(1));
    let mut amounts: BTreeMap<&str, u32> = BTreeMap::new();
    for (name, mode) in task.task.claims.iter().flat_map(|claim| claim.value.held()) {
        let amount = if mode == ClaimMode::Shared { 1 } else { all(name) };
        let most = amounts.entry(name).or_default();
        *most = amount.max(*most);
    }
    amounts
        .into_iter()
        .map(|(name, amount)| Demand::new(format!("claim:{name}"), all(name), amount))
        .collect()
}
