//! Time zone, blackouts and cron expressions.

use std::cmp::Ordering;
use std::collections::HashMap;

use chrono::{Datelike, Duration, NaiveDate, NaiveDateTime, TimeDelta, Timelike};
use croner::errors::CronError;
use croner::parser::{CronParser, Seconds, Year};
use croner::{CivilDateTime, CronDateTime, Resolution, Weekday, YEAR_UPPER_LIMIT};
use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::{Facts, stands};
use crate::calendar::Zone;
use crate::model::Moment;
use crate::planfile::fault::Fault;

pub(super) fn check(facts: &Facts, faults: &mut Vec<Fault>) {
    let zone = zone(facts, faults);
    for (name, blackout) in facts.plan.blackouts.iter() {
        let (from, to) = (&blackout.from, &blackout.to);
        if stands(from) && stands(to) && civil(to.value, &zone) <= civil(from.value, &zone) {
            faults.push(
                Fault::new("MS305", to.span, format!("blackout `{}` ends before it begins", name.value))
                    .expected("expected a time after `from`")
                    .related(from.span, "it begins here"),
            );
        }
    }
    let schedules = facts.plan.tasks.iter().filter_map(|(_, task)| task.schedule.as_ref()?.cron.as_ref());
    let windows = facts.plan.windows.iter().filter_map(|(_, window)| window.cron.as_ref());
    // The same few expressions stand at thousands of tasks, and an impossible one takes long to search.
    let mut judged: HashMap<&str, Option<String>> = HashMap::new();
    for cron in schedules.chain(windows) {
        let wrong = judged.entry(cron.value.as_str()).or_insert_with(|| wrong_with(&cron.value));
        if let Some(why) = wrong {
            faults.push(
                Fault::new("MS307", cron.span, format!("`{}` is not a cron expression", cron.value))
                    .expected(why.clone()),
            );
        }
    }
}

/// The plan file's zone; UTC when it is unknown.
fn zone(facts: &Facts, faults: &mut Vec<Fault>) -> TimeZone {
    let Some(name) = &facts.plan.timezone else { return TimeZone::UTC };
    if let Ok(zone) = Zone::named(&name.value) {
        return zone.into();
    }
    let known: Vec<String> =
        TimeZoneDatabase::bundled().available().map(|name| name.as_str().to_owned()).collect();
    // People remember the city and forget the region.
    let last = |name: &str| name.rsplit('/').next().unwrap_or_default().to_lowercase();
    let fault = Fault::new("MS306", name.span, format!("unknown time zone `{}`", name.value))
        .expected("expected an IANA name such as `Europe/Berlin`");
    let city = known.iter().find(|zone| zone.contains('/') && last(zone) == last(&name.value));
    faults.push(match city {
        Some(zone) => fault.help(format!("did you mean `{zone}`?")),
        None => fault.near(&name.value, known.iter().map(String::as_str)),
    });
    TimeZone::UTC
}

/// The wall clock of the zone at a moment, near enough to tell before from after.
fn civil(moment: Moment, zone: &TimeZone) -> NaiveDateTime {
    match moment {
        Moment::Local(local) => local,
        Moment::Date(date) => date.into(),
        Moment::Utc(instant) => {
            let offset =
                Timestamp::from_second(instant.timestamp()).map_or(0, |at| zone.to_offset(at).seconds());
            instant.naive_utc() + Duration::seconds(offset.into())
        }
    }
}

/// What is wrong with a cron expression.
fn wrong_with(text: &str) -> Option<String> {
    let fields = text.split_whitespace().count();
    if fields != 5 {
        let found = if fields == 1 { "1 field".to_owned() } else { format!("{fields} fields") };
        return Some(format!("expected five fields, minute hour day month weekday, found {found}"));
    }
    let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
    let cron = match parser.parse(text) {
        Ok(cron) => cron,
        Err(error) => return Some(in_words(&error)),
    };
    // An impossible date such as 30 February parses, and only a search finds out. It ends at croner's last year:
    // the hundred before it hold a year of each kind, begun on every weekday, leap and common, and from today it
    // would be three thousand.
    let start = Civil(NaiveDate::from_ymd_opt(YEAR_UPPER_LIMIT - 100, 1, 1)?.into());
    cron.find_next_occurrence(&start, true).is_err().then(|| "expected a time that comes".to_owned())
}

fn in_words(error: &CronError) -> String {
    let text = error.to_string();
    let reason = text.split_once(": ").map_or(text.as_str(), |(_, reason)| reason).trim_end_matches('.');
    format!("not understood: {reason}")
}

/// A wall clock without a zone, for croner.
#[derive(Clone)]
struct Civil(NaiveDateTime);

impl CronDateTime for Civil {
    fn to_civil(&self) -> CivilDateTime {
        let (date, time) = (self.0.date(), self.0.time());
        let civil = CivilDateTime::from_ymd_hms_opt(
            date.year(),
            date.month(),
            date.day(),
            time.hour(),
            time.minute(),
            time.second(),
        );
        civil.unwrap_or_else(|| unreachable!("chrono and croner agree on the calendar"))
    }

    fn civil_weekday(&self) -> Weekday {
        match self.0.weekday() {
            chrono::Weekday::Mon => Weekday::Monday,
            chrono::Weekday::Tue => Weekday::Tuesday,
            chrono::Weekday::Wed => Weekday::Wednesday,
            chrono::Weekday::Thu => Weekday::Thursday,
            chrono::Weekday::Fri => Weekday::Friday,
            chrono::Weekday::Sat => Weekday::Saturday,
            chrono::Weekday::Sun => Weekday::Sunday,
        }
    }

    fn resolve_civil(&self, civil: CivilDateTime) -> Result<Resolution<Self>, CronError> {
        let date = NaiveDate::from_ymd_opt(civil.year(), civil.month(), civil.day());
        let time = date.and_then(|date| date.and_hms_opt(civil.hour(), civil.minute(), civil.second()));
        time.map(|time| Resolution::Single(Self(time))).ok_or(CronError::InvalidDate)
    }

    fn checked_add_seconds(&self, seconds: i64) -> Option<Self> {
        self.0.checked_add_signed(TimeDelta::try_seconds(seconds)?).map(Self)
    }

    fn cmp_instant(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_that_comes_once_in_28_years_is_found_and_one_that_never_comes_is_told() {
        for weekday in ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"] {
            // The rarest: in February a leap day has to be this weekday, once in 28 years.
            assert_eq!(wrong_with(&format!("0 0 * 2 {weekday}#5")), None);
        }
        for never in ["0 0 30 2 *", "0 0 31 4,6,9,11 *"] {
            assert_eq!(wrong_with(never), Some("expected a time that comes".to_owned()), "{never}");
        }
    }
}
