//! Occurrences, and the schedule that says when each of them happens.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::Basis;

/// Names one due instance of a task, the same at every planning: `TASK@RELEASE` for a calendar instant
/// (RFC 3339, UTC), `TASK#N` for the N-th interval of an interval task.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OccurrenceId(pub String);

impl OccurrenceId {
    /// The occurrence of `task` at a calendar instant.
    pub fn at(task: &str, instant: DateTime<Utc>) -> Self {
        Self(format!("{task}@{}", instant.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)))
    }

    /// The `n`-th interval of `task`; 1 is the first.
    pub fn nth(task: &str, n: u64) -> Self {
        Self(format!("{task}#{n}"))
    }
}

impl fmt::Display for OccurrenceId {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One due instance of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occurrence {
    /// Its name.
    pub id: OccurrenceId,
    /// The task's name.
    pub task: String,
    /// The targets it works on, in order.
    pub targets: Vec<String>,
    /// Nothing starts before.
    pub release: DateTime<Utc>,
    /// Ending after this is late; `None`: never late.
    pub due: Option<DateTime<Utc>>,
    /// Not started by this, it is missed; `None`: never missed.
    pub latest: Option<DateTime<Utc>>,
    /// How long it will take, whole: every batch of targets.
    #[serde(with = "seconds")]
    pub estimate: TimeDelta,
}

/// One opening of a maintenance window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowSpan {
    /// The window's name; several names joined with `+` where touching windows are one.
    pub name: String,
    /// When it opens.
    pub start: DateTime<Utc>,
    /// The first instant after it.
    pub end: DateTime<Utc>,
    /// Nothing starts at or after this.
    pub cutoff: DateTime<Utc>,
}

/// An occurrence with its place in time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed {
    /// What happens.
    pub occurrence: Occurrence,
    /// When it starts.
    pub start: DateTime<Utc>,
    /// When it will have ended, by its estimate.
    pub end: DateTime<Utc>,
    /// The window that it lies in; `None` for a task without windows.
    pub window: Option<WindowSpan>,
    /// The published start, when this one differs.
    pub moved_from: Option<DateTime<Utc>>,
    /// Why it starts then and not at its release: empty when it does start at its release; the last one
    /// decided.
    pub because: Vec<Because>,
}

/// One reason why work does not start earlier, as data; every reader words it for themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Because {
    /// No window is open until then.
    WindowClosed {
        /// When the next one opens.
        until: DateTime<Utc>,
    },
    /// A window is open, but past its cutoff.
    PastCutoff {
        /// The window's name.
        window: String,
        /// When nothing new started any more.
        since: DateTime<Utc>,
    },
    /// A window is open, but what is left of it is too short.
    DoesNotFit {
        /// The window's name.
        window: String,
        /// When the window ends.
        end: DateTime<Utc>,
        /// How much longer it would have to be.
        #[serde(with = "seconds")]
        short_by: TimeDelta,
    },
    /// A blackout covers that time.
    Blackout {
        /// Its name.
        name: String,
        /// Its end.
        until: DateTime<Utc>,
    },
    /// Another occurrence has to end first.
    After {
        /// That occurrence.
        occurrence: OccurrenceId,
        /// When it will have ended.
        until: DateTime<Utc>,
    },
    /// A resource is in use.
    Resource {
        /// Its name; `group:NAME` for the `max_down` of a group, `target:NAME` for a target in work.
        name: String,
        /// When enough of it is free.
        until: DateTime<Utc>,
    },
    /// It could start earlier; then more would go on at once, and nothing would be over sooner.
    Levelled {
        /// When it does start.
        until: DateTime<Utc>,
    },
    /// The last run of the same task is still going, or still to come.
    Overlap {
        /// That occurrence.
        occurrence: OccurrenceId,
        /// When it will have ended.
        until: DateTime<Utc>,
    },
    /// No window within the horizon is long enough.
    NoWindow {
        /// The longest time that any of its windows leaves.
        #[serde(with = "seconds")]
        longest: TimeDelta,
        /// What it needs.
        #[serde(with = "seconds")]
        needed: TimeDelta,
    },
    /// Its latest start is over before anything is free.
    Missed {
        /// The latest start.
        latest: DateTime<Utc>,
    },
    /// It asks for more of a resource than there is.
    Capacity {
        /// Its name.
        resource: String,
        /// What it asks for.
        needed: u32,
        /// What there is.
        capacity: u32,
    },
    /// A task that it comes after could not be placed.
    Predecessor {
        /// That occurrence.
        occurrence: OccurrenceId,
    },
    /// It does not end within the planning horizon.
    BeyondHorizon {
        /// The horizon's end.
        until: DateTime<Utc>,
    },
}

/// An occurrence that could not be placed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unplaced {
    /// What does not happen.
    pub occurrence: Occurrence,
    /// Why.
    pub because: Because,
    /// The nearest thing that would help.
    pub help: Option<String>,
}

/// How good a schedule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Objective {
    /// Sum over all occurrences of the seconds that they end late, weighted by priority.
    pub weighted_tardiness_seconds: u64,
    /// Published starts that moved.
    pub moved: u64,
    /// From the first release, or from now if that has passed, to the last end.
    pub makespan_seconds: u64,
    /// No schedule that is as punctual and moves as little has a shorter makespan than this.
    pub lower_bound_seconds: u64,
    /// Whether no better schedule exists.
    pub optimal: bool,
    /// The most that is in use at one instant, of all resources, groups, targets and claims together.
    #[serde(default)]
    pub peak: u64,
}

impl Objective {
    /// How far the makespan is above its bound, as a share of it.
    #[expect(clippy::cast_precision_loss, reason = "a share for people")]
    pub fn gap(&self) -> f64 {
        let above = self.makespan_seconds.saturating_sub(self.lower_bound_seconds);
        if above == 0 { 0.0 } else { above as f64 / self.makespan_seconds as f64 }
    }
}

/// A set of occurrences with their places in time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// 1 for the first published one; 0 as long as it is not published.
    pub revision: u64,
    /// SHA-256 of the plan file that it was made from, in hexadecimal.
    pub plan_digest: String,
    /// The horizon's start.
    pub from: DateTime<Utc>,
    /// The first instant after the horizon.
    pub until: DateTime<Utc>,
    /// What happens, by start and then by name.
    pub placed: Vec<Placed>,
    /// What cannot happen.
    pub unplaced: Vec<Unplaced>,
    /// How good it is.
    pub objective: Objective,
    /// What it rests on beside the plan file; `None` when it was made before that was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Basis>,
}

/// One difference between the published schedule and a new one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    /// It was not there.
    Added {
        /// Which.
        occurrence: OccurrenceId,
        /// When it starts.
        start: DateTime<Utc>,
    },
    /// It starts at another time.
    Moved {
        /// Which.
        occurrence: OccurrenceId,
        /// The published start.
        from: DateTime<Utc>,
        /// The new start.
        to: DateTime<Utc>,
    },
    /// It is there no longer.
    Dropped {
        /// Which.
        occurrence: OccurrenceId,
        /// The published start.
        start: DateTime<Utc>,
    },
}

/// Durations as whole seconds in JSON.
pub(crate) mod seconds {
    use chrono::TimeDelta;
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(length: &TimeDelta, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(length.num_seconds())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<TimeDelta, D::Error> {
        let seconds = i64::deserialize(deserializer)?;
        TimeDelta::try_seconds(seconds).ok_or_else(|| D::Error::custom("a length beyond all bounds"))
    }
}
