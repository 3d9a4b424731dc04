//! Checks: those before the work are asked, unless asking could change something.

use super::{Ending, Found, Item, cannot_know, peers, program, verified, wrong};
use crate::executor::history_of;
use crate::model::{Check, Phase, PlanFile};
use crate::scheduler::condition;
use crate::state::{State, StateError};
use crate::validator::checks::{self, Answer};
use crate::world::World;
use crate::world::cancel::Cancel;

/// A check that has to hold before the work.
pub(super) fn precondition(check: &Check, world: &World) -> Item {
    let found = match asked(check, world) {
        Ok(answer @ Answer::Yes { .. }) => verified(answer.in_words()),
        Ok(answer) => wrong(Ending::Failed, answer.in_words()),
        Err(found) => found,
    };
    Item::new(Phase::Preconditions, &check.in_short(), found)
}

/// The answer of a check, or what is known of one that is not asked.
pub(super) fn asked(check: &Check, world: &World) -> Result<Answer, Found> {
    if let Some(command) = &check.command {
        return Err(match program::find(&command.run.value, &world.folder, &[]) {
            (super::Certainty::Verified, found) => cannot_know(format!("{found}; a dry run runs no command")),
            other => other,
        });
    }
    if check.alert_path.is_some() {
        return Err(match peers::alertmanagers_ready(world) {
            Ok(found) => cannot_know(format!("{found}; a dry run posts no alert")),
            Err(why) => wrong(Ending::Failed, why),
        });
    }
    if let Some(http) = &check.http
        && let Some(method) = http.method.as_deref().filter(|method| !changes_nothing(method))
    {
        let found = peers::listens(&http.url, world);
        return Err(match found {
            Ok(found) => cannot_know(format!("{found}; a dry run sends no {method}")),
            Err(why) => wrong(Ending::Failed, why),
        });
    }
    let never = Cancel::new().map_err(|error| wrong(Ending::Failed, error.to_string()))?;
    Ok(checks::ask_once(check, world, &never))
}

/// Source: RFC 9110, 9.2.1: safe methods.
fn changes_nothing(method: &str) -> bool {
    ["GET", "HEAD", "OPTIONS"].iter().any(|safe| method.eq_ignore_ascii_case(safe))
}

/// A check after the work: whether it will hold cannot be known, but who is asked can be looked for.
pub(super) fn verification(check: &Check, world: &World) -> Item {
    Item::new(Phase::Verify, &check.in_short(), later(check, world))
}

/// What is known of a check that is asked later.
pub(super) fn later(check: &Check, world: &World) -> Found {
    if check.promql.is_some() || check.target_up.is_some() || check.rules_healthy.is_some() {
        return match (&world.prometheus, peers::prometheus_ready(world)) {
            (None, _) => {
                wrong(Ending::Failed, "the plan file names no Prometheus (`connections.prometheus`)")
            }
            (Some(_), Ok(found)) => cannot_know(format!("asked only then; {found} now")),
            (Some(_), Err(why)) => cannot_know(format!("asked only then; now {why}")),
        };
    }
    if check.alert_path.is_some() {
        return match peers::alertmanagers_ready(world) {
            Ok(found) => cannot_know(format!("asked only then; {found} now")),
            Err(why) => cannot_know(format!("asked only then; now {why}")),
        };
    }
    if let Some(http) = &check.http {
        return peers::listens_by_then(&http.url, world);
    }
    if let Some(command) = &check.command {
        return match program::find(&command.run.value, &world.folder, &[]) {
            (super::Certainty::Verified, found) => cannot_know(format!("asked only then; {found}")),
            (_, found) => cannot_know(format!("asked only then; now {found}")),
        };
    }
    cannot_know("asked only then")
}

/// The tasks whose condition fails now and is not on record yet: `run --due` would find them due, which is verified. What
/// cannot be known without running a command, or not at all, is told as well.
///
/// # Errors
/// [`StateError`].
pub fn conditions(
    plan: &PlanFile,
    state: Option<&State>,
    world: &World,
) -> Result<Vec<(String, Item)>, StateError> {
    let past = state.map(State::history).transpose()?.unwrap_or_default();
    let history = history_of(&past, plan);
    let mut found = Vec::new();
    for (name, task) in plan.tasks.iter() {
        let Some(when) = task.schedule.as_ref().and_then(|schedule| schedule.when.as_ref()) else { continue };
        let past = history.of(name);
        let is_known = condition::pending(name, when, past).is_some();
        let Some(check) = plan.checks.get(when).filter(|_| !is_known && past.running.is_none()) else {
            continue;
        };
        let look = match asked(check, world) {
            Ok(Answer::Yes { .. }) => continue,
            Ok(answer @ Answer::No { .. }) => verified(format!("it fails: {}", answer.in_words())),
            Ok(answer @ Answer::Unknown { .. }) => wrong(Ending::Unknown, answer.in_words()),
            Err((super::Certainty::Wrong(_), why)) => wrong(Ending::Unknown, why),
            Err(found) => found,
        };
        found
            .push((name.value.clone(), Item::new(Phase::Gate, &format!("condition `{}`", when.value), look)));
    }
    Ok(found)
}
