//! Cron expressions: five fields on a zone's wall clock.
//!
//! croner reads the fields and knows which days match; which instants those are is decided here, so that the
//! rules for gaps and overlaps are ours, written down and tested.

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};

use super::face::{self, Clash, DAY, Face, MINUTE};
use super::zone::Zone;
use crate::model::DstMode;

/// A cron expression that has been read.
#[derive(Debug, Clone)]
pub struct CronSchedule {
    cron: Cron,
    /// The minutes of a matching day that match, from 0, in order.
    minutes: Vec<i64>,
    /// Its minute or hour field begins with `*`: it follows elapsed time and not the clock face.
    is_wildcard: bool,
    /// Its day and month fields say nothing: every day matches, and nobody has to ask croner of each.
    is_daily: bool,
}

/// A cron expression that cannot be read, or never happens.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CronError {
    /// It does not have five fields.
    #[error("a cron expression has five fields: minute, hour, day of month, month, weekday; this has {0}")]
    Fields(usize),
    /// A field cannot be read.
    #[error("{0}")]
    Field(String),
    /// No day ever matches.
    #[error("no day ever matches: a month is shorter than the day that is asked for")]
    Never,
}

/// Weekdays and dates repeat after 28 years: what does not match in this many days from 1970 on never does.
const CYCLE_DAYS: i64 = 28 * 366;

impl CronSchedule {
    /// Reads `minute hour day-of-month month weekday`, or a nickname such as `@daily`.
    ///
    /// Day of month and weekday together mean *or*, as in cron since Vixie.
    ///
    /// # Errors
    /// [`CronError`], also for an expression that never happens, such as 30 February.
    pub fn parse(text: &str) -> Result<Self, CronError> {
        let fields: Vec<_> = text.split_whitespace().collect();
        let is_nickname = fields.len() == 1 && text.trim().starts_with('@');
        if fields.len() != 5 && !is_nickname {
            return Err(CronError::Fields(fields.len()));
        }
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let wrong = |error| of_field(parser, &fields).unwrap_or_else(|| worded(&error));
        let cron = parser.parse(text).map_err(|error| CronError::Field(wrong(error)))?;
        let (hours, minutes) = (cron.pattern.hours.values(), cron.pattern.minutes.values());
        let of_day = |hour: &u16| {
            let hour = i64::from(*hour);
            minutes.iter().map(move |minute| hour * 60 + i64::from(*minute))
        };
        let minutes = hours.iter().flat_map(of_day).collect();
        let is_wildcard = text.trim() == "@hourly"
            || (!is_nickname && fields[..2].iter().any(|field| field.starts_with('*')));
        let is_daily = !is_nickname && fields[2..].iter().all(|field| *field == "*");
        let schedule = Self { cron, minutes, is_wildcard, is_daily };
        if (0..CYCLE_DAYS).any(|day| schedule.matches_day(day)) {
            Ok(schedule)
        } else {
            Err(CronError::Never)
        }
    }

    /// Whether its minute or hour field begins with `*`.
    pub fn is_wildcard(&self) -> bool {
        self.is_wildcard
    }

    /// Whether day of month and weekday are both given, and so either of them is enough; a `+` before the weekday
    /// asks for both.
    pub fn has_both_days(&self) -> bool {
        let pattern = &self.cron.pattern;
        !pattern.is_dom_wildcard() && !pattern.is_dow_wildcard() && !pattern.matches_dom_and_dow()
    }

    /// The months that match, from 1.
    pub fn months(&self) -> impl Iterator<Item = u32> {
        (1..=12).filter(|month| self.cron.pattern.month_match(*month).unwrap_or(false))
    }

    /// How many times of a matching day match.
    pub fn times_a_day(&self) -> usize {
        self.minutes.len()
    }

    /// The longest time between two times of the clock face when every day matches.
    pub fn longest_pause(&self) -> TimeDelta {
        let overnight =
            self.minutes.first().zip(self.minutes.last()).map(|(first, last)| first + 24 * 60 - last);
        let pauses = self.minutes.windows(2).map(|pair| pair[1] - pair[0]);
        TimeDelta::minutes(pauses.chain(overnight).max().unwrap_or_default())
    }

