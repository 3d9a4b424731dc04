//! `--since`: a time, or a length up to now.

use chrono::{DateTime, Local, TimeZone, Utc};

use crate::model::{Length, Moment};

/// The value of `--since`.
#[derive(Debug, Clone, Copy)]
pub enum Since {
    /// This time.
    Instant(DateTime<Utc>),
    /// So long before now.
    Ago(Length),
}

impl Since {
    /// The instant, for a command that started at `now`.
    pub fn before(self, now: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::Instant(instant) => instant,
            Self::Ago(length) => now - length.0,
        }
    }
}

/// Reads `--since`: a time of this machine's zone, a time with an offset, or a length up to now.
pub fn since(text: &str) -> Result<Since, String> {
    if let Ok(length) = text.parse() {
        return Ok(Since::Ago(length));
    }
    let expected = "expected a time such as 2026-12-20 or 2026-12-20T02:30:00Z, or a length such as 7d";
    let local = match text.parse().map_err(|_| expected)? {
        Moment::Utc(instant) => return Ok(Since::Instant(instant)),
        Moment::Local(local) => local,
        Moment::Date(date) => date.and_time(chrono::NaiveTime::MIN),
    };
    let instant =
        Local.from_local_datetime(&local).earliest().ok_or("there is no such time in the local zone")?;
    Ok(Since::Instant(instant.to_utc()))
}
