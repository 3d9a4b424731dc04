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
    let mut text = Vec::with_capacity(512);
    write(&serde_json::to_value(value)?, &mut text)?;
    Ok(String::from_utf8(text).map_err(<serde_json::Error as serde::ser::Error>::custom)?)
}

/// Appends canonical JSON.
///
/// Texts are written as serde_json does, which is what RFC 8785 asks for; only fractions need more. The library alone
/// would read every key again to sort it, which took as long as all else that is done to record an entry.
///
/// Source: RFC 8785, section 3.2.2 (texts, numbers) and 3.2.3 (keys in the order of their UTF-16 code units).
fn write(value: &Value, text: &mut Vec<u8>) -> Result<(), LineError> {
    match value {
        Value::Null | Value::Bool(_) | Value::String(_) => serde_json::to_writer(text, value)?,
        Value::Number(number) if number.is_f64() => serde_json_canonicalizer::to_writer(value, text)?,
        Value::Number(number) => {
            is_exact(number)?;
            serde_json::to_writer(text, value)?;
        }
        Value::Array(items) => {
            text.push(b'[');
            for (n, item) in items.iter().enumerate() {
                if 0 < n {
                    text.push(b',');
                }
                write(item, text)?;
            }
            text.push(b']');
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by(|(one, _), (other, _)| one.encode_utf16().cmp(other.encode_utf16()));
            text.push(b'{');
            for (n, (key, value)) in members.into_iter().enumerate() {
                if 0 < n {
                    text.push(b',');
                }
                serde_json::to_writer(&mut *text, key)?;
                text.push(b':');
                write(value, text)?;
            }
            text.push(b'}');
        }
    }
    Ok(())
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
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 15));
    }
    text
}

/// Whether a whole number is the same after it was read as a double.
fn is_exact(number: &serde_json::Number) -> Result<(), LineError> {
    let size = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs));
    match size {
        Some(size) if size <= MAX_EXACT => Ok(()),
        _ => Err(LineError::TooLarge(number.to_string())),
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

    proptest::proptest! {
        #[test]
        fn canonical_json_is_that_of_the_library(
            keys in proptest::collection::vec(".{0,6}", 0..6),
            texts in proptest::collection::vec(proptest::prelude::any::<String>(), 6),
            fraction in proptest::num::f64::NORMAL,
            whole in -(1_i64 << 53)..=(1 << 53),
        ) {
            let mut value = serde_json::json!({"\u{fb01}": 1, "\u{1f600}": [fraction, whole, null, true, [], {}]});
            for (key, text) in keys.iter().zip(texts) {
                value[key] = serde_json::json!({key: text, "": key});
            }
            proptest::prop_assert_eq!(canonical(&value).unwrap(), serde_json_canonicalizer::to_string(&value).unwrap());
        }
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
