//! A plan that was written by `plan --output plan.json`, read again.
//!
//! It is shown as it was computed. What is published is not the file but a schedule that is computed anew from what
//! it was computed from; if that is not the same, something has changed, and the file says so instead.

use std::collections::HashMap;

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use serde_json::Value;

use super::{
    Dropped, DroppedReport, Kind, LONGEST_HORIZON, OccurrenceReport, PlanReport, SCHEMA, UnplacedReport,
    whole,
};
use crate::model::{
    ApprovalStanding, Change, Objective, Occurrence, OccurrenceId, Placed, Schedule, Unplaced, WindowSpan,
};
use crate::scheduler::blind::Blind;
use crate::scheduler::debt::Debt;
use crate::scheduler::monitor::Drift;
use crate::scheduler::optimizer::Gain;
use crate::scheduler::{Computed, Skipped, engine};
use crate::text::inert_line;

/// A plan as it was computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// The schedule, with its revision when it was published.
    pub computed: Computed,
    /// How the occurrences that need approval stood to it.
    pub approvals: HashMap<OccurrenceId, ApprovalStanding>,
    /// What changed since the schedule that was in force.
    pub changes: Vec<Change>,
    /// What that one had and this one has not.
    pub dropped: Vec<Dropped>,
    /// Where reality had left the schedule that was in force.
    pub drift: Vec<Drift>,
    /// What was owed by then.
    pub debt: Debt,
    /// How long monitoring will be blind.
    pub blind: Vec<Blind>,
    /// The revision that was in force; `None`: there was none.
    pub base: Option<u64>,
    /// Whether it was published when it was written.
    pub is_published: bool,
    /// When it was computed.
    pub at: DateTime<Utc>,
    /// What its file says is the digest of the schedule.
    digest: String,
}

/// Why a file is no saved plan.
#[derive(Debug, thiserror::Error)]
pub enum SavedError {
    /// It is not what `plan --output` writes.
    #[error("it is not a plan that `mainstay plan --output` wrote: {reason}")]
    Json {
        /// What is wrong with it, safe to show.
        reason: String,
    },
    /// It is something else.
    #[error("its `schema` is `{found}`; a saved plan has `{SCHEMA}`")]
    Schema {
        /// What it says.
        found: String,
    },
    /// Its times contradict each other.
    #[error("its times make no schedule")]
    Times,
}

/// Why a saved plan is not to be published.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Outdated {
    /// The plan file is another one.
    #[error("the plan file has changed since it was computed")]
    PlanFile,
    /// Somebody changed the saved plan itself.
    #[error("it was edited: its digest is not that of its schedule")]
    Edited,
    /// Another schedule is in force.
    #[error("{} since it was computed; it rests on {}", in_force(*.published), rests_on(*.base))]
    Revision {
        /// The revision in force; 0: there is none.
        published: u64,
        /// The revision that was in force; 0: there was none.
        base: u64,
    },
    /// What was done since makes it another schedule.
    #[error("the state has changed since it was computed: `{occurrence}` is not planned as it says any more")]
    State {
        /// The first occurrence that differs.
        occurrence: OccurrenceId,
    },
    /// It does not begin when it was computed.
    #[error("it was computed for another time than its own (`--from`)")]
    Pretended,
}

fn rests_on(number: u64) -> String {
    if number == 0 { "no published schedule".to_owned() } else { format!("revision {number}") }
}

fn in_force(number: u64) -> String {
    if number == 0 {
        "the published schedule is gone".to_owned()
    } else {
        format!("revision {number} was published")
    }
}

/// A thousand years, in seconds: no work takes as long.
const LONGEST_ESTIMATE: i64 = 1_000 * 366 * 86_400;

