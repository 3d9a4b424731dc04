//! One entry as bytes, and the digest that the next entry carries.

use sha2::{Digest, Sha256};

use crate::model::Entry;

/// `prev` of the first entry.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// An entry cannot be written as canonical JSON: a number in it is not finite.
#[derive(Debug, thiserror::Error)]
#[error("the entry cannot be written as canonical JSON")]
pub struct LineError(#[from] serde_json::Error);

/// The entry's line: canonical JSON (RFC 8785) and a line feed.
///
/// # Errors
/// [`LineError`]; no event that mainstay makes is affected.
pub fn line_of(entry: &Entry) -> Result<String, LineError> {
    let mut line = serde_json_canonicalizer::to_string(entry)?;
    line.push('\n');
    Ok(line)
}

/// The digest of a line, over exactly its bytes, in hexadecimal.
pub fn digest_of(line: &str) -> String {
    hex(&Sha256::digest(line))
}

/// Bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
