//! What can go wrong with the state file, and what to do about it.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use rusqlite::ErrorCode;
use rusqlite::ffi;

use crate::ledger::chain::LineError;
use crate::model::{ClaimMode, Holder, OccurrenceId, RunId};

/// How long another process that writes is waited for.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The state file cannot be used, or did not take what was to be recorded; nothing of it was.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// There is none: nothing has happened yet.
    #[error("there is no state file `{}`: nothing was recorded there yet", path.display())]
    Missing {
        /// Where it would be.
        path: PathBuf,
    },
    /// It is a symbolic link.
    #[error("the state file `{}` is a symbolic link; name the file itself with --state", path.display())]
    Link {
        /// The link.
        path: PathBuf,
    },
    /// It is a folder, a pipe, a device.
    #[error("the state file `{}` is {kind}, not a file", path.display())]
    NotAFile {
        /// Which.
        path: PathBuf,
        /// What it is.
        kind: &'static str,
    },
    /// It belongs to somebody else.
    #[error(
        "the state file `{}` belongs to user {owner}, and mainstay runs as user {user}; run it as that user, or \
         change the owner",
        path.display()
    )]
    Owner {
        /// Which.
        path: PathBuf,
        /// The owner's user id.
        owner: u32,
        /// Ours.
        user: u32,
    },
    /// Others may read or write it.
    #[error("the state file `{p}` is open to others (mode {mode:04o}); run `chmod 600 {p}`", p = path.display())]
    Mode {
        /// Which.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// Anybody may put another file in its place.
    #[error(
        "the folder `{f}` of the state file can be written by anybody (mode {mode:04o}); run `chmod o-w {f}`",
        f = folder.display()
    )]
    Folder {
        /// Its folder.
        folder: PathBuf,
        /// The folder's permissions.
        mode: u32,
    },
    /// The operating system does not let us at it.
    #[error("cannot {what} `{}`", path.display())]
    Reach {
        /// To do what.
        what: &'static str,
        /// With what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It has no content: its maker has not come far, or it was emptied.
    #[error("the state file `{}` is empty", path.display())]
    Empty {
        /// Which.
        path: PathBuf,
    },
    /// It is something else.
    #[error("`{}` is not a state file of mainstay; name another with --state", path.display())]
    NotAState {
        /// Which.
        path: PathBuf,
    },
    /// A later mainstay wrote it.
    #[error(
        "the state file `{}` was written by a newer mainstay: it has schema {found}, and this one knows schemas \
         up to {known}; use that newer mainstay",
        path.display()
    )]
    Newer {
        /// Which.
        path: PathBuf,
        /// Its schema.
        found: i32,
        /// The latest that we know.
        known: i32,
    },
    /// An earlier mainstay wrote it, and it is only to be read.
    #[error(
        "the state file `{}` has schema {found}, and this mainstay reads schema {known}; a command that \
         writes, such as `mainstay run --due`, brings it up to date",
        path.display()
    )]
    Older {
        /// Which.
        path: PathBuf,
        /// Its schema.
        found: i32,
        /// The one that we read.
        known: i32,
    },
    /// Its newest changes lie in a second file that only somebody with write access can read.
    #[error(
        "the newest entries of the state file `{}` can be read only with write access to its folder; run the \
         command as its owner",
        path.display()
    )]
    Unmerged {
        /// Which.
        path: PathBuf,
    },
    /// Somebody else writes to it, for too long.
    #[error(
        "the state file `{}` was locked by another process for more than {waited_seconds} s; try again, or look \
         for a mainstay that hangs",
        path.display()
    )]
    Busy {
        /// Which.
        path: PathBuf,
        /// How long we waited.
        waited_seconds: u64,
    },
    /// No room is left.
    #[error(
        "no room is left on the disk of the state file `{}`; nothing was recorded, make room and try again",
        path.display()
    )]
    Full {
        /// Which.
        path: PathBuf,
    },
    /// It can be read, not written.
    #[error("the state file `{}` cannot be written; look at its permissions and at its file system", path.display())]
    ReadOnly {
        /// Which.
        path: PathBuf,
    },
    /// It is damaged.
    #[error(
        "the state file `{}` is damaged; keep a copy, look at the disk, and restore a backup",
        path.display()
    )]
    Corrupt {
        /// Which.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// The disk fails.
    #[error("the disk of the state file `{}` does not work", path.display())]
    Disk {
        /// Which.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// What stands in it cannot be understood.
    #[error("the state file `{}` holds {what} that cannot be understood", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What.
        what: &'static str,
        /// Why not.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Another schedule was published in the meantime.
    #[error(
        "revision {published} was published in the meantime, and this schedule was made from revision {base}; \
         plan again"
    )]
    Stale {
        /// The revision that the schedule was made from.
        base: u64,
        /// The one that is published now.
        published: u64,
    },
    /// Work was started, done or missed in the meantime.
    #[error("the past of `{task}` is another than when this schedule was made; plan again")]
    Moved {
        /// The first task that it is of.
        task: String,
    },
    /// The event does not fit what was recorded before.
    #[error("cannot record this: {0}")]
    Contradiction(String),
    /// The event has no place in the ledger.
    #[error(transparent)]
    Line(#[from] LineError),
    /// The thread that wrote for others as well has panicked.
    #[error("nothing was recorded in the state file `{}`: the thread that was to write it broke off", path.display())]
    Deserted {
        /// Which.
        path: PathBuf,
    },
    /// SQLite refuses for another reason.
    #[error("the state file `{}` cannot be used", path.display())]
    Sql {
        /// Which.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
}

/// A run may not begin, or not go on; nothing was recorded.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Somebody was faster.
    #[error("the occurrence `{occurrence}` was started already, as {by}")]
    AlreadyStarted {
        /// The occurrence.
        occurrence: OccurrenceId,
        /// Its run.
        by: Box<HeldBy>,
    },
    /// It was given up.
    #[error("the occurrence `{occurrence}` is recorded as missed")]
    Missed {
        /// The occurrence.
        occurrence: OccurrenceId,
    },
    /// What it was to mend is well again.
    #[error("the occurrence `{occurrence}` was withdrawn: its condition holds again")]
    Withdrawn {
        /// The occurrence.
        occurrence: OccurrenceId,
    },
    /// The last run of the task has not ended.
    #[error("the last run of task `{task}` has not ended: {by}")]
    TaskRunning {
        /// The task.
        task: String,
        /// Its unfinished run.
        by: Box<HeldBy>,
    },
    /// A target is in work.
    #[error("the target `{target}` is in work: {by}")]
    TargetBusy {
        /// The target.
        target: String,
        /// The run.
        by: Box<HeldBy>,
    },
    /// A claim is held, and not shared.
    #[error("the claim `{claim}` is held{}: {by}", if *mode == ClaimMode::Shared { " by one that shares it" } else { "" })]
    ClaimHeld {
        /// The claim.
        claim: String,
        /// How the other run holds it.
        mode: ClaimMode,
        /// The run.
        by: Box<HeldBy>,
    },
    /// Not enough is left of a resource.
    #[error(
        "it takes {needed} of the resource `{resource}`, and of {capacity} there are {taken} taken: {by}"
    )]
    ResourceTaken {
        /// The resource.
        resource: String,
        /// What the run takes of it.
        needed: u32,
        /// What there is of it.
        capacity: u32,
        /// What others have of it.
        taken: u32,
        /// The oldest run that has some of it.
        by: Box<HeldBy>,
    },
    /// Too many of a group would be in work at once.
    #[error(
        "it works on {needed} of the group `{group}` at once, of which {max_down} may be in work, and {down} are: {by}"
    )]
    GroupBusy {
        /// The group.
        group: String,
        /// How many of it the run has in work at once.
        needed: u32,
        /// How many may be.
        max_down: u32,
        /// How many are.
        down: u32,
        /// The oldest run that works on some of it.
        by: Box<HeldBy>,
    },
    /// Others of a group have to cover a gap first.
    #[error(
        "the group `{group}` is left alone until {}: the others have to cover the gap of `{target}` from run {run}{}",
        until.to_rfc3339_opts(SecondsFormat::Secs, true),
        rule.as_ref().map(|(rule, length)| covered_by(rule, *length)).unwrap_or_default()
    )]
    Uncovered {
        /// The group.
        group: String,
        /// The one that was worked on last.
        target: String,
        /// The run that did.
        run: RunId,
        /// When it is covered.
        until: DateTime<Utc>,
        /// The rule that looks back into it, and for how long the gap is covered for its sake; `None` when the plan
        /// file says how long.
        rule: Option<(String, TimeDelta)>,
    },
    /// It asks for more than there is.
    #[error("it takes {needed} of {what}, which is {capacity}; it cannot run like this")]
    Beyond {
        /// Of what, for people.
        what: String,
        /// What the run takes.
        needed: u32,
        /// What there is.
        capacity: u32,
    },
    /// It was approved for one run on demand, and there has been one.
    #[error("its approval was for one run, and run {run} of `{task}` was that one")]
    ApprovalUsed {
        /// The task.
        task: String,
        /// The run that it was for.
        run: RunId,
    },
    /// There is no such run.
    #[error("there is no run {run}")]
    NoSuchRun {
        /// The number.
        run: RunId,
    },
    /// A run cannot be taken over: its process lives.
    #[error("run {run} is still worked on by {}", words(holder))]
    Held {
        /// The run.
        run: RunId,
        /// Who works on it.
        holder: Box<Holder>,
    },
    /// A run cannot be taken over: it is done with.
    #[error("run {run} has ended; there is nothing to resume")]
    Ended {
        /// The run.
        run: RunId,
    },
    /// The state file.
    #[error(transparent)]
    State(#[from] StateError),
}

