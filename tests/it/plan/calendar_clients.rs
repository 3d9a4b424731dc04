//! What calendar programs ask of a file beyond RFC 5545, a test a rule. Thunderbird, ical.js and libical were given real
//! calendars (`tests/clients`); Outlook and Google Calendar are services that no test here reaches: what they publish
//! of themselves is held to instead.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime, TimeDelta, Utc};

use super::rfc5545::{Component, Property, read};
use crate::support::Case;

const NOW: &str = "2026-02-20T12:00:00Z";

fn plan(title: &str, zone: &str, hour: u8) -> String {
    format!(
        "mainstay: 1
{title}
timezone: {zone}
windows:
  night: {{cron: \"0 {hour} * * *\", duration: 3h}}
tasks:
  tidy:
    type: routine
    domain: component
    schedule: {{cron: \"0 {hour} * * *\"}}
    window: night
    duration: 20m
    steps: [{{run: [\"true\"]}}]
"
    )
}

fn text(case: &Case, horizon: &str) -> String {
    case.run(&format!("--now {NOW} plan --horizon {horizon} --format ics")).exit(0).take_text()
}

fn named<'c>(component: &'c Component, name: &str) -> Vec<&'c Property> {
    component.properties.iter().filter(|property| property.name == name).collect()
}

/// [MS-OXCICAL] 2.1.3.1.1.1: a file of several appointments has the method PUBLISH, or none: REQUEST and CANCEL speak of
/// exactly one, and make it a meeting.
#[test]
fn outlook_takes_many_appointments_under_the_method_publish() {
    let case = Case::new().plan_file(plan("", "Europe/Berlin", 1));
    let calendar = read(&text(&case, "5d"));
    assert_eq!(calendar.text("METHOD"), "PUBLISH");
    assert_eq!(calendar.all("VEVENT").count(), 5);
    for event in calendar.all("VEVENT") {
        let people = ["ORGANIZER", "ATTENDEE"].map(|name| named(event, name).len());
        assert_eq!(people, [0, 0], "whoever is named makes a meeting of it");
    }
}

/// [MS-OXCICAL] 2.1.3.1.1.19: of a VTIMEZONE Outlook keeps one day a year on which standard time begins, and one on
/// which daylight saving time does, each by its rule; without a rule it takes the weekday of that one year. So a file
/// has both, with rules that name a month and one weekday of it (2.1.3.1.1.19.2.2), or has standard time alone.
#[test]
fn outlook_finds_every_local_time_by_one_yearly_rule_for_each_half_of_the_year() {
    let zones =
        ["Europe/Berlin", "America/New_York", "America/Santiago", "Australia/Lord_Howe", "Asia/Kolkata"];
    for (zone, horizon) in zones.iter().flat_map(|zone| [(*zone, "3d"), (*zone, "200d"), (*zone, "100w")]) {
        let case = Case::new().plan_file(plan("", zone, 1));
        let calendar = read(&text(&case, horizon));
        let told = calendar.all("VTIMEZONE").next().unwrap_or_else(|| panic!("{zone}"));
        let (standard, daylight) = (told.all("STANDARD").count(), told.all("DAYLIGHT").count());
        assert_eq!(standard, 1, "{zone}, {horizon}");
        assert!(daylight < 2, "{zone}, {horizon}");
        for part in &told.inner {
            assert_eq!(named(part, "RRULE").len(), daylight, "{zone}, {horizon}: {part:?}");
            assert!(named(part, "RDATE").is_empty(), "Outlook does not read it");
        }
        for event in calendar.all("VEVENT") {
            for name in ["DTSTART", "DTEND"] {
                let shown = outlook(event.one(name), told);
                assert_eq!(shown, event.instant(name, &calendar), "{zone}, {horizon}: {:?}", event.one(name));
            }
        }
    }
}

/// The instant that Outlook makes of a time: two transitions a year, found by weekday.
fn outlook(time: &Property, zone: &Component) -> DateTime<Utc> {
    if let Some(utc) = time.value.strip_suffix('Z') {
        return wall(utc).and_utc();
    }
    let local = wall(&time.value);
    let offset_of = |kind: &str| zone.all(kind).next().map(|part| seconds(&part.one("TZOFFSETTO").value));
    let standard = offset_of("STANDARD").unwrap();
    let Some(daylight) = offset_of("DAYLIGHT") else {
        return (local - TimeDelta::seconds(standard)).and_utc();
    };
    let begin = |kind: &str| transition(zone.all(kind).next().unwrap(), local.year());
    let (summer, winter) = (begin("DAYLIGHT"), begin("STANDARD"));
    let is_summer =
        if summer < winter { (summer..winter).contains(&local) } else { !(winter..summer).contains(&local) };
    (local - TimeDelta::seconds(if is_summer { daylight } else { standard })).and_utc()
}

/// When a part of a zone begins in a year, by its rule.
fn transition(part: &Component, year: i32) -> NaiveDateTime {
    let rule = &part.one("RRULE").value;
    let parts: BTreeMap<&str, &str> = rule.split(';').filter_map(|part| part.split_once('=')).collect();
    assert_eq!(parts["FREQ"], "YEARLY");
    let (week, name) = parts["BYDAY"].split_at(parts["BYDAY"].len() - 2);
    let first = wall(&part.one("DTSTART").value);
    let month = parts["BYMONTH"].parse().unwrap();
    let days = (1..=31).filter_map(|day| NaiveDate::from_ymd_opt(year, month, day));
    let days = days.filter(|day| day.weekday().to_string().to_uppercase().starts_with(name));
    let mut days: Vec<_> = days.collect();
    if week == "-1" {
        days.reverse();
    }
    let place = week.trim_start_matches('-').parse::<usize>().unwrap() - 1;
    days[place].and_time(first.time())
}

fn wall(text: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%S").unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn seconds(offset: &str) -> i64 {
    let (hours, rest) = offset[1..].split_at(2);
    let size = hours.parse::<i64>().unwrap() * 3600 + rest[..2].parse::<i64>().unwrap() * 60;
    if offset.starts_with('-') { -size } else { size }
}

/// The same: where no such pair of rules tells the times, they are told in UTC, which needs no zone.
#[test]
fn outlook_is_told_in_utc_where_it_could_not_make_the_time() {
    let case = Case::new().plan_file(plan("", "Africa/Casablanca", 1));
    let calendar = read(&text(&case, "300d"));
    assert_eq!(calendar.all("VTIMEZONE").count(), 0);
    assert_eq!(calendar.text("X-WR-TIMEZONE"), "Africa/Casablanca");
    let all: Vec<_> = calendar.all("VEVENT").collect();
    assert_eq!(all.len(), 300);
    assert!(all.iter().all(|event| event.one("DTSTART").value.ends_with('Z')));
}

/// [MS-OXCICAL] 2.1.3.1.1.20: an event is one appointment by its UID; a second one of the same UID is an exception to a
/// series, which there is none of here.
#[test]
fn outlook_finds_each_uid_once_and_no_exceptions() {
    let case = Case::new().plan_file(plan("", "Europe/Berlin", 1));
    let calendar = read(&text(&case, "20d"));
    let mut uids: Vec<_> = calendar.all("VEVENT").map(|event| event.text("UID")).collect();
    uids.sort();
    uids.dedup();
    assert_eq!(uids.len(), 20);
    assert!(calendar.all("VEVENT").all(|event| named(event, "RECURRENCE-ID").is_empty()));
}

/// Google Calendar knows zones by their IANA names, and does not read the rules that come with them: the name has to be
/// one, not just any key of a VTIMEZONE.
#[test]
fn google_knows_the_zone_by_its_name() {
    let case = Case::new().plan_file(plan("", "America/New_York", 1));
    let calendar = read(&text(&case, "2d"));
    for event in calendar.all("VEVENT") {
        assert_eq!(event.one("DTSTART").parameters["TZID"], "America/New_York");
    }
}

/// Google Calendar, "Import events to Google Calendar": a file is at most 1 MB.
#[test]
fn google_does_not_import_more_than_a_megabyte_and_whoever_writes_more_is_told() {
    let case = Case::new().plan_file(plan("", "Europe/Berlin", 1));
    case.run(&format!("--now {NOW} plan --horizon 30d --format ics")).exit(0).stderr("").take_text();
    let many = plan("", "Europe/Berlin", 1)
        .replace("0 1 * * *\"}\n    window: night\n    duration: 20m", "*/10 * * * *\"}\n    duration: 5m");
    let case = case.plan_file(many);
    let told = "Google Calendar imports files of up to 1 MB, and this one has ";
    case.run(&format!("--now {NOW} plan --horizon 30d --format ics")).any_output().exit(0).stderr_has(told);
}

/// Every program finds an event again by its UID: Thunderbird, Outlook and Google Calendar would else show it twice, once
/// under each title.
#[test]
fn a_new_title_leaves_no_event_behind_once_the_plan_is_published() {
    let uids = |case: &Case| -> Vec<String> {
        read(&text(case, "5d")).all("VEVENT").map(|event| event.text("UID")).collect()
    };
    let case = Case::new().plan_file(plan("title: Old name", "Europe/Berlin", 1));
    let proposed = uids(&case);
    case.run(&format!("--now {NOW} plan --horizon 5d --publish")).any_output().exit(0);
    assert_eq!(uids(&case), proposed);
    let case = case.plan_file(plan("title: New name", "Europe/Berlin", 1));
    assert_eq!(uids(&case), proposed);
    case.run(&format!("--now {NOW} plan --horizon 5d --publish")).any_output().exit(0);
    assert_eq!(uids(&case), proposed);
    let case = case.plan_file(plan("", "Europe/Berlin", 1));
    assert_eq!(uids(&case), proposed);
    // Another plan file of the same tasks has events of its own.
    let other = Case::new().plan_file(plan("title: New name", "Europe/Berlin", 1));
    assert!(uids(&other).iter().all(|uid| !proposed.contains(uid)));
}

/// A subscription shows what was taken back as cancelled, whatever the age of the revision that had it.
#[test]
fn what_was_published_long_ago_and_is_taken_back_today_is_cancelled() {
    let case = Case::new().plan_file(plan("", "Europe/Berlin", 1));
    case.run("--now 2026-01-01T12:00:00Z plan --horizon 60d --publish").any_output().exit(0);
    let case = case.plan_file(plan("", "Europe/Berlin", 2));
    case.run(&format!("--now {NOW} plan --horizon 5d --publish")).any_output().exit(0);
    let calendar = read(&text(&case, "5d"));
    let cancelled = calendar.all("VEVENT").filter(|event| event.text("STATUS") == "CANCELLED");
    let ahead = cancelled.filter(|event| event.text("DESCRIPTION").contains("tidy@2026-02-22T00:00:00Z"));
    assert_eq!(ahead.count(), 1);
}
