//! Instants as text of a fixed width, so that they sort as they follow each other.

use chrono::{DateTime, SecondsFormat, Utc};
use rusqlite::types::Type;

/// `2026-03-08T01:00:00.000Z`.
pub fn text(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Reads what [`text`] wrote, in column `column`.
pub fn instant(column: usize, text: &str) -> rusqlite::Result<DateTime<Utc>> {
    let read = DateTime::parse_from_rfc3339(text).map(|instant| instant.to_utc());
    read.map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

/// Reads an instant or nothing.
pub fn maybe_instant(column: usize, text: Option<&str>) -> rusqlite::Result<Option<DateTime<Utc>>> {
    text.map(|text| instant(column, text)).transpose()
}

/// Reads JSON that this crate wrote, in column `column`.
pub fn json<T: serde::de::DeserializeOwned>(column: usize, text: &str) -> rusqlite::Result<T> {
    let read = serde_json::from_str(text);
    read.map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}
