//! Recurrence rules of RFC 5545 on a zone's wall clock.
//!
//! The `rrule` crate finds the times as floating local time, in periods that are counted from the start of the rule;
//! which instants those are is decided by the same rules as for cron.
//!
//! 1. What the text leaves out is taken from its `DTSTART`. Without one the time of day is midnight, and whatever
//!    else would depend on a start - `COUNT`, an `INTERVAL`, the day of a week, month or year - has to be there or is
//!    refused.
//! 2. `DTSTART` itself happens only if the rule matches it.
//! 3. A search looks at the periods near the time that is asked for, however long ago the rule began.

mod text;

use std::collections::VecDeque;

use chrono::{
    DateTime, Datelike, Days, Month, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc,
};
use rrule::{Frequency, NWeekday, RRule, RRuleError, RRuleSet, RRuleSetIter, Tz};

use self::text::{Parts, Until};
use super::face::{self, Clash, DAY, Face, MINUTE};
use super::zone::Zone;
use crate::model::DstMode;

/// A recurrence rule that has been read.
#[derive(Debug, Clone)]
pub struct RruleSchedule {
    /// The matching days, at midnight; with `BYSETPOS` the matching times. It knows no end.
    rule: RRule,
    /// What `rule` counts its periods from, and the first time that may match.
    start: NaiveDateTime,
    /// The matching times of a day, in seconds after what `rule` finds, in order.
    times: Vec<i64>,
    /// Of the times within a day only each n-th of these units, in seconds, counted from the start.
    every: Option<(i64, i64)>,
    /// The last time on the clock face that may match, in seconds.
    last: Option<i64>,
    /// The last instant that may.
    until: Option<DateTime<Utc>>,
    /// Its frequency lies within a day: it follows elapsed time and not the clock face.
    is_wildcard: bool,
}

/// A recurrence rule that cannot be read, or never happens.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RruleError {
    /// A part of it is wrong, or cannot stand beside another.
    #[error("{0}")]
    Part(String),
    /// It counts from a start that is not there.
    #[error("`{0}` counts from a start: write one before the rule, such as `DTSTART:20260106T020000`")]
    NoStart(String),
    /// It does not say on which day.
    #[error(
        "`FREQ={0}` does not say on which day: add `BYDAY` or `BYMONTHDAY`, or a `DTSTART` before the rule"
    )]
    NoDay(String),
    /// No time ever matches.
    #[error("no time ever matches")]
    Never,
}

/// Dates and weekdays repeat after this time: what does not match in it never does.
///
/// Of rules that skip years, some would match after that; nobody waits for those.
const CYCLE: TimeDelta = TimeDelta::days(400 * 366);
/// How far back a search can go on without beginning anew: further than any clock is put back.
const KEPT: i64 = 3 * DAY;
/// The times of no rule lie beyond this year, whatever it is asked.
const LAST_YEAR: i32 = 9_999;

impl RruleSchedule {
    /// Reads `FREQ=MONTHLY;BYDAY=2TU;BYHOUR=2`, or a rule that counts from a start:
    /// `DTSTART:20260106T020000 RRULE:FREQ=WEEKLY;INTERVAL=2`.
    ///
    /// # Errors
    /// [`RruleError`], also for a rule that never happens, such as each 30 February.
    pub fn parse(text: &str) -> Result<Self, RruleError> {
        let parts = text::read(text)?;
        let start = parts.start.unwrap_or_default();
        let is_within_days = parts.is_within_days();
        let by_position = !parts.positions.is_empty();
        let (hours, minutes) = times_of_day(&parts, start);
        let times = hours.iter().flat_map(|hour| {
            minutes.iter().map(move |minute| i64::from(*hour) * 60 * MINUTE + i64::from(*minute) * MINUTE)
        });
        let unit = if parts.freq == Frequency::Hourly { 60 * MINUTE } else { MINUTE };
        let mut schedule = Self {
            rule: rule_of(&parts, start, &hours, &minutes)?,
            start,
            times: if by_position { vec![0] } else { times.collect() },
            every: is_within_days.then_some((unit, i64::from(parts.interval))),
            last: None,
            until: None,
            is_wildcard: is_within_days,
        };
        match parts.until {
            Some(Until::Local(last)) => schedule.last = Some(last.and_utc().timestamp()),
            Some(Until::Utc(last)) => schedule.until = Some(last),
            None => {}
        }
        if !schedule.is_possible() || schedule.first_times(1).next().is_none() {
            return Err(RruleError::Never);
        }
        if let Some(count) = parts.count {
            schedule.last = schedule.first_times(count).last();
        }
        Ok(schedule)
    }

