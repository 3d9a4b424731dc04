//! Time zones: from the wall clock to instants and back.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDateTime, NaiveTime, Utc};
use jiff::Timestamp;
use jiff::civil;
use jiff::tz::{Offset, TimeZone};

use crate::model::Moment;

/// A time zone of the IANA data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone(TimeZone);

/// There is no such time zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no time zone `{name}`")]
pub struct UnknownZone {
    /// What was asked for.
    pub name: String,
}

/// A stretch of time during which a zone's offset does not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    /// Its first second since 1970, UTC.
    pub start: i64,
    /// The first second after it; `i64::MAX` when the zone never changes again.
    pub end: i64,
    /// Local time minus UTC, in seconds.
    pub offset: i64,
}

impl Zone {
    /// The zone called `name`, such as `Europe/Berlin`; upper and lower case do not matter.
    ///
    /// # Errors
    /// [`UnknownZone`].
    pub fn named(name: &str) -> Result<Self, UnknownZone> {
        if name.eq_ignore_ascii_case("UTC") {
            return Ok(Self::utc());
        }
        let found = of_one_file(name).or_else(|| TimeZone::get(name).ok());
        found.map(Self).ok_or_else(|| UnknownZone { name: name.to_owned() })
    }

    /// The names of all zones.
    pub fn names() -> Vec<String> {
        jiff::tz::TimeZoneDatabase::bundled().available().map(|name| name.as_str().to_owned()).collect()
    }

    /// The zone of a plan file that names none.
    pub fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// The instant that is meant: a local time in a gap is the end of the gap, one in an overlap the first of
    /// the two.
    pub fn resolve(&self, moment: &Moment) -> DateTime<Utc> {
        match moment {
            Moment::Utc(instant) => *instant,
            Moment::Local(local) => self.instant(*local),
            Moment::Date(date) => self.instant(date.and_time(NaiveTime::MIN)),
        }
    }

    /// The wall clock at `instant`, such as `Sat 2026-03-07 02:00`.
    pub fn local(&self, instant: DateTime<Utc>) -> String {
        self.wall(instant).format("%a %Y-%m-%d %H:%M").to_string()
    }

    /// The wall clock at `instant` without the weekday: `2026-03-07 02:00`.
    pub fn date_and_time(&self, instant: DateTime<Utc>) -> String {
        self.wall(instant).format("%Y-%m-%d %H:%M").to_string()
    }

    /// The date at `instant`: `2026-03-07`.
    pub fn date(&self, instant: DateTime<Utc>) -> String {
        self.wall(instant).format("%Y-%m-%d").to_string()
    }

    /// The time of day at `instant`: `02:00`.
    pub fn time(&self, instant: DateTime<Utc>) -> String {
        self.wall(instant).format("%H:%M").to_string()
    }

    /// What the zone calls its offset at `instant`: `CET`, or `+0330` where it has no letters.
    pub fn abbreviation(&self, instant: DateTime<Utc>) -> String {
        self.0.to_offset_info(timestamp(instant)).abbreviation().to_owned()
    }

    /// The wall clock at `instant`.
    pub fn wall(&self, instant: DateTime<Utc>) -> NaiveDateTime {
        let offset = i64::from(self.0.to_offset(timestamp(instant)).seconds());
        instant.naive_utc() + chrono::TimeDelta::seconds(offset)
    }

    /// Whether the wall clock shows this local time twice.
    pub(super) fn is_twice(&self, local_seconds: i64) -> bool {
        let Some(local) = DateTime::from_timestamp(local_seconds, 0) else { return false };
        let Some(civil) = civil_of(local.naive_utc()) else { return false };
        matches!(self.0.to_ambiguous_timestamp(civil).offset(), jiff::tz::AmbiguousOffset::Fold { .. })
    }

