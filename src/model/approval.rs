//! Approvals: what a person signs who agrees to work.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::OccurrenceId;

/// The name and version of the statement.
pub const APPROVAL_SCHEMA: &str = "mainstay/approval/v1";

/// What a signature under a statement is for: `ssh-keygen -Y verify -n` asks for it, and a signature that was made for
/// something else is none.
pub const APPROVAL_NAMESPACE: &str = "mainstay-approval";

/// What is approved, and by whom.
///
/// The text that is signed is the canonical JSON (RFC 8785) of this, one line, and a line feed. It holds for this
/// plan file, these targets and this ledger alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovalStatement {
    /// [`APPROVAL_SCHEMA`].
    pub schema: String,
    /// The ledger that it is recorded in, by its origin.
    pub ledger: String,
    /// SHA-256 of the plan file, in hexadecimal.
    pub plan: String,
    /// The schedule that was in force; `None`: nothing was published, and only work on demand is approved.
    pub schedule: Option<InForce>,
    /// The occurrences that are approved.
    pub occurrences: Vec<ApprovedOccurrence>,
    /// The tasks whose next run on demand is approved.
    pub on_demand: Vec<ApprovedRun>,
    /// Who approves: a principal of the signers file.
    pub who: String,
    /// When.
    pub when: DateTime<Utc>,
}

impl ApprovalStatement {
    /// Whether it is about a task.
    pub fn speaks_of(&self, task: &str) -> bool {
        self.occurrences.iter().any(|it| it.task == task) || self.on_demand.iter().any(|it| it.task == task)
    }
}

/// A published schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InForce {
    /// Its revision.
    pub revision: u64,
    /// SHA-256 of its canonical JSON, in hexadecimal: the `digest` of the entry `schedule_published`.
    pub digest: String,
}

/// One due instance of a task that is approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovedOccurrence {
    /// Its name.
    pub id: OccurrenceId,
    /// Its task.
    pub task: String,
    /// The targets, in order.
    pub targets: Vec<String>,
    /// When it was to start by the schedule.
    pub start: DateTime<Utc>,
}

/// One run on demand that is approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovedRun {
    /// The task.
    pub task: String,
    /// The targets, in order.
    pub targets: Vec<String>,
    /// It has to start before.
    pub until: DateTime<Utc>,
}

/// How work stands to the approvals that it needs, for those who are told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalStanding {
    /// How many people have to agree.
    pub required: u32,
    /// The role that they hold.
    pub from: String,
    /// How many have.
    pub given: u32,
    /// Who they are.
    pub by: Vec<String>,
    /// What stands against other approvals, or why it could not be found out.
    pub note: Option<String>,
}

impl ApprovalStanding {
    /// Whether enough people have agreed.
    pub fn is_given(&self) -> bool {
        self.required <= self.given
    }

    /// `approved by ops@example.org`, `waits for approval: 0 of 1 from approvers`.
    pub fn in_words(&self) -> String {
        match &self.note {
            _ if self.is_given() => format!("approved by {}", self.by.join(", ")),
            None => format!("waits for approval: {} of {} from {}", self.given, self.required, self.from),
            Some(note) => {
                format!("waits for approval: {} of {} from {} ({note})", self.given, self.required, self.from)
            }
        }
    }
}
