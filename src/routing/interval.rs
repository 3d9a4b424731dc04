//! Time intervals: when notifications are kept back, or alone sent.
//!
//! Source: Alertmanager's manual, `time_interval`; a month's missing days are skipped, an end beyond it is its last day.

use chrono::{DateTime, Datelike, Months, NaiveDate, Timelike, Utc};
use serde::Deserialize;

use crate::calendar::Zone;

/// One interval: all that is given has to hold, of each at least one range.
#[derive(Debug, Clone)]
pub(super) struct TimeInterval {
    /// Minutes of the day; the second is not in it any more.
    times: Option<Vec<(i64, i64)>>,
    /// 0 is Sunday.
    weekdays: Option<Vec<(i64, i64)>>,
    /// Below 0: from the end of the month.
    days_of_month: Option<Vec<(i64, i64)>>,
    months: Option<Vec<(i64, i64)>>,
    years: Option<Vec<(i64, i64)>>,
    zone: Zone,
}

/// An interval as it is written.
#[derive(Debug, Deserialize)]
pub(super) struct Written {
    times: Option<Vec<Times>>,
    weekdays: Option<Vec<String>>,
    days_of_month: Option<Vec<String>>,
    months: Option<Vec<String>>,
    years: Option<Vec<String>>,
    location: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Times {
    start_time: String,
    end_time: String,
}

const WEEKDAYS: [&str; 7] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

impl TimeInterval {
    /// # Errors
    /// What cannot be read.
    pub(super) fn new(written: &Written) -> Result<Self, String> {
        let zone = match written.location.as_deref() {
            None | Some("") => Zone::utc(),
            Some("Local") => {
                return Err(
                    "`location: Local` is the zone of Alertmanager's machine, which is not known".to_owned()
                );
            }
            Some(name) => Zone::named(name).map_err(|error| error.to_string())?,
        };
        let times = |times: &Times| Ok::<_, String>((minute(&times.start_time)?, minute(&times.end_time)?));
        let number = |text: &str| text.parse::<i64>().ok();
        let named = |names: &[&str], first: usize, text: &str| {
            let place = names.iter().position(|name| name.eq_ignore_ascii_case(text))?;
            i64::try_from(place + first).ok()
        };
        let weekday = |text: &str| named(&WEEKDAYS, 0, text);
        let month = |text: &str| number(text).or_else(|| named(&MONTHS, 1, text));
        Ok(Self {
            times: written.times.as_ref().map(|all| all.iter().map(times).collect()).transpose()?,
            weekdays: ranges(written.weekdays.as_deref(), weekday)?,
            days_of_month: ranges(written.days_of_month.as_deref(), number)?,
            months: ranges(written.months.as_deref(), month)?,
            years: ranges(written.years.as_deref(), number)?,
            zone,
        })
    }

    /// Whether `instant` lies in it.
    pub(super) fn contains(&self, instant: DateTime<Utc>) -> bool {
        let wall = self.zone.wall(instant);
        let is_in = |ranges: &Option<Vec<(i64, i64)>>, value: i64| {
            ranges
                .as_ref()
                .is_none_or(|all| all.iter().any(|(first, last)| (*first..=*last).contains(&value)))
        };
        let minute = i64::from(wall.hour() * 60 + wall.minute());
        let length = days_in_month(wall.date());
        let from_end = |day: i64| if day < 0 { length + day + 1 } else { day };
        let is_day = |(first, last): &(i64, i64)| {
            let first = from_end(*first);
            first <= length && (first..=from_end(*last).min(length)).contains(&i64::from(wall.day()))
        };
        self.times.as_ref().is_none_or(|all| all.iter().any(|(start, end)| (*start..*end).contains(&minute)))
            && self.days_of_month.as_ref().is_none_or(|all| all.iter().any(is_day))
            && is_in(&self.months, i64::from(wall.month()))
            && is_in(&self.weekdays, i64::from(wall.weekday().num_days_from_sunday()))
            && is_in(&self.years, i64::from(wall.year()))
    }
}

fn days_in_month(date: NaiveDate) -> i64 {
    let first = date.with_day(1).unwrap_or(date);
    first.checked_add_months(Months::new(1)).map_or(31, |next| (next - first).num_days())
}

fn minute(text: &str) -> Result<i64, String> {
    let read = || {
        let (hours, minutes) = text.split_once(':').filter(|_| text.len() == 5)?;
        let (hours, minutes) = (hours.parse::<i64>().ok()?, minutes.parse::<i64>().ok()?);
        let minute = hours * 60 + minutes;
        ((0..60).contains(&minutes) && (0..=24 * 60).contains(&minute)).then_some(minute)
    };
    read().ok_or_else(|| format!("`{text}` is no time of day such as `08:30`"))
}

fn ranges(
    texts: Option<&[String]>,
    value: impl Fn(&str) -> Option<i64>,
) -> Result<Option<Vec<(i64, i64)>>, String> {
    let range = |text: &String| {
        let (first, last) = text.split_once(':').unwrap_or((text, text));
        let read = value(first.trim()).zip(value(last.trim()));
        read.ok_or_else(|| format!("`{text}` is no range of a time interval"))
    };
    texts.map(|texts| texts.iter().map(range).collect()).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_holds_by_the_wall_clock_of_its_place() {
        let check = |yaml: &str, instant: &str, expected: bool| {
            let written: Written = serde_yaml::from_str(yaml).unwrap();
            let interval = TimeInterval::new(&written).unwrap();
            assert_eq!(interval.contains(instant.parse().unwrap()), expected, "{yaml} at {instant}");
        };
        let hours = "times: [{start_time: '09:00', end_time: '17:00'}]";
        check(hours, "2026-01-01T09:00:00Z", true);
        check(hours, "2026-01-01T16:59:59Z", true);
        check(hours, "2026-01-01T17:00:00Z", false);
        let berlin = format!("{hours}\nlocation: Europe/Berlin");
        check(&berlin, "2026-01-01T08:00:00Z", true);
        check(&berlin, "2026-07-01T07:00:00Z", true);
        check(&berlin, "2026-07-01T15:00:00Z", false);
        check("weekdays: ['monday:friday']", "2026-11-27T23:59:59Z", true);
        check("weekdays: ['monday:friday']", "2026-11-28T00:00:00Z", false);
        check("weekdays: ['Saturday', sunday]", "2026-11-29T00:00:00Z", true);
        check("days_of_month: ['-3:-1']", "2026-02-26T00:00:00Z", true);
        check("days_of_month: ['-3:-1']", "2026-02-25T00:00:00Z", false);
        check("days_of_month: ['31']", "2026-02-28T00:00:00Z", false);
        check("days_of_month: ['28:31']", "2026-02-28T00:00:00Z", true);
        check("months: ['1:3', may]", "2026-05-01T00:00:00Z", true);
        check("months: ['january:march']", "2026-04-01T00:00:00Z", false);
        check("years: ['2020:2025', '2027']", "2026-04-01T00:00:00Z", false);
        check("{}", "2026-04-01T00:00:00Z", true);
    }
}
