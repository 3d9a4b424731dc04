//! Laws of the calendar, over every time zone that there is.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use mainstay::calendar::{CronSchedule, Zone};
use mainstay::model::DstMode;
use proptest::prelude::*;

fn zone_names() -> Vec<String> {
    jiff::tz::db().available().map(|name| name.as_str().to_owned()).collect()
}

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

#[test]
fn instants_strictly_increase_and_end_in_every_zone_for_20_years() {
    let (from, until) = (utc("2010-01-01T00:00:00Z"), utc("2030-01-01T00:00:00Z"));
    for name in zone_names() {
        let Ok(zone) = Zone::named(&name) else { continue };
        for (cron, dst) in [
            ("30 2 * * *", DstMode::Once),
            ("0 0 * * SUN", DstMode::Literal),
            ("0,30 0-3 1-7 * *", DstMode::Skip),
            ("0 */6 * * *", DstMode::Once),
        ] {
            let schedule = CronSchedule::parse(cron).expect("a cron expression");
            let mut last = None;
            let mut n = 0;
            for instant in schedule.instants(&zone, dst, from, until) {
                assert!(last < Some(instant), "{cron} in {name}, {dst:?}: {instant} after {last:?}");
                assert!(from <= instant && instant < until, "{cron} in {name}: {instant}");
                last = Some(instant);
                n += 1;
            }
            assert!(n > 1000, "{cron} in {name}: only {n}");
        }
    }
}

/// A cron expression of which the test knows what each field means.
#[derive(Debug, Clone)]
struct Fields {
    text: String,
    minutes: BTreeSet<u32>,
    hours: BTreeSet<u32>,
    days: Option<BTreeSet<u32>>,
    weekdays: Option<BTreeSet<u32>>,
    is_wildcard: bool,
}

impl Fields {
    fn matches(&self, local: chrono::NaiveDateTime) -> bool {
        let day = |days: &BTreeSet<u32>| days.contains(&local.day());
        let weekday = |days: &BTreeSet<u32>| days.contains(&local.weekday().num_days_from_sunday());
        let is_day = match (&self.days, &self.weekdays) {
            (None, None) => true,
            (Some(days), None) => day(days),
            (None, Some(weekdays)) => weekday(weekdays),
            (Some(days), Some(weekdays)) => day(days) || weekday(weekdays),
        };
        is_day && self.hours.contains(&local.hour()) && self.minutes.contains(&local.minute())
    }
}

fn fields() -> impl Strategy<Value = Fields> {
    let list = |set: &BTreeSet<u32>| set.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
    let some = |most: u32| prop::collection::btree_set(0..most, 1..4);
    let hours = prop_oneof![
        3 => prop::collection::btree_set(0..5u32, 1..4).prop_map(|set| (None, set)),
        1 => Just((Some("*".to_owned()), (0..24).collect())),
        1 => Just((Some("*/2".to_owned()), (0..24).step_by(2).collect())),
    ];
    let minutes = prop_oneof![
        3 => some(60).prop_map(|set| (None, set)),
        1 => Just((Some("*/15".to_owned()), [0, 15, 30, 45].into())),
    ];
    let days = prop::option::weighted(0.3, prop::collection::btree_set(1..32u32, 1..9));
    let weekdays = prop::option::weighted(0.3, some(7));
    (minutes, hours, days, weekdays).prop_map(move |((minute, minutes), (hour, hours), days, weekdays)| {
        let is_wildcard = minute.is_some() || hour.is_some();
        let text = format!(
            "{} {} {} * {}",
            minute.unwrap_or_else(|| list(&minutes)),
            hour.unwrap_or_else(|| list(&hours)),
            days.as_ref().map_or("*".to_owned(), list),
            weekdays.as_ref().map_or("*".to_owned(), list),
        );
        Fields { text, minutes, hours, days, weekdays, is_wildcard }
    })
}

