//! When work may run, and when it may not.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Length, Moment, Spanned, TaskType, form};

/// A maintenance window: when work may run.
///
/// It opens at each instant of `cron` (or `rrule`) in the plan file's zone and stays open for `duration` of
/// elapsed time. Nothing new starts during the `cutoff` before its end.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = form::alternatives(&Window::OPENINGS)))]
pub struct Window {
    /// When it opens: five cron fields.
    #[schemars(with = "Option<form::Cron>")]
    pub cron: Option<Spanned<String>>,
    /// When it opens: an RFC 5545 recurrence rule, as in `schedule` of a task.
    pub rrule: Option<Spanned<String>>,
    /// How long it is open.
    #[schemars(with = "form::PositiveLength")]
    pub duration: Spanned<Length>,
    /// How long before its end nothing new starts; default 0.
    #[schemars(extend("default" = "0s"))]
    pub cutoff: Option<Spanned<Length>>,
}

impl Window {
    /// What tells when a window opens.
    pub const OPENINGS: [&str; 2] = ["cron", "rrule"];
}

/// A blackout, also called a change freeze: no work but the task types that it allows.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Blackout {
    /// Its first moment.
    pub from: Spanned<Moment>,
    /// The first moment after it.
    pub to: Spanned<Moment>,
    /// The task types that may run all the same.
    #[serde(default)]
    pub allow: Vec<TaskType>,
}
