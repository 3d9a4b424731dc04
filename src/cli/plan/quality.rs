//! How good a schedule is, and what published starts were moved for, in a line each.

use chrono::TimeDelta;

use crate::counted;
use crate::model::{Length, Objective, Placed};
use crate::scheduler::Computed;

/// What people should know of it: nothing about a schedule in which all is in time and that none can beat.
pub fn notes(computed: &Computed) -> Vec<String> {
    gain(computed).into_iter().chain(late(computed).or_else(|| longer(computed.schedule.objective))).collect()
}

fn gain(computed: &Computed) -> Option<String> {
    let gain = computed.gain?;
    let mut parts = Vec::new();
    if gain.placed > 0 {
        let have = if gain.placed == 1 { "has" } else { "have" };
        parts.push(format!("{} more {have} a place", counted(gain.placed, "occurrence")));
    }
    if gain.weighted_tardiness_seconds > 0 {
        let now = computed.schedule.objective.weighted_tardiness_seconds;
        let before = hours(now.saturating_add(gain.weighted_tardiness_seconds));
        parts.push(format!("lateness times priority is {} instead of {before}", hours(now)));
    }
    let n = usize::try_from(gain.moved).unwrap_or(usize::MAX);
    let moves = if n == 1 { "moves" } else { "move" };
    let why =
        if parts.is_empty() { "work that matters more has a place".to_owned() } else { parts.join(" and ") };
    Some(format!("~ {} {moves} so that {why}", counted(n, "published start")))
}

/// How much is late, and by how long; nothing when all is in time.
pub fn late(computed: &Computed) -> Option<String> {
    let schedule = &computed.schedule;
    let late = schedule.placed.iter().filter_map(lateness);
    let (n_late, total) = late.fold((0, TimeDelta::zero()), |(n, sum), late| (n + 1, sum + late));
    let late = format!("{} late, by {} in all", counted(n_late, "occurrence"), Length(total));
    let may_be_less = if schedule.objective.optimal {
        ": less is not possible"
    } else {
        "; a greater `--effort` may find less"
    };
    (n_late > 0).then(|| late + may_be_less)
}

/// How much longer it may be than the shortest one.
fn longer(objective: Objective) -> Option<String> {
    if objective.optimal {
        return None;
    }
    let percent = (objective.gap() * 100.0).ceil();
    let note = "later than necessary; a greater `--effort` may tell";
    (percent >= 1.0).then(|| format!("the last end may be up to {percent} % {note}"))
}

/// By how much work ends after it is due; `None` when it does not.
pub fn lateness(placed: &Placed) -> Option<TimeDelta> {
    placed.occurrence.due.map(|due| placed.end - due).filter(|late| TimeDelta::zero() < *late)
}

/// A product of time and priority: a length of it would be taken for a time.
fn hours(seconds: u64) -> String {
    format!("{} h", seconds.div_ceil(3600))
}
