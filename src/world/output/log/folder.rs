//! The folder of logs, and the names in it.

use std::fmt;
use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::Path;

use rustix::fd::OwnedFd;
use rustix::fs::{CWD, Mode, OFlags, openat};

use super::{CutReason, LEAST};
use crate::model::RunId;

/// The name of a log: `RUN-ORDINAL-ATTEMPT.log.gz`. In order, the oldest comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogName {
    /// The run.
    pub run: RunId,
    /// The step's place in it.
    pub ordinal: u32,
    /// Which attempt at it.
    pub attempt: u32,
    /// Tells it from what a crash left of the same attempt; 1 for the first.
    pub copy: u32,
}

const ENDING: &str = ".log.gz";
/// So often can one attempt be broken off by a crash.
const MAX_COPIES: u32 = 1000;

impl fmt::Display for LogName {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}-{}-{}", self.run.0, self.ordinal, self.attempt)?;
        if self.copy > 1 {
            write!(f, "-{}", self.copy)?;
        }
        f.write_str(ENDING)
    }
}

impl LogName {
    /// Reads a name; `None` for what mainstay does not call a log.
    pub fn read(text: &str) -> Option<Self> {
        let mut parts = text.strip_suffix(ENDING)?.split('-');
        let run = RunId(parts.next()?.parse().ok()?);
        let (ordinal, attempt) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let copy = parts.next().map_or(Some(1), |copy| copy.parse().ok())?;
        let name = Self { run, ordinal, attempt, copy };
        (name.to_string() == text).then_some(name)
    }
}

/// Makes the folder when there is none, and opens it; it has to be ours alone.
pub(super) fn open(folder: &Path) -> Result<OwnedFd, CutReason> {
    let failed = |what, source| CutReason::System { what, path: folder.to_owned(), source };
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            return Err(failed("cannot create the folder", error));
        }
        _ => {}
    }
    let problem = |problem| CutReason::Folder { folder: folder.to_owned(), problem };
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let fd = match openat(CWD, folder, flags, Mode::empty()) {
        Err(rustix::io::Errno::NOTDIR | rustix::io::Errno::LOOP) => {
            return Err(problem("is none, but a file or a link".to_owned()));
        }
        opened => opened.map_err(|error| failed("cannot open the folder", error.into()))?,
    };
    let meta = File::from(fd.try_clone().map_err(|error| failed("cannot open the folder", error))?)
        .metadata()
        .map_err(|error| failed("cannot look at", error))?;
    if meta.uid() != rustix::process::geteuid().as_raw() {
        return Err(problem(format!("belongs to user {}", meta.uid())));
    }
    if meta.mode() & 0o077 != 0 {
        let mode = meta.mode() & 0o7777;
        return Err(problem(format!("has the mode {mode:04o}, so that others can use it; chmod 0700 it")));
    }
    Ok(fd)
}

/// Makes a log that is not there yet, for its owner alone; returns the name that it got.
pub(super) fn create(folder: &OwnedFd, name: LogName) -> io::Result<(File, LogName)> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    for copy in 1..=MAX_COPIES {
        let name = LogName { copy, ..name };
        match openat(folder, name.to_string(), flags, Mode::RUSR | Mode::WUSR) {
            Ok(file) => return Ok((File::from(file), name)),
            Err(rustix::io::Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}

/// All logs, and what each counts as, in bytes. What has another name is none.
pub(super) fn all(folder: &Path) -> io::Result<Vec<(LogName, u64)>> {
    let mut logs = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Some(name) = entry.file_name().to_str().and_then(LogName::read) else { continue };
        // Another mainstay may have taken it away meanwhile.
        let Ok(meta) = entry.metadata() else { continue };
        if meta.is_file() {
            logs.push((name, meta.len().max(LEAST)));
        }
    }
    Ok(logs)
}

pub(super) fn remove(folder: &Path, name: &LogName) -> io::Result<()> {
    match fs::remove_file(folder.join(name.to_string())) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_is_written_and_nothing_else_is_one() {
        let name = LogName { run: RunId(12), ordinal: 3, attempt: 1, copy: 1 };
        for (name, text) in [(name, "12-3-1.log.gz"), (LogName { copy: 2, ..name }, "12-3-1-2.log.gz")] {
            assert_eq!((name.to_string().as_str(), LogName::read(text)), (text, Some(name)));
        }
        for text in [
            "012-3-1.log.gz",
            "12-3.log.gz",
            "../12-3-1.log.gz",
            "12-3-1-1.log.gz",
            "notes",
            "1-2-3-4-5.log.gz",
        ] {
            assert_eq!(LogName::read(text), None, "{text}");
        }
    }
}