    /// The matching days from `first` on, among the next `n_days`.
    pub fn days(&self, first: NaiveDate, n_days: u32) -> impl Iterator<Item = NaiveDate> {
        let is_day =
            |date: &NaiveDate| self.matches_day(date.signed_duration_since(NaiveDate::default()).num_days());
        first.iter_days().take(n_days as usize).filter(is_day)
    }

    /// Whether every day matches.
    pub fn is_daily(&self) -> bool {
        self.is_daily || (0..CYCLE_DAYS).all(|day| self.matches_day(day))
    }

    /// The changes of the clock between `from` and `until` that a fixed time of this schedule lies in; what happens
    /// then is decided by [`DstMode`]. None for a wildcard expression, which follows elapsed time.
    pub fn clashes(&self, zone: &Zone, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<Clash> {
        if self.is_wildcard {
            return Vec::new();
        }
        face::clashes(&mut &*self, zone, from, until)
    }

    /// Whether the clock face shows a matching time at `instant`. An instant of this schedule that does not
    /// match was moved out of a gap.
    pub fn matches(&self, zone: &Zone, instant: DateTime<Utc>) -> bool {
        let local = zone.wall(instant).and_utc().timestamp();
        self.next_local(local, local + 1).is_some()
    }

    /// The instants at or after `from` and before `until`, strictly increasing.
    ///
    /// A fixed expression follows the clock face, and `dst` says what it does in a gap or an overlap. A
    /// wildcard expression (`*/15 * * * *`) happens whenever the clock face matches, so that its instants keep
    /// their distance in elapsed time; only [`DstMode::Skip`] leaves out those that a clock shows twice.
    ///
    /// Source: cronie's `cron.8`; a gap of more than three hours is no daylight saving time and is left out.
    pub fn instants<'a>(
        &'a self,
        zone: &'a Zone,
        dst: DstMode,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> impl Iterator<Item = DateTime<Utc>> + 'a {
        face::instants(self, self.is_wildcard, zone, dst, from, until)
    }

    /// The first matching time of a clock face at or after `from` and before `until`, in seconds.
    fn next_local(&self, from: i64, until: i64) -> Option<i64> {
        let mut day = from.div_euclid(DAY);
        let mut minute = (from.rem_euclid(DAY) + MINUTE - 1) / MINUTE;
        while day * DAY < until {
            if self.matches_day(day) {
                let place = self.minutes.partition_point(|matching| *matching < minute);
                if let Some(matching) = self.minutes.get(place) {
                    return Some(day * DAY + matching * MINUTE).filter(|local| *local < until);
                }
            }
            day += 1;
            minute = 0;
        }
        None
    }

    /// Whether a day matches, counted from 1970-01-01.
    fn matches_day(&self, day: i64) -> bool {
        if self.is_daily {
            return true;
        }
        let Some(date) = DateTime::from_timestamp(day.saturating_mul(DAY), 0) else { return false };
        let weekday = match date.weekday() {
            chrono::Weekday::Mon => croner::Weekday::Monday,
            chrono::Weekday::Tue => croner::Weekday::Tuesday,
            chrono::Weekday::Wed => croner::Weekday::Wednesday,
            chrono::Weekday::Thu => croner::Weekday::Thursday,
            chrono::Weekday::Fri => croner::Weekday::Friday,
            chrono::Weekday::Sat => croner::Weekday::Saturday,
            chrono::Weekday::Sun => croner::Weekday::Sunday,
        };
        let pattern = &self.cron.pattern;
        pattern.month_match(date.month()).unwrap_or(false)
            && pattern.day_match(date.year(), date.month(), date.day(), weekday).unwrap_or(false)
    }
}

impl Face for &CronSchedule {
    fn next(&mut self, from: i64, until: i64) -> Option<i64> {
        self.next_local(from, until)
    }
}

/// The fields in order, and what each may be.
const FIELDS: [(&str, &str); 5] = [
    ("minute", "0 to 59"),
    ("hour", "0 to 23"),
    ("day of the month", "1 to 31, L for the last, 15W for the working day next to it"),
    ("month", "1 to 12 or JAN to DEC"),
    ("weekday", "0 to 7 or SUN to SAT, FRI#2 for the second, FRIL for the last"),
];

