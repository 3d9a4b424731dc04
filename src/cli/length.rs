//! Lengths of time on the command line.
//!
//! An option that takes one has `allow_hyphen_values`: what has a sign is then told as a wrong length, not as an
//! option that there is not.

use crate::model::Length;

/// Reads a length above 0.
///
/// # Errors
/// What was expected, in words.
pub fn positive(text: &str) -> Result<Length, String> {
    let length: Length = text.strip_prefix('-').unwrap_or(text).parse()?;
    if text.starts_with('-') || length == Length::default() {
        return Err("expected a length above 0, such as 90s, 10m, 4h, 3d or 2w".to_owned());
    }
    Ok(length)
}
