//! The calendars of a plan file, and what they stand in.

use std::fmt;

use crate::calendar::Calendar;
use crate::model::Spanned;
use crate::validator::facts::Facts;

/// A cron expression or a recurrence rule in its place.
pub(super) struct Stated<'a> {
    pub(super) owner: Owner<'a>,
    pub(super) text: &'a Spanned<String>,
    /// As it was read.
    pub(super) calendar: &'a Calendar,
    /// Whether it is said what happens when the clock changes.
    pub(super) says_dst: bool,
}

/// What a calendar stands in.
#[derive(Clone, Copy)]
pub(super) enum Owner<'a> {
    Task(&'a str),
    Window(&'a str),
}

impl fmt::Display for Owner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Task(name) => write!(f, "task `{name}`"),
            Self::Window(name) => write!(f, "window `{name}`"),
        }
    }
}

/// The calendars of tasks that were read whole, and of windows.
pub(super) fn calendars<'f>(facts: &'f Facts) -> impl Iterator<Item = Stated<'f>> {
    let of_tasks = facts.outlook().tasks.iter().filter_map(|task| {
        let schedule = task.task.schedule.as_ref()?;
        let (cron, rrule) = (schedule.cron.as_ref(), schedule.rrule.as_ref());
        let (text, calendar) = (cron.or(rrule)?, facts.calendar(cron, rrule)?);
        Some(Stated { owner: Owner::Task(task.name), text, calendar, says_dst: task.task.dst.is_some() })
    });
    let of_windows = facts.plan.windows.iter().filter_map(|(name, window)| {
        let (cron, rrule) = (window.cron.as_ref(), window.rrule.as_ref());
        let (text, calendar) = (cron.or(rrule)?, facts.calendar(cron, rrule)?);
        Some(Stated { owner: Owner::Window(&name.value), text, calendar, says_dst: false })
    });
    of_tasks.chain(of_windows)
}

/// Those of them that are cron expressions.
pub(super) fn crons<'f>(facts: &'f Facts) -> impl Iterator<Item = Stated<'f>> {
    calendars(facts).filter(|stated| matches!(stated.calendar, Calendar::Cron(_)))
}
