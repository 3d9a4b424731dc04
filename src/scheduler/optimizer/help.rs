//! The nearest thing that would help what cannot happen, for people.

use chrono::{DateTime, Utc};

use crate::model::{Because, Length, Occurrence};
use crate::scheduler::ground::{Ground, TaskGround};

/// What would have to be different for `occurrence` to happen, which does not for this reason and was kept from
/// earlier starts by `obstacles`.
pub fn help(
    ground: &Ground,
    task: &TaskGround,
    occurrence: &Occurrence,
    reason: &Because,
    obstacles: &[Because],
) -> Option<String> {
    let shown = |instant: DateTime<Utc>| ground.zone.date_and_time(instant);
    // That the next window is closed until it opens helps nobody who was kept from the one before.
    let is_telling = |because: &&Because| !matches!(because, Because::WindowClosed { .. });
    let obstacle = obstacles.iter().rev().find(is_telling);
    Some(match reason {
        Because::NoWindow { longest, needed } => {
            let windows = task.task.window.iter().map(|name| name.value.as_str());
            let window = windows
                .max_by_key(|name| ground.plan.windows.get(name).map(|window| window.duration.value))
                .unwrap_or_default();
            format!("window `{window}` would have to be {} longer", Length(*needed - *longest))
        }
        Because::Capacity { resource, needed, capacity } => match resource.split_once(':') {
            Some(("group", group)) => {
                format!("raise `max_down` of group `{group}` from {capacity} to {needed}")
            }
            _ => format!("raise resource `{resource}` from {capacity} to {needed}"),
        },
        Because::Predecessor { occurrence } => format!("see {occurrence}"),
        Because::Missed { latest } => match obstacle {
            Some(Because::Resource { name, until }) => more_of(ground, name, (*until).min(*latest)),
            Some(Because::After { occurrence, .. } | Because::Overlap { occurrence, .. }) => {
                format!("{occurrence} would have to end before {}", shown(*latest))
            }
            Some(because) => calendar(ground, task, because)?,
            None => format!(
                "a window would have to open between {} and {}",
                shown(occurrence.release.max(ground.from)),
                shown(*latest)
            ),
        },
        Because::BeyondHorizon { .. } => obstacle
            .and_then(|because| calendar(ground, task, because))
            .unwrap_or_else(|| "look further ahead with `--horizon`".to_owned()),
        _ => return None,
    })
}

/// One more of what there is too little of, where the plan file says how much there is.
fn more_of(ground: &Ground, name: &str, before: DateTime<Utc>) -> String {
    let free = format!("`{name}` would have to be free before {}", ground.zone.date_and_time(before));
    match ground.plan.resources.get(name) {
        Some(capacity) => {
            format!("{free}, or be {} instead of {}", capacity.value.saturating_add(1), capacity.value)
        }
        None => free,
    }
}

/// What would have to be different in the calendar.
fn calendar(ground: &Ground, task: &TaskGround, because: &Because) -> Option<String> {
    Some(match because {
        Because::Blackout { name, .. } => {
            format!("blackout `{name}` would have to allow {} work", task.task.kind.value)
        }
        Because::DoesNotFit { window, short_by, .. } => {
            format!("window `{window}` would have to be {} longer", Length(*short_by))
        }
        Because::PastCutoff { window, since } => {
            let since = ground.zone.date_and_time(*since);
            format!("window `{window}` would have to let work start after {since}")
        }
        _ => return None,
    })
}
