//! For how long partners are left alone after work on one of them, as the rules that are loaded right now ask for it.
//!
//! `groups.NAME.cover` says what people knew when they wrote the plan file. Where the work restarts Prometheus itself, the
//! Prometheus of the plan file says what holds today: until the gap that the work left is no longer inside the longest
//! range of a rule, its alerts may be wrong, and its partner must not be touched. The longer of the two counts.
//!
//! Nothing is asked before there is a gap, so that a Prometheus that is down can be brought back.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::needs;
use crate::model::{PlanFile, Task};
use crate::state::{Limits, State, StateError};
use crate::validator::verifier::{cover_of, end_of_gap};
use crate::world::World;

/// Whether the work leaves gaps in Prometheus that its rules look back into, and there is one to be asked.
pub fn is_asked(plan: &PlanFile, task: &Task) -> bool {
    plan.connections.prometheus.is_some() && task.steps.iter().any(|step| step.restarts(&["prometheus"]))
}

/// How long a gap has to be covered, and which rule asks for that; `None` when the plan file does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needed {
    /// From the end of the work on.
    pub length: TimeDelta,
    /// The rule that looks back so far, as `group/name`.
    pub rule: Option<String>,
}

/// How long the gap is to be covered that work on `target` left, which was over at `ended`.
///
/// # Errors
/// Why it cannot be found out.
pub fn needed(
    plan: &PlanFile,
    world: &World,
    (target, ended): (&str, DateTime<Utc>),
    declared: TimeDelta,
) -> Result<Needed, String> {
    let declared = Needed { length: declared, rule: None };
    let Some(prometheus) = &world.prometheus else { return Ok(declared) };
    let why = |error| {
        let error = crate::in_words(&error);
        format!("how far the rules look back into the gap of `{target}` cannot be found out: {error}")
    };
    let cover = cover_of(prometheus).map_err(why)?;
    let no_labels = BTreeMap::new();
    let labels = plan.targets.get(target).map_or(&no_labels, |target| &target.labels);
    // Without labels nobody knows when it was back: then the gap ends with the work.
    let late = if labels.is_empty() || cover.longest.is_zero() {
        TimeDelta::zero()
    } else {
        end_of_gap(prometheus, labels, ended, world.clock.now()).map_err(why)? - ended
    };
    let length = cover.longest + late.max(TimeDelta::zero());
    Ok(if declared.length < length { Needed { length, rule: cover.rule } } else { declared })
}

/// Between targets of which group a run on `targets` waits, and for how long, as far as that can be told before there is a
/// gap.
///
/// # Errors
/// Inside, why it cannot be found out.
pub fn ahead(
    plan: &PlanFile,
    world: &World,
    (task, targets): (&Task, &[String]),
) -> Vec<(String, Result<Needed, String>)> {
    let of_group = |(name, group): (&crate::model::Spanned<String>, &crate::model::Group)| {
        let members = needs::members(plan, &name.value);
        let n_worked = targets.iter().filter(|target| members.contains(*target)).count();
        if n_worked <= usize::try_from(group.max_down.value).unwrap_or(usize::MAX) {
            return None;
        }
        let declared = group.cover.map_or(TimeDelta::zero(), |cover| cover.value.0);
        let mut needed = Needed { length: declared, rule: None };
        if let Some(prometheus) = world.prometheus.as_ref().filter(|_| is_asked(plan, task)) {
            match cover_of(prometheus) {
                Ok(cover) if declared < cover.longest => {
                    needed = Needed { length: cover.longest, rule: cover.rule };
                }
                Ok(_) => {}
                Err(error) => return Some((name.value.clone(), Err(crate::in_words(&error)))),
            }
        }
        (TimeDelta::zero() < needed.length).then(|| (name.value.clone(), Ok(needed)))
    };
    plan.groups.iter().filter_map(of_group).collect()
}

/// Makes `limits` ask for as much as the rules do, where partners of the targets were worked on.
///
/// # Errors
/// [`StateError`]; inside, why it cannot be found out.
pub fn extend(
    plan: &PlanFile,
    world: &World,
    state: &State,
    (task, targets): (&Task, &[String]),
    limits: &mut Limits,
) -> Result<Result<(), String>, StateError> {
    if !is_asked(plan, task) {
        return Ok(Ok(()));
    }
    for (name, limit) in &mut limits.groups {
        let members = needs::members(plan, name);
        let partners = members.iter().filter(|member| !targets.contains(member));
        for partner in partners {
            let Some(ended) = state.last_work_on(partner)? else { continue };
            match needed(plan, world, (partner, ended), limit.cover) {
                Ok(needed) if limit.cover < needed.length => {
                    (limit.cover, limit.rule) = (needed.length, needed.rule);
                }
                Ok(_) => {}
                Err(why) => return Ok(Err(why)),
            }
        }
        if TimeDelta::zero() < limit.cover {
            limit.members = members;
        }
    }
    Ok(Ok(()))
}
