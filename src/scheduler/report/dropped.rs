//! What the published schedule had and a new one has not, and why it is gone.

use std::collections::HashMap;

use chrono::TimeDelta;

use super::id_of;
use crate::calendar::{Calendar, Zone};
use crate::model::{Change, Occurrence, Placed, PlanFile, Recurrence, Schedule, Stands, Task};
use crate::scheduler::words::{recurrence, why_not};
use crate::scheduler::{History, planner};

/// Published work that is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// As it stood in the published schedule.
    pub placed: Placed,
    /// Why it is gone; `None` in plans that were saved before this was told.
    pub reason: Option<String>,
}

/// What `changes` say is gone since `published`.
pub fn dropped(
    (plan, zone): (&PlanFile, &Zone),
    history: &History,
    changes: &[Change],
    published: Option<&Schedule>,
    new: &Schedule,
) -> Vec<Dropped> {
    let placed = published.map_or(&[][..], |published| &published.placed);
    let before: HashMap<_, _> = placed.iter().map(|placed| (&placed.occurrence.id, placed)).collect();
    let unplaced: HashMap<_, _> = new.unplaced.iter().map(|it| (&it.occurrence.id, &it.because)).collect();
    let gone = changes.iter().filter(|change| matches!(change, Change::Dropped { .. }));
    let told = |placed: &Placed| {
        let reason = match unplaced.get(&placed.occurrence.id) {
            Some(because) => format!("it cannot happen: {}", why_not(because, zone)),
            None => no_longer_planned((plan, zone), history, &placed.occurrence),
        };
        Dropped { placed: placed.clone(), reason: Some(reason) }
    };
    gone.filter_map(|change| before.get(id_of(change)).map(|placed| told(placed))).collect()
}

/// Why the planner does not ask for an occurrence any more.
fn no_longer_planned((plan, zone): (&PlanFile, &Zone), history: &History, gone: &Occurrence) -> String {
    let Some(task) = plan.tasks.get(gone.task.as_str()) else {
        return "the task is not in the plan file any more".to_owned();
    };
    let Some(schedule) = &task.schedule else {
        return "the task has no schedule any more: it runs on demand".to_owned();
    };
    let past = history.of(&gone.task);
    let number = planner::number_of(&gone.id);
    let now = recurrence(schedule, zone);
    match (number, &schedule.value) {
        (_, Recurrence { when: Some(check), .. }) => {
            let holds = past.condition.as_ref().is_some_and(|it| it.stands == Stands::Holds);
            let now = if holds { "holds again" } else { "does not ask for it any more" };
            format!("withdrawn: check `{}` {now}", check.value)
        }
        (Some(number), Recurrence { every: Some(_), .. }) if number <= past.ended_runs => {
            "another run of the task has come before it".to_owned()
        }
        (Some(_), Recurrence { every: Some(_), .. }) => {
            format!("its interval, {now}, releases it only after this time")
        }
        (None, _) if is_instant(zone, (task, &schedule.value), gone) => "its time has passed".to_owned(),
        _ => format!("the calendar of the task, {now}, has no such time any more"),
    }
}

/// Whether its release still is an instant of the calendar of its task.
fn is_instant(zone: &Zone, (task, schedule): (&Task, &Recurrence), gone: &Occurrence) -> bool {
    if let Some(at) = &schedule.at {
        return zone.resolve(at) == gone.release;
    }
    let dst = task.dst.as_ref().map(|dst| dst.value).unwrap_or_default();
    let until = gone.release + TimeDelta::seconds(1);
    let Ok(Some(calendar)) = Calendar::of_task(schedule) else { return false };
    calendar.instants(zone, dst, gone.release, until).next() == Some(gone.release)
}