    /// Whether it follows elapsed time and not the clock face: each hour, each minute.
    pub fn is_wildcard(&self) -> bool {
        self.is_wildcard
    }

    /// The latest day of a month that this rule asks for by its number, and the months, from 1; `None` when it asks
    /// otherwise, also when it chooses one of several days.
    pub fn day_of_months(&self) -> Option<(u32, Vec<u32>)> {
        let rule = &self.rule;
        let is_by_number = rule.get_by_weekday().is_empty() && rule.get_by_set_pos().is_empty();
        let is_monthly = match self.rule.get_freq() {
            Frequency::Monthly => true,
            Frequency::Yearly => !rule.get_by_month().is_empty() && rule.get_by_year_day().is_empty(),
            _ => false,
        };
        let day = rule.get_by_month_day().iter().filter_map(|day| u32::try_from(*day).ok()).max();
        let months: Vec<_> = rule.get_by_month().iter().map(|month| u32::from(*month)).collect();
        let months = if months.is_empty() { (1..=12).collect() } else { months };
        day.filter(|_| is_by_number && is_monthly).map(|day| (day, months))
    }

    /// The changes of the clock between `from` and `until` that a fixed time of this rule lies in; what happens then
    /// is decided by [`DstMode`]. None for a rule that follows elapsed time.
    pub fn clashes(&self, zone: &Zone, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<Clash> {
        if self.is_wildcard {
            return Vec::new();
        }
        let until = self.until.map_or(until, |last| until.min(last));
        face::clashes(&mut self.times_from(from.timestamp()), zone, from, until)
    }

    /// The instants at or after `from` and before `until`, strictly increasing.
    ///
    /// Times of a day follow the clock face, and `dst` says what they do in a gap or an overlap. A rule that recurs
    /// each hour or minute happens whenever the clock face matches, as a `*` of a cron expression does.
    pub fn instants<'a>(
        &'a self,
        zone: &'a Zone,
        dst: DstMode,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> impl Iterator<Item = DateTime<Utc>> + 'a {
        let times = self.times_from(from.timestamp());
        let instants = face::instants(times, self.is_wildcard, zone, dst, from, until);
        instants.take_while(|instant| self.until.is_none_or(|last| *instant <= last))
    }

    /// Whether there is a day, and a time of day, that matches; of a rule that skips periods a search has to tell.
    ///
    /// Only year 10000 stops the search for a day that does not exist. So it begins shortly before: years differ by
    /// their length and first weekday only, and in the last 96 of them each kind comes.
    fn is_possible(&self) -> bool {
        let start = self.start.and_utc().timestamp();
        let comes_up = |time: &i64| {
            self.every.is_none_or(|(unit, n)| {
                (time.div_euclid(unit) - start.div_euclid(unit)) % gcd(n, DAY / unit) == 0
            })
        };
        let last_years =
            NaiveDate::from_ymd_opt(LAST_YEAR - 95, 1, 1).filter(|_| self.rule.get_interval() == 1);
        let has_day = last_years.is_none_or(|begin| self.found_from(begin).next().is_some());
        has_day && self.times.iter().any(comes_up)
    }

    /// What the rule finds from the first day of a period on.
    fn found_from(&self, begin: NaiveDate) -> RRuleSetIter {
        let begin = begin.and_time(NaiveTime::MIN).and_utc().with_timezone(&Tz::UTC);
        // The limit is one of periods without a match, so that an impossible rule comes to an end.
        (&RRuleSet::new(begin).rrule(self.rule.clone()).limit()).into_iter()
    }