impl StartError {
    /// The run that is in the way.
    pub fn held_by(&self) -> Option<&HeldBy> {
        match self {
            Self::AlreadyStarted { by, .. }
            | Self::TaskRunning { by, .. }
            | Self::TargetBusy { by, .. }
            | Self::ClaimHeld { by, .. }
            | Self::ResourceTaken { by, .. }
            | Self::GroupBusy { by, .. } => Some(by),
            _ => None,
        }
    }
}

/// The run that holds something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldBy {
    /// Its number.
    pub run: RunId,
    /// Its task.
    pub task: String,
    /// Who works on it, or did.
    pub holder: Holder,
    /// When it began.
    pub since: DateTime<Utc>,
    /// Whether it is over, and so holds nothing any more.
    pub is_over: bool,
}

impl fmt::Display for HeldBy {
    /// For people: ``run 3 of `upgrade`, held by process 12 of root on here since 2026-03-07T02:00:00Z``.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let how = if self.is_over { "by" } else { "held by" };
        let since = self.since.to_rfc3339_opts(SecondsFormat::Secs, true);
        write!(f, "run {} of `{}`, {how} {} since {since}", self.run, self.task, words(&self.holder))
    }
}

fn words(holder: &Holder) -> String {
    format!("process {} of {} on {}", holder.pid, holder.user, holder.host)
}

