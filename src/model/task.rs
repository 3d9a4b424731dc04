//! A task: when it recurs, where, how it is done, how it is checked and undone.

use std::collections::BTreeMap;
use std::fmt;

use chrono::TimeDelta;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Baseline, Check, Criticality, Length, List, Moment, OneOrMany, Rollout, Spanned, Step, form};

/// What makes a task necessary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(extend("type" = "string"))]
pub enum TaskType {
    /// The calendar.
    Routine,
    /// An interval with a tolerance, or a condition that predicts trouble.
    Preventive,
    /// A check that failed.
    Corrective,
    /// Trouble now.
    Emergency,
}

impl fmt::Display for TaskType {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::Routine => "routine",
            Self::Preventive => "preventive",
            Self::Corrective => "corrective",
            Self::Emergency => "emergency",
        })
    }
}

/// What a task touches; standards ask different things of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(extend("type" = "string"))]
pub enum Domain {
    /// A host or service as a whole: needs a way back, or a recorded reason for having none.
    System,
    /// One of several that stand in for each other: rolled within `max_down`.
    Component,
    /// Stored data: a snapshot or backup step comes before a destructive one.
    Data,
    /// Secrets and access: approved by someone other than its author, output redacted.
    Security,
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::System => "system",
            Self::Component => "component",
            Self::Data => "data",
            Self::Security => "security",
        })
    }
}

/// One maintenance activity.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// What people call it; default its name.
    pub title: Option<String>,
    /// What makes it necessary.
    #[serde(rename = "type")]
    pub kind: Spanned<TaskType>,
    /// What it touches.
    pub domain: Spanned<Domain>,
    /// How much depends on it; default the plan file's.
    pub criticality: Option<Criticality>,
    /// 0 to 100, default 50; weighs the time that it is late.
    #[schemars(with = "Option<form::Priority>", extend("default" = DEFAULT_PRIORITY))]
    pub priority: Option<Spanned<u32>>,
    /// When it recurs; without it the task runs on demand only.
    pub schedule: Option<Spanned<Recurrence>>,
    /// The maintenance windows it may run in; none means any time.
    #[serde(default)]
    pub window: OneOrMany<Spanned<String>>,
    /// A target, `group:NAME`, `label:KEY=VALUE` or `all`; none means this machine.
    #[serde(default)]
    pub targets: List<Spanned<String>>,
    /// How it spreads over its targets.
    pub rollout: Option<Spanned<Rollout>>,
    /// The estimate for one batch of targets.
    #[schemars(with = "form::PositiveLength")]
    pub duration: Spanned<Length>,
    /// What it takes of each resource while it runs.
    #[serde(default)]
    #[schemars(with = "super::Named<form::Count>", extend("propertyNames" = true))]
    pub resources: super::Named<Spanned<u32>>,
    /// Tasks whose latest earlier-released occurrence ends before this one starts.
    #[serde(default)]
    pub after: OneOrMany<Spanned<String>>,
    /// What a start that was slept through does; default `latest`.
    #[schemars(extend("default" = Missed::default()))]
    pub missed: Option<Spanned<Missed>>,
    /// What happens when the last run is still going; default `skip`.
    #[schemars(extend("default" = Overlap::default()))]
    pub overlap: Option<Spanned<Overlap>>,
    /// What a local time does that does not exist, or exists twice; default `once`.
    #[schemars(extend("default" = DstMode::default()))]
    pub dst: Option<Spanned<DstMode>>,
    /// Who has to agree before it starts.
    pub approval: Option<Spanned<Approval>>,
    /// The alerts that are silenced while it runs.
    pub silence: Option<Spanned<SilenceSpec>>,
    /// What of the monitoring system is captured before and compared after.
    pub baseline: Option<Spanned<Baseline>>,
    /// A query that has to return something for the work to start.
    pub gate: Option<Spanned<Gate>>,
    /// What it needs for itself: a name is exclusive, `{name: shared}` is not.
    #[serde(default)]
    pub claims: List<Spanned<Claim>>,
    /// What has to hold before anything is touched.
    #[serde(default)]
    pub preconditions: List<Spanned<Check>>,
    /// The work, in order.
    #[schemars(length(min = 1))]
    pub steps: List<Spanned<Step>>,
    /// What has to hold after the work.
    #[serde(default)]
    pub verify: List<Spanned<Check>>,
    /// The way back: runs when a step or a verification fails.
    #[serde(default)]
    pub rollback: List<Spanned<Step>>,
    /// Runs at the end, however the work went.
    #[serde(default)]
    pub finally: List<Spanned<Step>>,
    /// The most that a run may take; then it is stopped as a whole.
    #[schemars(with = "Option<form::PositiveLength>")]
    pub timeout: Option<Spanned<Length>>,
    /// Whether a step may be repeated after a crash in its middle; default false.
    #[schemars(extend("default" = false))]
    pub idempotent: Option<bool>,
}

