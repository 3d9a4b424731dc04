//! Files that are either as they were or whole.

use std::fs::File;
use std::io::{self, BufWriter, Write};
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
    stream_atomically(path, |file| file.write_all(bytes))
}

/// As [`write_atomically`], with content that is never whole in memory.
///
/// # Errors
/// [`WriteError`], also with what `write` returns; the old content is untouched.
pub fn stream_atomically(
    path: &Path,
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