impl Saved {
    /// Reads what `plan --format json` wrote.
    ///
    /// # Errors
    /// [`SavedError`].
    pub fn parse(json: &str) -> Result<Self, SavedError> {
        let value: Value = serde_json::from_str(json).map_err(SavedError::of)?;
        let schema = value.get("schema").and_then(Value::as_str);
        if let Some(found) = schema.filter(|found| *found != SCHEMA) {
            return Err(SavedError::Schema { found: inert_line(found) });
        }
        if !has_possible_times(&value) {
            return Err(SavedError::Times);
        }
        let report: PlanReport = serde_json::from_value(value).map_err(SavedError::of)?;
        let horizon = report.until.signed_duration_since(report.from);
        let is_horizon = TimeDelta::zero() < horizon && horizon <= LONGEST_HORIZON;
        let placed = report.occurrences.iter().map(|it| (it.start, it.end, it.estimate_seconds));
        let unplaced = report.unplaced.iter().map(|it| (it.release, it.release, it.estimate_seconds));
        let gone = report.dropped.iter().map(|it| (it.start, it.end, 0));
        let is_possible = |(start, end, estimate): (DateTime<Utc>, DateTime<Utc>, i64)| {
            start <= end && (0..=LONGEST_ESTIMATE).contains(&estimate)
        };
        if !is_horizon || !placed.chain(unplaced).chain(gone).all(is_possible) {
            return Err(SavedError::Times);
        }
        Ok(Self::of(report))
    }

    /// What keeps it from being published: nothing when the list is empty.
    ///
    /// `now` is what is computed once more from the plan file and the state as they are; `None` when there is none.
    pub fn outdated(&self, plan_digest: &str, base: Option<u64>, now: Option<&Schedule>) -> Vec<Outdated> {
        let schedule = &self.computed.schedule;
        if engine::digest(schedule).ok().as_ref() != Some(&self.digest) {
            return vec![Outdated::Edited];
        }
        let mut reasons = Vec::new();
        if schedule.plan_digest != plan_digest {
            reasons.push(Outdated::PlanFile);
        }
        let (published, base) = (base.unwrap_or_default(), self.base.unwrap_or_default());
        if published != base {
            reasons.push(Outdated::Revision { published, base });
        }
        if schedule.from != self.at {
            reasons.push(Outdated::Pretended);
        }
        // Another plan file or base makes another schedule: that would not be a reason of its own.
        if reasons.is_empty()
            && let Some(occurrence) = now.and_then(|now| first_difference(schedule, now))
        {
            reasons.push(Outdated::State { occurrence });
        }
        reasons
    }

    fn of(report: PlanReport) -> Self {
        let changes = changes(&report);
        let approval = |it: &OccurrenceReport| Some((OccurrenceId(it.id.clone()), it.approval.clone()?));
        let approvals = report.occurrences.iter().filter_map(approval).collect();
        let missed = report.missed.into_iter().map(|missed| Skipped {
            occurrence: OccurrenceId(missed.id),
            task: missed.task,
            release: missed.release,
            latest: missed.latest,
        });
        let drift = super::drift::read(report.drift, report.overruns);
        let objective = report.objective;
        let schedule = Schedule {
            revision: if report.published { report.revision } else { 0 },
            plan_digest: report.plan_digest,
            from: report.from,
            until: report.until,
            placed: report.occurrences.into_iter().map(placed).collect(),
            unplaced: report.unplaced.into_iter().map(unplaced).collect(),
            objective: Objective {
                weighted_tardiness_seconds: objective.weighted_tardiness_seconds,
                moved: objective.moved,
                makespan_seconds: objective.makespan_seconds,
                lower_bound_seconds: objective.lower_bound_seconds,
                optimal: objective.optimal,
                peak: objective.peak,
            },
            basis: report.basis,
        };
        Self {
            approvals,
            changes,
            dropped: report.dropped.into_iter().map(gone).collect(),
            drift,
            debt: report.debt,
            blind: report.blind,
            base: (report.base_revision > 0).then_some(report.base_revision),
            is_published: report.published,
            at: report.computed,
            computed: Computed {
                schedule,
                missed: missed.collect(),
                n_missed_dropped: report.missed_more,
                gain: report.gain.map(|gain| Gain {
                    moved: gain.moved,
                    placed: gain.placed,
                    weighted_tardiness_seconds: gain.weighted_tardiness_seconds,
                }),
            },
            digest: report.digest,
        }
    }
}

