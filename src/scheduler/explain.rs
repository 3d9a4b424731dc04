//! Why a task does not run at some time, condition by condition, and when each of them could next change.
//!
//! The plan file and the calendar are known for any time. What only the present tells (a run that is going, a
//! condition, a gate) is unknown for another one, and says so.

mod ahead;
mod around;
mod calendar;
mod others;
pub mod report;
pub mod start;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};

use super::ground::{Ground, TaskGround};
use super::words::{why_not, why_then};
use super::{History, Schedule, ScheduleError};
use crate::calendar::Zone;
use crate::model::{Because, Occurrence, Placed, PlanFile, Span, Unplaced};

/// Everything that decides when a task runs next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The task.
    pub task: String,
    /// The time that it is explained for.
    pub at: DateTime<Utc>,
    /// The time of the question: what is known of the present is known of this.
    pub now: DateTime<Utc>,
    /// Its place in the schedule at that time, or its next one.
    pub next: Option<Placed>,
    /// What of it cannot be placed.
    pub unplaced: Vec<Unplaced>,
    /// What has to hold for a start, in the order in which it is asked.
    pub conditions: Vec<Condition>,
}

/// One thing that has to hold for a start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// What is asked.
    pub what: String,
    /// The answer; `None` when it is unknown: only the run itself finds out, or it is known for the present alone.
    pub holds: Option<bool>,
    /// What the answer rests on, for people.
    pub value: String,
    /// Where it comes from.
    pub source: Source,
    /// When the answer could next change.
    pub changes: Option<DateTime<Utc>>,
}

/// Where a condition comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The plan file: a path of keys, and the place of the value.
    Plan {
        /// The path, such as `tasks.upgrade.window`.
        path: String,
        /// The place.
        span: Span,
    },
    /// The state file.
    State,
    /// The schedule that was just computed, or the published one.
    Schedule,
}

/// The question why a task does not run.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The plan file.
    pub plan: &'a PlanFile,
    /// The schedule for the time asked about: from now until then and beyond, or from then on when that is past.
    pub schedule: &'a Schedule,
    /// The schedule in force.
    pub published: Option<&'a Schedule>,
    /// What was done.
    pub history: &'a History,
    /// The time of the question.
    pub now: DateTime<Utc>,
    /// The time that is asked about.
    pub at: DateTime<Utc>,
}

/// Explains when `task` runs next and what keeps it from running; `None` when there is no such task.
///
/// # Errors
/// As [`Ground::survey`].
pub fn explain(question: &Question, task: &str) -> Result<Option<Explanation>, ScheduleError> {
    let Question { plan, schedule, history, now, at, .. } = *question;
    let Some(declared) = plan.tasks.get(task) else { return Ok(None) };
    let ground = Ground::survey(plan, history, at, schedule.until.max(at))?;
    let next =
        schedule.placed.iter().find(|placed| placed.occurrence.task == task && at < placed.end).cloned();
    let mut unplaced: Vec<_> =
        schedule.unplaced.iter().filter(|unplaced| unplaced.occurrence.task == task).cloned().collect();
    unplaced.sort_by_key(|unplaced| unplaced.occurrence.release);
    let current = unplaced.iter().find(|unplaced| is_at(&unplaced.occurrence, at)).or(unplaced.first());
    let conditions = if let Some(&place) = ground.places.get(task) {
        let task = &ground.tasks[place];
        let asked = Asked { question, ground: &ground, task, next: next.as_ref(), unplaced: current };
        asked.all()
    } else {
        vec![Condition {
            what: "schedule".to_owned(),
            holds: Some(false),
            value: format!("none: it runs on demand, `mainstay run {task}`"),
            source: Source::Plan { path: format!("tasks.{task}"), span: declared.kind.span },
            changes: None,
        }]
    };
    Ok(Some(Explanation { task: task.to_owned(), at, now, next, unplaced, conditions }))
}

/// One task, and everything that is known of it.
struct Asked<'a> {
    question: &'a Question<'a>,
    ground: &'a Ground<'a>,
    task: &'a TaskGround<'a>,
    next: Option<&'a Placed>,
    unplaced: Option<&'a Unplaced>,
}

impl Asked<'_> {
    fn all(&self) -> Vec<Condition> {
        let mut all = vec![self.status()];
        all.extend(self.released().map(|released| self.unless_past(released)));
        // What was to be done then is not known any more, so it has no latest start and no published one.
        all.extend(self.latest_start().filter(|_| !self.is_past()));
        all.push(self.not_running());
        all.extend(self.window());
        all.extend(self.blackouts());
        let others = self.after().into_iter().chain(self.shared()).chain(self.claims());
        all.extend(others.map(|other| self.unless_past(other)));
        all.extend(self.published_start().filter(|_| !self.is_past()));
        all.extend(self.at_the_start());
        all
    }

    /// The occurrence that is asked about.
    fn occurrence(&self) -> Option<&Occurrence> {
        let unplaced = self.unplaced.map(|unplaced| &unplaced.occurrence);
        let is_current = |occurrence: &&Occurrence| is_at(occurrence, self.question.at);
        unplaced.filter(is_current).or(self.next.map(|next| &next.occurrence)).or(unplaced)
    }

    /// A condition that rests on what is still to be done: of the past only the ledger knows.
    fn unless_past(&self, condition: Condition) -> Condition {
        // When a check failed is on record.
        let is_known = condition.holds.is_some() && condition.what.starts_with("check ");
        if !self.is_past() || is_known {
            return condition;
        }
        let value = format!("not kept for the past: `mainstay audit log --task {}`", self.task.name);
        Condition { holds: None, value, changes: None, ..condition }
    }

    fn is_past(&self) -> bool {
        self.question.at < self.question.now
    }

    /// Whether it is asked about the present, so that what is going on says something.
    fn is_now(&self) -> bool {
        self.question.at == self.question.now
    }

    fn plan(&self, key: &str, span: Span) -> Source {
        Source::Plan { path: format!("tasks.{}.{key}", self.task.name), span }
    }

    fn shown(&self, instant: DateTime<Utc>) -> String {
        self.ground.zone.date_and_time(instant)
    }
}

