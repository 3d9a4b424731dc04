//! MS405: a day that some months do not have.

use std::collections::HashMap;

use chrono::TimeDelta;

use super::stated;
use crate::calendar::Calendar;
use crate::model::DstMode;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS405",
    title: "a day that some months do not have",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "Neither cron nor RFC 5545 moves the 31st to the end of a shorter month, they leave the month out. What \
          should come monthly comes seven times a year, and February goes without.",
    before: r#"mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    schedule: {cron: "0 4 31 * *"}
    duration: 5m
    steps: [{run: [rm, old]}]
"#,
    after: r#"mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    schedule: {cron: "0 4 L * *"}
    duration: 5m
    steps: [{run: [rm, old]}]
"#,
    finder: Finder::Look(look),
};

const NAMES: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
/// In this time a leap day comes even around a year such as 2100.
const UNTIL_LEAP_DAY: TimeDelta = TimeDelta::days(13 * 366);

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    let mut known: HashMap<&str, Option<String>> = HashMap::new();
    for stated in stated::calendars(facts) {
        let text = &stated.text.value;
        let left_out = known.entry(text).or_insert_with(|| left_out(facts, text, stated.calendar));
        let Some(left_out) = left_out else { continue };
        let last_day = match stated.calendar {
            Calendar::Cron(_) => "L",
            Calendar::Rrule(_) => "BYMONTHDAY=-1",
        };
        faults.push(
            Fault::new(RULE.code, stated.text.span, format!("{} leaves out {left_out}", stated.owner))
                .help(format!("write `{last_day}` for the last day of a month")),
        );
    }
}

/// What a calendar leaves out because of the length of months.
fn left_out(facts: &Facts, text: &str, calendar: &Calendar) -> Option<String> {
    let (day, months) = match calendar {
        Calendar::Cron(cron) if cron.has_both_days() => return None,
        Calendar::Cron(cron) => (late_day(text.split_whitespace().nth(2)?)?, cron.months().collect()),
        Calendar::Rrule(rule) => rule.day_of_months().filter(|(day, _)| 28 < *day)?,
    };
    if day == 29 && months == [2] {
        let until = facts.now + UNTIL_LEAP_DAY;
        let next = calendar.instants(&facts.zone, DstMode::Once, facts.now, until).next()?;
        let next = facts.zone.date(next);
        return Some(format!("every year that is no leap year: the next time is {next}"));
    }
    let short = months.into_iter().filter(|month| longest(*month) < day || (*month == 2 && day == 29));
    let names: Vec<_> = short.filter_map(|month| NAMES.get(month as usize - 1).copied()).collect();
    let (last, others) = names.split_last()?;
    let names =
        if others.is_empty() { (*last).to_owned() } else { format!("{} and {last}", others.join(", ")) };
    let when = if day == 29 { " outside leap years" } else { "" };
    Some(format!("{names}{when}: there is no day {day}"))
}

/// The last of the days and beginnings of ranges of a field that not every month has.
fn late_day(field: &str) -> Option<u32> {
    let first = |part: &str| part.split(['-', '/']).next().and_then(|day| day.parse::<u32>().ok());
    field.split(',').filter_map(first).filter(|day| 28 < *day).max()
}

fn longest(month: u32) -> u32 {
    match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