    /// The first `n` times on the clock face, in seconds.
    fn first_times(&self, n: usize) -> impl Iterator<Item = i64> {
        let start = self.start.and_utc();
        let mut times = self.times_from(start.timestamp());
        let until = (start + CYCLE).timestamp();
        let mut from = start.timestamp();
        let next = move || {
            let time = times.next(from, until)?;
            from = time + 1;
            Some(time)
        };
        std::iter::from_fn(next).take(n)
    }

    /// The times on the clock face, best asked for at or after `from`.
    fn times_from(&self, from: i64) -> Times<'_> {
        let since = from.saturating_sub(KEPT);
        let first = DateTime::from_timestamp(since, 0).map_or(self.start, |since| since.naive_utc());
        let found = self.period_before(first.max(self.start)).map(|begin| self.found_from(begin));
        Times { schedule: self, found, known: VecDeque::new(), since }
    }

    /// The first day of the period of this rule that `time` lies in, counted from its start.
    fn period_before(&self, time: NaiveDateTime) -> Option<NaiveDate> {
        let (start, day, n) = (self.start.date(), time.date(), i64::from(self.rule.get_interval()));
        if LAST_YEAR < day.year() {
            return None;
        }
        let month = |date: NaiveDate| i64::from(date.year()) * 12 + i64::from(date.month0());
        let down = |from: i64, to: i64, unit: i64| from + (to - from).div_euclid(unit) * unit;
        let first_of = |month: i64| {
            let (year, month) = (i32::try_from(month.div_euclid(12)).ok()?, month.rem_euclid(12) + 1);
            NaiveDate::from_ymd_opt(year, u32::try_from(month).ok()?, 1)
        };
        let day_after = |begin: NaiveDate, unit: i64| {
            let n_days = down(0, day.signed_duration_since(begin).num_days(), unit);
            begin.checked_add_days(Days::new(u64::try_from(n_days).ok()?))
        };
        match self.rule.get_freq() {
            Frequency::Yearly => first_of(down(i64::from(start.year()), i64::from(day.year()), n) * 12),
            Frequency::Monthly => first_of(down(month(start), month(day), n)),
            Frequency::Weekly => day_after(start.week(self.rule.get_week_start()).first_day(), 7 * n),
            _ => day_after(start, n),
        }
    }

    /// The first time at or after `from` of a day, or with `BYSETPOS` of a time, that the rule has found.
    fn time_of(&self, found: i64, from: i64) -> Option<i64> {
        let start = self.start.and_utc().timestamp();
        let is_its_turn = |time: &i64| {
            self.every.is_none_or(|(unit, n)| (time.div_euclid(unit) - start.div_euclid(unit)) % n == 0)
        };
        let place = self.times.partition_point(|time| found + time < from);
        self.times[place..].iter().map(|time| found + time).find(is_its_turn)
    }
}

/// The hours and minutes of a matching day.
fn times_of_day(parts: &Parts, start: NaiveDateTime) -> (Vec<u8>, Vec<u8>) {
    let or = |given: &[u8], all: std::ops::Range<u8>, one: u32, is_all: bool| match given {
        [] if is_all => all.collect(),
        [] => u8::try_from(one).into_iter().collect(),
        given => given.to_vec(),
    };
    let hours = or(&parts.hours, 0..24, start.hour(), parts.is_within_days());
    let minutes = or(&parts.minutes, 0..60, start.minute(), parts.freq == Frequency::Minutely);
    (hours, minutes)
}

