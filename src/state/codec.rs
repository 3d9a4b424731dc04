//! Values as they stand in the tables.

use chrono::{DateTime, SecondsFormat, Utc};
use rusqlite::Row;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::Fault;

/// RFC 3339 in UTC with three decimals: text that sorts as time does.
pub(super) fn stamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A time from a column.
pub(super) fn time(row: &Row, column: &str) -> Result<DateTime<Utc>, Fault> {
    let text: String = row.get(column)?;
    DateTime::parse_from_rfc3339(&text)
        .map(|time| time.to_utc())
        .map_err(|error| Fault::Unreadable("a time", Box::new(error)))
}

/// A time from a column that may be empty.
pub(super) fn opt_time(row: &Row, column: &str) -> Result<Option<DateTime<Utc>>, Fault> {
    match row.get_ref(column)? {
        rusqlite::types::ValueRef::Null => Ok(None),
        _ => time(row, column).map(Some),
    }
}

/// A value as JSON.
pub(super) fn json<T: Serialize>(value: &T) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(|error| Fault::Unreadable("a value", Box::new(error)))
}

/// A value from a JSON column.
pub(super) fn from_json<T: DeserializeOwned>(row: &Row, column: &str) -> Result<T, Fault> {
    let text: String = row.get(column)?;
    parse(&text)
}

/// A value from JSON.
pub(super) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Fault> {
    serde_json::from_str(text).map_err(|error| Fault::Unreadable("a value", Box::new(error)))
}

/// A name of a closed set, as serde spells it, from a column.
pub(super) fn name<T: DeserializeOwned>(row: &Row, column: &str) -> Result<T, Fault> {
    named(row.get(column)?)
}

/// A name of a closed set from a column that may be empty.
pub(super) fn opt_name<T: DeserializeOwned>(row: &Row, column: &str) -> Result<Option<T>, Fault> {
    row.get::<_, Option<String>>(column)?.map(named).transpose()
}

fn named<T: DeserializeOwned>(text: String) -> Result<T, Fault> {
    T::deserialize(serde::de::value::StringDeserializer::<serde_json::Error>::new(text))
        .map_err(|error| Fault::Unreadable("a name", Box::new(error)))
}

/// Every row of a query, read with `read`.
pub(super) fn rows<T>(
    connection: &rusqlite::Connection,
    sql: &str,
    params: impl rusqlite::Params,
    mut read: impl FnMut(&Row) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

/// The first row of a query, read with `read`.
pub(super) fn first<T>(
    connection: &rusqlite::Connection,
    sql: &str,
    params: impl rusqlite::Params,
    read: impl FnOnce(&Row) -> Result<T, Fault>,
) -> Result<Option<T>, Fault> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    rows.next()?.map(read).transpose()
}

/// The number of a run, an ordinal or a size as SQLite counts.
pub(super) fn count<T: TryInto<i64>>(value: T) -> Result<i64, Fault>
where
    T::Error: std::error::Error + Send + Sync + 'static,
{
    value.try_into().map_err(|error: T::Error| Fault::Unreadable("a number", Box::new(error)))
}

/// A number from a column that is never negative.
pub(super) fn natural(row: &Row, column: &str) -> Result<u64, Fault> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|error| Fault::Unreadable("a number", Box::new(error)))
}