/// The weight of a task without `priority`.
const DEFAULT_PRIORITY: u8 = 50;

impl Task {
    /// The title, or `name` when it has none.
    pub fn title_or<'a>(&'a self, name: &'a str) -> &'a str {
        self.title.as_deref().unwrap_or(name)
    }

    /// Its steps, then those of its way back, then those that clean up.
    pub fn every_step(&self) -> impl Iterator<Item = &Step> {
        let steps = self.steps.iter().chain(self.rollback.iter()).chain(self.finally.iter());
        steps.map(|step| &step.value)
    }

    /// The targets that are in work together, in order; one at a time without a rollout.
    pub fn batches<'t, T>(&self, targets: &'t [T]) -> impl Iterator<Item = &'t [T]> {
        let mut left = targets;
        self.batch_sizes(targets.len()).into_iter().map(move |size| {
            let (batch, rest) = left.split_at(size.min(left.len()));
            left = rest;
            batch
        })
    }

    fn batch_sizes(&self, n_targets: usize) -> Vec<usize> {
        match &self.rollout {
            Some(rollout) => rollout.batch_sizes(n_targets),
            None => vec![1; n_targets],
        }
    }

    /// How long it takes by what the plan file says: `duration` for each batch, and the pauses between them.
    pub fn estimate(&self, n_targets: usize) -> TimeDelta {
        let n_batches = i32::try_from(self.batch_sizes(n_targets).len()).unwrap_or(i32::MAX);
        let pause = self.rollout.as_ref().map_or(TimeDelta::zero(), |rollout| rollout.pause());
        let n_pauses = n_batches.saturating_sub(1).max(0);
        let work = self.duration.value.0.checked_mul(n_batches);
        let whole =
            work.zip(pause.checked_mul(n_pauses)).and_then(|(work, pauses)| work.checked_add(&pauses));
        whole.unwrap_or(TimeDelta::MAX)
    }

    /// 0 to 100; the plan file's reader refuses more.
    pub fn priority(&self) -> u8 {
        self.priority.map_or(DEFAULT_PRIORITY, |priority| u8::try_from(priority.value).unwrap_or(u8::MAX))
    }
}

/// When a task recurs: exactly one of `every`, `cron`, `rrule`, `at` and `when`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend(
    "oneOf" = form::alternatives(&Recurrence::KINDS),
    "dependencies" = {"within": ["when"]}
))]
pub struct Recurrence {
    /// An interval counted from the last success.
    #[schemars(with = "Option<form::PositiveLength>")]
    pub every: Option<Spanned<Length>>,
    /// Five cron fields, on the plan file's wall clock.
    #[schemars(with = "Option<form::Cron>")]
    pub cron: Option<Spanned<String>>,
    /// An RFC 5545 recurrence rule on the plan file's wall clock: `FREQ=MONTHLY;BYDAY=2TU;BYHOUR=2`.
    ///
    /// What counts from a start, `COUNT` and most of `INTERVAL`, needs one before the rule:
    /// `DTSTART:20260106T020000 RRULE:FREQ=WEEKLY;INTERVAL=2`. Without a start the time of day is midnight.
    pub rrule: Option<Spanned<String>>,
    /// One instant.
    pub at: Option<Spanned<Moment>>,
    /// A named check: work is due when it fails.
    pub when: Option<Spanned<String>>,
    /// How far from its time it may end and still be in time.
    pub tolerance: Option<Spanned<Length>>,
    /// With `when`: how soon the work has to be done.
    #[schemars(with = "Option<form::PositiveLength>")]
    pub within: Option<Spanned<Length>>,
}

