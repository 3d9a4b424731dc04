//! What is in a file.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Instant;

use rustix::fs::OFlags;
use sha2::{Digest, Sha256, Sha512};

use super::super::Answer;
use super::kind;
use crate::model::{FileCheck, FileType};

/// More of a text is not read.
const LIMIT: usize = 16 << 20;

/// What was read.
struct Contents {
    /// The beginning, and all of it unless it is too long.
    text: Vec<u8>,
    is_whole: bool,
    sha256: Option<String>,
    sha512: Option<String>,
}

/// Why nothing, or not all, was read.
enum Unread {
    /// There is nothing that could be read.
    Kind(FileType),
    Failed(io::Error),
    /// The time was over.
    TooLong,
}

impl From<io::Error> for Unread {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}

/// An answer for each thing that is said of the contents.
pub(super) fn ask(check: &FileCheck, path: &Path, looked: &Metadata, deadline: Instant) -> Vec<Answer> {
    let contents = match read(check, path, looked, deadline) {
        Ok(contents) => contents,
        Err(unread) => return vec![not_read(path, &unread)],
    };
    let mut answers = Vec::new();
    if let Some(text) = &check.contains {
        answers.push(contents.contain(text, path));
    }
    let too_large = || Answer::unknown(format!("{} is larger than 16 MiB", path.display()));
    if let Some(matcher) = &check.contents {
        let text = || String::from_utf8_lossy(&contents.text);
        answers.push(if contents.is_whole {
            Answer::of(matcher, "contents", text().trim_end())
        } else {
            too_large()
        });
    }
    let of_digest = |name: &str, wanted: Option<&str>, found: Option<String>| {
        let (wanted, found) = (wanted?, found?);
        Some(if wanted == found {
            Answer::Yes { found: format!("{name} {found}") }
        } else {
            Answer::no(format!("{name} {wanted}"), found)
        })
    };
    answers.extend(of_digest("SHA-256", check.sha256.as_ref().map(|it| it.0.as_str()), contents.sha256));
    answers.extend(of_digest("SHA-512", check.sha512.as_ref().map(|it| it.0.as_str()), contents.sha512));
    answers
}

fn not_read(path: &Path, unread: &Unread) -> Answer {
    let path = path.display();
    match unread {
        Unread::Kind(found) => {
            Answer::no(format!("{} at {path}", FileType::File.in_words()), found.in_words().to_owned())
        }
        Unread::Failed(error) => Answer::unknown(match error.kind() {
            ErrorKind::NotFound => format!("{path} vanished while it was looked at"),
            ErrorKind::PermissionDenied => format!("{path}: permission denied: this user may not read it"),
            _ => format!("{path}: {error}"),
        }),
        Unread::TooLong => Answer::unknown(format!("{path} could not be read to its end in time")),
    }
}

fn read(check: &FileCheck, path: &Path, looked: &Metadata, deadline: Instant) -> Result<Contents, Unread> {
    if !looked.is_file() {
        return Err(Unread::Kind(kind(looked)));
    }
    let mut file = open(path)?;
    // Something else may stand there by now.
    let opened = file.metadata()?;
    if !opened.is_file() {
        return Err(Unread::Kind(kind(&opened)));
    }
    let (mut sha256, mut sha512) =
        (check.sha256.as_ref().map(|_| Sha256::new()), check.sha512.as_ref().map(|_| Sha512::new()));
    let has_digest = sha256.is_some() || sha512.is_some();
    let (mut text, mut is_whole) = (Vec::new(), true);
    let mut buffer = vec![0; usize::try_from(opened.len()).unwrap_or(usize::MAX).clamp(4 << 10, 1 << 20) + 1];
    loop {
        let n_bytes = match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(n_bytes) => n_bytes,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        };
        let read = &buffer[..n_bytes];
        if let Some(digest) = &mut sha256 {
            digest.update(read);
        }
        if let Some(digest) = &mut sha512 {
            digest.update(read);
        }
        let room = LIMIT - text.len();
        text.extend_from_slice(&read[..n_bytes.min(room)]);
        is_whole &= n_bytes <= room;
        if !is_whole && !has_digest {
            break;
        }
        if Instant::now() >= deadline {
            return Err(Unread::TooLong);
        }
    }
    Ok(Contents {
        text,
        is_whole,
        sha256: sha256.map(|digest| hexadecimal(&digest.finalize())),
        sha512: sha512.map(|digest| hexadecimal(&digest.finalize())),
    })
}

/// Without blocking: a named pipe without a writer would keep its reader for ever.
fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let flags = i32::try_from(flags.bits()).unwrap_or_default();
    OpenOptions::new().read(true).custom_flags(flags).open(path)
}

fn hexadecimal(digest: &[u8]) -> String {
    use std::fmt::Write as _;
    digest.iter().fold(String::with_capacity(2 * digest.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl Contents {
    fn contain(&self, text: &str, path: &Path) -> Answer {
        let path = path.display();
        if self.text.windows(text.len().max(1)).any(|window| window == text.as_bytes()) || text.is_empty() {
            return Answer::Yes { found: format!("`{text}` in {path}") };
        }
        if !self.is_whole {
            return Answer::unknown(format!("{path} is larger than 16 MiB"));
        }
        Answer::no(format!("`{text}` in {path}"), format!("{} bytes without it", self.text.len()))
    }
}
