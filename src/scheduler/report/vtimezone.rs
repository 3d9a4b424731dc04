//! A time zone as iCalendar wants it told: what its clocks did, from one change to the next.
//!
//! The changes are those of our zone data over the time in question, one by one and without rules for the years after:
//! a reader that has other data, or none, then still shows the times that were meant.
//!
//! Source: RFC 5545, 3.6.5.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::calendar::Zone;

/// A stretch of constant offset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observance {
    /// The wall clock at its begin, by the offset before it.
    pub onset: NaiveDateTime,
    /// Local time minus UTC before it, in seconds.
    pub offset_from: i32,
    /// Local time minus UTC, in seconds.
    pub offset_to: i32,
    /// What the zone calls it: `CEST`.
    pub name: String,
    /// Whether it is daylight saving time.
    pub is_daylight: bool,
}

/// The observances of `zone` that the time from `from` until `until` lies in, in order; at least one.
pub fn observances(zone: &Zone, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<Observance> {
    let zone = TimeZone::from(zone.clone());
    // A change at `from` itself begins the first one.
    let begin = timestamp(from + TimeDelta::seconds(1));
    let first = zone.preceding(begin).next().map(|change| change.timestamp());
    let first = first.and_then(|change| observance(&zone, change));
    let mut all = vec![first.unwrap_or_else(|| since_ever(&zone, begin))];
    let changes = zone.following(timestamp(from)).map(|change| change.timestamp());
    let changes = changes.take_while(|change| change.as_second() <= until.timestamp());
    all.extend(changes.filter_map(|change| observance(&zone, change)));
    all
}

/// The stretch that begins with a change; `None` when nothing can lie before it.
fn observance(zone: &TimeZone, change: Timestamp) -> Option<Observance> {
    let before = Timestamp::from_second(change.as_second() - 1).ok()?;
    let (offset_from, to) = (zone.to_offset(before).seconds(), zone.to_offset_info(change));
    Some(Observance {
        onset: wall(change, offset_from)?,
        offset_from,
        offset_to: to.offset().seconds(),
        name: to.abbreviation().to_owned(),
        is_daylight: to.dst().is_dst(),
    })
}

/// The only stretch of a zone whose clocks were never changed before `instant`.
fn since_ever(zone: &TimeZone, instant: Timestamp) -> Observance {
    let info = zone.to_offset_info(instant);
    let offset = info.offset().seconds();
    Observance {
        onset: NaiveDateTime::default(),
        offset_from: offset,
        offset_to: offset,
        name: info.abbreviation().to_owned(),
        is_daylight: info.dst().is_dst(),
    }
}

fn wall(instant: Timestamp, offset: i32) -> Option<NaiveDateTime> {
    DateTime::from_timestamp(instant.as_second() + i64::from(offset), 0).map(|local| local.naive_utc())
}

/// jiff's view of an instant; the far ends of chrono's range become those of jiff's.
fn timestamp(instant: DateTime<Utc>) -> Timestamp {
    let edge = if instant.timestamp() < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_second(instant.timestamp()).unwrap_or(edge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_observance_begins_with_the_change_before_and_ends_with_the_one_after() {
        let check = |zone: &str, from: &str, until: &str, expected: &[(&str, i32, i32, &str, bool)]| {
            let named = Zone::named(zone).expect("a zone");
            let (from, until) = (from.parse().expect("an instant"), until.parse().expect("an instant"));
            let found = observances(&named, from, until);
            let onsets: Vec<_> = found.iter().map(|found| found.onset.to_string()).collect();
            let found: Vec<_> = found
                .iter()
                .zip(&onsets)
                .map(|(it, onset)| {
                    (onset.as_str(), it.offset_from, it.offset_to, it.name.as_str(), it.is_daylight)
                })
                .collect();
            assert_eq!(found, expected, "{zone}");
        };
        let (winter, summer) = (
            ("2025-10-26 03:00:00", 7200, 3600, "CET", false),
            ("2026-03-29 02:00:00", 3600, 7200, "CEST", true),
        );
        check("Europe/Berlin", "2026-03-01T00:00:00Z", "2026-03-29T00:59:59Z", &[winter]);
        check("Europe/Berlin", "2026-03-01T00:00:00Z", "2026-03-29T01:00:00Z", &[winter, summer]);
        check("Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-30T01:00:00Z", &[summer]);
        check(
            "UTC",
            "2026-03-01T00:00:00Z",
            "2027-03-01T00:00:00Z",
            &[("1970-01-01 00:00:00", 0, 0, "UTC", false)],
        );
        check(
            "Asia/Kolkata",
            "2026-03-01T00:00:00Z",
            "2027-03-01T00:00:00Z",
            &[("1945-10-15 00:00:00", 23_400, 19_800, "IST", false)],
        );
    }
}
