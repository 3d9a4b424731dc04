//! A secret in a file that only we can use.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use zeroize::Zeroizing;

use super::{MAX_BYTES, NoValue};

/// Permissions that others have.
const OTHERS: u32 = 0o077;

/// Reads a regular file of ours that nobody else can use. A link is followed: what it names is looked at.
pub(super) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, NoValue> {
    let failed = |source| NoValue::Read { path: path.to_owned(), source };
    // Opening a pipe without O_NONBLOCK waits for a writer.
    let nonblock = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = File::options().read(true).custom_flags(nonblock).open(path).map_err(failed)?;
    // Of the very file that is read: its name may mean another one by now.
    let meta = file.metadata().map_err(failed)?;
    if !meta.is_file() {
        return Err(NoValue::NotAFile(path.to_owned()));
    }
    let user = rustix::process::geteuid().as_raw();
    if meta.uid() != user {
        return Err(NoValue::Owner { path: path.to_owned(), owner: meta.uid(), user });
    }
    let mode = meta.mode() & 0o7777;
    if mode & OTHERS != 0 {
        return Err(NoValue::Mode { path: path.to_owned(), mode });
    }
    whole(file).map_err(failed)?.ok_or(NoValue::TooLong)
}

/// All that `source` holds; `None` when that is more than a secret may have.
fn whole(source: impl Read) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    // Of its full size from the start: a vector that grows leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(2 * MAX_BYTES));
    source.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() <= MAX_BYTES).then_some(bytes))
}
