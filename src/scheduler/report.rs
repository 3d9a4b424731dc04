//! The schedule as `mainstay plan --format json` tells it: `mainstay/plan/v1`.
//!
//! Structs of their own, so that inner types stay free to change. Times are RFC 3339 in UTC, lengths in seconds.
//! What is written can be read again ([`saved`]): a plan that was looked at is the plan that is published.

pub mod chart;
mod content_line;
mod drift;
mod dropped;
pub mod ics;
pub mod saved;
pub mod upcoming;
pub mod vtimezone;

use std::collections::HashMap;

use chrono::{DateTime, SecondsFormat, SubsecRound, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

pub use dropped::{Dropped, dropped};

use super::blind::Blind;
use super::debt::Debt;
use super::monitor::Drift;
use super::words::{why_not, why_then};
use super::{Computed, Skipped};
use crate::calendar::Zone;
use crate::model::{
    ApprovalStanding, Basis, Because, Change, Objective, Occurrence, OccurrenceId, Placed, PlanFile,
    Unplaced, WindowSpan,
};

/// The name and version of the object.
pub const SCHEMA: &str = "mainstay/plan/v1";

/// Beyond this, a schedule is a guess.
pub const LONGEST_HORIZON: TimeDelta = TimeDelta::days(3 * 366);

/// A computed schedule, and how it stands to the one in force.
#[derive(Debug, Clone, Copy)]
pub struct Proposal<'a> {
    /// The plan file.
    pub plan: &'a PlanFile,
    /// Its zone.
    pub zone: &'a Zone,
    /// The schedule; once published with its revision.
    pub computed: &'a Computed,
    /// How the occurrences that need approval stand to it.
    pub approvals: &'a HashMap<OccurrenceId, ApprovalStanding>,
    /// What changed since the published one.
    pub changes: &'a [Change],
    /// What the published one had and this one has not.
    pub dropped: &'a [Dropped],
    /// Where reality has left the published schedule.
    pub drift: &'a [Drift],
    /// What is owed.
    pub debt: &'a Debt,
    /// How long monitoring will be blind.
    pub blind: &'a [Blind],
    /// The published revision that it is compared with; `None`: there was none.
    pub base: Option<u64>,
    /// Whether it is the published one by now.
    pub is_published: bool,
    /// When it was computed, which is not the horizon's start when a time was pretended.
    pub at: DateTime<Utc>,
}

impl Proposal<'_> {
    /// The revision of this schedule once it is published, else of the one it is compared with; 0: there is none.
    pub fn revision(&self) -> u64 {
        if self.is_published { self.computed.schedule.revision } else { self.base.unwrap_or_default() }
    }

    /// The kind of change of each occurrence that has one.
    pub fn kinds(&self) -> HashMap<&str, Kind> {
        let kind = |change: &Change| match change {
            Change::Added { .. } => Kind::Added,
            Change::Moved { .. } => Kind::Moved,
            Change::Dropped { .. } => Kind::Dropped,
        };
        self.changes.iter().map(|change| (id_of(change).0.as_str(), kind(change))).collect()
    }
}

fn id_of(change: &Change) -> &OccurrenceId {
    match change {
        Change::Added { occurrence, .. }
        | Change::Moved { occurrence, .. }
        | Change::Dropped { occurrence, .. } => occurrence,
    }
}

/// How an occurrence differs from the published schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// It was not there.
    Added,
    /// It starts at another time.
    Moved,
    /// It is there no longer.
    Dropped,
}

