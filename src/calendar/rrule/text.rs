//! The text of a recurrence rule, part by part, with what was expected where it is wrong.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Timelike, Utc, Weekday};
use rrule::{Frequency, NWeekday};

use super::RruleError;

/// The parts of a recurrence rule, and where it starts to count.
#[derive(Debug, Clone)]
pub(super) struct Parts {
    pub(super) start: Option<NaiveDateTime>,
    pub(super) freq: Frequency,
    pub(super) interval: u16,
    pub(super) count: Option<usize>,
    pub(super) until: Option<Until>,
    pub(super) week_start: Weekday,
    pub(super) months: Vec<u8>,
    pub(super) weeks: Vec<i8>,
    pub(super) year_days: Vec<i16>,
    pub(super) month_days: Vec<i8>,
    pub(super) days: Vec<NWeekday>,
    pub(super) hours: Vec<u8>,
    pub(super) minutes: Vec<u8>,
    pub(super) positions: Vec<i32>,
}

/// The last time that a rule allows.
#[derive(Debug, Clone, Copy)]
pub(super) enum Until {
    Local(NaiveDateTime),
    Utc(DateTime<Utc>),
}

/// What a rule is worth counting to; beyond, an end is said better by its date.
const MAX_COUNT: usize = 10_000;
const MAX_INTERVAL: u16 = 9_999;
/// The years that a rule may start in.
const YEARS: RangeInclusive<i32> = 1900..=9000;

/// Reads `DTSTART:20260106T020000 RRULE:FREQ=WEEKLY;INTERVAL=2`; `DTSTART` and the word `RRULE:` may be left out.
pub(super) fn read(text: &str) -> Result<Parts, RruleError> {
    let text = text.to_ascii_uppercase();
    let (mut start, mut rule) = (None, None);
    for line in text.split_whitespace() {
        if let Some(value) = line.strip_prefix("DTSTART") {
            if start.replace(read_start(line, value)?).is_some() {
                return Err(wrong(line, "one `DTSTART`"));
            }
            continue;
        }
        let value = line.strip_prefix("RRULE:").unwrap_or(line);
        if !value.contains('=') || value.contains(':') {
            return Err(wrong(line, "a rule, such as `FREQ=DAILY;BYHOUR=2`, or `DTSTART` before it"));
        }
        if rule.replace(value).is_some() {
            return Err(wrong(line, "one rule, without spaces in it"));
        }
    }
    let rule =
        rule.ok_or_else(|| RruleError::Part("expected a rule, such as `FREQ=DAILY;BYHOUR=2`".to_owned()))?;
    let mut parts = read_rule(rule)?;
    parts.start = start;
    parts.agree()?;
    Ok(parts)
}

fn wrong(what: &str, expected: impl Display) -> RruleError {
    RruleError::Part(format!("in `{what}`, expected {expected}"))
}

fn read_start(line: &str, value: &str) -> Result<NaiveDateTime, RruleError> {
    if value.contains("TZID") || value.ends_with('Z') {
        return Err(wrong(line, "a local time: the zone is `timezone` of the plan file"));
    }
    let value = value.strip_prefix(";VALUE=DATE-TIME").or(value.strip_prefix(";VALUE=DATE")).unwrap_or(value);
    let time = value.strip_prefix(':').and_then(local_time);
    let is_usable =
        |time: &NaiveDateTime| YEARS.contains(&chrono::Datelike::year(time)) && time.second() == 0;
    time.filter(is_usable)
        .ok_or_else(|| wrong(line, "a date and a time on a whole minute, such as `DTSTART:20260106T020000`"))
}

/// `20260106T020000`, or `20260106` for its midnight.
fn local_time(text: &str) -> Option<NaiveDateTime> {
    date(text)
        .map(|date| date.and_time(NaiveTime::MIN))
        .or_else(|| NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%S").ok())
        .filter(|_| text.len() == 8 || text.len() == 15)
}

fn date(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text, "%Y%m%d").ok().filter(|_| text.len() == 8)
}

