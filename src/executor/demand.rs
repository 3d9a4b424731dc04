//! Tasks that a person named.

use std::collections::{HashMap, HashSet};

use super::RunError;
use super::coordinator::{Account, Assignment, Crew, Piece};
use crate::model::{PlanFile, Task};

/// Carries out the tasks that a person named: each as soon as those of them that it comes after have succeeded, and
/// none of them twice.
///
/// # Errors
/// [`RunError`].
pub fn run_tasks(crew: &Crew, names: &[String], jobs: usize) -> Result<Vec<Account>, RunError> {
    let pieces = pieces_of(crew.plan, names, &crew.orders.limit)?;
    Ok(crew.carry_out(&pieces, jobs)?)
}

/// The targets of `task` that `limit` means, in its order; all of them without a limit.
///
/// # Errors
/// [`RunError::NoSuchTarget`] for a selector that means nothing at all, [`RunError::NoneMeant`] when none is left.
pub fn limited(plan: &PlanFile, name: &str, task: &Task, limit: &[String]) -> Result<Vec<String>, RunError> {
    let mut targets = plan.targets_of(task);
    if limit.is_empty() {
        return Ok(targets);
    }
    let mut meant = HashSet::new();
    for selector in limit {
        let found = plan.select([selector.as_str()].into_iter());
        if found.is_empty() {
            let known = plan.targets.names().map(str::to_owned).collect();
            return Err(RunError::NoSuchTarget { name: selector.clone(), known });
        }
        meant.extend(found);
    }
    targets.retain(|target| meant.contains(target));
    if targets.is_empty() {
        return Err(RunError::NoneMeant { task: name.to_owned() });
    }
    Ok(targets)
}

fn pieces_of(plan: &PlanFile, names: &[String], limit: &[String]) -> Result<Vec<Piece>, RunError> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut tasks = Vec::new();
    for name in names {
        let Some(task) = plan.tasks.get(name) else {
            let known = plan.tasks.names().map(str::to_owned).collect();
            return Err(RunError::NoSuchTask { name: name.clone(), known });
        };
        if !places.contains_key(name.as_str()) {
            places.insert(name, tasks.len());
            tasks.push((name, task, limited(plan, name, task, limit)?));
        }
    }
    let piece = |(name, task, targets): (&String, &Task, Vec<String>)| Piece {
        assignment: Assignment {
            task: name.clone(),
            occurrence: None,
            due: None,
            estimate: plan.estimate(task, &targets),
            targets,
        },
        after: task.after.iter().filter_map(|before| places.get(before.value.as_str()).copied()).collect(),
        // In the order in which they were named.
        priority: 0,
        is_early: false,
    };
    Ok(tasks.into_iter().map(piece).collect())
}
