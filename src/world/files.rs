//! Files that are either as they were or whole.

use std::fs::{File, Permissions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
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
    stream(path, None, |file| file.write_all(bytes))
}

/// The same for a file that every user of the machine may read, such as one that node_exporter collects.
///
/// # Errors
/// As [`write_atomically`].
pub fn publish_atomically(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    stream(path, Some(Permissions::from_mode(0o644)), |file| file.write_all(bytes))
}

/// As [`write_atomically`], with content that is never whole in memory.
///
/// # Errors
/// [`WriteError`], also with what `write` returns; the old content is untouched.
pub fn stream_atomically(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), WriteError> {
    stream(path, None, write)
}

fn stream(
    path: &Path,
    permissions: Option<Permissions>,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), WriteError> {
    let write = || {
        if path.symlink_metadata().is_ok_and(|meta| !meta.is_file() && !meta.is_symlink())
            || is_device_link(path)
        {
            return write(&mut File::options().write(true).open(path)?);
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        let mut buffered = BufWriter::new(&mut file);
        write(&mut buffered)?;
        buffered.flush()?;
        drop(buffered);
        if let Some(permissions) = permissions {
            file.as_file().set_permissions(permissions)?;
        }
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        File::open(folder)?.sync_all()
    };
    write().map_err(|source| WriteError { path: path.to_owned(), source })
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
}