/// The whole object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanReport {
    schema: String,
    /// The revision of this schedule when it was published, else of the one it is compared with; 0: there is none.
    revision: u64,
    published: bool,
    /// The revision that it is compared with; 0: there was none.
    base_revision: u64,
    /// SHA-256 of the plan file.
    plan_digest: String,
    /// When it was computed.
    computed: DateTime<Utc>,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    timezone: String,
    occurrences: Vec<OccurrenceReport>,
    unplaced: Vec<UnplacedReport>,
    dropped: Vec<DroppedReport>,
    missed: Vec<MissedReport>,
    /// How many more there are, older than those in `missed`.
    missed_more: u64,
    overruns: Vec<OverrunReport>,
    #[serde(default)]
    drift: Vec<drift::DriftReport>,
    /// What is owed; plans of earlier versions have none.
    #[serde(default)]
    debt: Debt,
    /// How long monitoring will be blind after work with a baseline, for each target; plans of earlier versions have
    /// none.
    #[serde(default)]
    blind: Vec<Blind>,
    objective: ObjectiveReport,
    /// What published starts were moved for, if more of them moved than had to.
    gain: Option<GainReport>,
    /// What the schedule rests on beside the plan file.
    basis: Option<Basis>,
    /// SHA-256 of the schedule as canonical JSON.
    digest: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct OccurrenceReport {
    id: String,
    task: String,
    targets: Vec<String>,
    release: DateTime<Utc>,
    due: Option<DateTime<Utc>>,
    latest: Option<DateTime<Utc>>,
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    estimate_seconds: i64,
    window: Option<String>,
    window_span: Option<SpanReport>,
    change: Option<Kind>,
    moved_from: Option<DateTime<Utc>>,
    reason: Option<String>,
    because: Vec<Because>,
    /// Null when it needs none.
    #[serde(default)]
    approval: Option<ApprovalStanding>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct SpanReport {
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    cutoff: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct UnplacedReport {
    id: String,
    task: String,
    targets: Vec<String>,
    release: DateTime<Utc>,
    due: Option<DateTime<Utc>>,
    latest: Option<DateTime<Utc>>,
    estimate_seconds: i64,
    reason: String,
    because: Because,
    help: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct DroppedReport {
    id: String,
    task: String,
    targets: Vec<String>,
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    window: Option<String>,
    /// Why it is gone; plans of earlier versions do not say.
    #[serde(default)]
    reason: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct MissedReport {
    id: String,
    task: String,
    release: DateTime<Utc>,
    latest: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct OverrunReport {
    id: Option<String>,
    task: String,
    expected_end: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct ObjectiveReport {
    weighted_tardiness_seconds: u64,
    moved: u64,
    makespan_seconds: u64,
    lower_bound_seconds: u64,
    /// How far the makespan is above its bound, as a share of it; 0 when it is proved to be the shortest.
    gap: f64,
    optimal: bool,
    peak: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct GainReport {
    moved: u64,
    placed: usize,
    weighted_tardiness_seconds: u64,
}

/// Tells a schedule and what changed in it.
pub fn report(proposal: &Proposal) -> PlanReport {
    let Proposal { zone, computed, .. } = *proposal;
    let schedule = &computed.schedule;
    let kinds = proposal.kinds();
    let placed = |placed: &Placed| {
        let kind = kinds.get(placed.occurrence.id.0.as_str()).copied();
        let approval = proposal.approvals.get(&placed.occurrence.id).cloned();
        OccurrenceReport { approval, ..occurrence(placed, kind, why_then(placed, zone, schedule.from)) }
    };
    let missed = |missed: &Skipped| MissedReport {
        id: missed.occurrence.0.clone(),
        task: missed.task.clone(),
        release: whole(missed.release),
        latest: whole(missed.latest),
    };
    PlanReport {
        schema: SCHEMA.to_owned(),
        revision: proposal.revision(),
        published: proposal.is_published,
        base_revision: proposal.base.unwrap_or_default(),
        plan_digest: schedule.plan_digest.clone(),
        computed: whole(proposal.at),
        from: whole(schedule.from),
        until: whole(schedule.until),
        timezone: zone.name().to_owned(),
        occurrences: schedule.placed.iter().map(placed).collect(),
        unplaced: schedule.unplaced.iter().map(|none| unplaced(none, zone)).collect(),
        dropped: proposal.dropped.iter().map(gone).collect(),
        missed: computed.missed.iter().map(missed).collect(),
        missed_more: computed.n_missed_dropped,
        overruns: proposal.drift.iter().filter_map(drift::overrun).collect(),
        drift: proposal.drift.iter().map(drift::told).collect(),
        debt: proposal.debt.clone(),
        blind: proposal.blind.to_vec(),
        objective: objective(schedule.objective),
        gain: computed.gain.map(|gain| GainReport {
            moved: gain.moved,
            placed: gain.placed,
            weighted_tardiness_seconds: gain.weighted_tardiness_seconds,
        }),
        basis: schedule.basis.clone(),
        digest: super::engine::digest(schedule).unwrap_or_default(),
    }
}

fn occurrence(placed: &Placed, change: Option<Kind>, reason: Option<String>) -> OccurrenceReport {
    let Occurrence { id, task, targets, release, due, latest, estimate } = &placed.occurrence;
    let span = |window: &WindowSpan| SpanReport {
        start: whole(window.start),
        end: whole(window.end),
        cutoff: whole(window.cutoff),
    };
    OccurrenceReport {
        id: id.0.clone(),
        task: task.clone(),
        targets: targets.clone(),
        release: whole(*release),
        due: due.map(whole),
        latest: latest.map(whole),
        start: whole(placed.start),
        end: whole(placed.end),
        estimate_seconds: estimate.num_seconds(),
        window: placed.window.as_ref().map(|window| window.name.clone()),
        window_span: placed.window.as_ref().map(span),
        change,
        moved_from: placed.moved_from.map(whole),
        reason,
        because: placed.because.clone(),
        approval: None,
    }
}

fn unplaced(unplaced: &Unplaced, zone: &Zone) -> UnplacedReport {
    let Occurrence { id, task, targets, release, due, latest, estimate } = &unplaced.occurrence;
    UnplacedReport {
        id: id.0.clone(),
        task: task.clone(),
        targets: targets.clone(),
        release: whole(*release),
        due: due.map(whole),
        latest: latest.map(whole),
        estimate_seconds: estimate.num_seconds(),
        reason: why_not(&unplaced.because, zone),
        because: unplaced.because.clone(),
        help: unplaced.help.clone(),
    }
}

fn gone(Dropped { placed, reason }: &Dropped) -> DroppedReport {
    DroppedReport {
        reason: reason.clone(),
        id: placed.occurrence.id.0.clone(),
        task: placed.occurrence.task.clone(),
        targets: placed.occurrence.targets.clone(),
        start: whole(placed.start),
        end: whole(placed.end),
        window: placed.window.as_ref().map(|window| window.name.clone()),
    }
}

fn objective(objective: Objective) -> ObjectiveReport {
    ObjectiveReport {
        weighted_tardiness_seconds: objective.weighted_tardiness_seconds,
        moved: objective.moved,
        makespan_seconds: objective.makespan_seconds,
        lower_bound_seconds: objective.lower_bound_seconds,
        gap: objective.gap(),
        optimal: objective.optimal,
        peak: objective.peak,
    }
}

/// An instant in JSON.
pub(super) fn time(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// An instant as it is told: in whole seconds.
fn whole(instant: DateTime<Utc>) -> DateTime<Utc> {
    instant.trunc_subsecs(0)
}
