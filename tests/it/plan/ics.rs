//! `plan --format ics` as calendar programs read it.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use mainstay::calendar::Zone;
use mainstay::model::Outcome;
use mainstay::scheduler::debt::Debt;
use mainstay::scheduler::report::{Proposal, ics};
use mainstay::scheduler::{self, History};
use mainstay::validator::checker;
use proptest::prelude::*;

use super::rfc5545::{Component, offset_at, read};
use crate::support::{Case, Past};

const HOSTILE: &str =
    r#"Update; a, b \ c: "漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字"\r\nEND:VEVENT <b>\e[2J"#;

/// Two tasks in the zone, at times that change with `hour`.
fn plan(zone: &str, hour: u8) -> String {
    format!(
        "mainstay: 1
timezone: {zone}
windows:
  night: {{cron: \"0 {hour} * * *\", duration: 3h, cutoff: 30m}}
tasks:
  tidy:
    title: \"{}\"
    type: routine
    domain: component
    schedule: {{cron: \"0 {hour} * * *\"}}
    window: night
    duration: 20m
    steps: [{{run: [\"true\"]}}]
  weekly:
    type: preventive
    domain: data
    schedule: {{every: 7d}}
    duration: 2h
    steps: [{{run: [\"true\"]}}]
",
        HOSTILE
            .replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace("\\\\r\\\\n", "\\r\\n")
            .replace("\\\\e", "\\e")
    )
}

fn calendar(case: &Case, arguments: &str) -> Component {
    read(&case.run(arguments).exit(0).take_text())
}

fn instant(value: &serde_json::Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}

#[test]
fn a_calendar_has_the_times_of_the_json_in_every_zone() {
    // With changes of the clock in both directions, of an hour, of half an hour and of two, and without any; Troll
    // and Lord Howe have odd ones, and in Dublin winter is the exception.
    let zones = [
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "America/St_Johns",
        "America/Santiago",
        "Australia/Lord_Howe",
        "Antarctica/Troll",
        "Asia/Kolkata",
        "Asia/Kathmandu",
        "Asia/Tehran",
        "Africa/Casablanca",
        "Africa/Cairo",
        "Europe/Dublin",
        "Pacific/Chatham",
        "Pacific/Apia",
        "Etc/GMT+5",
    ];
    for zone in zones {
        let case = Case::new().plan_file(plan(zone, 1));
        let question = "--now 2026-02-20T12:00:00Z plan --horizon 52w --format";
        let json = case.run(&format!("{question} json")).exit(0).json();
        let calendar = calendar(&case, &format!("{question} ics"));
        let occurrences = json["occurrences"].as_array().unwrap();
        let events: Vec<_> = calendar.all("VEVENT").collect();
        assert!(occurrences.len() > 360, "{zone}: {}", occurrences.len());
        assert_eq!(events.len(), occurrences.len(), "{zone}");
        // The moon moves the clocks of Morocco.
        let is_told_in_utc = ["UTC", "Africa/Casablanca"].contains(&zone);
        assert_eq!(calendar.all("VTIMEZONE").count(), usize::from(!is_told_in_utc), "{zone}");
        for (event, occurrence) in events.iter().zip(occurrences) {
            let id = &occurrence["id"];
            assert_eq!(event.instant("DTSTART", &calendar), instant(&occurrence["start"]), "{id} in {zone}");
            assert_eq!(event.instant("DTEND", &calendar), instant(&occurrence["end"]), "{id} in {zone}");
        }
        same_offsets(&calendar, zone, instant(&json["occurrences"][0]["start"]));
    }
}

/// The VTIMEZONE says what our zone data says, at every half hour of the year.
fn same_offsets(calendar: &Component, name: &str, from: DateTime<Utc>) {
    let Some(told) = calendar.all("VTIMEZONE").next() else {
        return;
    };
    assert_eq!(told.text("TZID"), name);
    let zone = Zone::named(name).unwrap();
    for half_hours in 0..51 * 7 * 48 {
        let at = from + TimeDelta::minutes(30 * half_hours);
        let expected = (zone.wall(at) - at.naive_utc()).num_seconds();
        assert_eq!(offset_at(told, at), expected, "{name} at {at}");
    }
}

#[test]
fn the_second_of_two_equal_times_is_told_in_utc() {
    let plan =
        plan("Europe/Berlin", 1).replace("schedule: {every: 7d}", "schedule: {at: \"2026-10-25T01:30:00Z\"}");
    let case = Case::new().plan_file(plan);
    let calendar = calendar(&case, "--now 2026-10-24T12:00:00Z plan --horizon 2d --format ics");
    let event = calendar.all("VEVENT").find(|event| event.text("SUMMARY") == "weekly").unwrap();
    assert_eq!(event.one("DTSTART").value, "20261025T013000Z");
    assert!(event.one("DTSTART").parameters.is_empty());
    assert_eq!(event.one("DTEND").value, "20261025T043000");
}

#[test]
fn text_from_the_plan_file_stays_text() {
    let case = Case::new().plan_file(plan("Europe/Berlin", 1));
    let calendar = calendar(&case, "--now 2026-03-07T12:00:00Z plan --horizon 2d --format ics");
    let event = calendar.all("VEVENT").find(|event| event.text("DESCRIPTION").contains("tidy")).unwrap();
    let shown = HOSTILE.replace("\\r\\n", "\\u{d}\\u{a}").replace("\\e", "\\u{1b}");
    assert_eq!(event.text("SUMMARY"), shown);
    assert!(!event.text("DESCRIPTION").contains('<'));
    let facts: Vec<_> = event.text("DESCRIPTION").lines().map(str::to_owned).collect();
    let expected = [
        "Task: tidy",
        "Targets: local",
        "Window: night until 2026-03-08 04:00, nothing new starts from 2026-03-08 03:30",
        "Due: Sun 2026-03-08 04:00",
        "Occurrence: tidy@2026-03-08T00:00:00Z",
        "Schedule: proposed, not published",
    ];
    assert_eq!(facts, expected);
    assert_eq!(event.text("LOCATION"), "local");
}

#[test]
fn the_same_schedule_gives_the_same_bytes() {
    let case = Case::new().plan_file(plan("Europe/Berlin", 1));
    let write = || case.run("--now 2026-03-07T12:00:00Z plan --format ics").exit(0).take_text();
    assert_eq!(write(), write());
    let later = case.run("--now 2026-03-07T12:00:05Z plan --format ics").exit(0).take_text();
    assert!(later.contains("DTSTAMP:20260307T120005Z"));
}

#[test]
fn an_occurrence_keeps_its_uid_and_what_is_gone_is_cancelled() {
    let find = |calendar: &Component, occurrence: &str| {
        let of =
            |event: &&Component| event.text("DESCRIPTION").contains(&format!("Occurrence: {occurrence}\n"));
        let event = calendar.all("VEVENT").find(of).unwrap_or_else(|| panic!("{occurrence}"));
        (event.text("UID"), event.text("SEQUENCE"), event.text("STATUS"), event.instant("DTSTART", calendar))
    };
    let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    let case = Case::new().plan_file(plan("Europe/Berlin", 1));
    let proposed = calendar(&case, "--now 2026-03-07T12:00:00Z plan --horizon 3d --format ics");
    let (uid, ..) = find(&proposed, "weekly#1");
    let start = at("2026-03-07T12:00:00Z");
    assert_eq!(find(&proposed, "weekly#1"), (uid.clone(), "1".into(), "TENTATIVE".into(), start));
    let published = calendar(&case, "--now 2026-03-07T12:00:00Z plan --horizon 3d --publish --format ics");
    assert_eq!(find(&published, "weekly#1"), (uid.clone(), "1".into(), "CONFIRMED".into(), start));

    // The nightly work gets another instant, which is another occurrence; the weekly work goes on a later day.
    let case =
        case.plan_file(plan("Europe/Berlin", 2).replace("every: 7d}", "every: 7d}\n    window: night"));
    let changed = calendar(&case, "--now 2026-03-07T12:30:00Z plan --horizon 3d --format ics");
    let (tidy, ..) = find(&published, "tidy@2026-03-08T00:00:00Z");
    let gone = find(&changed, "tidy@2026-03-08T00:00:00Z");
    assert_eq!(gone, (tidy, "2".into(), "CANCELLED".into(), at("2026-03-08T00:00:00Z")));
    let moved = find(&changed, "weekly#1");
    assert_eq!(moved, (uid, "2".into(), "TENTATIVE".into(), at("2026-03-08T01:00:00Z")));
    assert_eq!(find(&changed, "tidy@2026-03-08T01:00:00Z").2, "TENTATIVE");
}

/// UID, SEQUENCE and STATUS of the event of an occurrence.
fn event_of(calendar: &Component, occurrence: &str) -> Option<(String, u32, String)> {
    let of = |event: &&Component| event.text("DESCRIPTION").contains(&format!("Occurrence: {occurrence}\n"));
    let event = calendar.all("VEVENT").find(of)?;
    Some((event.text("UID"), event.text("SEQUENCE").parse().unwrap(), event.text("STATUS")))
}

#[test]
fn what_was_withdrawn_stays_cancelled_until_everybody_has_seen_it() {
    let export =
        |case: &Case, now: &str| calendar(case, &format!("--now {now} plan --horizon 3d --format ics"));
    let publish = |case: &Case, now: &str| {
        case.run(&format!("--now {now} plan --horizon 3d --publish")).any_output().exit(0);
    };
    let (old, new) = ("tidy@2026-03-08T00:00:00Z", "tidy@2026-03-08T01:00:00Z");
    let case = Case::new().plan_file(plan("Europe/Berlin", 1));
    publish(&case, "2026-03-07T12:00:00Z");
    let (uid, first, _) = event_of(&export(&case, "2026-03-07T12:00:00Z"), old).unwrap();
    let case = case.plan_file(plan("Europe/Berlin", 2));
    publish(&case, "2026-03-07T13:00:00Z");
    // Nothing has changed since: who missed the last export still hears of it, in this one and in the next.
    let mut last = first;
    for now in ["2026-03-07T14:00:00Z", "2026-03-08T14:00:00Z"] {
        let calendar = export(&case, now);
        let (same, sequence, status) = event_of(&calendar, old).unwrap_or_else(|| panic!("{now}"));
        assert_eq!((same, status.as_str()), (uid.clone(), "CANCELLED"), "{now}");
        assert!(last < sequence || last == sequence && first < sequence, "{last} then {sequence}");
        last = sequence;
    }
    publish(&case, "2026-03-08T15:00:00Z");
    assert!(
        event_of(&export(&case, "2026-03-08T15:00:00Z"), old)
            .is_some_and(|(_, sequence, _)| last <= sequence)
    );
    assert_eq!(
        event_of(&export(&case, "2026-04-06T00:00:00Z"), old).map(|(.., status)| status),
        Some("CANCELLED".into())
    );
    assert_eq!(event_of(&export(&case, "2026-04-08T00:00:00Z"), old), None);
    // What ran is no longer ahead, and nothing is taken back.
    let past = Past(&case);
    past.begin("2026-03-08T01:00:00Z", "tidy", new).end("2026-03-08T01:01:00Z", 1, Outcome::Succeeded, "");
    publish(&case, "2026-03-08T16:00:00Z");
    assert_eq!(event_of(&export(&case, "2026-03-08T16:00:00Z"), new), None);
}

#[test]
fn what_is_planned_again_is_no_longer_cancelled_and_what_lies_beyond_the_horizon_is_not() {
    let horizon = |case: &Case, now: &str, horizon: &str| {
        calendar(case, &format!("--now {now} plan --horizon {horizon} --format ics"))
    };
    let publish = |case: &Case, now: &str| {
        case.run(&format!("--now {now} plan --horizon 5d --publish")).any_output().exit(0);
    };
    let id = "tidy@2026-03-10T00:00:00Z";
    let status =
        |calendar: &Component| event_of(calendar, id).map(|(_, sequence, status)| (sequence, status));
    let case = Case::new().plan_file(plan("Europe/Berlin", 1));
    publish(&case, "2026-03-07T12:00:00Z");
    assert_eq!(status(&horizon(&case, "2026-03-07T12:10:00Z", "1d")), None);
    let case = case.plan_file(plan("Europe/Berlin", 2));
    publish(&case, "2026-03-07T13:00:00Z");
    assert_eq!(status(&horizon(&case, "2026-03-07T13:10:00Z", "1d")), None);
    assert_eq!(status(&horizon(&case, "2026-03-07T13:10:00Z", "4d")), Some((2, "CANCELLED".into())));
    let case = case.plan_file(plan("Europe/Berlin", 1));
    publish(&case, "2026-03-07T14:00:00Z");
    assert_eq!(status(&horizon(&case, "2026-03-07T14:10:00Z", "4d")), Some((3, "CONFIRMED".into())));
}

#[test]
fn a_calendar_says_how_often_it_is_worth_reading() {
    let case = Case::new().plan_file(plan("Europe/Berlin", 1));
    let calendar = calendar(&case, "--now 2026-03-07T12:00:00Z plan --horizon 1d --format ics");
    let refresh = calendar.one("REFRESH-INTERVAL");
    assert_eq!((refresh.value.as_str(), refresh.parameters["VALUE"].as_str()), ("PT1H", "DURATION"));
    assert_eq!(calendar.text("X-PUBLISHED-TTL"), "PT1H");
    assert_eq!(calendar.text("NAME"), calendar.text("X-WR-CALNAME"));
    assert_eq!(calendar.text("X-WR-TIMEZONE"), calendar.all("VTIMEZONE").next().unwrap().text("TZID"));
    assert_eq!(calendar.text("LAST-MODIFIED"), "20260307T120000Z");
    // Outlook knows no zone that is not described before it is named.
    let first = |kind: &str| calendar.inner.iter().position(|inner| inner.kind == kind);
    assert!(first("VTIMEZONE") < first("VEVENT"));
}

#[test]
fn a_file_named_ics_is_a_calendar() {
    let case = Case::new().plan_file(plan("Asia/Tokyo", 1));
    case.run("--now 2026-03-07T12:00:00Z plan --output schedule.ics").any_output().exit(0);
    let written = case.read("schedule.ics");
    assert_eq!(written, case.run("--now 2026-03-07T12:00:00Z plan --format ics").exit(0).take_text());
    read(&written);
    case.run("validate --format ics").exit(2).stderr_has("this command has no format `ics`");
}

#[test]
fn a_calendar_without_events_is_one_all_the_same() {
    for zone in ["UTC", "Europe/Berlin"] {
        let plan = plan(zone, 1).replace("every: 7d", "at: 2026-12-24");
        let case = Case::new().plan_file(plan);
        let calendar = calendar(&case, "--now 2026-03-07T12:00:00Z plan --horizon 1h --format ics");
        assert_eq!(calendar.all("VEVENT").count(), 0, "{zone}");
    }
}

/// The calendar of a plan file whose texts are `text`.
fn calendar_of(text: &str) -> String {
    let now = "2026-03-07T12:00:00Z".parse().unwrap();
    let read = checker::check_bytes("maintenance.yaml", plan("Europe/Berlin", 1).into_bytes(), now);
    let mut plan = read.plan.unwrap();
    plan.title = Some(text.to_owned());
    for task in plan.tasks.values_mut() {
        task.title = Some(text.to_owned());
    }
    let mut computed =
        scheduler::compute(&plan, "", &History::default(), None, now, now + TimeDelta::days(1)).unwrap();
    for placed in &mut computed.schedule.placed {
        placed.occurrence.targets = vec![text.to_owned(); 3];
    }
    let proposal = Proposal {
        plan: &plan,
        zone: &Zone::named("Europe/Berlin").unwrap(),
        computed: &computed,
        approvals: &HashMap::new(),
        changes: &[],
        dropped: &[],
        drift: &[],
        debt: &Debt::default(),
        blind: &[],
        base: None,
        is_published: false,
        at: now,
    };
    ics::format(&proposal, &[])
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn no_text_breaks_a_calendar(text in any::<String>()) {
        read(&calendar_of(&text));
    }

    #[test]
    fn text_that_does_nothing_is_read_as_it_was_written(text in r"[\\;,:a-z \u{e9}\u{6f22}\u{1f389}\x22']{0,200}") {
        prop_assume!(!text.trim_start().starts_with("::"));
        let calendar = read(&calendar_of(&text));
        for event in calendar.all("VEVENT") {
            prop_assert_eq!(event.text("SUMMARY"), text.as_str());
            prop_assert_eq!(event.text("LOCATION"), [text.as_str(); 3].join(", "));
        }
    }
}
