//! A sign of life: an empty file that a process keeps locked while it lives.
//!
//! `/proc` tells of processes in the same container, and in those within it. The lock tells of all on this machine: the
//! kernel takes it away when the process ends, however it ends.
//!
//! Source: flock(2). The files that a process opens are closed in the programs that it starts, so these hold no lock.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;

/// Dropping it takes the sign away; the file stays.
#[derive(Debug)]
pub struct SignOfLife {
    _locked: File,
}

/// Gives the sign at `path`, which is made with its folder, for its owner alone.
///
/// # Errors
/// When it cannot be made or locked.
pub fn give(path: &Path) -> io::Result<SignOfLife> {
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    loop {
        let no_link = OFlags::NOFOLLOW.bits().cast_signed();
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(no_link)
            .open(path)?;
        file.lock()?;
        // Somebody who swept may have removed it between the two.
        let is_there = fs::symlink_metadata(path).is_ok_and(|found| {
            file.metadata().is_ok_and(|ours| (found.dev(), found.ino()) == (ours.dev(), ours.ino()))
        });
        if is_there {
            return Ok(SignOfLife { _locked: file });
        }
    }
}

/// Whether the process that gave the sign at `path` lives; yes, if nobody can know.
pub fn is_given(path: &Path) -> bool {
    let Ok(file) = File::open(path) else { return true };
    !matches!(file.try_lock_shared(), Ok(()))
}

/// Removes the signs of the dead from a folder, but those whose names are to be kept.
///
/// # Errors
/// When the folder cannot be read. What cannot be removed stays.
pub fn sweep(folder: &Path, is_kept: impl Fn(&str) -> bool) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        if name.to_str().is_none_or(&is_kept) {
            continue;
        }
        let Ok(file) = File::open(entry.path()) else { continue };
        if matches!(file.try_lock(), Err(TryLockError::WouldBlock)) {
            continue;
        }
        // One that stays is tried again the next time.
        let _ = fs::remove_file(entry.path());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dead_are_swept_away_but_those_that_are_asked_about_and_the_living_stay() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = |name: &str| folder.path().join("life").join(name);
        assert!(sweep(&folder.path().join("life"), |_| false).is_ok(), "there is none yet");
        let living = give(&path("living")).unwrap();
        for name in ["dead", "asked-about"] {
            drop(give(&path(name)).unwrap());
        }
        sweep(&folder.path().join("life"), |name| name == "asked-about").unwrap();
        let names = ["living", "dead", "asked-about"].map(|name| path(name).exists());
        assert_eq!(names, [true, false, true]);
        assert!(is_given(&path("living")) && !is_given(&path("asked-about")));
        drop(living);
        assert!(!is_given(&path("living")));
    }

    #[test]
    fn no_link_is_followed() {
        let folder = tempfile::TempDir::new().unwrap();
        std::os::unix::fs::symlink(folder.path().join("elsewhere"), folder.path().join("link")).unwrap();
        assert!(give(&folder.path().join("link")).is_err());
        assert!(!folder.path().join("elsewhere").exists());
    }
}
