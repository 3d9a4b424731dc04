//! Files that the kernel makes when they are read, as those of `/proc` and `/sys`.

use std::fs::File;
use std::io::{self, Read as _};

/// All of such a file.
///
/// It has no size, and [`std::fs::read`] would take it in pieces that begin at 32 bytes; of a table of sockets the
/// kernel goes through all connections again for each.
///
/// # Errors
/// As [`std::fs::read`].
pub fn read(path: &str) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let mut bytes = vec![0; 4096];
    let mut n = 0;
    loop {
        match file.read(&mut bytes[n..]) {
            Ok(0) => break,
            Ok(more) => n += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        if n == bytes.len() {
            bytes.resize(2 * n, 0);
        }
    }
    bytes.truncate(n);
    Ok(bytes)
}