/// What a query meets before it knows in which file.
#[derive(Debug)]
pub(super) enum Fault {
    Sql(rusqlite::Error),
    Unreadable(&'static str, Box<dyn std::error::Error + Send + Sync>),
    State(StateError),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<StateError> for Fault {
    fn from(error: StateError) -> Self {
        Self::State(error)
    }
}

impl From<LineError> for Fault {
    fn from(error: LineError) -> Self {
        Self::State(error.into())
    }
}

impl Fault {
    /// An event that does not fit what was recorded before.
    pub(super) fn contradiction(text: impl Into<String>) -> Self {
        Self::State(StateError::Contradiction(text.into()))
    }

    /// The error as it is told, for the file at `path`.
    pub(super) fn of(self, path: &std::path::Path) -> StateError {
        match self {
            Self::Sql(error) => of_sqlite(error, path),
            Self::Unreadable(what, source) => StateError::Unreadable { path: path.to_owned(), what, source },
            Self::State(error) => error,
        }
    }
}

/// The same error once more, for another caller whom it concerns as well.
pub(super) fn copy_of(error: &rusqlite::Error) -> rusqlite::Error {
    match error {
        rusqlite::Error::SqliteFailure(code, text) => rusqlite::Error::SqliteFailure(*code, text.clone()),
        other => rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_ERROR), Some(other.to_string())),
    }
}

/// Says what an error of SQLite means to people.
pub(super) fn of_sqlite(source: rusqlite::Error, path: &std::path::Path) -> StateError {
    let path = path.to_owned();
    let Some(code) = source.sqlite_error() else {
        return StateError::Sql { path, source };
    };
    // Without room SQLite cannot enlarge the index of its log, and calls that an I/O error.
    if code.extended_code == ffi::SQLITE_IOERR_SHMSIZE {
        return StateError::Full { path };
    }
    match code.code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
            StateError::Busy { path, waited_seconds: BUSY_TIMEOUT.as_secs() }
        }
        ErrorCode::DiskFull => StateError::Full { path },
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied => StateError::ReadOnly { path },
        ErrorCode::DatabaseCorrupt => StateError::Corrupt { path, source },
        ErrorCode::NotADatabase => StateError::NotAState { path },
        ErrorCode::SystemIoFailure => StateError::Disk { path, source },
        _ => StateError::Sql { path, source },
    }
}

/// Which rule has to be waited for, as the end of a sentence.
fn covered_by(rule: &str, length: TimeDelta) -> String {
    format!(", for {}, as far as the rule `{rule}` looks back", crate::text::roughly(length))
}