/// Whether an occurrence is to be done at some time: it is released, and may still start.
fn is_at(occurrence: &Occurrence, at: DateTime<Utc>) -> bool {
    occurrence.release <= at && occurrence.latest.is_none_or(|latest| at < latest)
}

/// What is said of what only the present tells.
const ONLY_NOW: &str = "not known for another time than now";

impl Explanation {
    /// The answer in one line: when, and why not before; or why not at all.
    pub fn headline(&self, zone: &Zone) -> String {
        if let Some(paused) = self.paused() {
            return format!("not started  {}", paused.value);
        }
        if self.at < self.now {
            let why = self.first_no().map(|no| format!("not then  {}", no.value));
            return why
                .unwrap_or_else(|| "unknown  nothing that is known of the past stood in the way".to_owned());
        }
        if let Some(next) = &self.next {
            let start = zone.date_and_time(next.start);
            if let Some(unplaced) = self.current_unplaced() {
                let (id, why) = (&unplaced.occurrence.id, why_not(&unplaced.because, zone));
                return format!("{start}  {id} cannot happen: {why}");
            }
            let why = why_then(next, zone, self.now).unwrap_or_else(|| "its release".to_owned());
            let unapproved = self.conditions.iter().find(|it| it.what == APPROVAL && it.holds == Some(false));
            let approval =
                unapproved.map(|it| format!("; waits for approval: {}", it.value)).unwrap_or_default();
            return format!("{start}  {why}{approval}");
        }
        if let Some(unplaced) = self.unplaced.first() {
            let help = unplaced.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
            return format!("not scheduled  {}{help}", why_not(&unplaced.because, zone));
        }
        let why = self.first_no();
        format!("not scheduled  {}", why.map_or("nothing is due within the horizon", |why| &why.value))
    }

    /// The condition that decides: the one that the headline speaks of. `None` when nothing that is known stands in
    /// the way.
    pub fn decisive(&self) -> Option<&Condition> {
        if let Some(paused) = self.paused() {
            return Some(paused);
        }
        if self.at < self.now {
            return self.first_no();
        }
        let because = match (&self.next, self.current_unplaced().or(self.unplaced.first())) {
            (_, Some(unplaced)) if self.current_unplaced().is_some() || self.next.is_none() => {
                Some(&unplaced.because)
            }
            (Some(next), _) if next.start <= self.at => return None,
            (Some(next), _) => next.because.last(),
            (None, _) => None,
        };
        let what = because.and_then(asked_about);
        let decided = what.and_then(|what| {
            let no = self.conditions.iter().find(|it| it.what == what && it.holds == Some(false));
            no.or_else(|| self.conditions.iter().find(|it| it.what == what))
        });
        decided.or_else(|| self.first_no())
    }

    /// What was to be done at that time, and cannot be.
    fn current_unplaced(&self) -> Option<&Unplaced> {
        let has_started = self.next.as_ref().is_some_and(|next| next.start <= self.at);
        self.unplaced.iter().filter(|_| !has_started).find(|unplaced| is_at(&unplaced.occurrence, self.at))
    }

    fn first_no(&self) -> Option<&Condition> {
        self.conditions.iter().find(|condition| condition.holds == Some(false))
    }

    /// The condition that keeps everything of the plan file from starting.
    fn paused(&self) -> Option<&Condition> {
        self.conditions.iter().find(|condition| condition.what == STATUS && condition.holds == Some(false))
    }
}

/// The name of the condition that people have agreed.
pub const APPROVAL: &str = "approval";
/// The name of the condition that the plan file is in force.
const STATUS: &str = "status";

/// The condition that a reason belongs to.
fn asked_about(because: &Because) -> Option<String> {
    Some(match because {
        Because::WindowClosed { .. }
        | Because::PastCutoff { .. }
        | Because::DoesNotFit { .. }
        | Because::NoWindow { .. } => "window".to_owned(),
        Because::Blackout { .. } => "blackout".to_owned(),
        Because::After { .. } | Because::Predecessor { .. } => "after".to_owned(),
        Because::Overlap { .. } => "not running".to_owned(),
        Because::Missed { .. } => "latest start".to_owned(),
        Because::Resource { name, .. } | Because::Capacity { resource: name, .. } => others::what(name),
        Because::BeyondHorizon { .. } | Because::Levelled { .. } => return None,
    })
}
