//! Reading a log that a step left.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, Write};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use rustix::fs::{CWD, Mode, OFlags, openat};
use sha2::{Digest, Sha256};

use super::LogName;
use crate::model::OutputLog;
use crate::text::inert;

/// Why a log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// It is not there any more.
    #[error(
        "the log {} was removed: the oldest go when there is no more room, and the ledger keeps what it was ({} bytes, \
         SHA-256 {})",
        path.display(), log.bytes, log.digest
    )]
    Removed {
        /// Where it was.
        path: PathBuf,
        /// What is on record of it.
        log: OutputLog,
    },
    /// It is not what was recorded.
    #[error("the log {} was changed: its SHA-256 is {found}, and {recorded} is on record", path.display())]
    Changed {
        /// Where it is.
        path: PathBuf,
        /// What is on record.
        recorded: String,
        /// What it is now.
        found: String,
    },
    /// What is on record is no name of a log.
    #[error("`{0}` is no name of a log")]
    NoName(String),
    /// The system refused.
    #[error("cannot read the log {}", path.display())]
    Read {
        /// Where it is.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// The text of a log, uncompressed as it is read.
#[derive(Debug)]
pub struct LogReader {
    text: io::Take<MultiGzDecoder<BufReader<File>>>,
}

pub(super) fn open(folder: &Path, log: &OutputLog) -> Result<LogReader, LogError> {
    // A record names no file elsewhere, whoever wrote it.
    let name = LogName::read(&log.name).ok_or_else(|| LogError::NoName(log.name.clone()))?;
    let path = folder.join(name.to_string());
    let failed = |source: io::Error| LogError::Read { path: path.clone(), source };
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let mut file = match openat(CWD, &path, flags, Mode::empty()) {
        Err(rustix::io::Errno::NOENT) => return Err(LogError::Removed { path, log: log.clone() }),
        opened => File::from(opened.map_err(|error| failed(error.into()))?),
    };
    let found = digest_of(&file).map_err(failed)?;
    if found != log.digest {
        return Err(LogError::Changed { path, recorded: log.digest.clone(), found });
    }
    file.rewind().map_err(failed)?;
    Ok(LogReader { text: MultiGzDecoder::new(BufReader::new(file)).take(log.bytes) })
}

fn digest_of(file: &File) -> io::Result<String> {
    let (mut digest, mut buffer) = (Sha256::new(), vec![0; 64 * 1024]);
    let mut file = file;
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hexadecimal(digest)),
            n => digest.update(&buffer[..n]),
        }
    }
}

pub(super) fn hexadecimal(digest: Sha256) -> String {
    format!("{:x}", digest.finalize())
}

/// The bytes as the step printed them, but for secrets: they may act on a terminal.
impl Read for LogReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.text.read(buffer)
    }
}

impl LogReader {
    /// Writes the whole text to `out`, in constant memory, in a form that acts on no terminal: bytes that are no UTF-8
    /// are replaced, and control characters are shown as escapes.
    ///
    /// # Errors
    /// When it cannot be read, or written.
    pub fn write_inert(mut self, out: &mut dyn Write) -> io::Result<()> {
        let (mut buffer, mut n_kept) = (vec![0; 64 * 1024], 0);
        loop {
            let n_read = self.text.read(&mut buffer[n_kept..])?;
            let text = &buffer[..n_kept + n_read];
            // A character may go on in the next piece.
            let n_whole = if n_read == 0 { text.len() } else { whole_characters(text) };
            out.write_all(inert(&String::from_utf8_lossy(&text[..n_whole])).as_bytes())?;
            n_kept = text.len() - n_whole;
            buffer.copy_within(n_whole..n_whole + n_kept, 0);
            if n_read == 0 {
                return Ok(());
            }
        }
    }
}

/// How many bytes there are before a character whose end is missing.
fn whole_characters(text: &[u8]) -> usize {
    match std::str::from_utf8(&text[text.len().saturating_sub(3)..]) {
        // `error_len` is `None` for what only lacks its end.
        Err(error) if error.error_len().is_none() => text.len().saturating_sub(3) + error.valid_up_to(),
        _ => text.len(),
    }
}
