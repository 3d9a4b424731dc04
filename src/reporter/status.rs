//! The result of `report status`: one model that every format is made of, and the JSON document itself.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::model::{AlertState, Criticality, Domain, OccurrenceId, Outcome, RunId, Status, TaskType};
use crate::monitor::TaskState;
use crate::scheduler::debt::Debt;

/// Where maintenance stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StatusReport {
    /// When it was made.
    pub as_of: DateTime<Utc>,
    /// The time that it covers.
    pub period: Period,
    /// The IANA name of the zone that people read times in; JSON has UTC.
    pub timezone: String,
    /// The plan file.
    pub plan: PlanStatus,
    /// The record that it was made from.
    pub ledger: LedgerStatus,
    /// The numbers.
    pub totals: Totals,
    /// What a person should do, the most urgent first.
    pub attention: Vec<Attention>,
    /// What is owed, and how much that is.
    pub debt: Debt,
    /// Every task, in the order of the plan file.
    pub tasks: Vec<TaskStatus>,
    /// The runs of the period, the newest first.
    pub runs: Vec<RunStatus>,
    /// How many older runs of the period are counted in the totals, but not listed.
    pub runs_left_out: usize,
    /// Occurrences of the period that nobody started in time, the newest first.
    pub missed: Vec<MissedStatus>,
    /// The alerts that are pending or firing.
    pub alerts: Vec<AlertStatus>,
    /// The silences that are in force.
    pub silences: Vec<SilenceStatus>,
}

/// A half-open stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Period {
    /// Its first instant.
    pub from: DateTime<Utc>,
    /// The first instant after it.
    pub until: DateTime<Utc>,
}

/// The plan file that is reported on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlanStatus {
    /// What people call it.
    pub title: Option<String>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Where it stands.
    pub status: Status,
    /// SHA-256 of its bytes, in hexadecimal.
    pub digest: String,
}

/// The record that a report was made from; whoever keeps the report is a witness of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct LedgerStatus {
    /// How many entries it had.
    pub entries: u64,
    /// Its root; empty when there is no state file yet.
    pub root: String,
}

/// The numbers of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Totals {
    /// Tasks of the plan file.
    pub tasks: usize,
    /// Of these: overdue, whatever else they are.
    pub overdue: usize,
    /// Runs of the period.
    pub runs: usize,
    /// Of these: by outcome.
    pub succeeded: usize,
    /// See `succeeded`.
    pub failed: usize,
    /// See `succeeded`.
    pub rolled_back: usize,
    /// See `succeeded`; runs of the period that no process works on and that have no end are among them.
    pub interrupted: usize,
    /// See `succeeded`.
    pub skipped: usize,
    /// See `succeeded`.
    pub refused: usize,
    /// Of the runs: still going.
    pub running: usize,
    /// Occurrences of the period that were missed.
    pub missed: usize,
    /// Runs that succeeded, of those that were begun and are over.
    pub success: Share,
    /// Alerts that fire.
    pub firing: usize,
    /// Silences in force.
    pub silences: usize,
    /// Things that a person should do.
    pub attention: usize,
}

/// A part of a whole, with both numbers: a percentage alone hides how little it rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Share {
    /// The part.
    pub part: usize,
    /// The whole.
    pub whole: usize,
}

impl std::fmt::Display for Share {
    /// `7 of 8 (87 %)`; `n/a` of nothing. A share below the whole is never rounded up to 100 %.
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        match (self.part * 100).checked_div(self.whole) {
            Some(percent) => write!(f, "{} of {} ({percent} %)", self.part, self.whole),
            None => f.write_str("n/a"),
        }
    }
}

/// How urgent something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Urgency {
    /// Work stands still, or monitoring is blind.
    Now,
    /// Work is late or undone.
    Soon,
}

/// Something that a person should do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attention {
    /// How urgent it is.
    pub urgency: Urgency,
    /// What is the matter; the last sentence says what to do.
    pub what: String,
    /// What to type.
    pub command: String,
}

/// Where one task stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TaskStatus {
    /// Its name.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// What makes it necessary.
    #[serde(rename = "type")]
    pub kind: TaskType,
    /// What it touches.
    pub domain: Domain,
    /// How much depends on it.
    pub criticality: Criticality,
    /// When it recurs, in words.
    pub schedule: String,
    /// Where it stands, in one word.
    pub state: TaskState,
    /// The last run that ended.
    pub last_run: Option<RunId>,
    /// How it went.
    pub last_outcome: Option<Outcome>,
    /// The end of the last success.
    pub last_success: Option<DateTime<Utc>>,
    /// When it starts next.
    pub next_start: Option<DateTime<Utc>>,
    /// How late it is, in seconds; 0 when it is not.
    pub overdue_seconds: i64,
}

/// One run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunStatus {
    /// Its number.
    pub id: RunId,
    /// Its task.
    pub task: String,
    /// Its occurrence; `None` on demand.
    pub occurrence: Option<OccurrenceId>,
    /// How it went; `None` while it is going.
    pub outcome: Option<Outcome>,
    /// When it began.
    pub started: DateTime<Utc>,
    /// When it ended.
    pub ended: Option<DateTime<Utc>>,
    /// What people should know about the outcome.
    pub reason: Option<String>,
    /// Why it passed windows, blackouts and approval; `None` when it did not.
    pub emergency: Option<String>,
    /// Whether it ended in time; `None` when it had no due time or has no end.
    pub on_time: Option<bool>,
    /// The step that failed or was interrupted.
    pub failed_step: Option<FailedStep>,
}

/// The step at which a run went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FailedStep {
    /// What people call it.
    pub name: String,
    /// The target.
    pub target: String,
    /// How it went.
    pub outcome: Outcome,
    /// The exit code of its process, if it had one that exited.
    pub exit_code: Option<i32>,
    /// What people should know about it.
    pub message: Option<String>,
    /// The last lines that it printed, shortened.
    pub last_lines: Vec<String>,
}

/// An occurrence that nobody started in time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MissedStatus {
    /// Its task.
    pub task: String,
    /// Which.
    pub occurrence: OccurrenceId,
    /// Its release.
    pub release: DateTime<Utc>,
    /// Why it did not start.
    pub reason: String,
}

/// An alert that is pending or firing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AlertStatus {
    /// The rule.
    pub name: String,
    /// Its labels.
    pub labels: std::collections::BTreeMap<String, String>,
    /// Where it stands.
    pub state: AlertState,
    /// Since when.
    pub since: DateTime<Utc>,
    /// When Alertmanager last took it.
    pub delivered: Option<DateTime<Utc>>,
}

/// A silence that is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SilenceStatus {
    /// Its tag.
    pub tag: String,
    /// The run that it belongs to.
    pub run: RunId,
    /// Where.
    pub alertmanager: String,
    /// Its id; `None` when only the intention is known.
    pub id: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_shows_what_it_rests_on() {
        assert_eq!(Share { part: 7, whole: 8 }.to_string(), "7 of 8 (87 %)");
        assert_eq!(Share { part: 999, whole: 1000 }.to_string(), "999 of 1000 (99 %)");
        assert_eq!(Share::default().to_string(), "n/a");
    }
}
