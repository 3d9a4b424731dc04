//! A time zone as iCalendar wants it told: what its clocks did, from one change to the next.
//!
//! Only what every reader reads in the same way is told: a clock that is never changed, or one that is put forward and
//! back once a year on a weekday of a month. Outlook makes one such pair of whatever a zone says, and then shows other
//! times than were meant: what has no such rule has none here either.
//!
//! Sources: RFC 5545, 3.6.5; [MS-OXCICAL] 2.1.3.1.1.19 (what Outlook and Exchange read of it).

use std::fmt::{self, Display};

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime, TimeDelta, Utc, Weekday};
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
    /// Whether the clock is ahead of what it shows in the rest of the year. (In Ireland the law calls that standard
    /// time; readers would put the clock back twice.)
    pub is_daylight: bool,
    /// When it begins again, each year.
    pub rule: Option<Yearly>,
}

/// A weekday of a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Yearly {
    month: u32,
    weekday: Weekday,
    /// The first one is 1; the last one is -1.
    week: i8,
}

impl Display for Yearly {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let day = match self.weekday {
            Weekday::Mon => "MO",
            Weekday::Tue => "TU",
            Weekday::Wed => "WE",
            Weekday::Thu => "TH",
            Weekday::Fri => "FR",
            Weekday::Sat => "SA",
            Weekday::Sun => "SU",
        };
        write!(f, "FREQ=YEARLY;BYMONTH={};BYDAY={}{day}", self.month, self.week)
    }
}

impl Yearly {
    /// The rules that a day keeps, the one that clocks keep most often first.
    fn of(day: NaiveDate) -> impl Iterator<Item = Self> {
        let is_last = (day + TimeDelta::weeks(1)).month() != day.month();
        let week = i8::try_from(day.day().div_ceil(7)).ok().filter(|week| *week < 5);
        let weeks = is_last.then_some(-1).into_iter().chain(week);
        weeks.map(move |week| Self { month: day.month(), weekday: day.weekday(), week })
    }

    fn holds_for(self, day: NaiveDate) -> bool {
        Self::of(day).any(|rule| rule == self)
    }
}

/// How many years after the time in question its rules should hold as well, if any do.
const YEARS_AHEAD: i64 = 6;

/// The observances of `zone` by which every reader finds the times from `from` until `until`: one, or two with rules.
/// `None`: its clocks are changed in a way that cannot be told so.
pub fn observances(zone: &Zone, from: DateTime<Utc>, until: DateTime<Utc>) -> Option<Vec<Observance>> {
    let zone = TimeZone::from(zone.clone());
    let ahead = until.checked_add_signed(TimeDelta::days(366 * YEARS_AHEAD)).unwrap_or(until);
    [ahead, until]
        .into_iter()
        .find_map(|until| yearly(&zone, from, until).or_else(|| fixed(&zone, from, until)))
}

/// The only stretch, if the clocks are not changed.
fn fixed(zone: &TimeZone, from: DateTime<Utc>, until: DateTime<Utc>) -> Option<Vec<Observance>> {
    // A change at `from` itself begins it.
    let begin = timestamp(from + TimeDelta::seconds(1));
    if zone.following(timestamp(from)).next().is_some_and(|next| next.timestamp() <= timestamp(until)) {
        return None;
    }
    let last = zone.preceding(begin).next().and_then(|change| observance(zone, change.timestamp()));
    // Readers want to know of standard time, and of no other if there is but one.
    Some(vec![Observance { is_daylight: false, ..last.unwrap_or_else(|| since_ever(zone, begin)) }])
}

/// The two stretches of each year, if there are two that begin by rule.
fn yearly(zone: &TimeZone, from: DateTime<Utc>, until: DateTime<Utc>) -> Option<Vec<Observance>> {
    let begin = timestamp(from + TimeDelta::seconds(1));
    let mut changes: Vec<_> = zone.preceding(begin).take(2).map(|change| change.timestamp()).collect();
    changes.reverse();
    let later = zone.following(timestamp(from)).map(|change| change.timestamp());
    changes.extend(later.take_while(|change| *change <= timestamp(until)));
    let changes: Option<Vec<_>> = changes.into_iter().map(|change| observance(zone, change)).collect();
    let changes = changes.filter(|changes| 2 <= changes.len())?;
    let one: Vec<_> = changes.iter().step_by(2).collect();
    let other: Vec<_> = changes.iter().skip(1).step_by(2).collect();
    let end = timestamp(until);
    let pair = [with_rule(&one, end)?, with_rule(&other, end)?];
    let is_pair = pair[0].offset_to == pair[1].offset_from && pair[1].offset_to == pair[0].offset_from;
    (is_pair && pair[0].offset_to != pair[1].offset_to).then(|| pair.to_vec())
}

