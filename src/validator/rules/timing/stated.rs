//! The cron expressions of a plan file, and what they stand in.

use std::fmt;

use crate::model::Spanned;
use crate::validator::facts::Facts;

/// A cron expression in its place.
pub(super) struct Stated<'a> {
    pub(super) owner: Owner<'a>,
    pub(super) text: &'a Spanned<String>,
    /// Whether it is said what happens when the clock changes.
    pub(super) says_dst: bool,
}

/// What a cron expression stands in.
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

/// All cron expressions of tasks and windows that were read whole.
pub(super) fn crons<'a>(facts: &Facts<'a>) -> impl Iterator<Item = Stated<'a>> {
    let of_tasks = facts.outlook().tasks.iter().filter_map(|task| {
        let text = task.task.schedule.as_ref()?.cron.as_ref()?;
        Some(Stated { owner: Owner::Task(task.name), text, says_dst: task.task.dst.is_some() })
    });
    let of_windows = facts.plan.windows.iter().filter_map(|(name, window)| {
        Some(Stated { owner: Owner::Window(&name.value), text: window.cron.as_ref()?, says_dst: false })
    });
    of_tasks.chain(of_windows)
}
