//! Tasks that a person named.

use std::collections::HashMap;

use super::coordinator::{Account, Assignment, Crew, Piece};
use super::{RunError, whole_length};
use crate::model::PlanFile;

/// Carries out the tasks that a person named: each as soon as those of them that it comes after have succeeded, and
/// none of them twice.
///
/// # Errors
/// [`RunError`].
pub fn run_tasks(crew: &Crew, names: &[String], jobs: usize) -> Result<Vec<Account>, RunError> {
    let pieces = pieces_of(crew.plan, names)?;
    Ok(crew.carry_out(&pieces, jobs)?)
}

fn pieces_of(plan: &PlanFile, names: &[String]) -> Result<Vec<Piece>, RunError> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut tasks = Vec::new();
    for name in names {
        let Some(task) = plan.tasks.get(name) else {
            let known = plan.tasks.names().map(str::to_owned).collect();
            return Err(RunError::NoSuchTask { name: name.clone(), known });
        };
        if !places.contains_key(name.as_str()) {
            places.insert(name, tasks.len());
            tasks.push((name, task));
        }
    }
    let piece = |(name, task): (&String, &crate::model::Task)| Piece {
        assignment: Assignment {
            task: name.clone(),
            occurrence: None,
            due: None,
            estimate: whole_length(plan, task),
            targets: plan.targets_of(task),
        },
        after: task.after.iter().filter_map(|before| places.get(before.value.as_str()).copied()).collect(),
        // In the order in which they were named.
        priority: 0,
        is_early: false,
    };
    Ok(tasks.into_iter().map(piece).collect())
}