/// Says which field cannot be read, and what it may be; nothing if each can.
fn of_field(parser: CronParser, fields: &[&str]) -> Option<String> {
    let wrong = (0..FIELDS.len().min(fields.len())).find(|place| {
        let mut alone = ["*"; FIELDS.len()];
        alone[*place] = fields[*place];
        parser.parse(&alone.join(" ")).is_err()
    })?;
    let (name, expected) = FIELDS[wrong];
    Some(format!("`{}` is no {name} ({expected})", fields[wrong]))
}

/// croner's message as a phrase.
fn worded(error: &croner::errors::CronError) -> String {
    let text = error.to_string();
    let text = text.trim_end_matches('.');
    let mut chars = text.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    fn instants(zone: &str, cron: &str, dst: DstMode, from: &str, until: &str) -> Vec<String> {
        let zone = Zone::named(zone).expect("a zone");
        let cron = CronSchedule::parse(cron).expect("a cron expression");
        cron.instants(&zone, dst, utc(from), utc(until))
            .map(|instant| instant.format("%Y-%m-%dT%H:%MZ").to_string())
            .collect()
    }

    /// Expects the instants during the UTC day and the one after.
    fn check(zone: &str, cron: &str, dst: DstMode, day: &str, expected: &[&str]) {
        let from = utc(&format!("{day}T00:00:00Z"));
        let until = from + TimeDelta::hours(24);
        let got = instants(zone, cron, dst, &from.to_rfc3339(), &until.to_rfc3339());
        assert_eq!(got, expected, "{cron} in {zone}, {dst:?}, on {day}");
    }

    use DstMode::{Literal, Once, Skip};

    #[test]
    fn the_field_that_cannot_be_read_is_named_with_what_it_may_be() {
        let check = |text: &str, expected: &str| {
            let error = CronSchedule::parse(text).expect_err(text).to_string();
            assert!(error.starts_with(expected), "{error}");
        };
        check("60 2 * * *", "`60` is no minute (0 to 59)");
        check("0 24 * * *", "`24` is no hour (0 to 23)");
        check("0 2 L-2 * *", "`L-2` is no day of the month (1 to 31, L for the last, ");
        check("0 2 1 JUL-13 *", "`JUL-13` is no month (1 to 12 or JAN to DEC)");
        check("0 2 * * FRI#6", "`FRI#6` is no weekday (0 to 7 or SUN to SAT, ");
    }

    #[test]
    fn case_1_a_fixed_time_in_a_gap_happens_at_its_end() {
        check("Europe/Berlin", "30 2 * * *", Once, "2026-03-29", &["2026-03-29T01:00Z"]);
        check("Europe/Berlin", "30 2 * * *", Literal, "2026-03-29", &[]);
        check("Europe/Berlin", "30 2 * * *", Skip, "2026-03-29", &[]);
        check(
            "Europe/Berlin",
            "0,30 2,3 * * *",
            Once,
            "2026-03-29",
            &["2026-03-29T01:00Z", "2026-03-29T01:30Z"],
        );
    }

    #[test]
    fn case_2_a_fixed_time_in_an_overlap_happens_at_the_first() {
        check("Europe/Berlin", "30 2 * * *", Once, "2026-10-25", &["2026-10-25T00:30Z"]);
        check(
            "Europe/Berlin",
            "30 2 * * *",
            Literal,
            "2026-10-25",
            &["2026-10-25T00:30Z", "2026-10-25T01:30Z"],
        );
        check("Europe/Berlin", "30 2 * * *", Skip, "2026-10-25", &[]);
    }

    #[test]
    fn case_2_the_second_of_two_is_not_taken_for_the_first() {
        let got =
            instants("Europe/Berlin", "30 2 * * *", Once, "2026-10-25T01:00:00Z", "2026-10-26T00:00:00Z");
        assert_eq!(got, [""; 0]);
    }

    #[test]
    fn case_3_new_york() {
        check("America/New_York", "0 2 * * *", Once, "2026-03-08", &["2026-03-08T07:00Z"]);
        check("America/New_York", "30 1 * * *", Once, "2026-11-01", &["2026-11-01T05:30Z"]);
    }

    #[test]
    fn case_4_half_an_hour_at_lord_howe() {
        check("Australia/Lord_Howe", "15 2 * * *", Once, "2026-10-03", &["2026-10-03T15:30Z"]);
        check("Australia/Lord_Howe", "45 1 * * *", Once, "2026-04-04", &["2026-04-04T14:45Z"]);
        check(
            "Australia/Lord_Howe",
            "45 1 * * *",
            Literal,
            "2026-04-04",
            &["2026-04-04T14:45Z", "2026-04-04T15:15Z"],
        );
    }

    #[test]
    fn case_5_two_hours_at_troll() {
        check("Antarctica/Troll", "30 2 * * *", Once, "2026-03-29", &["2026-03-29T01:00Z"]);
    }

    #[test]
    fn case_6_a_missing_midnight() {
        check("Africa/Cairo", "0 0 * * *", Once, "2026-04-23", &["2026-04-23T22:00Z"]);
        check("Asia/Beirut", "0 0 * * *", Once, "2026-03-28", &["2026-03-28T22:00Z"]);
        let days = instants("Africa/Cairo", "@daily", Once, "2026-04-20T00:00:00Z", "2026-05-01T00:00:00Z");
        assert_eq!(days.len(), 11);
    }

    #[test]
    fn case_7_a_day_that_never_was() {
        let got =
            instants("Pacific/Apia", "30 2 * * *", Once, "2011-12-29T00:00:00Z", "2011-12-31T12:00:00Z");
        assert_eq!(got, ["2011-12-29T12:30Z", "2011-12-30T12:30Z"], "29 and 31 December, local");
        let named =
            instants("Pacific/Apia", "0 0 30 12 *", Once, "2011-01-01T00:00:00Z", "2013-01-01T00:00:00Z");
        assert_eq!(named, ["2012-12-29T10:00Z"]);
    }

    #[test]
    fn case_8_a_wildcard_keeps_its_distance_in_elapsed_time() {
        for day in ["2026-03-29", "2026-10-25"] {
            for mode in [Once, Literal] {
                let from = utc(&format!("{day}T00:00:00Z"));
                let zone = Zone::named("Europe/Berlin").expect("a zone");
                let cron = CronSchedule::parse("*/15 * * * *").expect("a cron expression");
                let until = from + TimeDelta::hours(24);
                let got: Vec<_> = cron.instants(&zone, mode, from, until).collect();
                assert_eq!(got.len(), 96, "{day}");
                assert!(got.windows(2).all(|pair| pair[1] - pair[0] == TimeDelta::minutes(15)), "{day}");
            }
        }
        check("Europe/Berlin", "*/20 2 * * *", Once, "2026-03-29", &[]);
    }

    #[test]
    fn case_12_leap_days_and_month_ends() {
        let years = |cron| instants("UTC", cron, Once, "2026-01-01T00:00:00Z", "2034-01-01T00:00:00Z");
        assert_eq!(years("0 0 29 2 *"), ["2028-02-29T00:00Z", "2032-02-29T00:00Z"]);
        let months =
            |cron| instants("Europe/Berlin", cron, Once, "2026-01-01T00:00:00Z", "2026-05-01T00:00:00Z");
        assert_eq!(months("0 12 31 * *"), ["2026-01-31T11:00Z", "2026-03-31T10:00Z"]);
        assert_eq!(
            months("0 12 L * *"),
            ["2026-01-31T11:00Z", "2026-02-28T11:00Z", "2026-03-31T10:00Z", "2026-04-30T10:00Z"]
        );
    }

    #[test]
    fn case_13_an_impossible_date_is_refused() {
        assert_eq!(CronSchedule::parse("0 0 30 2 *").map(|_| ()), Err(CronError::Never));
        assert_eq!(CronSchedule::parse("0 0 31 4,6 *").map(|_| ()), Err(CronError::Never));
        assert_eq!(CronSchedule::parse("0 0 * *").map(|_| ()), Err(CronError::Fields(4)));
        assert_eq!(CronSchedule::parse("0 0 0 * * *").map(|_| ()), Err(CronError::Fields(6)));
        assert!(matches!(CronSchedule::parse("60 0 * * *"), Err(CronError::Field(_))));
        assert!(matches!(CronSchedule::parse("0 0 * * XYZ"), Err(CronError::Field(_))));
    }

    #[test]
    fn case_14_day_of_month_and_weekday_mean_or() {
        let cron = CronSchedule::parse("0 0 13 * FRI").expect("a cron expression");
        assert!(cron.has_both_days());
        let both = CronSchedule::parse("0 0 13 * +FRI").expect("a cron expression");
        assert!(!both.has_both_days());
        let got = instants("UTC", "0 0 13 * FRI", Once, "2026-02-07T00:00:00Z", "2026-03-14T00:00:00Z");
        assert_eq!(
            got,
            [
                "2026-02-13T00:00Z",
                "2026-02-20T00:00Z",
                "2026-02-27T00:00Z",
                "2026-03-06T00:00Z",
                "2026-03-13T00:00Z"
            ]
        );
    }

    #[test]
    fn a_fixed_time_in_a_gap_or_an_overlap_is_known_beforehand() {
        let check = |zone: &str, cron: &str, expected: &[(&str, &str, bool)]| {
            let zone = Zone::named(zone).expect("a zone");
            let cron = CronSchedule::parse(cron).expect("a cron expression");
            let clashes = cron.clashes(&zone, utc("2026-01-01T00:00:00Z"), utc("2027-01-01T00:00:00Z"));
            let got: Vec<_> = clashes
                .iter()
                .map(|clash| (clash.local.to_string(), clash.change.to_rfc3339(), clash.is_gap))
                .collect();
            let expected: Vec<_> = expected
                .iter()
                .map(|(local, change, is_gap)| {
                    (format!("2026-{local}:00"), format!("2026-{change}:00+00:00"), *is_gap)
                })
                .collect();
            assert_eq!(got, expected, "{}", zone.name());
        };
        let berlin = [("03-29 02:30", "03-29T01:00", true), ("10-25 02:30", "10-25T01:00", false)];
        check("Europe/Berlin", "30 2 * * *", &berlin);
        check("Europe/Berlin", "0 2 29 3 *", &[("03-29 02:00", "03-29T01:00", true)]);
        check("Europe/Berlin", "0 3 * * *", &[]);
        check("Europe/Berlin", "30 2 * * MON", &[]);
        check("Europe/Berlin", "*/30 2 * * *", &[]);
        check("Australia/Lord_Howe", "15 2 * * *", &[("10-04 02:15", "10-03T15:30", true)]);
        check("Africa/Cairo", "0 0 * * *", &[("04-24 00:00", "04-23T22:00", true)]);
        check("UTC", "30 2 * * *", &[]);
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        let days = |cron: &str, first: &str, n_days| {
            let cron = CronSchedule::parse(cron).expect("a cron expression");
            let days = cron.days(first.parse().expect("a date"), n_days);
            days.map(|day| day.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(days("0 0 29 2 *", "2026-01-01", 1461), ["2028-02-29"]);
        assert_eq!(days("*/5 * * * SUN", "2026-03-01", 8), ["2026-03-01", "2026-03-08"]);
        assert!(CronSchedule::parse("0 0 1-31 * *").expect("a cron expression").is_daily());
        assert!(CronSchedule::parse("0 0 * * *").expect("a cron expression").is_daily());
        assert!(!CronSchedule::parse("0 0 * 2-12 *").expect("a cron expression").is_daily());
        assert!(!CronSchedule::parse("0 0 1-30 * *").expect("a cron expression").is_daily());
        let pause =
            |cron| CronSchedule::parse(cron).expect("a cron expression").longest_pause().num_minutes();
        assert_eq!((pause("*/5 * * * *"), pause("0 4 * * *"), pause("0 1,3 * * *")), (5, 24 * 60, 22 * 60));
    }

    #[test]
    fn the_range_is_half_open() {
        let got = instants("UTC", "0 * * * *", Once, "2026-01-01T00:00:00Z", "2026-01-01T02:00:00Z");
        assert_eq!(got, ["2026-01-01T00:00Z", "2026-01-01T01:00Z"]);
        let got = instants("UTC", "0 * * * *", Once, "2026-01-01T00:00:00.5Z", "2026-01-01T01:00:00.5Z");
        assert_eq!(got, ["2026-01-01T01:00Z"]);
        let got = instants("UTC", "0 * * * *", Once, "2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z");
        assert_eq!(got, [""; 0]);
    }
}