impl SavedError {
    /// The parser quotes what it does not understand.
    #[allow(clippy::needless_pass_by_value, reason = "made for `map_err`")]
    fn of(error: serde_json::Error) -> Self {
        Self::Json { reason: inert_line(&error.to_string()) }
    }
}

/// Whether all its times are of years that people write: arithmetic with others may leave the calendar.
fn has_possible_times(value: &Value) -> bool {
    match value {
        Value::String(text) => {
            text.parse::<DateTime<Utc>>().map_or(true, |instant| (1..9999).contains(&instant.year()))
        }
        Value::Array(values) => values.iter().all(has_possible_times),
        Value::Object(values) => values.values().all(has_possible_times),
        _ => true,
    }
}

/// The first occurrence that is not planned in the same way in both.
fn first_difference(saved: &Schedule, now: &Schedule) -> Option<OccurrenceId> {
    type Planned<'a> = (&'a OccurrenceId, Option<(DateTime<Utc>, DateTime<Utc>)>, &'a [String]);
    fn planned(schedule: &Schedule) -> Vec<Planned<'_>> {
        let placed =
            schedule.placed.iter().map(|it| (&it.occurrence, Some((whole(it.start), whole(it.end)))));
        let unplaced = schedule.unplaced.iter().map(|it| (&it.occurrence, None));
        placed.chain(unplaced).map(|(it, place)| (&it.id, place, it.targets.as_slice())).collect()
    }
    let (saved, now) = (planned(saved), planned(now));
    let differing = saved.iter().zip(&now).find(|(saved, now)| saved != now).map(|(saved, _)| saved);
    let surplus = || saved.get(now.len()).or_else(|| now.get(saved.len()));
    differing.or_else(surplus).map(|(id, ..)| (*id).clone())
}

fn changes(report: &PlanReport) -> Vec<Change> {
    let changed = report.occurrences.iter().filter_map(|it| {
        let occurrence = OccurrenceId(it.id.clone());
        match (it.change?, it.moved_from) {
            (Kind::Moved, Some(from)) => Some(Change::Moved { occurrence, from, to: it.start }),
            _ => Some(Change::Added { occurrence, start: it.start }),
        }
    });
    let gone = report
        .dropped
        .iter()
        .map(|it| Change::Dropped { occurrence: OccurrenceId(it.id.clone()), start: it.start });
    changed.chain(gone).collect()
}

fn placed(it: OccurrenceReport) -> Placed {
    let window = it.window.zip(it.window_span).map(|(name, span)| WindowSpan {
        name,
        start: span.start,
        end: span.end,
        cutoff: span.cutoff,
    });
    Placed {
        occurrence: Occurrence {
            id: OccurrenceId(it.id),
            task: it.task,
            targets: it.targets,
            release: it.release,
            due: it.due,
            latest: it.latest,
            estimate: length(it.estimate_seconds),
        },
        start: it.start,
        end: it.end,
        window,
        moved_from: it.moved_from,
        because: it.because,
    }
}

fn unplaced(it: UnplacedReport) -> Unplaced {
    Unplaced {
        occurrence: Occurrence {
            id: OccurrenceId(it.id),
            task: it.task,
            targets: it.targets,
            release: it.release,
            due: it.due,
            latest: it.latest,
            estimate: length(it.estimate_seconds),
        },
        because: it.because,
        help: it.help,
    }
}

fn gone(it: DroppedReport) -> Dropped {
    let window = it.window.map(|name| WindowSpan { name, start: it.start, end: it.end, cutoff: it.end });
    let placed = Placed {
        occurrence: Occurrence {
            id: OccurrenceId(it.id),
            task: it.task,
            targets: it.targets,
            release: it.start,
            due: None,
            latest: None,
            estimate: (it.end - it.start).max(TimeDelta::zero()),
        },
        start: it.start,
        end: it.end,
        window,
        moved_from: None,
        because: Vec::new(),
    };
    Dropped { placed, reason: it.reason }
}

fn length(seconds: i64) -> TimeDelta {
    TimeDelta::try_seconds(seconds).unwrap_or_default()
}
