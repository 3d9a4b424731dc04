//! The whole of what steps print: one compressed file each, in a bounded folder beside the state file.
//!
//! 1. A log takes at most [`MAX_LOG`] bytes of the disk, and all of them [`MAX_LOGS`]; the oldest go first, but never
//!    one of a run that goes on or is not settled: rather, the new one is cut.
//! 2. The folder and all in it belong to their owner alone.
//! 3. A log stops no step: what cannot be written is left out, and that is told.
//! 4. The last of the disk is left to the state file.

mod folder;
mod member;
mod reader;
mod writer;

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::fs::statvfs;

pub use self::folder::LogName;
pub use self::reader::{LogError, LogReader};
pub use self::writer::{Closed, LogWriter};
use crate::model::{OutputLog, RunId};

/// The most that one log takes of the disk, in bytes.
pub const MAX_LOG: u64 = 64 << 20;
/// The most that all logs take, in bytes; one counts as [`LEAST`] at least.
pub const MAX_LOGS: u64 = 1 << 30;
/// What a log counts as at least, in bytes: it bounds their number, too.
pub const LEAST: u64 = 32 << 10;
/// What is left free of the disk, in bytes: the state file lies there, too.
const LEFT_FREE: u64 = 16 << 20;

/// How much logs may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// One log, in bytes.
    pub one: u64,
    /// All of them, in bytes.
    pub all: u64,
    /// What is left free of the disk, in bytes.
    pub left_free: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { one: MAX_LOG, all: MAX_LOGS, left_free: LEFT_FREE }
    }
}

/// Tells the runs whose logs have to stay; `None` when it could not be found out.
type Kept = dyn Fn() -> Option<BTreeSet<RunId>> + Send + Sync;

/// The folder of logs. Clones share what they know of it.
#[derive(Clone)]
pub struct Logs(Arc<Store>);

struct Store {
    folder: PathBuf,
    limits: Limits,
    kept: Box<Kept>,
    /// How much all logs take, in bytes; `None` before it was looked at.
    used: Mutex<Option<u64>>,
}

/// Why a log stops before its end, or was not begun.
#[derive(Debug, thiserror::Error)]
pub enum CutReason {
    /// It has reached the most that one may take.
    #[error("it takes {} MiB, the most that one may", .0 >> 20)]
    TooLarge(u64),
    /// No older log may go to make room.
    #[error("the logs take {} MiB, the most that they may, and those of runs that are not settled stay", .0 >> 20)]
    StoreFull(u64),
    /// The last of the disk is left to the state file.
    #[error("only {} MiB are left on its disk", .0 >> 20)]
    DiskFull(u64),
    /// The disk did not take it as fast as it came.
    #[error("its disk does not keep up")]
    TooSlow,
    /// The system refused.
    #[error("{what} {}", path.display())]
    System {
        /// What it refused to do.
        what: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The folder is open to others, or is none.
    #[error("the folder {} {problem}", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
}

impl Logs {
    /// The logs in `folder`, which is made when it is needed; `kept` tells the runs whose logs have to stay.
    pub fn new(
        folder: PathBuf,
        limits: Limits,
        kept: impl Fn() -> Option<BTreeSet<RunId>> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(Store { folder, limits, kept: Box::new(kept), used: Mutex::new(None) }))
    }

    /// Where they are.
    pub fn folder(&self) -> &Path {
        &self.0.folder
    }

    /// Opens a log that a step left and makes sure that it is the one that was recorded.
    ///
    /// # Errors
    /// [`LogError`] when it was removed, is not the one that was recorded, or cannot be read.
    pub fn open(&self, log: &OutputLog) -> Result<LogReader, LogError> {
        reader::open(&self.0.folder, log)
    }

    /// Begins a log.
    ///
    /// # Errors
    /// [`CutReason`] when there can be none.
    pub fn begin(&self, name: LogName) -> Result<LogWriter, CutReason> {
        writer::begin(self, name)
    }

    /// Makes sure that `n_bytes` more may be written, and takes the oldest logs away for it.
    fn reserve(&self, n_bytes: u64) -> Result<(), CutReason> {
        let Store { folder, limits, kept, used } = &*self.0;
        let disk =
            statvfs(folder).map_err(|error| self.system("cannot look at the disk of", error.into()))?;
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        if free < n_bytes.saturating_add(limits.left_free) {
            return Err(CutReason::DiskFull(free));
        }
        let mut used = used.lock().unwrap_or_else(PoisonError::into_inner);
        let known = match *used {
            Some(known) => known,
            None => self.all()?.iter().map(|(_, size)| *size).sum(),
        };
        let mut taken = known;
        if limits.all < known + n_bytes {
            let (mut logs, kept) = (self.all()?, kept());
            taken = logs.iter().map(|(_, size)| *size).sum();
            logs.sort();
            let may_go = |name: &LogName| kept.as_ref().is_some_and(|kept| !kept.contains(&name.run));
            let mut may_go = logs.iter().filter(|(name, _)| may_go(name));
            // A little more than is needed, so that it is not needed again at once.
            let wanted = limits.all - limits.all / 16;
            while wanted < taken + n_bytes
                && let Some((name, size)) = may_go.next()
            {
                folder::remove(folder, name).map_err(|error| self.system("cannot remove a log in", error))?;
                taken -= size;
            }
        }
        *used = Some(taken);
        if limits.all < taken + n_bytes {
            return Err(CutReason::StoreFull(limits.all));
        }
        *used = Some(taken + n_bytes);
        Ok(())
    }

    /// Gives back what was reserved and is not needed.
    fn release(&self, n_bytes: u64) {
        let mut used = self.0.used.lock().unwrap_or_else(PoisonError::into_inner);
        *used = used.map(|used| used.saturating_sub(n_bytes));
    }

    fn all(&self) -> Result<Vec<(LogName, u64)>, CutReason> {
        folder::all(&self.0.folder).map_err(|error| self.system("cannot look at", error))
    }

    fn system(&self, what: &'static str, source: io::Error) -> CutReason {
        CutReason::System { what, path: self.0.folder.clone(), source }
    }
}

impl fmt::Debug for Logs {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_struct("Logs").field("folder", &self.0.folder).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
