//! An entry as bytes, and the digest that chains the next one to it.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::model::Entry;

/// `prev` of the first entry.
pub const NO_DIGEST: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The largest whole number up to which canonical JSON keeps every whole number apart.
///
/// Source: RFC 8785, section 3.2.2.3, and RFC 7493: numbers are doubles.
const MAX_EXACT: u64 = 1 << 53;

/// An entry has no line.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// A whole number would change on its way.
    #[error("the number {0} is too large for the ledger, which keeps whole numbers up to 2^53")]
    TooLarge(String),
    /// It is not JSON.
    #[error("an entry cannot be written as JSON")]
    NotJson(#[from] serde_json::Error),
}

/// The line of `entry`, without its line feed.
///
/// # Errors
/// [`LineError::TooLarge`] rather than a number that is not the one that was meant.
pub fn line(entry: &Entry) -> Result<String, LineError> {
    canonical(entry)
}

/// Canonical JSON of anything, and only if every number survives.
///
/// # Errors
/// As [`line()`].
pub fn canonical<T: serde::Serialize>(value: &T) -> Result<String, LineError> {
    let value = serde_json::to_value(value)?;
    exact(&value)?;
    Ok(serde_json_canonicalizer::to_string(&value)?)
}

/// The digest of an entry, from its line without the line feed.
pub fn digest(line: &[u8]) -> String {
    let mut hasher = Sha256::new();
    hasher.update(line);
    hasher.update(b"\n");
    hexadecimal(&hasher.finalize())
}

/// SHA-256 of `bytes`, in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn exact(value: &Value) -> Result<(), LineError> {
    match value {
        Value::Number(number) if number.is_f64() => Ok(()),
        Value::Number(number) => {
            let size = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs));
            match size {
                Some(size) if size <= MAX_EXACT => Ok(()),
                _ => Err(LineError::TooLarge(number.to_string())),
            }
        }
        Value::Array(items) => items.iter().try_for_each(exact),
        Value::Object(members) => members.values().try_for_each(exact),
        Value::Null | Value::Bool(_) | Value::String(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_json_sorts_keys_and_writes_numbers_in_one_way() {
        let value = serde_json::json!({"b": 1.0, "a": "é\u{1}", "c": [1e21, -0.0]});
        assert_eq!(canonical(&value).unwrap(), r#"{"a":"é\u0001","b":1,"c":[1e+21,0]}"#);
    }

    #[test]
    fn a_number_that_would_change_is_refused() {
        let check = |number: Value, fits: bool| {
            assert_eq!(canonical(&serde_json::json!({"facts": [number]})).is_ok(), fits, "{number}");
        };
        check(9_007_199_254_740_992_u64.into(), true);
        check(9_007_199_254_740_993_u64.into(), false);
        check(u64::MAX.into(), false);
        check((-9_007_199_254_740_992_i64).into(), true);
        check(i64::MIN.into(), false);
        check(1.5e300.into(), true);
    }

    #[test]
    fn a_digest_covers_the_line_feed() {
        // printf '{}\n' | sha256sum
        assert_eq!(digest(b"{}"), "ca3d163bab055381827226140568f3bef7eaac187cebd76878e0b63e9e442356");
        // printf '{}' | sha256sum
        assert_eq!(sha256(b"{}"), "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
    }
}
