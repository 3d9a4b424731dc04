//! A sign of life: an empty file that a process keeps locked while it lives.
//!
//! `/proc` tells of processes in the same container, and in those within it. The lock tells of all on this machine: the
//! kernel takes it away when the process ends, however it ends.
//!
//! Source: flock(2). The files that a process opens are closed in the programs that it starts, so these hold no lock.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

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
    loop {
        if let Some(folder) = path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let no_link = OFlags::NOFOLLOW.bits().cast_signed();
        let opened = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(no_link)
            .open(path);
        let file = match opened {
            // Somebody else who has ended has just removed the empty folder.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            opened => opened?,
        };
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

/// A sign whose process has died. As long as this is there nobody else gives or removes it.
#[derive(Debug)]
pub struct DeadSign {
    path: PathBuf,
    _locked: File,
}

impl DeadSign {
    /// Its name.
    pub fn name(&self) -> Option<&str> {
        self.path.file_name()?.to_str()
    }

    /// Removes it. One that cannot be removed stays, for the next who tries.
    pub fn remove(self) {
        let _ = fs::remove_file(self.path);
    }
}

/// The signs of the dead in a folder.
///
/// # Errors
/// When the folder cannot be read.
pub fn of_the_dead(folder: &Path) -> io::Result<Vec<DeadSign>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let dead = entries.flatten().filter_map(|entry| {
        let file = File::open(entry.path()).ok()?;
        file.try_lock().ok()?;
        Some(DeadSign { path: entry.path(), _locked: file })
    });
    Ok(dead.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dead_are_swept_away_but_those_that_are_asked_about_and_the_living_stay() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = |name: &str| folder.path().join("life").join(name);
        assert!(of_the_dead(&folder.path().join("life")).unwrap().is_empty(), "there is none yet");
        let living = give(&path("living")).unwrap();
        for name in ["dead", "asked-about"] {
            drop(give(&path(name)).unwrap());
        }
        for sign in of_the_dead(&folder.path().join("life")).unwrap() {
            if sign.name() != Some("asked-about") {
                sign.remove();
            }
        }
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