/// The rule that finds the days, or with `BYSETPOS` the times.
fn rule_of(parts: &Parts, start: NaiveDateTime, hours: &[u8], minutes: &[u8]) -> Result<RRule, RruleError> {
    let is_within_days = parts.is_within_days();
    // Of days on which something happens each hour, all are meant that nothing excludes: that is said of a year.
    let freq = if is_within_days { Frequency::Yearly } else { parts.freq };
    let days = if is_within_days && !parts.says_days() { every_day() } else { parts.days.clone() };
    let months: Vec<_> = parts.months.iter().filter_map(|month| Month::try_from(*month).ok()).collect();
    let by_position = !parts.positions.is_empty();
    let rule = RRule::new(freq)
        .interval(if is_within_days { 1 } else { parts.interval })
        .week_start(parts.week_start)
        .by_month(&months)
        .by_week_no(parts.weeks.clone())
        .by_year_day(parts.year_days.clone())
        .by_month_day(parts.month_days.clone())
        .by_weekday(days)
        .by_hour(if by_position { hours.to_vec() } else { vec![0] })
        .by_minute(if by_position { minutes.to_vec() } else { vec![0] })
        .by_second(vec![0])
        .by_set_pos(parts.positions.clone());
    rule.validate(start.and_utc().with_timezone(&Tz::UTC)).map_err(|error| {
        let text = match error {
            RRuleError::ValidationError(error) => error.to_string(),
            error => error.to_string(),
        };
        RruleError::Part(text.trim_end_matches('.').to_owned())
    })
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

fn every_day() -> Vec<NWeekday> {
    let monday = chrono::Weekday::Mon;
    std::iter::successors(Some(monday), |day| Some(day.succ()).filter(|day| *day != monday))
        .map(NWeekday::Every)
        .collect()
}

/// The times of a rule on the clock face, found as they are asked for.
struct Times<'r> {
    schedule: &'r RruleSchedule,
    found: Option<RRuleSetIter>,
    /// What was found, in order: from `since` on complete.
    known: VecDeque<i64>,
    since: i64,
}

impl Face for Times<'_> {
    fn next(&mut self, from: i64, until: i64) -> Option<i64> {
        let schedule = self.schedule;
        if from < self.since {
            *self = schedule.times_from(from);
        }
        self.forget(from.saturating_sub(KEPT));
        let from = from.max(schedule.start.and_utc().timestamp());
        let until = schedule.last.map_or(until, |last| until.min(last + 1));
        let mut place = self.known.partition_point(|found| found + DAY <= from);
        while let Some(found) = self.known.get(place).copied().or_else(|| self.find()) {
            if until <= found {
                return None;
            }
            if let Some(time) = schedule.time_of(found, from) {
                return Some(time).filter(|time| *time < until);
            }
            place += 1;
        }
        None
    }
}

