//! What tasks share: resources, groups, targets and claims, and how much of each a task takes.

use std::collections::{BTreeMap, HashMap};

use chrono::TimeDelta;

use crate::model::{Claim, ClaimMode, PlanFile};
use crate::scheduler::ground::{Ground, TaskGround};
use crate::scheduler::solver::{Demand, ResourceId};

/// Everything that is shared, and what each task takes of it while it runs.
#[derive(Debug)]
pub struct Resources {
    /// As the reasons name them: a resource of the plan file, `group:NAME`, `target:NAME`, `claim:NAME`.
    pub names: Vec<String>,
    /// How much there is of each.
    pub capacities: Vec<u32>,
    /// By task, in the order of the ground.
    pub needs: Vec<Vec<Demand>>,
}

/// What a task takes of one resource.
struct Need {
    name: String,
    capacity: u32,
    amount: u32,
    hold: TimeDelta,
}

impl Resources {
    /// Collects what the tasks of `ground` take.
    pub fn of(ground: &Ground) -> Self {
        let claims = claims(ground);
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut resources = Self { names: Vec::new(), capacities: Vec::new(), needs: Vec::new() };
        for task in &ground.tasks {
            let mut needs = declared(ground.plan, task);
            needs.extend(of_groups(ground.plan, task));
            needs.extend(of_targets(ground.plan, task));
            needs.extend(of_claims(&claims, task));
            let demands = needs.into_iter().map(|need| {
                let place = *places.entry(need.name).or_insert_with_key(|name| {
                    resources.names.push(name.clone());
                    resources.capacities.push(need.capacity);
                    resources.names.len() - 1
                });
                Demand { resource: ResourceId(place), amount: need.amount, hold: need.hold.num_seconds() }
            });
            let demands = demands.collect();
            resources.needs.push(demands);
        }
        resources
    }
}

fn declared(plan: &PlanFile, task: &TaskGround) -> Vec<Need> {
    let need = |(name, amount): (&crate::model::Spanned<String>, &crate::model::Spanned<u32>)| {
        let capacity = plan.resources.get(name).filter(|_| amount.value > 0)?.value;
        Some(Need { name: name.value.clone(), capacity, amount: amount.value, hold: TimeDelta::zero() })
    };
    task.task.resources.iter().filter_map(need).collect()
}

/// Of each group as many as one batch has of it; they count as down until their partners cover for them.
fn of_groups(plan: &PlanFile, task: &TaskGround) -> Vec<Need> {
    let mut most: BTreeMap<&str, u32> = BTreeMap::new();
    for batch in task.batches() {
        let mut down: BTreeMap<&str, u32> = BTreeMap::new();
        for target in batch {
            if let Some(group) = plan.targets.get(target).and_then(|target| target.group.as_ref()) {
                *down.entry(group.value.as_str()).or_default() += 1;
            }
        }
        for (group, n) in down {
            let most = most.entry(group).or_default();
            *most = n.max(*most);
        }
    }
    let need = |(group, amount): (&str, u32)| {
        let declared = plan.groups.get(group)?;
        let hold = declared.cover.map_or(TimeDelta::zero(), |cover| cover.value.0);
        Some(Need { name: format!("group:{group}"), capacity: declared.max_down.value, amount, hold })
    };
    most.into_iter().filter_map(need).collect()
}

/// The machine that a task without targets works on is not a target that others have to wait for.
fn of_targets(plan: &PlanFile, task: &TaskGround) -> Vec<Need> {
    let named =
        task.targets.iter().filter(|name| !task.task.targets.is_empty() && plan.targets.get(name).is_some());
    let need =
        |name| Need { name: format!("target:{name}"), capacity: 1, amount: 1, hold: TimeDelta::zero() };
    named.map(need).collect()
}

/// How many tasks share each claim: so many can hold it at once, or one that holds it alone.
fn claims<'p>(ground: &Ground<'p>) -> HashMap<&'p str, u32> {
    let mut n_sharing: HashMap<&str, u32> = HashMap::new();
    for task in &ground.tasks {
        for (name, mode) in task.task.claims.iter().flat_map(|claim| held(&claim.value)) {
            *n_sharing.entry(name).or_default() += u32::from(mode == ClaimMode::Shared);
        }
    }
    n_sharing
}

fn of_claims(claims: &HashMap<&str, u32>, task: &TaskGround) -> Vec<Need> {
    let mut amounts: BTreeMap<&str, u32> = BTreeMap::new();
    for (name, mode) in task.task.claims.iter().flat_map(|claim| held(&claim.value)) {
        let all = claims.get(name).map_or(1, |n| (*n).max(1));
        let amount = if mode == ClaimMode::Shared { 1 } else { all };
        let most = amounts.entry(name).or_default();
        *most = amount.max(*most);
    }
    let need = |(name, amount)| {
        let capacity = claims.get(name).map_or(1, |n| (*n).max(1));
        Need { name: format!("claim:{name}"), capacity, amount, hold: TimeDelta::zero() }
    };
    amounts.into_iter().map(need).collect()
}

/// What a claim holds, and how.
fn held(claim: &Claim) -> Vec<(&str, ClaimMode)> {
    match claim {
        Claim::Exclusive(name) => vec![(name, ClaimMode::Exclusive)],
        Claim::Named(names) => names.iter().map(|(name, mode)| (name.as_str(), *mode)).collect(),
    }
}