fn read_rule(rule: &str) -> Result<Parts, RruleError> {
    let mut parts = Parts {
        start: None,
        freq: Frequency::Daily,
        interval: 1,
        count: None,
        until: None,
        week_start: Weekday::Mon,
        months: Vec::new(),
        weeks: Vec::new(),
        year_days: Vec::new(),
        month_days: Vec::new(),
        days: Vec::new(),
        hours: Vec::new(),
        minutes: Vec::new(),
        positions: Vec::new(),
    };
    let mut seen = Vec::new();
    for part in rule.split(';') {
        if part.is_empty() {
            return Err(wrong(rule, "a part between any two `;` and after the last"));
        }
        let (key, value) = part.split_once('=').ok_or_else(|| wrong(part, "`NAME=VALUE`"))?;
        if seen.contains(&key) {
            return Err(wrong(part, format!("`{key}` once")));
        }
        seen.push(key);
        parts.take(part, key, value)?;
    }
    if seen.contains(&"FREQ") { Ok(parts) } else { Err(wrong(rule, "`FREQ`")) }
}

impl Parts {
    fn take(&mut self, part: &str, key: &str, value: &str) -> Result<(), RruleError> {
        match key {
            "FREQ" => self.freq = frequency(part, value)?,
            "INTERVAL" => self.interval = number(part, value, 1..=MAX_INTERVAL)?,
            "COUNT" => self.count = Some(number(part, value, 1..=MAX_COUNT)?),
            "UNTIL" => self.until = Some(until(part, value)?),
            "WKST" => self.week_start = weekday(value).ok_or_else(|| wrong(part, "a day such as `MO`"))?,
            "BYMONTH" => self.months = numbers(part, value, 1..=12)?,
            "BYWEEKNO" => self.weeks = signed(part, value, 53)?,
            "BYYEARDAY" => self.year_days = signed(part, value, 366)?,
            "BYMONTHDAY" => self.month_days = signed(part, value, 31)?,
            "BYDAY" => self.days = days(part, value)?,
            "BYHOUR" => self.hours = numbers(part, value, 0..=23)?,
            "BYMINUTE" => self.minutes = numbers(part, value, 0..=59)?,
            "BYSETPOS" => self.positions = signed(part, value, 366)?,
            "BYSECOND" if value == "0" => {}
            "BYSECOND" => return Err(wrong(part, "whole minutes, `BYSECOND=0`")),
            _ => return Err(wrong(part, "a part of RFC 5545, such as `BYDAY` or `BYHOUR`")),
        }
        Ok(())
    }

    /// Whether work in it follows elapsed time, as `*` in the minute or hour of a cron expression does.
    pub(super) fn is_within_days(&self) -> bool {
        matches!(self.freq, Frequency::Hourly | Frequency::Minutely)
    }

    /// Refuses what RFC 5545 does not allow side by side, and what would have to be guessed.
    fn agree(&self) -> Result<(), RruleError> {
        use Frequency::{Daily, Monthly, Weekly, Yearly};
        let is_numbered = |day: &NWeekday| matches!(day, NWeekday::Nth(..));
        let n_numbered = self.days.iter().filter(|day| is_numbered(day)).count();
        let freq = self.freq;
        let not_with =
            |part: &str| Err(RruleError::Part(format!("`{part}` cannot stand beside `FREQ={freq}`")));
        if self.count.is_some() && self.until.is_some() {
            return Err(RruleError::Part("expected `COUNT` or `UNTIL`, found both".to_owned()));
        }
        if !self.weeks.is_empty() && freq != Yearly {
            return not_with("BYWEEKNO");
        }
        if !self.year_days.is_empty() && matches!(freq, Daily | Weekly | Monthly) {
            return not_with("BYYEARDAY");
        }
        if !self.month_days.is_empty() && freq == Weekly {
            return not_with("BYMONTHDAY");
        }
        if n_numbered > 0 && !matches!(freq, Monthly | Yearly) {
            return not_with("BYDAY=2TU");
        }
        if n_numbered > 0 && (n_numbered < self.days.len() || !self.weeks.is_empty()) {
            return Err(RruleError::Part(
                "days with a number, such as `2TU`, cannot stand beside days without one, nor beside `BYWEEKNO`"
                    .to_owned(),
            ));
        }
        if !self.weeks.is_empty() && self.days.is_empty() {
            return Err(RruleError::Part("`BYWEEKNO` needs `BYDAY`: which day of the week".to_owned()));
        }
        if !self.positions.is_empty() {
            let has_others = !self.months.is_empty()
                || self.says_days()
                || !self.hours.is_empty()
                || !self.minutes.is_empty();
            if self.is_within_days() {
                return not_with("BYSETPOS");
            }
            if !has_others {
                return Err(RruleError::Part("`BYSETPOS` needs another part to choose from".to_owned()));
            }
        }
        if self.start.is_none() { self.needs_no_start() } else { Ok(()) }
    }

