//! What can go wrong with the state file, told apart by what to do about it.

use std::io;
use std::path::PathBuf;

use rusqlite::ErrorCode;

use crate::ledger::chain::LineError;
use crate::model::{Holder, RunId};

/// Why the state could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// There is none.
    #[error("there is no state file {}", .0.display())]
    Missing(PathBuf),
    /// The folder or the file cannot be made or opened.
    #[error("cannot open the state file {}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It is nothing that we may trust.
    #[error("the state file {} is refused: {reason}; {help}", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
        /// What to do.
        help: String,
    },
    /// A later mainstay wrote it.
    #[error("the state file {} has schema {found}, and this mainstay ({version}) knows up to {known}; use the newer mainstay that wrote it", path.display(), version = env!("CARGO_PKG_VERSION"))]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The last one that we know.
        known: i64,
    },
    /// Somebody else writes all the time.
    #[error("the state file is locked by another process; waited for 5s")]
    Busy(#[source] rusqlite::Error),
    /// There is no room.
    #[error("the disk of the state file is full; nothing was recorded")]
    Full(#[source] rusqlite::Error),
    /// It may not be written.
    #[error("the state file cannot be written")]
    ReadOnly(#[source] rusqlite::Error),
    /// It is damaged, or something else altogether.
    #[error("the state file is damaged; put a backup in its place, or move it away to start anew")]
    Corrupt(#[source] rusqlite::Error),
    /// The published schedule is another one than the new one was computed from.
    #[error(
        "revision {found} has been published meanwhile, and this schedule was computed from revision {expected}; plan again"
    )]
    Stale {
        /// The revision that the schedule was computed from.
        expected: u64,
        /// The one that is there now.
        found: u64,
    },
    /// An entry could not be written down.
    #[error(transparent)]
    Line(#[from] LineError),
    /// Something else.
    #[error("the state file cannot be used")]
    Sqlite(#[source] rusqlite::Error),
}

impl From<rusqlite::Error> for StateError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy(error),
            Some(ErrorCode::DiskFull) => Self::Full(error),
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
                Self::ReadOnly(error)
            }
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt(error),
            _ => Self::Sqlite(error),
        }
    }
}

/// Why a run was not started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Its occurrence has a run already.
    #[error("occurrence `{occurrence}` was started by {} already (run {run})", by(holder))]
    AlreadyStarted {
        /// The occurrence.
        occurrence: String,
        /// Its run.
        run: RunId,
        /// Who works on it, or did.
        holder: Box<Holder>,
    },
    /// The task's last run is still going.
    #[error("task `{task}` is still being worked on by {} (run {run})", by(holder))]
    TaskRunning {
        /// The task.
        task: String,
        /// Its run.
        run: RunId,
        /// Who works on it.
        holder: Box<Holder>,
    },
    /// A target is in work for another task.
    #[error("target `{target}` is in work for `{task}` by {} (run {run})", by(holder))]
    TargetBusy {
        /// The target.
        target: String,
        /// The other task.
        task: String,
        /// Its run.
        run: RunId,
        /// Who works on it.
        holder: Box<Holder>,
    },
    /// The state could not be changed.
    #[error(transparent)]
    State(#[from] StateError),
}

fn by(holder: &Holder) -> String {
    format!("pid {} of {}@{}", holder.pid, holder.user, holder.host)
}

impl From<rusqlite::Error> for StartError {
    fn from(error: rusqlite::Error) -> Self {
        Self::State(error.into())
    }
}
