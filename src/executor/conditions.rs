//! The conditions of tasks (`schedule.when`), asked of the live system; what changed is recorded.
//!
//! Only `run --due` and `monitor` ask. An answer that says nothing new leaves no entry in the ledger, and what
//! could not be found out changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::history_of;
use crate::model::{Event, PlanFile, Status};
use crate::scheduler::condition;
use crate::state::{Observed, State, StateError};
use crate::validator::checks::Answer;
use crate::validator::checks::all_at_once::{self, Asked};
use crate::world::World;
use crate::world::cancel::Cancel;

/// What asking the conditions came to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Conditions {
    /// What changed, as it was recorded.
    pub changes: Vec<Event>,
    /// What could not be found out.
    pub unknown: Vec<UnknownCondition>,
}

/// A condition that could not be found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownCondition {
    /// The task.
    pub task: String,
    /// Its check.
    pub check: String,
    /// Why not.
    pub why: String,
}

impl UnknownCondition {
    /// In one phrase, for people.
    pub fn in_words(&self) -> String {
        format!("its condition `{}`: {}", self.check, self.why)
    }
}

/// The most that is recorded of what was found, in characters.
const MOST_FOUND: usize = 500;

/// Asks the condition of every task that has one and is not at work; each check once, however many tasks wait for it.
/// By a plan file that is not in force nothing is asked.
///
/// # Errors
/// [`StateError`] when the past cannot be read, or what changed cannot be recorded.
pub fn ask(plan: &PlanFile, state: &State, world: &World, cancel: &Cancel) -> Result<Conditions, StateError> {
    let conditional = plan.tasks.iter().filter_map(|(name, task)| {
        let check = task.schedule.as_ref()?.when.as_ref()?;
        Some((name.value.as_str(), check.value.as_str()))
    });
    let conditional: Vec<_> = conditional.collect();
    if conditional.is_empty() || matches!(plan.status.value, Status::Draft | Status::Retired) {
        return Ok(Conditions::default());
    }
    let history = history_of(&state.history()?, plan);
    let waiting: Vec<_> =
        conditional.into_iter().filter(|(task, _)| history.of(task).running.is_none()).collect();
    let names: BTreeSet<_> = waiting.iter().map(|(_, check)| *check).collect();
    let checks =
        names.into_iter().filter_map(|name| Some((name.to_owned(), plan.checks.get(name)?.value.clone())));
    let answers = all_at_once::ask(checks.collect(), None, world, cancel);
    let mut asked = Conditions::default();
    let mut observed = Vec::new();
    for (task, check) in waiting {
        let Some(answer) = answers.get(check) else { continue };
        match seen(plan, task, check, answer) {
            Ok(seen) => {
                let pending = condition::pending(task, check, history.of(task)).map(|(id, _)| id);
                observed.push(Observed { pending, ..seen });
            }
            Err(why) => {
                let (task, check) = (task.to_owned(), check.to_owned());
                asked.unknown.push(UnknownCondition { task, check, why });
            }
        }
    }
    asked.changes = state.record_conditions(&observed)?;
    Ok(asked)
}

/// What an answer says of the condition of a task; if nothing, why.
fn seen(
    plan: &PlanFile,
    task: &str,
    check: &str,
    Asked { answer, at, .. }: &Asked,
) -> Result<Observed, String> {
    if let Answer::Unknown { why } = answer {
        return Err(why.clone());
    }
    Ok(Observed {
        task: task.to_owned(),
        check: check.to_owned(),
        asks: plan.checks.get(check).map(|check| check.in_short()).unwrap_or_default(),
        holds: answer.is_yes(),
        found: answer.in_words().chars().take(MOST_FOUND).collect(),
        asked: *at,
        pending: None,
    })
}

/// Where a condition stands, for programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The task.
    pub task: String,
    /// Its check.
    pub check: String,
    /// `fails`, `holds`, `worked` or `unknown`.
    pub stands: &'static str,
    /// Since when; `None` when it was never seen to fail.
    pub since: Option<chrono::DateTime<chrono::Utc>>,
    /// What was found, or why nothing was.
    pub found: Option<String>,
}

/// Where the condition of every task stands that has one, in the plan file's order.
///
/// # Errors
/// [`StateError`].
pub fn standings(plan: &PlanFile, state: &State, asked: &Conditions) -> Result<Vec<Standing>, StateError> {
    let unknown: BTreeMap<_, _> =
        asked.unknown.iter().map(|unknown| (unknown.task.as_str(), unknown)).collect();
    let known = state.conditions()?;
    let standing = |(name, task): (&crate::model::Spanned<String>, &crate::model::Task)| {
        let check = task.schedule.as_ref()?.when.as_ref()?.value.clone();
        let known = known.get(&name.value).filter(|known| known.check == check);
        let unknown = unknown.get(name.value.as_str());
        Some(Standing {
            task: name.value.clone(),
            check,
            stands: match (unknown, known) {
                (Some(_), _) => "unknown",
                (None, Some(known)) => known.stands.as_str(),
                // It was asked, and an answer that is no change is that it holds.
                (None, None) => "holds",
            },
            since: known.map(|known| known.since),
            found: unknown.map(|unknown| unknown.why.clone()).or(known.map(|known| known.found.clone())),
        })
    };
    Ok(plan.tasks.iter().filter_map(standing).collect())
}
