//! Runs: what was done, on what, and how it went.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{ClaimMode, OccurrenceId, Output};

/// Numbers the runs of one state file, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub i64);

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How a run or a step went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Done, and checked.
    Succeeded,
    /// Not done, or done and found wrong.
    Failed,
    /// Failed, and the way back was gone to its end.
    RolledBack,
    /// Stopped in its middle.
    Interrupted,
    /// Left out on purpose.
    Skipped,
    /// Not begun, because something did not allow it.
    Refused,
}

impl Outcome {
    /// Its name in JSON and in the state file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::RolledBack => "rolled_back",
            Self::Interrupted => "interrupted",
            Self::Skipped => "skipped",
            Self::Refused => "refused",
        }
    }
}

impl fmt::Display for Outcome {
    /// For people: `rolled back`.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::RolledBack => "rolled back",
            other => other.as_str(),
        })
    }
}

/// The parts of a run, in the order in which they happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// May it start now?
    Gate,
    /// Does everything hold that it needs?
    Preconditions,
    /// What does monitoring look like?
    Baseline,
    /// Its alerts are silenced.
    Silence,
    /// The work.
    Steps,
    /// Is it done, and is monitoring back?
    Verify,
    /// The way back.
    Rollback,
    /// What happens at the end in any case; the silence ends here too.
    Finally,
}

impl Phase {
    /// Its name in JSON and in the state file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gate => "gate",
            Self::Preconditions => "preconditions",
            Self::Baseline => "baseline",
            Self::Silence => "silence",
            Self::Steps => "steps",
            Self::Verify => "verify",
            Self::Rollback => "rollback",
            Self::Finally => "finally",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a run was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// It was due.
    Due,
    /// A person named the task.
    OnDemand,
    /// A person named the task and said why it could not wait.
    Emergency,
}

/// What a run keeps from others while it goes on, beside its task and its targets.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Holds {
    /// Its claims by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub claims: BTreeMap<String, ClaimMode>,
    /// What it takes of each resource.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub resources: BTreeMap<String, u32>,
    /// How many targets of each group it has in work at once, at most.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub groups: BTreeMap<String, u32>,
}

impl Holds {
    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.claims.is_empty() && self.resources.is_empty() && self.groups.is_empty()
    }
}

/// What the processes of a step used, by the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Usage {
    /// Time on a processor in the programs themselves, in milliseconds.
    pub user_ms: u64,
    /// Time on a processor in the kernel, in milliseconds.
    pub system_ms: u64,
    /// The most memory that was in use at once, in bytes: of one process, or of the whole tree where it was counted.
    /// 0 when it cannot be told, as it was not more than mainstay's own.
    pub peak_bytes: u64,
    /// Read from storage, in bytes; `None` when it could not be counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_bytes: Option<u64>,
    /// Written to storage, in bytes; `None` when it could not be counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written_bytes: Option<u64>,
}

/// The process that works on a run.
///
/// All three together name one process for ever: a pid alone is used again, and so is a start time after a
/// reboot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Its process id.
    pub pid: i32,
    /// When it started, in clock ticks since boot (field 22 of `/proc/PID/stat`).
    pub started_ticks: u64,
    /// The boot that this counts from (`/proc/sys/kernel/random/boot_id`).
    pub boot_id: String,
    /// The user that it runs as.
    pub user: String,
    /// The machine's name.
    pub host: String,
    /// The namespace that its process id counts in (the inode of `/proc/self/ns/pid`): in a container the same number is
    /// another process. `None` for what an earlier mainstay recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid_namespace: Option<u64>,
    /// The file that it keeps locked while it lives, beside the state file that names it.
    #[serde(skip)]
    pub sign_of_life: Option<PathBuf>,
}

impl Holder {
    /// Whether both name the same process.
    pub fn is_same_process(&self, other: &Self) -> bool {
        let identity = |it: &Self| (it.pid, it.started_ticks, it.boot_id.clone(), it.pid_namespace);
        identity(self) == identity(other)
    }
}

/// One execution of an occurrence, or of a task on demand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Run {
    /// Its number.
    pub id: RunId,
    /// The occurrence; `None` on demand.
    pub occurrence: Option<OccurrenceId>,
    /// The task's name.
    pub task: String,
    /// Why it was started.
    pub origin: Origin,
    /// How it went; `None` while it is going.
    pub outcome: Option<Outcome>,
    /// What people should know about the outcome.
    pub reason: Option<String>,
    /// When it should have ended.
    pub due: Option<DateTime<Utc>>,
    /// When it began.
    pub started: DateTime<Utc>,
    /// When it ended.
    pub ended: Option<DateTime<Utc>>,
    /// Who works on it, or did.
    pub holder: Holder,
    /// SHA-256 of the plan file, in hexadecimal.
    pub plan_digest: String,
    /// The targets, in order.
    pub targets: Vec<String>,
    /// The text of its task when it began, by its digest.
    pub definition: Option<String>,
    /// What it keeps from others while it goes on.
    pub holds: Holds,
    /// Why it passed windows, blackouts and approval.
    pub justification: Option<String>,
}

/// One step of a run on one target; checks, baselines and silences are steps of their phases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepRecord {
    /// The run.
    pub run: RunId,
    /// Its place in the run, from 1, in the order of starting.
    pub ordinal: u32,
    /// The part of the run.
    pub phase: Phase,
    /// Its place in the task's list of this phase, from 0; `None` for what the plan file does not list.
    pub place: Option<u32>,
    /// The target.
    pub target: String,
    /// What people call it.
    pub name: String,
    /// How it went; `None` when its end was never recorded.
    pub outcome: Option<Outcome>,
    /// The exit code of its process, if it had one that exited.
    pub exit_code: Option<i32>,
    /// How often it was tried.
    pub attempts: u32,
    /// When it began.
    pub started: DateTime<Utc>,
    /// When it ended.
    pub ended: Option<DateTime<Utc>>,
    /// What people should know about the outcome.
    pub message: Option<String>,
    /// What it printed, head and tail.
    pub output: Option<Output>,
    /// The process of its last attempt: its id, and when it started in clock ticks since boot.
    pub process: Option<(i32, u64)>,
    /// What its processes used.
    pub usage: Option<Usage>,
    /// Whether it is done, when it was interrupted and that was settled later.
    pub settled: Option<bool>,
    /// Whether another attempt was to follow the one that ended last.
    pub retried: bool,
}

/// The exit code that means: not now, and not a failure.
///
/// Source: `EX_TEMPFAIL` of sysexits(3).
pub const NOT_NOW: i32 = 75;

impl StepRecord {
    /// Whether a target was left out by this step: its process said "not now".
    pub fn says_not_now(&self) -> bool {
        self.outcome == Some(Outcome::Skipped) && self.exit_code == Some(NOT_NOW)
    }
}