impl Recurrence {
    /// What can tell when a task recurs.
    pub const KINDS: [&str; 5] = ["every", "cron", "rrule", "at", "when"];
}

/// What a start that was slept through does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(extend("type" = "string"))]
pub enum Missed {
    /// The newest one happens late, the others are recorded as missed.
    #[default]
    Latest,
    /// Each one happens late, the oldest first; of very many the newest thousand.
    All,
    /// None happens; each is recorded as missed. Up to ten minutes late is not slept through.
    Skip,
}

/// What happens to a start while the task's last run is still going.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(extend("type" = "string"))]
pub enum Overlap {
    /// It is left out, and that is on record.
    #[default]
    Skip,
    /// It starts when that run has ended, as long as its window and its latest start allow.
    Queue,
    /// The mainstay that works on that run is asked to stop and to clean up; then it starts. One of another user, or one
    /// that works on something else as well, is left alone.
    Replace,
}

/// What a local time does that does not exist, or exists twice.
///
/// Source: cronie's `cron.8` for `once`, Nomad and Temporal for `literal`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(extend("type" = "string"))]
pub enum DstMode {
    /// Happens once: at the end of the gap, or at the first of the two.
    #[default]
    Once,
    /// What the clock face says: not at all, or twice.
    Literal,
    /// Neither: a time in a gap or an overlap is left out.
    Skip,
}

/// Who has to agree before a task starts.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// How many people.
    #[schemars(with = "form::Count")]
    pub required: Spanned<u32>,
    /// The role that they hold.
    pub from: Spanned<String>,
}

/// The alerts that are silenced while a task runs.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SilenceSpec {
    /// Alertmanager matchers, all of which must hold: `job="prometheus"`, `instance=~"host1|host2"`. Where all
    /// targets of the task have labels, an alert that fires now and whose labels are those of none of them refuses
    /// the run.
    #[schemars(length(min = 1))]
    pub matchers: List<Spanned<String>>,
}

/// A query that has to return something for the work to start.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    /// Open when it returns at least one sample.
    #[schemars(with = "form::NonBlank")]
    pub promql: Spanned<String>,
    /// What to do when it cannot be found out; default `wait`.
    #[schemars(extend("default" = Unknown::default()))]
    pub unknown: Option<Unknown>,
}

/// What a gate does that cannot be evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(extend("type" = "string"))]
pub enum Unknown {
    /// The work does not start; the next `run --due` asks again.
    #[default]
    Wait,
    /// As if the gate were open.
    Open,
    /// As if the gate were closed.
    Closed,
}

/// What a task needs for itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Claim {
    /// For itself alone.
    Exclusive(String),
    /// Together with others that share it: `{tsdb: shared}`.
    Named(BTreeMap<String, ClaimMode>),
}

impl Claim {
    /// What it holds, and how.
    pub fn held(&self) -> Vec<(&str, ClaimMode)> {
        match self {
            Self::Exclusive(name) => vec![(name, ClaimMode::Exclusive)],
            Self::Named(names) => names.iter().map(|(name, mode)| (name.as_str(), *mode)).collect(),
        }
    }
}

/// How a claim is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(extend("type" = "string"))]
pub enum ClaimMode {
    /// Alone.
    Exclusive,
    /// With others that share it.
    Shared,
}
