//! Files that a check reads beside what it is about: certificates, configurations, rules.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use rustix::fs::OFlags;

use crate::world::host::Host;

/// More is no configuration and no certificate.
const LIMIT: u64 = 64 << 20;
/// A file system that does not answer within this hangs.
const WITHIN: Duration = Duration::from_secs(5);

/// The bytes of a file. Nothing is opened that could block, and no more is read than fits.
///
/// # Errors
/// Why it cannot be read, with its path.
pub(super) fn bytes_of(path: &Path) -> Result<Vec<u8>, String> {
    Host::default().answers(path, WITHIN).map_err(|error| error.to_string())?;
    let cannot = |why: &dyn std::fmt::Display| format!("{} cannot be read: {why}", path.display());
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
    let opened = File::options().read(true).custom_flags(flags).open(path);
    let file = opened.map_err(|error| cannot(&error))?;
    let meta = file.metadata().map_err(|error| cannot(&error))?;
    if !meta.is_file() {
        return Err(cannot(&format!("it is {}", super::file::kind(&meta).in_words())));
    }
    let mut bytes = Vec::new();
    file.take(LIMIT + 1).read_to_end(&mut bytes).map_err(|error| cannot(&error))?;
    if bytes.len() as u64 > LIMIT {
        return Err(cannot(&format!("it is larger than {}", crate::text::in_bytes(LIMIT))));
    }
    Ok(bytes)
}

/// The same of a text.
///
/// # Errors
/// As [`bytes_of`], and when it is no UTF-8.
pub(super) fn text_of(path: &Path) -> Result<String, String> {
    let bytes = bytes_of(path)?;
    String::from_utf8(bytes).map_err(|_| format!("{} cannot be read: it is not UTF-8", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_block_or_never_end_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let said = || text_of(&path);
        assert!(said().unwrap_err().ends_with("cannot be read: No such file or directory (os error 2)"));
        std::process::Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(said().unwrap_err().ends_with("cannot be read: it is a named pipe"));
        std::fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
        assert!(said().unwrap_err().ends_with("cannot be read: it is a character device"));
        std::fs::remove_file(&path).unwrap();
        File::create(&path).unwrap().set_len(LIMIT + 1).unwrap();
        assert!(said().unwrap_err().ends_with("cannot be read: it is larger than 64 MiB"));
        std::fs::write(&path, [b'a', 0xff]).unwrap();
        assert!(said().unwrap_err().ends_with("cannot be read: it is not UTF-8"));
        std::fs::write(&path, "a").unwrap();
        assert_eq!(said().unwrap(), "a");
    }
}
