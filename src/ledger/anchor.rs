//! Anchors: what was said of a ledger somewhere else.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::{fs, io};

use serde_json::Value;

/// The length and the root that a ledger once had.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Anchor {
    /// How many entries it had.
    pub entries: u64,
    /// Its root: the digest of its last entry.
    pub root: String,
}

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}:{}", self.entries, self.root)
    }
}

impl FromStr for Anchor {
    type Err = ();

    /// Reads `ENTRIES:ROOT`.
    fn from_str(text: &str) -> Result<Self, ()> {
        let (entries, root) = text.split_once(':').ok_or(())?;
        Self::new(entries.parse().map_err(|_| ())?, root).ok_or(())
    }
}

/// What an anchor was to be read from does not hold one.
#[derive(Debug, thiserror::Error)]
pub enum AnchorError {
    /// It cannot be read.
    #[error("cannot read the anchor `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// There is none in it.
    #[error(
        "there is no anchor in `{}`; expected ENTRIES:ROOT, a file with such a line, or a report of mainstay",
        path.display()
    )]
    None {
        /// The file.
        path: PathBuf,
    },
    /// It is no report.
    #[error("the file `{}` is too large to be searched for anchors; give ENTRIES:ROOT", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
}

/// Reports are smaller than this.
const MAX_FILE_BYTES: u64 = 64 << 20;
/// Hexadecimal digits of SHA-256.
const N_DIGITS: usize = 64;

impl Anchor {
    fn new(entries: u64, root: &str) -> Option<Self> {
        let is_digest =
            root.len() == N_DIGITS && root.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        (entries > 0 && is_digest).then(|| Self { entries, root: root.to_owned() })
    }

    /// The anchors in `text`, which is `ENTRIES:ROOT`, or the name of a file that holds such words, or of a
    /// report in JSON.
    ///
    /// # Errors
    /// [`AnchorError`] when there is none: verifying against nothing is never a yes.
    pub fn find(text: &str) -> Result<Vec<Self>, AnchorError> {
        if let Ok(anchor) = text.parse() {
            return Ok(vec![anchor]);
        }
        let path = Path::new(text);
        let read = |source| AnchorError::Read { path: path.to_owned(), source };
        if fs::metadata(path).map_err(read)?.len() > MAX_FILE_BYTES {
            return Err(AnchorError::TooLarge { path: path.to_owned() });
        }
        let found = Self::in_content(&String::from_utf8_lossy(&fs::read(path).map_err(read)?));
        if found.is_empty() { Err(AnchorError::None { path: path.to_owned() }) } else { Ok(found) }
    }

    fn in_content(content: &str) -> Vec<Self> {
        let mut found: Vec<_> = match serde_json::from_str::<Value>(content) {
            Ok(value) => [value.get("ledger"), Some(&value)]
                .into_iter()
                .flatten()
                .find_map(of_json)
                .into_iter()
                .collect(),
            Err(_) => Vec::new(),
        };
        if found.is_empty() {
            let is_part = |c: char| c.is_ascii_alphanumeric() || c == ':';
            found = content.split(|c| !is_part(c)).filter_map(|word| word.parse().ok()).collect();
        }
        found.sort();
        found.dedup();
        found
    }
}

fn of_json(value: &Value) -> Option<Anchor> {
    Anchor::new(value.get("entries")?.as_u64()?, value.get("root")?.as_str()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_are_found_where_people_keep_them() {
        let root = "ab".repeat(32);
        let check = |content: &str, expected: &[u64]| {
            let found: Vec<_> = Anchor::in_content(content).into_iter().map(|a| a.entries).collect();
            assert_eq!(found, expected, "{content}");
        };
        check(&format!("12:{root}\n"), &[12]);
        check(&format!("<p>ledger <code>12:{root}</code>, before <code>7:{root}</code></p>"), &[7, 12]);
        check(&format!(r#"{{"ledger": {{"entries": 12, "root": "{root}"}}}}"#), &[12]);
        check(&format!(r#"{{"schema": "mainstay/audit-verify/v1", "entries": 3, "root": "{root}"}}"#), &[3]);
        check(&format!("0:{root} 12:{} 12:{root}0 12:{}", &root[1..], root.to_uppercase()), &[]);
        check("", &[]);
    }
}