    /// Whether it is said which days of a period are meant; if not, `DTSTART` says it.
    pub(super) fn says_days(&self) -> bool {
        !self.weeks.is_empty()
            || !self.year_days.is_empty()
            || !self.month_days.is_empty()
            || !self.days.is_empty()
    }

    fn needs_no_start(&self) -> Result<(), RruleError> {
        // These come out even at every midnight, whichever one they are counted from.
        let comes_out_even = match self.freq {
            Frequency::Hourly => 24 % self.interval == 0,
            Frequency::Minutely => 24 * 60 % self.interval == 0,
            _ => self.interval == 1,
        };
        if !comes_out_even {
            return Err(RruleError::NoStart(format!("INTERVAL={}", self.interval)));
        }
        if let Some(count) = self.count {
            return Err(RruleError::NoStart(format!("COUNT={count}")));
        }
        let has_days = self.is_within_days() || self.freq == Frequency::Daily || self.says_days();
        if has_days { Ok(()) } else { Err(RruleError::NoDay(self.freq.to_string())) }
    }
}

fn frequency(part: &str, value: &str) -> Result<Frequency, RruleError> {
    let frequency = value.parse().ok().filter(|frequency| *frequency != Frequency::Secondly);
    frequency.ok_or_else(|| wrong(part, "`YEARLY`, `MONTHLY`, `WEEKLY`, `DAILY`, `HOURLY` or `MINUTELY`"))
}

/// `20261231T235959Z`, `20261231T235959` on the clock of the plan file, or `20261231` with the whole of that day.
fn until(part: &str, value: &str) -> Result<Until, RruleError> {
    let end = if let Some(utc) = value.strip_suffix('Z') {
        local_time(utc).filter(|_| utc.contains('T')).map(|time| Until::Utc(time.and_utc()))
    } else if let Some(date) = date(value) {
        date.and_hms_opt(23, 59, 59).map(Until::Local)
    } else {
        local_time(value).map(Until::Local)
    };
    end.ok_or_else(|| wrong(part, "a date, or a date and a time, such as `UNTIL=20261231T235959`"))
}

fn number<T: FromStr + PartialOrd + Display>(
    part: &str,
    value: &str,
    range: RangeInclusive<T>,
) -> Result<T, RruleError> {
    let number = value.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| wrong(part, format!("a number from {} to {}", range.start(), range.end())))
}

fn numbers<T: FromStr + Ord + Copy + Display>(
    part: &str,
    value: &str,
    range: RangeInclusive<T>,
) -> Result<Vec<T>, RruleError> {
    let each = value.split(',').map(|value| number(part, value, range.clone()));
    let mut numbers: Vec<_> = each.collect::<Result<_, _>>()?;
    numbers.sort_unstable();
    numbers.dedup();
    Ok(numbers)
}

/// Numbers from the beginning, or with a minus from the end.
fn signed<T: TryFrom<i32>>(part: &str, value: &str, most: i32) -> Result<Vec<T>, RruleError> {
    let expected = || wrong(part, format!("numbers from 1 to {most}, or from -1 to -{most}"));
    let numbers = numbers(part, value, -most..=most).map_err(|_| expected())?;
    let numbers = numbers.into_iter().map(|number| Some(number).filter(|number| *number != 0));
    numbers.map(|number| T::try_from(number?).ok()).collect::<Option<_>>().ok_or_else(expected)
}

/// `MO,WE`, or `2TU,-1FR`.
fn days(part: &str, value: &str) -> Result<Vec<NWeekday>, RruleError> {
    let day = |text: &str| {
        let (number, name) = text.split_at_checked(text.len().checked_sub(2)?)?;
        let number: Option<i16> = if number.is_empty() { None } else { Some(number.parse().ok()?) };
        let is_in_range = number.is_none_or(|number| (1..=53).contains(&number.abs()));
        weekday(name).filter(|_| is_in_range).map(|day| NWeekday::new(number, day))
    };
    let days: Option<Vec<_>> = value.split(',').map(day).collect();
    days.ok_or_else(|| wrong(part, "days such as `MO`, or `2TU` and `-1FR` within a month or a year"))
}

fn weekday(name: &str) -> Option<Weekday> {
    Some(match name {
        "MO" => Weekday::Mon,
        "TU" => Weekday::Tue,
        "WE" => Weekday::Wed,
        "TH" => Weekday::Thu,
        "FR" => Weekday::Fri,
        "SA" => Weekday::Sat,
        "SU" => Weekday::Sun,
        _ => return None,
    })
}