/// Walks minute by minute through UTC and looks at the wall clock, as a person with a watch would.
fn oracle(
    fields: &Fields,
    zone: &TimeZone,
    dst: DstMode,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Vec<DateTime<Utc>> {
    let wall = |instant: DateTime<Utc>| {
        let at = Timestamp::from_second(instant.timestamp()).expect("a timestamp");
        instant.naive_utc() + TimeDelta::seconds(zone.to_offset(at).seconds().into())
    };
    // How often each local time is shown.
    let mut shown = std::collections::HashMap::new();
    let start = from - TimeDelta::days(2);
    let minutes = |from: DateTime<Utc>, until: DateTime<Utc>| {
        std::iter::successors(Some(from), |instant| Some(*instant + TimeDelta::minutes(1)))
            .take_while(move |instant| *instant < until)
    };
    for instant in minutes(start, until + TimeDelta::days(2)) {
        *shown.entry(wall(instant)).or_insert(0) += 1;
    }
    let is_plain = fields.is_wildcard || dst != DstMode::Once;
    let mut seen = std::collections::HashSet::new();
    let mut before = wall(start - TimeDelta::minutes(1));
    let mut found = Vec::new();
    for instant in minutes(start, until) {
        let local = wall(instant);
        let gap = local - before - TimeDelta::minutes(1);
        let mut happens = fields.matches(local);
        if dst == DstMode::Skip {
            happens &= shown[&local] == 1;
        }
        if !is_plain {
            happens &= !seen.contains(&local);
            if TimeDelta::zero() < gap && gap <= TimeDelta::hours(3) {
                let mut missing = before + TimeDelta::minutes(1);
                while missing < local {
                    happens |= fields.matches(missing);
                    missing += TimeDelta::minutes(1);
                }
            }
        }
        seen.insert(local);
        before = local;
        if happens && from <= instant {
            found.push(instant);
        }
    }
    found
}

/// Zones with a change of the offset in the weeks after this instant.
const CHANGES: &[(&str, &str)] = &[
    ("Europe/Berlin", "2026-03-22T00:00:00Z"),
    ("Europe/Berlin", "2026-10-18T00:00:00Z"),
    ("America/New_York", "2026-03-01T00:00:00Z"),
    ("America/New_York", "2026-10-25T00:00:00Z"),
    ("Australia/Lord_Howe", "2026-10-01T00:00:00Z"),
    ("Australia/Lord_Howe", "2026-03-30T00:00:00Z"),
    ("Antarctica/Troll", "2026-03-25T00:00:00Z"),
    ("Antarctica/Troll", "2026-10-20T00:00:00Z"),
    ("Africa/Cairo", "2026-04-20T00:00:00Z"),
    ("Asia/Beirut", "2026-03-25T00:00:00Z"),
    ("Africa/Casablanca", "2026-02-10T00:00:00Z"),
    ("Pacific/Apia", "2011-12-25T00:00:00Z"),
    ("Asia/Kathmandu", "2026-03-25T00:00:00Z"),
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_watch_and_the_calendar_agree(
        fields in fields(),
        change in prop::sample::select(CHANGES),
        dst in prop::sample::select(vec![DstMode::Once, DstMode::Literal, DstMode::Skip]),
        shift in 0..20_000i64,
    ) {
        // 31 alone, say, may never come: then there is nothing to compare.
        let Ok(schedule) = CronSchedule::parse(&fields.text) else { return Ok(()) };
        let zone = Zone::named(change.0).expect("a zone");
        let from = utc(change.1) + TimeDelta::minutes(shift);
        let until = from + TimeDelta::days(9);
        let got: Vec<_> = schedule.instants(&zone, dst, from, until).collect();
        let expected = oracle(&fields, &TimeZone::get(change.0).expect("a zone"), dst, from, until);
        prop_assert_eq!(got, expected, "{} in {}, {:?}, from {}", fields.text, change.0, dst, from);
    }
}