    /// The stretch of constant offset that `instant` lies in, and those after it, in order.
    pub(super) fn stretches(&self, instant: DateTime<Utc>) -> impl Iterator<Item = Stretch> {
        let first = timestamp(instant);
        let mut changes = self.0.following(first);
        let mut open = Some((first.as_second(), self.0.to_offset(first)));
        std::iter::from_fn(move || {
            let (start, offset) = open?;
            let change = changes.next();
            open = change.as_ref().map(|change| (change.timestamp().as_second(), change.offset()));
            let end = open.map_or(i64::MAX, |(end, _)| end);
            Some(Stretch { start, end, offset: seconds(offset) })
        })
    }

    /// From each instant on, local time minus UTC in seconds: at `from`, and at every change before `until`.
    pub fn offsets(&self, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<(DateTime<Utc>, i64)> {
        let stretches = self.stretches(from).take_while(|stretch| stretch.start < until.timestamp());
        let offset = |stretch: Stretch| Some((DateTime::from_timestamp(stretch.start, 0)?, stretch.offset));
        let mut offsets: Vec<_> = stretches.filter_map(offset).collect();
        // A change of the name or of daylight saving alone moves no clock.
        offsets.dedup_by_key(|(_, offset)| *offset);
        offsets
    }

    fn instant(&self, local: NaiveDateTime) -> DateTime<Utc> {
        let Some(civil) = civil_of(local) else { return local.and_utc() };
        let ambiguous = self.0.to_ambiguous_timestamp(civil);
        let seconds = match ambiguous.offset() {
            // By the offset after the gap the time lies just before the change, which is the gap's end.
            jiff::tz::AmbiguousOffset::Gap { .. } => ambiguous
                .earlier()
                .ok()
                .and_then(|before| {
                    self.0.following(before).next().map(|change| change.timestamp().as_second())
                })
                .unwrap_or_else(|| local.and_utc().timestamp()),
            _ => ambiguous.earlier().map_or_else(|_| local.and_utc().timestamp(), Timestamp::as_second),
        };
        DateTime::from_timestamp(seconds, 0).unwrap_or_default()
    }
}

impl From<Zone> for TimeZone {
    fn from(zone: Zone) -> Self {
        zone.0
    }
}

/// The zone in the host's file of exactly this name.
///
/// jiff's own search begins with a list of all zone files, half a millisecond: a quarter of what `validate`
/// takes. It stays the answer to every name that this does not find.
fn of_one_file(name: &str) -> Option<TimeZone> {
    is_plain(name).then(zone_files).flatten().and_then(|dir| read(&dir, name))
}

/// Whether the name is a path that stays inside the folder of zone files, and out of its variants with other
/// rules.
fn is_plain(name: &str) -> bool {
    let is_word = |part: &str| {
        !part.is_empty() && part.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-' | b'+'))
    };
    name.split('/').all(is_word) && !name.starts_with("posix/") && !name.starts_with("right/")
}

/// The folder of zone files, where jiff looks for it.
fn zone_files() -> Option<PathBuf> {
    const DIRS: [&str; 3] = ["/usr/share/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo"];
    let chosen = std::env::var_os("TZDIR").map(PathBuf::from);
    chosen.into_iter().chain(DIRS.map(PathBuf::from)).find(|dir| dir.is_dir())
}

fn read(dir: &Path, name: &str) -> Option<TimeZone> {
    TimeZone::tzif(name, &fs::read(dir.join(name)).ok()?).ok()
}

fn seconds(offset: Offset) -> i64 {
    i64::from(offset.seconds())
}

/// jiff's view of an instant, in whole seconds; the far ends of chrono's range become those of jiff's.
fn timestamp(instant: DateTime<Utc>) -> Timestamp {
    let edge = if instant.timestamp() < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_second(instant.timestamp()).unwrap_or(edge)
}

fn civil_of(local: NaiveDateTime) -> Option<civil::DateTime> {
    use chrono::{Datelike, Timelike};
    let part = |value: u32| i8::try_from(value).ok();
    civil::DateTime::new(
        i16::try_from(local.year()).ok()?,
        part(local.month())?,
        part(local.day())?,
        part(local.hour())?,
        part(local.minute())?,
        part(local.second())?,
        0,
    )
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_time_becomes_the_instant_that_is_meant() {
        let check = |zone: &str, text: &str, expected: &str| {
            let zone = Zone::named(zone).expect("a zone");
            let moment: Moment = text.parse().expect("a moment");
            let got = zone.resolve(&moment).to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
            assert_eq!(got, expected, "{text} in {}", zone.name());
        };
        check("Europe/Berlin", "2026-12-20", "2026-12-19T23:00:00Z");
        check("Europe/Berlin", "2026-06-01 02:30", "2026-06-01T00:30:00Z");
        check("Europe/Berlin", "2026-03-29 02:30", "2026-03-29T01:00:00Z");
        check("Europe/Berlin", "2026-10-25 02:30", "2026-10-25T00:30:00Z");
        check("Antarctica/Troll", "2026-03-29 02:30", "2026-03-29T01:00:00Z");
        check("Africa/Cairo", "2026-04-24", "2026-04-23T22:00:00Z");
        check("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z");
        check("Europe/Berlin", "2026-03-29T02:30:00Z", "2026-03-29T02:30:00Z");
    }

    #[test]
    fn a_zone_is_found_by_its_name_only() {
        assert_eq!(
            Zone::named("europe/berlin").map(|zone| zone.name().to_owned()),
            Ok("Europe/Berlin".into())
        );
        for unknown in [
            "Mars/Base",
            "",
            "Europe",
            "Europe/",
            "/Europe/Berlin",
            "Europe//Berlin",
            "Europe/../Europe/Berlin",
            "../../etc/passwd",
            "../zoneinfo/Europe/Berlin",
            "/usr/share/zoneinfo/Europe/Berlin",
            "posix/Europe/Berlin",
            "right/Europe/Berlin",
            "tzdata.zi",
            "zone.tab",
            "leapseconds",
            "Europe/Berlin\0",
        ] {
            assert_eq!(Zone::named(unknown), Err(UnknownZone { name: unknown.into() }));
        }
    }

    #[test]
    fn the_file_of_one_zone_says_what_a_search_of_all_zones_says() {
        let names: Vec<_> = jiff::tz::db().available().map(|name| name.to_string()).collect();
        assert!(names.len() > 300, "{names:?}");
        let mut n_files = 0;
        for name in names {
            let searched = TimeZone::get(&name).expect("a zone that is there");
            assert_eq!(Zone::named(&name).map(TimeZone::from).as_ref(), Ok(&searched), "{name}");
            n_files += usize::from(of_one_file(&name).is_some());
        }
        // Without zone files, jiff's own copy is all there is, and there is nothing to compare.
        assert_eq!(n_files > 300, zone_files().is_some(), "{n_files} zones have a file");
    }

    #[test]
    fn only_names_that_stay_in_the_folder_of_zone_files_are_looked_up_there() {
        for (name, expected) in [
            ("Europe/Berlin", true),
            ("America/Argentina/Buenos_Aires", true),
            ("Etc/GMT+5", true),
            ("EST5EDT", true),
            ("..", false),
            ("a/../b", false),
            ("/a", false),
            ("a//b", false),
            ("a/", false),
            ("", false),
            ("posix/UTC", false),
            ("right/UTC", false),
            ("a\0", false),
            ("é", false),
        ] {
            assert_eq!(is_plain(name), expected, "{name:?}");
        }
    }

    #[test]
    fn local_time_is_shown_with_its_weekday() {
        let zone = Zone::named("Europe/Berlin").expect("a zone");
        let instant = "2026-03-07T01:00:00Z".parse().expect("an instant");
        assert_eq!(zone.local(instant), "Sat 2026-03-07 02:00");
        assert_eq!(zone.abbreviation(instant), "CET");
    }
}