impl Times<'_> {
    fn find(&mut self) -> Option<i64> {
        let found = self.found.as_mut()?.next()?.timestamp();
        self.known.push_back(found);
        Some(found)
    }

    /// Forgets what lies before a time.
    fn forget(&mut self, before: i64) {
        while self.known.front().is_some_and(|found| found + DAY <= before) {
            self.known.pop_front();
        }
        self.since = self.since.max(before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    fn check_in(zone: &str, rule: &str, dst: DstMode, [from, until]: [&str; 2], expected: &[&str]) {
        let zone = Zone::named(zone).expect("a zone");
        let schedule = RruleSchedule::parse(rule).expect("a rule");
        let instants = schedule.instants(&zone, dst, utc(from), utc(until));
        let got: Vec<_> = instants.map(|instant| instant.format("%Y-%m-%dT%H:%MZ").to_string()).collect();
        assert_eq!(got, expected, "{rule} in {}, {dst:?}", zone.name());
    }

    /// Expects the first instants from 2026 on, in UTC.
    fn check(rule: &str, expected: &[&str]) {
        let zone = Zone::utc();
        let schedule = RruleSchedule::parse(rule).expect("a rule");
        let (from, until) = (utc("2026-01-01T00:00:00Z"), utc("2126-01-01T00:00:00Z"));
        let got: Vec<_> = schedule
            .instants(&zone, DstMode::Once, from, until)
            .take(4)
            .map(|instant| instant.format("%Y-%m-%dT%H:%M").to_string())
            .collect();
        assert_eq!(got, expected, "{rule}");
    }

    #[test]
    fn a_rule_without_a_start_says_everything_itself() {
        check(
            "FREQ=MONTHLY;BYDAY=2TU;BYHOUR=2",
            &["2026-01-13T02:00", "2026-02-10T02:00", "2026-03-10T02:00", "2026-04-14T02:00"],
        );
        check(
            "FREQ=DAILY",
            &["2026-01-01T00:00", "2026-01-02T00:00", "2026-01-03T00:00", "2026-01-04T00:00"],
        );
        check(
            "rrule:freq=weekly;byday=sa,su;byhour=2;byminute=30",
            &["2026-01-03T02:30", "2026-01-04T02:30", "2026-01-10T02:30", "2026-01-11T02:30"],
        );
        check(
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
            &["2028-02-29T00:00", "2032-02-29T00:00", "2036-02-29T00:00", "2040-02-29T00:00"],
        );
        check(
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYHOUR=6,18;BYSETPOS=-1",
            &["2026-01-30T18:00", "2026-02-27T18:00", "2026-03-31T18:00", "2026-04-30T18:00"],
        );
        check(
            "FREQ=HOURLY;INTERVAL=8;BYDAY=SU",
            &["2026-01-04T00:00", "2026-01-04T08:00", "2026-01-04T16:00", "2026-01-11T00:00"],
        );
        check(
            "FREQ=MINUTELY;INTERVAL=15;BYHOUR=3;BYYEARDAY=-1",
            &["2026-12-31T03:00", "2026-12-31T03:15", "2026-12-31T03:30", "2026-12-31T03:45"],
        );
        check(
            "FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO",
            &["2027-01-04T00:00", "2028-01-03T00:00", "2029-01-01T00:00", "2029-12-31T00:00"],
        );
    }

    #[test]
    fn a_start_gives_what_the_rule_leaves_out_and_what_it_counts_from() {
        check(
            "DTSTART:20260106T023000 RRULE:FREQ=WEEKLY;INTERVAL=2",
            &["2026-01-06T02:30", "2026-01-20T02:30", "2026-02-03T02:30", "2026-02-17T02:30"],
        );
        check(
            "DTSTART:20251231\nFREQ=MONTHLY",
            &["2026-01-31T00:00", "2026-03-31T00:00", "2026-05-31T00:00", "2026-07-31T00:00"],
        );
        check(
            "DTSTART;VALUE=DATE:20240229 RRULE:FREQ=YEARLY",
            &["2028-02-29T00:00", "2032-02-29T00:00", "2036-02-29T00:00", "2040-02-29T00:00"],
        );
        check(
            "DTSTART:20260101T010000 RRULE:FREQ=HOURLY;INTERVAL=7",
            &["2026-01-01T01:00", "2026-01-01T08:00", "2026-01-01T15:00", "2026-01-01T22:00"],
        );
        check(
            "DTSTART:20251224T040000 FREQ=DAILY;INTERVAL=10;COUNT=3",
            &["2026-01-03T04:00", "2026-01-13T04:00"],
        );
        // The week of the start begins on the Sunday before: Tuesday the 6th lies in the next one but one.
        check(
            "DTSTART:20260104T040000 FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU",
            &["2026-01-04T04:00", "2026-01-06T04:00", "2026-01-18T04:00", "2026-01-20T04:00"],
        );
        check(
            "DTSTART:20260104T040000 FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=MO",
            &["2026-01-04T04:00", "2026-01-13T04:00", "2026-01-18T04:00", "2026-01-27T04:00"],
        );
    }

    #[test]
    fn the_end_is_the_last_time_that_happens() {
        let days = ["2026-01-01T02:00", "2026-01-02T02:00", "2026-01-03T02:00"];
        check("FREQ=DAILY;BYHOUR=2;UNTIL=20260103T020000", &days);
        check("FREQ=DAILY;BYHOUR=2;UNTIL=20260103", &days);
        check("FREQ=DAILY;BYHOUR=2;UNTIL=20260103T015959", &days[..2]);
        check("FREQ=DAILY;BYHOUR=2;UNTIL=20260103T020000Z", &days);
        let january = ["2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"];
        let (once, berlin) = (DstMode::Once, "Europe/Berlin");
        let both = ["2026-01-01T01:00Z", "2026-01-02T01:00Z"];
        check_in(berlin, "FREQ=DAILY;BYHOUR=2;UNTIL=20260102T020000", once, january, &both);
        check_in(berlin, "FREQ=DAILY;BYHOUR=2;UNTIL=20260102T010000Z", once, january, &both);
        check_in(berlin, "FREQ=DAILY;BYHOUR=2;UNTIL=20260102T005900Z", once, january, &both[..1]);
    }

    #[test]
    fn times_of_the_day_follow_the_rules_of_cron_when_the_clock_changes() {
        use DstMode::{Literal, Once, Skip};
        let at_half_past_two = "FREQ=DAILY;BYHOUR=2;BYMINUTE=30";
        let spring = ["2026-03-29T00:00:00Z", "2026-03-30T00:00:00Z"];
        check_in("Europe/Berlin", at_half_past_two, Once, spring, &["2026-03-29T01:00Z"]);
        check_in("Europe/Berlin", at_half_past_two, Literal, spring, &[]);
        check_in("Europe/Berlin", at_half_past_two, Skip, spring, &[]);
        let autumn = ["2026-10-25T00:00:00Z", "2026-10-26T00:00:00Z"];
        check_in("Europe/Berlin", at_half_past_two, Once, autumn, &["2026-10-25T00:30Z"]);
        let twice = ["2026-10-25T00:30Z", "2026-10-25T01:30Z"];
        check_in("Europe/Berlin", at_half_past_two, Literal, autumn, &twice);
        check_in("Europe/Berlin", at_half_past_two, Skip, autumn, &[]);
        let hours = ["2026-10-24T23:00:00Z", "2026-10-25T03:00:00Z"];
        let each = ["2026-10-24T23:00Z", "2026-10-25T00:00Z", "2026-10-25T01:00Z", "2026-10-25T02:00Z"];
        check_in("Europe/Berlin", "FREQ=HOURLY", Once, hours, &each);
        let apia = ["2011-12-29T00:00:00Z", "2012-01-02T00:00:00Z"];
        let days = ["2011-12-29T12:00Z", "2011-12-30T12:00Z", "2011-12-31T12:00Z", "2012-01-01T12:00Z"];
        check_in("Pacific/Apia", "FREQ=DAILY;BYHOUR=2", Once, apia, &days);
    }

    #[test]
    fn case_12_leap_days_and_month_ends() {
        let march = ["2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z"];
        let last_day = "FREQ=MONTHLY;BYMONTHDAY=-1;BYHOUR=2";
        check_in("Europe/Berlin", last_day, DstMode::Once, march, &["2026-03-31T00:00Z"]);
        check(
            "FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=1,2,3,4,5",
            &["2026-01-31T00:00", "2026-03-31T00:00", "2026-05-31T00:00", "2027-01-31T00:00"],
        );
        check(
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=28,29;BYSETPOS=-1",
            &["2026-02-28T00:00", "2027-02-28T00:00", "2028-02-29T00:00", "2029-02-28T00:00"],
        );
    }

    #[test]
    fn case_13_a_date_and_a_weekday_mean_both() {
        check(
            "FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR",
            &["2026-02-13T00:00", "2026-03-13T00:00", "2026-11-13T00:00", "2027-08-13T00:00"],
        );
    }

    #[test]
    fn what_is_wrong_is_said_with_what_was_expected() {
        let check = |rule: &str, expected: &str| {
            let got = RruleSchedule::parse(rule).map(|_| "read").map_err(|error| error.to_string());
            assert_eq!(got, Err(expected.to_owned()), "{rule}");
        };
        check("", "expected a rule, such as `FREQ=DAILY;BYHOUR=2`");
        check(
            "every tuesday",
            "in `EVERY`, expected a rule, such as `FREQ=DAILY;BYHOUR=2`, or `DTSTART` before it",
        );
        check("BYDAY=MO", "in `BYDAY=MO`, expected `FREQ`");
        check(
            "FREQ=SOMETIMES",
            "in `FREQ=SOMETIMES`, expected `YEARLY`, `MONTHLY`, `WEEKLY`, `DAILY`, `HOURLY` or `MINUTELY`",
        );
        check(
            "FREQ=SECONDLY",
            "in `FREQ=SECONDLY`, expected `YEARLY`, `MONTHLY`, `WEEKLY`, `DAILY`, `HOURLY` or `MINUTELY`",
        );
        check("FREQ=DAILY;BYHOUR=24", "in `BYHOUR=24`, expected a number from 0 to 23");
        check("FREQ=DAILY;BYHOUR=2;BYHOUR=3", "in `BYHOUR=3`, expected `BYHOUR` once");
        check("FREQ=DAILY;", "in `FREQ=DAILY;`, expected a part between any two `;` and after the last");
        check("FREQ=DAILY;BYHOUR", "in `BYHOUR`, expected `NAME=VALUE`");
        check("FREQ=DAILY; BYHOUR=2", "in `BYHOUR=2`, expected one rule, without spaces in it");
        check("FREQ=DAILY BYHOUR=2", "in `BYHOUR=2`, expected one rule, without spaces in it");
        check("FREQ=DAILY;BYSECOND=30", "in `BYSECOND=30`, expected whole minutes, `BYSECOND=0`");
        check(
            "FREQ=DAILY;BYEASTER=1",
            "in `BYEASTER=1`, expected a part of RFC 5545, such as `BYDAY` or `BYHOUR`",
        );
        check(
            "FREQ=MONTHLY;BYMONTHDAY=0",
            "in `BYMONTHDAY=0`, expected numbers from 1 to 31, or from -1 to -31",
        );
        check(
            "FREQ=MONTHLY;BYDAY=0MO",
            "in `BYDAY=0MO`, expected days such as `MO`, or `2TU` and `-1FR` within a month or a year",
        );
        check(
            "FREQ=MONTHLY;BYDAY=6TU",
            "`BYDAY` is `6`, but with the current frequency (MONTHLY) is not allowed outside the range: `-4..=5`",
        );
        check("FREQ=WEEKLY;BYDAY=2TU", "`BYDAY=2TU` cannot stand beside `FREQ=WEEKLY`");
        check("FREQ=MONTHLY;BYWEEKNO=3;BYDAY=MO", "`BYWEEKNO` cannot stand beside `FREQ=MONTHLY`");
        check("FREQ=YEARLY;BYWEEKNO=3", "`BYWEEKNO` needs `BYDAY`: which day of the week");
        check("FREQ=DAILY;COUNT=3;UNTIL=20260101", "expected `COUNT` or `UNTIL`, found both");
        check(
            "FREQ=DAILY;UNTIL=tomorrow",
            "in `UNTIL=TOMORROW`, expected a date, or a date and a time, such as `UNTIL=20261231T235959`",
        );
        check(
            "DTSTART:20260106T020000Z RRULE:FREQ=DAILY",
            "in `DTSTART:20260106T020000Z`, expected a local time: the zone is `timezone` of the plan file",
        );
        check(
            "DTSTART;TZID=Europe/Berlin:20260106T020000 RRULE:FREQ=DAILY",
            "in `DTSTART;TZID=EUROPE/BERLIN:20260106T020000`, expected a local time: the zone is `timezone` of the \
             plan file",
        );
        check(
            "DTSTART:20260106T020030 RRULE:FREQ=DAILY",
            "in `DTSTART:20260106T020030`, expected a date and a time on a whole minute, such as \
             `DTSTART:20260106T020000`",
        );
        check(
            "FREQ=DAILY EXDATE:20260106T020000",
            "in `EXDATE:20260106T020000`, expected a rule, such as `FREQ=DAILY;BYHOUR=2`, or `DTSTART` before it",
        );
        check(
            "FREQ=DAILY;INTERVAL=2",
            "`INTERVAL=2` counts from a start: write one before the rule, such as `DTSTART:20260106T020000`",
        );
        check(
            "FREQ=DAILY;COUNT=2",
            "`COUNT=2` counts from a start: write one before the rule, such as `DTSTART:20260106T020000`",
        );
        check(
            "FREQ=WEEKLY;BYHOUR=2",
            "`FREQ=WEEKLY` does not say on which day: add `BYDAY` or `BYMONTHDAY`, or a `DTSTART` before the rule",
        );
    }

    #[test]
    fn a_rule_that_never_happens_is_found_at_once() {
        for rule in [
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
            "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30,31",
            "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
            "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30",
            "FREQ=MINUTELY;BYYEARDAY=1;BYMONTH=2",
            "DTSTART:20260228 FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29",
            "DTSTART:20260101T023000 FREQ=MINUTELY;INTERVAL=1440;BYHOUR=3",
            "DTSTART:20260101 FREQ=DAILY;UNTIL=20251231",
            "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6",
            "DTSTART:20260101 FREQ=DAILY;INTERVAL=7;BYDAY=MO",
        ] {
            assert_eq!(RruleSchedule::parse(rule).map(|_| ()), Err(RruleError::Never), "{rule}");
        }
    }
}
