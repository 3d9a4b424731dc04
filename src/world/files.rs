//! Files that are either as they were or whole.

use std::fs::{self, File, Permissions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

/// A file could not be written; what stood there stands there still.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}", path.display())]
pub struct WriteError {
    /// The file.
    pub path: PathBuf,
    /// Why not.
    pub source: io::Error,
}

/// Writes `bytes` to `path` through a new file beside it, so that a reader sees the old content or the new one.
///
/// The file is readable by its owner only. A symbolic link at `path` is replaced, not followed. A device, such
/// as `/dev/stdout`, is written to directly.
///
/// # Errors
/// [`WriteError`]; the old content is untouched.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    stream(path, |_| Ok(()), |file| file.write_all(bytes))
}

/// The same for a file that every user of the machine may read, such as one that node_exporter collects.
///
/// # Errors
/// As [`write_atomically`].
pub fn publish_atomically(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    let for_all = |file: &File| file.set_permissions(Permissions::from_mode(0o644));
    stream(path, for_all, |file| file.write_all(bytes))
}

/// Replaces the content of a file that is there, and keeps whose it is and who may read and write it.
///
/// A symbolic link is followed: the file that it names gets the new content. `old` is what the caller read.
///
/// # Errors
/// [`WriteError`]; also when the file does not hold `old` any more: nothing that somebody else wrote is lost.
pub fn rewrite_atomically(path: &Path, old: &[u8], new: &[u8]) -> Result<(), WriteError> {
    let failed = |source| WriteError { path: path.to_owned(), source };
    let real = path.canonicalize().map_err(failed)?;
    let kept = real.metadata().map_err(failed)?;
    // Two that mend one file at the same time take turns: the second one sees what the first one wrote.
    let held = File::open(&real).map_err(failed)?;
    held.lock().map_err(failed)?;
    if fs::read(&real).map_err(failed)? != old {
        return Err(failed(io::Error::other("it has changed since it was read")));
    }
    let keep = |file: &File| {
        // Only root may give files away; whoever else could not have got here with another's file.
        let made = file.metadata()?;
        if (made.uid(), made.gid()) != (kept.uid(), kept.gid()) {
            fchown(file, Some(kept.uid()), Some(kept.gid()))?;
        }
        file.set_permissions(kept.permissions())
    };
    stream(&real, keep, |file| file.write_all(new)).map_err(|error| failed(error.source))
}

/// Writes a file that is not there yet, and the folders that it is in.
///
/// # Errors
/// [`WriteError`], also when there is something of that name; that is left as it is.
pub fn create(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    let create = || {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut file = File::options().write(true).create_new(true).open(path)?;
        let written = file.write_all(bytes).and_then(|()| file.sync_all());
        // Half a page would be taken for a whole one the next time.
        written.inspect_err(|_| drop(fs::remove_file(path)))
    };
    create().map_err(|source| WriteError { path: path.to_owned(), source })
}

/// As [`write_atomically`], with content that is never whole in memory.
///
/// # Errors
/// [`WriteError`], also with what `write` returns; the old content is untouched.
pub fn stream_atomically(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), WriteError> {
    stream(path, |_| Ok(()), write)
}

fn stream(
    path: &Path,
    prepare: impl FnOnce(&File) -> io::Result<()>,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), WriteError> {
    let mut pending = Pending::create(path)?;
    write(&mut pending).map_err(|source| WriteError { path: path.to_owned(), source })?;
    pending.finish_as(prepare)
}

/// A file that is written little by little, and is at its place only when it is whole.
///
/// What is given up before that leaves nothing behind, nor does what could not be written.
#[derive(Debug)]
pub struct Pending {
    path: PathBuf,
    to: BufWriter<Place>,
}

#[derive(Debug)]
enum Place {
    /// Something that is no file: it is written to directly.
    There(File),
    /// Beside the place that it will have.
    Beside(tempfile::NamedTempFile),
}

impl Pending {
    /// Begins a file for its owner only, as [`write_atomically`] writes it.
    ///
    /// # Errors
    /// [`WriteError`].
    pub fn create(path: &Path) -> Result<Self, WriteError> {
        let is_direct = path.symlink_metadata().is_ok_and(|meta| !meta.is_file() && !meta.is_symlink())
            || is_device_link(path);
        let place = if is_direct {
            File::options().write(true).open(path).map(Place::There)
        } else {
            tempfile::NamedTempFile::new_in(folder_of(path)).map(Place::Beside)
        };
        let place = place.map_err(|source| WriteError { path: path.to_owned(), source })?;
        Ok(Self { path: path.to_owned(), to: BufWriter::new(place) })
    }

    /// Puts it at its place.
    ///
    /// # Errors
    /// [`WriteError`]; the old content is untouched.
    pub fn finish(self) -> Result<(), WriteError> {
        self.finish_as(|_| Ok(()))
    }

    fn finish_as(self, prepare: impl FnOnce(&File) -> io::Result<()>) -> Result<(), WriteError> {
        let Self { path, to } = self;
        let finish = || match to.into_inner().map_err(io::IntoInnerError::into_error)? {
            // A device has permissions of its own.
            Place::There(_) => Ok(()),
            Place::Beside(file) => {
                prepare(file.as_file())?;
                file.as_file().sync_all()?;
                file.persist(&path).map_err(|error| error.error)?;
                File::open(folder_of(&path))?.sync_all()
            }
        };
        finish().map_err(|source| WriteError { path: path.clone(), source })
    }
}

impl Write for Pending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.to.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

impl Write for Place {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::There(file) => file.write(bytes),
            Self::Beside(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::There(file) => file.flush(),
            Self::Beside(file) => file.flush(),
        }
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// `/dev/stdout` is a link to what stdout is.
fn is_device_link(path: &Path) -> bool {
    path.starts_with("/dev") || path.starts_with("/proc/self/fd")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_published_can_be_read_by_all_and_the_rest_by_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let mode = || path.metadata().unwrap().permissions().mode() & 0o777;
        write_atomically(&path, b"a").unwrap();
        assert_eq!(mode(), 0o600);
        publish_atomically(&path, b"b").unwrap();
        assert_eq!((mode(), std::fs::read(&path).unwrap()), (0o644, b"b".to_vec()));
    }

    #[test]
    fn a_file_is_rewritten_behind_its_link_and_keeps_its_mode() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("file"), folder.path().join("link"));
        std::fs::write(&path, b"a").unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink("file", &link).unwrap();
        rewrite_atomically(&link, b"a", b"b").unwrap();
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(std::fs::read(&path).unwrap(), b"b");
        let error = rewrite_atomically(&path, b"a", b"c").unwrap_err();
        assert_eq!(error.source.to_string(), "it has changed since it was read");
        assert_eq!(std::fs::read(&path).unwrap(), b"b");
    }

    #[test]
    fn what_is_there_is_not_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("docs/process.md");
        create(&path, b"a").unwrap();
        assert_eq!(create(&path, b"b").unwrap_err().source.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(&path).unwrap(), b"a");
    }
}