/// The first of `stretches` with the rule by which all of them begin, one each year until `end`.
fn with_rule(stretches: &[&Observance], end: Timestamp) -> Option<Observance> {
    let (first, last) = (*stretches.first()?, *stretches.last()?);
    let is_yearly = stretches.windows(2).all(|pair| pair[1].onset.year() == pair[0].onset.year() + 1);
    let is_like_first = |it: &&Observance| {
        it.onset.time() == first.onset.time()
            && (it.offset_from, it.offset_to) == (first.offset_from, first.offset_to)
    };
    if !is_yearly || !stretches.iter().all(is_like_first) {
        return None;
    }
    let mut rules = Yearly::of(first.onset.date());
    let rule = rules.find(|rule| stretches.iter().all(|it| rule.holds_for(it.onset.date())))?;
    // The next one would begin in time, but does not.
    let days = last.onset.date().iter_days().skip(1);
    let next = days.take(2 * 366).find(|day| rule.holds_for(*day))?;
    let next = next.and_time(last.onset.time()).and_utc().timestamp() - i64::from(last.offset_from);
    (end.as_second() < next).then(|| Observance {
        rule: Some(rule),
        is_daylight: first.offset_from < first.offset_to,
        ..first.clone()
    })
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
        rule: None,
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
        rule: None,
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

    /// What is told of a zone, a line for each stretch.
    fn told(zone: &str, from: &str, until: &str) -> Option<Vec<String>> {
        let named = Zone::named(zone).expect("a zone");
        let (from, until) = (from.parse().expect("an instant"), until.parse().expect("an instant"));
        let line = |it: Observance| {
            let kind = if it.is_daylight { "daylight" } else { "standard" };
            let rule = it.rule.map_or_else(|| "once".to_owned(), |rule| rule.to_string());
            format!("{kind} {} {} {} {} {rule}", it.onset, it.offset_from, it.offset_to, it.name)
        };
        observances(&named, from, until).map(|all| all.into_iter().map(line).collect())
    }

    #[test]
    fn a_clock_that_is_changed_twice_a_year_has_two_rules_in_summer_too() {
        for (from, until) in [
            ("2026-03-01T00:00:00Z", "2026-03-29T00:59:59Z"),
            ("2026-03-01T00:00:00Z", "2027-03-01T00:00:00Z"),
            ("2026-03-01T00:00:00Z", "2030-03-01T00:00:00Z"),
        ] {
            let expected = [
                "daylight 2025-03-30 02:00:00 3600 7200 CEST FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
                "standard 2025-10-26 03:00:00 7200 3600 CET FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
            ];
            assert_eq!(told("Europe/Berlin", from, until).expect("rules"), expected);
        }
        let summer = told("Europe/Berlin", "2026-03-29T01:00:00Z", "2026-05-01T00:00:00Z").expect("rules");
        assert_eq!(summer[1], "daylight 2026-03-29 02:00:00 3600 7200 CEST FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU");
        let new_york =
            told("America/New_York", "2026-03-01T00:00:00Z", "2027-03-01T00:00:00Z").expect("rules");
        assert_eq!(
            new_york,
            [
                "daylight 2025-03-09 02:00:00 -18000 -14400 EDT FREQ=YEARLY;BYMONTH=3;BYDAY=2SU",
                "standard 2025-11-02 02:00:00 -14400 -18000 EST FREQ=YEARLY;BYMONTH=11;BYDAY=1SU",
            ]
        );
    }

    #[test]
    fn where_the_law_calls_summer_time_standard_it_is_daylight_saving_time_all_the_same() {
        let dublin = told("Europe/Dublin", "2026-03-01T00:00:00Z", "2027-03-01T00:00:00Z").expect("rules");
        assert!(dublin[0].starts_with("daylight 2025-03-30 01:00:00 0 3600 IST"), "{dublin:?}");
        assert!(dublin[1].starts_with("standard 2025-10-26 02:00:00 3600 0 GMT"), "{dublin:?}");
    }

    #[test]
    fn a_clock_that_is_not_changed_has_standard_time_alone() {
        let year = ("2026-03-01T00:00:00Z", "2027-03-01T00:00:00Z");
        assert_eq!(told("UTC", year.0, year.1).expect("one"), ["standard 1970-01-01 00:00:00 0 0 UTC once"]);
        let kolkata = ["standard 1945-10-15 00:00:00 23400 19800 IST once"];
        assert_eq!(told("Asia/Kolkata", year.0, year.1).expect("one"), kolkata);
    }

    #[test]
    fn what_no_yearly_rule_tells_is_not_told() {
        // By the moon.
        assert_eq!(told("Africa/Casablanca", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"), None);
        // It left daylight saving time in that year.
        assert_eq!(told("America/Mexico_City", "2022-01-01T00:00:00Z", "2024-01-01T00:00:00Z"), None);
        let since = told("America/Mexico_City", "2023-01-01T00:00:00Z", "2024-01-01T00:00:00Z").expect("one");
        assert_eq!(since.len(), 1, "{since:?}");
    }
}
