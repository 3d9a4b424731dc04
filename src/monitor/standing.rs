//! Where each task stands: what was done, what comes next, and what is late.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::model::{Outcome, Run};

/// What is known about one task at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// The task's name.
    pub task: String,
    /// The last run that ended; skipped and refused ones do not count.
    pub last_run: Option<Run>,
    /// The run that a living process works on.
    pub running: Option<Run>,
    /// A run that stopped in its middle and that nobody has settled.
    pub interrupted: Option<Run>,
    /// The end of the last success.
    pub last_success: Option<DateTime<Utc>>,
    /// When it starts next.
    pub next_start: Option<DateTime<Utc>>,
    /// Since when work that should have ended has not.
    pub overdue_since: Option<DateTime<Utc>>,
    /// Whether it may start now.
    pub is_due: bool,
}

/// Where a task stands, in one word; of several that hold, the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TaskState {
    /// A person has to settle a run that stopped in its middle.
    Interrupted,
    /// A run is going.
    Running,
    /// Work that should have ended has not.
    Overdue,
    /// The last run failed.
    Failed,
    /// It may start now.
    Due,
    /// It has never succeeded.
    Never,
    /// Done, and not due yet.
    Ok,
}

impl TaskState {
    /// Its name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Interrupted => "interrupted",
            Self::Running => "running",
            Self::Overdue => "overdue",
            Self::Failed => "failed",
            Self::Due => "due",
            Self::Never => "never",
            Self::Ok => "ok",
        }
    }
}

impl fmt::Display for TaskState {
    /// For people: `never done`.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::Never => "never done",
            other => other.as_str(),
        })
    }
}

impl Standing {
    /// How late the work is; zero when it is not.
    pub fn overdue(&self, now: DateTime<Utc>) -> TimeDelta {
        self.overdue_since.map_or(TimeDelta::zero(), |since| (now - since).max(TimeDelta::zero()))
    }

    /// Whether the last run that ended failed; one that stopped in its middle is another matter.
    pub fn last_run_failed(&self) -> bool {
        let outcome = self.last_run.as_ref().and_then(|run| run.outcome);
        matches!(outcome, Some(Outcome::Failed | Outcome::RolledBack))
    }

    /// Where it stands at `now`.
    pub fn state(&self, now: DateTime<Utc>) -> TaskState {
        if self.interrupted.is_some() {
            TaskState::Interrupted
        } else if self.running.is_some() {
            TaskState::Running
        } else if TimeDelta::zero() < self.overdue(now) {
            TaskState::Overdue
        } else if self.last_run_failed() {
            TaskState::Failed
        } else if self.is_due {
            TaskState::Due
        } else if self.last_success.is_none() {
            TaskState::Never
        } else {
            TaskState::Ok
        }
    }
}
