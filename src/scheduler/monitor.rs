//! The schedule monitor: where reality has left the published schedule.
//!
//! The published schedule is held against the time, what was done, and the plan file as it is now. What a later
//! success has made good is well; when all is, there is nothing to tell.

mod changed;
mod fit;
mod late;
#[cfg(test)]
mod tests;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::ground::TaskGround;
use super::{Ground, History, ScheduleError, TaskHistory, basis, condition, planner, zone_of};
use crate::calendar::Zone;
use crate::model::{Occurrence, OccurrenceId, PlanFile, Schedule};

/// One thing in which reality has left the schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// What kind of thing.
    pub kind: Kind,
    /// Which occurrence; `None` for a run on demand, and for what concerns the schedule as a whole.
    pub occurrence: Option<OccurrenceId>,
    /// Its task.
    pub task: Option<String>,
    /// Since when. What changed in the plan file did so at an unknown time: that is when it was noticed.
    pub since: DateTime<Utc>,
    /// By how much: how late, how much too short, how much too long; `None` for what has no length.
    pub by: Option<TimeDelta>,
    /// What is the matter, as the rest of a sentence that begins with the occurrence.
    pub detail: String,
    /// What to do.
    pub help: String,
}

/// In which way reality has left the schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The due time has passed and no run has ended in success.
    Overdue,
    /// The latest start has passed without a run.
    Missed,
    /// A run goes on for longer than planned.
    RunningLate,
    /// It cannot happen any more as it was published: what is left of its window is too short, or a blackout has
    /// come over it.
    CannotFit,
    /// What it was placed with has changed, or is taken by others at its start.
    ResourcesChanged,
    /// The time-zone data is not what the schedule was computed with.
    ClockChanged,
}

/// Holds the published schedule against `now`, the past, and `plan` as it is, whose digest is `plan_digest`.
///
/// Most urgent kinds first, then by time. Of each occurrence one thing is told, the most urgent one. Without a
/// published schedule only runs can be late.
///
/// # Errors
/// As [`Ground::survey`].
pub fn drift(
    plan: &PlanFile,
    plan_digest: &str,
    published: Option<&Schedule>,
    history: &History,
    now: DateTime<Utc>,
) -> Result<Vec<Drift>, ScheduleError> {
    let mut drifts = late::running(plan, &zone_of(plan)?, history, now);
    if let Some(published) = published {
        let ground = Ground::survey(plan, history, now, published.until.max(now))?;
        let is_changed = published.plan_digest != plan_digest;
        let watch = Watch { ground: &ground, published, history, now, is_changed };
        drifts.extend(clock(published, &ground.zone, now));
        drifts.extend(watch.occurrences());
    }
    drifts.sort_by(|a, b| (a.kind, a.since, &a.occurrence).cmp(&(b.kind, b.since, &b.occurrence)));
    Ok(drifts)
}

/// Whether the clock of `zone` shows other times from `now` on than by the data that a schedule was computed with.
pub fn clock(published: &Schedule, zone: &Zone, now: DateTime<Utc>) -> Option<Drift> {
    let then = &published.basis.as_ref()?.clock;
    let since = basis::first_difference(then, zone, now, published.until)?;
    Some(Drift {
        kind: Kind::ClockChanged,
        occurrence: None,
        task: None,
        since,
        by: None,
        detail: format!(
            "was computed with other time-zone data: from {} on the clock of {} shows another time than it said",
            zone.local(since),
            zone.name()
        ),
        help: "every start is computed anew, `mainstay plan --publish` makes that the schedule".to_owned(),
    })
}

/// What is known when a published schedule is looked at.
struct Watch<'a> {
    ground: &'a Ground<'a>,
    published: &'a Schedule,
    history: &'a History,
    now: DateTime<Utc>,
    /// Whether the plan file is another one than the schedule was computed from.
    is_changed: bool,
}

impl<'a> Watch<'a> {
    fn occurrences(&self) -> Vec<Drift> {
        let taken = changed::Taken::by_published(self);
        let mut drifts = Vec::new();
        for placed in &self.published.placed {
            let Some(task) = self.owed(&placed.occurrence) else { continue };
            let found = self.late(task, &placed.occurrence);
            let found = found.or_else(|| self.cannot_fit(task, placed));
            let found = found.or_else(|| self.changed(task, placed));
            drifts.extend(found.or_else(|| taken.beyond(self, placed)));
        }
        for unplaced in &self.published.unplaced {
            if let Some(task) = self.owed(&unplaced.occurrence) {
                drifts.extend(self.late(task, &unplaced.occurrence));
            }
        }
        drifts
    }

    /// The task of an occurrence that nothing has made good or unnecessary; `None` when all is well with it.
    fn owed(&self, occurrence: &Occurrence) -> Option<&'a TaskGround<'a>> {
        let task = &self.ground.tasks[*self.ground.places.get(occurrence.task.as_str())?];
        let past = self.history.of(task.name);
        let is_good = past.last_success.is_some_and(|success| occurrence.release <= success);
        (!is_good && self.is_in_force(task, past, occurrence)).then_some(task)
    }

    /// Whether the plan file and the state still ask for an occurrence.
    fn is_in_force(&self, task: &TaskGround, past: &TaskHistory, occurrence: &Occurrence) -> bool {
        let Some(schedule) = &task.task.schedule else { return false };
        if past.started.contains(&occurrence.id) {
            return true;
        }
        if let Some(check) = &schedule.when {
            return condition::failing(check, past).is_some();
        }
        // Runs on demand count as intervals, too.
        if let Some(number) = planner::number_of(&occurrence.id).filter(|_| schedule.every.is_some()) {
            return past.ended_runs < number;
        }
        let (release, next) = (occurrence.release, occurrence.release + TimeDelta::seconds(1));
        match &task.calendar {
            // A calendar that was edited does not owe the past of the old one.
            Some(calendar) if self.is_changed => {
                let dst = task.task.dst.map(|dst| dst.value).unwrap_or_default();
                calendar.instants(&self.ground.zone, dst, release, next).next() == Some(release)
            }
            _ => true,
        }
    }

    fn local(&self, instant: DateTime<Utc>) -> String {
        self.ground.zone.local(instant)
    }
}

/// Something that is the matter with an occurrence.
fn drift_of(kind: Kind, occurrence: &Occurrence, since: DateTime<Utc>, detail: String) -> Drift {
    Drift {
        kind,
        occurrence: Some(occurrence.id.clone()),
        task: Some(occurrence.task.clone()),
        since,
        by: None,
        detail,
        help: format!("`mainstay plan --explain {}` says when it happens now", occurrence.task),
    }
}
