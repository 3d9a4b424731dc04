//! Laws of the calendar, over every time zone that there is.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Timelike, Utc};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use mainstay::calendar::{CronSchedule, RruleSchedule, Zone};
use mainstay::model::DstMode;
use proptest::prelude::*;

fn zone_names() -> Vec<String> {
    jiff::tz::db().available().map(|name| name.as_str().to_owned()).collect()
}

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

/// Expects instants between the two, each after the one before, and more than `least` of them.
fn assert_increasing(
    instants: impl Iterator<Item = DateTime<Utc>>,
    [from, until]: [DateTime<Utc>; 2],
    at_least: usize,
    what: &str,
) {
    let mut last = None;
    let mut n = 0;
    for instant in instants {
        assert!(last < Some(instant), "{what}: {instant} after {last:?}");
        assert!(from <= instant && instant < until, "{what}: {instant}");
        last = Some(instant);
        n += 1;
    }
    assert!(at_least < n, "{what}: only {n}");
}

#[test]
fn case_9_instants_strictly_increase_and_end_in_every_zone_for_20_years() {
    let until = utc("2030-01-01T00:00:00Z");
    for name in zone_names() {
        let Ok(zone) = Zone::named(&name) else { continue };
        for (cron, dst, since) in [
            ("30 2 * * *", DstMode::Once, "2010-01-01T00:00:00Z"),
            ("0 0 * * SUN", DstMode::Literal, "2010-01-01T00:00:00Z"),
            ("0,30 0-3 1-7 * *", DstMode::Skip, "2028-01-01T00:00:00Z"),
            ("0 */6 * * *", DstMode::Once, "2028-01-01T00:00:00Z"),
        ] {
            let from = utc(since);
            let schedule = CronSchedule::parse(cron).expect("a cron expression");
            let instants = schedule.instants(&zone, dst, from, until);
            assert_increasing(instants, [from, until], 1000, &format!("{cron} in {name}, {dst:?}"));
        }
    }
}

#[test]
fn case_9_instants_of_rules_strictly_increase_and_end_in_every_zone_for_20_years() {
    let until = utc("2030-01-01T00:00:00Z");
    let rules = [
        ("FREQ=WEEKLY;BYDAY=SU;BYHOUR=2;BYMINUTE=30", DstMode::Once, "2010-01-01T00:00:00Z", 1000),
        ("FREQ=MONTHLY;BYDAY=2TU,-1SU;BYHOUR=2", DstMode::Literal, "2010-01-01T00:00:00Z", 450),
        ("DTSTART:20100107T024500 FREQ=DAILY;INTERVAL=3", DstMode::Skip, "2020-01-01T00:00:00Z", 1100),
        ("DTSTART:20100107T024500 FREQ=HOURLY;INTERVAL=5", DstMode::Once, "2029-07-01T00:00:00Z", 800),
    ];
    let rules = rules.map(|(text, dst, since, least)| {
        (text, RruleSchedule::parse(text).expect("a rule"), dst, utc(since), least)
    });
    for name in zone_names() {
        let Ok(zone) = Zone::named(&name) else { continue };
        for (text, rule, dst, from, least) in &rules {
            let instants = rule.instants(&zone, *dst, *from, until);
            assert_increasing(instants, [*from, until], *least, &format!("{text} in {name}, {dst:?}"));
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
    fn matches(&self, local: NaiveDateTime) -> bool {
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
    matches: impl Fn(NaiveDateTime) -> bool,
    is_wildcard: bool,
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
    let is_plain = is_wildcard || dst != DstMode::Once;
    let mut seen = std::collections::HashSet::new();
    let mut before = wall(start - TimeDelta::minutes(1));
    let mut found = Vec::new();
    for instant in minutes(start, until) {
        let local = wall(instant);
        let gap = local - before - TimeDelta::minutes(1);
        let mut happens = matches(local);
        if dst == DstMode::Skip {
            happens &= shown[&local] == 1;
        }
        if !is_plain {
            happens &= !seen.contains(&local);
            if TimeDelta::zero() < gap && gap <= TimeDelta::hours(3) {
                let mut missing = before + TimeDelta::minutes(1);
                while missing < local {
                    happens |= matches(missing);
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

/// A change of a clock: when, and the offsets before and after.
type Change = (DateTime<Utc>, i64, i64);

/// The changes of all zones in 20 years, each with a zone that has it.
fn changes() -> BTreeMap<Change, String> {
    let [from, until] = ["2010-01-01T00:00:00Z", "2030-01-01T00:00:00Z"].map(utc);
    let mut changes = BTreeMap::new();
    for name in zone_names() {
        let Ok(zone) = TimeZone::get(&name) else { continue };
        let from = Timestamp::from_second(from.timestamp()).expect("a timestamp");
        let mut before = i64::from(zone.to_offset(from).seconds());
        for change in zone.following(from) {
            let at = DateTime::from_timestamp(change.timestamp().as_second(), 0).expect("an instant");
            if until <= at {
                break;
            }
            let after = i64::from(change.offset().seconds());
            // A change of the name alone, or of what is called summer, moves no clock.
            if before != after {
                changes.entry((at, before, after)).or_insert_with(|| name.clone());
            }
            before = after;
        }
    }
    changes
}

/// Expects what a person with a watch finds in the hours around a change.
fn assert_as_by_a_watch(place: &str, change: DateTime<Utc>) {
    // The hours before, and those after, so that both fall into what is searched.
    let (from, until) = (change - TimeDelta::hours(5), change + TimeDelta::hours(5));
    let zone = Zone::named(place).expect("a zone");
    let watch = TimeZone::get(place).expect("a zone");
    for (cron, hours, is_wildcard) in
        [("7,30 0-4,22,23 * * *", "0-4,22,23", false), ("7,30 * * * *", "*", true)]
    {
        let schedule = CronSchedule::parse(cron).expect("a cron expression");
        for dst in [DstMode::Once, DstMode::Literal, DstMode::Skip] {
            let got: Vec<_> = schedule.instants(&zone, dst, from, until).collect();
            let is_hour = |hour| hours == "*" || hour <= 4 || hour >= 22;
            let matches = |local: NaiveDateTime| [7, 30].contains(&local.minute()) && is_hour(local.hour());
            let expected = oracle(matches, is_wildcard, &watch, dst, from, until);
            assert_eq!(got, expected, "{cron} in {place} at {change}, {dst:?}");
        }
    }
}

/// One change of each kind; all of them, which takes minutes, with `MAINSTAY_TEST_CHANGES=all`.
#[test]
fn case_9_a_watch_and_the_calendar_agree_at_every_kind_of_change_that_any_zone_has_in_20_years() {
    let changes = changes();
    assert!(changes.len() > 1000, "only {} changes", changes.len());
    let is_all = std::env::var("MAINSTAY_TEST_CHANGES").is_ok_and(|which| which == "all");
    // The time of day, and the offsets before and after.
    let kind = |(at, before, after): Change| (at.timestamp().rem_euclid(86_400), before, after);
    let mut seen = BTreeSet::new();
    for (change, place) in changes {
        if seen.insert(kind(change)) || is_all {
            assert_as_by_a_watch(&place, change.0);
        }
    }
    assert!(seen.len() > 100, "only {} kinds", seen.len());
}

/// So many cases, or as many as `PROPTEST_CASES` says for a long run.
fn cases(n: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok());
    ProptestConfig { cases: asked.unwrap_or(n), failure_persistence: None, ..ProptestConfig::default() }
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

/// A stretch of time of any zone, in which its clock changes if it does so within a year.
fn any_zone() -> impl Strategy<Value = (String, DateTime<Utc>)> {
    let minutes = 0..20 * 365 * 24 * 60_i64;
    (prop::sample::select(zone_names()), minutes, 0..8 * 24 * 60_i64).prop_map(|(name, minutes, before)| {
        let any = utc("2010-01-01T00:00:00Z") + TimeDelta::minutes(minutes);
        let zone = TimeZone::get(&name).expect("a zone");
        let at = Timestamp::from_second(any.timestamp()).expect("a timestamp");
        let change = zone.following(at).next().map(|change| change.timestamp().as_second());
        let change = change.and_then(|change| DateTime::from_timestamp(change, 0));
        let change = change.filter(|change| *change < any + TimeDelta::days(366));
        (name, change.map_or(any, |change| change - TimeDelta::minutes(before)))
    })
}

fn place_and_time() -> impl Strategy<Value = (String, DateTime<Utc>)> {
    let known = (prop::sample::select(CHANGES), 0..20_000_i64)
        .prop_map(|((name, instant), shift)| (name.to_owned(), utc(instant) + TimeDelta::minutes(shift)));
    prop_oneof![2 => known, 1 => any_zone()]
}

fn dst() -> impl Strategy<Value = DstMode> {
    prop::sample::select(vec![DstMode::Once, DstMode::Literal, DstMode::Skip])
}

/// A recurrence rule of which the test knows what each part means.
#[derive(Debug, Clone)]
struct Rule {
    freq: &'static str,
    interval: i64,
    /// So long before the time that is looked at.
    start: Option<TimeDelta>,
    months: BTreeSet<u32>,
    month_days: BTreeSet<i32>,
    days: BTreeSet<(i32, u32)>,
    hours: BTreeSet<u32>,
    minutes: BTreeSet<u32>,
    position: Option<i32>,
    /// From Monday on.
    week_start: u32,
}

const DAY_NAMES: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

impl Rule {
    fn start(&self, from: DateTime<Utc>) -> NaiveDateTime {
        self.start.map_or(NaiveDateTime::default(), |before| {
            (from - before).naive_utc().with_second(0).expect("a whole minute")
        })
    }

    fn text(&self, from: DateTime<Utc>) -> String {
        fn list<T: ToString>(items: impl Iterator<Item = T>) -> String {
            items.map(|item| item.to_string()).collect::<Vec<_>>().join(",")
        }
        let day = |&(nth, day): &(i32, u32)| match nth {
            0 => DAY_NAMES[day as usize].to_owned(),
            nth => format!("{nth}{}", DAY_NAMES[day as usize]),
        };
        let start = self.start.map(|_| self.start(from).format("DTSTART:%Y%m%dT%H%M%S RRULE:").to_string());
        let mut text = format!("{}FREQ={}", start.unwrap_or_default(), self.freq);
        for (key, value) in [
            ("INTERVAL", self.interval.to_string()),
            ("BYMONTH", list(self.months.iter())),
            ("BYMONTHDAY", list(self.month_days.iter())),
            ("BYDAY", list(self.days.iter().map(day))),
            ("BYHOUR", list(self.hours.iter())),
            ("BYMINUTE", list(self.minutes.iter())),
            ("BYSETPOS", list(self.position.iter())),
            ("WKST", DAY_NAMES[self.week_start as usize].to_owned()),
        ] {
            if !value.is_empty() {
                text.extend([";", key, "=", &value]);
            }
        }
        text
    }

    fn is_within_days(&self) -> bool {
        matches!(self.freq, "HOURLY" | "MINUTELY")
    }

    fn matches(&self, start: NaiveDateTime, local: NaiveDateTime) -> bool {
        let or = |given: &BTreeSet<u32>, value: u32, default: u32, is_all: bool| {
            given.contains(&value) || given.is_empty() && (is_all || value == default)
        };
        start <= local
            && or(&self.hours, local.hour(), start.hour(), self.is_within_days())
            && or(&self.minutes, local.minute(), start.minute(), self.freq == "MINUTELY")
            && self.is_its_turn(start, local)
            && self.is_chosen(start.date(), local.date())
    }

    fn is_its_turn(&self, start: NaiveDateTime, local: NaiveDateTime) -> bool {
        let month = |at: NaiveDateTime| i64::from(at.year()) * 12 + i64::from(at.month());
        let days = |at: NaiveDate| i64::from(at.num_days_from_ce());
        let into_week = |at: NaiveDate| (at.weekday().num_days_from_monday() + 7 - self.week_start) % 7;
        let week = |at: NaiveDate| (days(at) - i64::from(into_week(at))) / 7;
        let minutes = |at: NaiveDateTime| at.and_utc().timestamp() / 60;
        let passed = match self.freq {
            "YEARLY" => i64::from(local.year() - start.year()),
            "MONTHLY" => month(local) - month(start),
            "WEEKLY" => week(local.date()) - week(start.date()),
            "DAILY" => days(local.date()) - days(start.date()),
            "HOURLY" => minutes(local) / 60 - minutes(start) / 60,
            _ => minutes(local) - minutes(start),
        };
        passed % self.interval == 0
    }

    /// Whether a day is one of its period, and with a position the one that is meant.
    fn is_chosen(&self, start: NaiveDate, date: NaiveDate) -> bool {
        let Some(position) = self.position else { return self.is_day(start, date) };
        let first = date.with_day(1).expect("a first day");
        let days: Vec<_> = first
            .iter_days()
            .take_while(|day| day.month() == date.month())
            .filter(|day| self.is_day(start, *day))
            .collect();
        let place =
            if position > 0 { position - 1 } else { position + i32::try_from(days.len()).expect("few") };
        usize::try_from(place).is_ok_and(|place| days.get(place) == Some(&date))
    }

    fn is_day(&self, start: NaiveDate, date: NaiveDate) -> bool {
        let day = i32::try_from(date.day()).expect("a day");
        let length = i32::from(date.num_days_in_month());
        let ordinal = i32::try_from(date.ordinal()).expect("a day");
        let year = if date.leap_year() { 366 } else { 365 };
        let weekday = date.weekday().num_days_from_monday();
        let says_nothing = self.month_days.is_empty() && self.days.is_empty();
        let is_month = self.months.contains(&date.month())
            || self.months.is_empty()
                && (self.freq != "YEARLY" || !says_nothing || date.month() == start.month());
        let is_month_day = self.month_days.contains(&day)
            || self.month_days.contains(&(day - length - 1))
            || self.month_days.is_empty()
                && (!says_nothing || !matches!(self.freq, "MONTHLY" | "YEARLY") || date.day() == start.day());
        let is_weekday = self.days.iter().any(|&(nth, name)| {
            let (of, all) =
                if self.freq == "YEARLY" && self.months.is_empty() { (ordinal, year) } else { (day, length) };
            let (from_first, from_last) = ((of - 1) / 7 + 1, -((all - of) / 7 + 1));
            name == weekday && (nth == 0 || nth == from_first || nth == from_last)
        }) || self.days.is_empty()
            && (self.freq != "WEEKLY" || !says_nothing || date.weekday() == start.weekday());
        is_month && is_month_day && is_weekday
    }
}

fn rule() -> impl Strategy<Value = Rule> {
    let freq = prop::sample::select(vec!["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY"]);
    let start = (0..900 * 24 * 60_i64).prop_map(TimeDelta::minutes);
    let start = prop::option::weighted(0.7, start);
    let months = prop_oneof![3 => Just(BTreeSet::new()), 1 => prop::collection::btree_set(1..13u32, 1..8)];
    let month_day = prop_oneof![2 => 1..32i32, 1 => -31..0i32];
    let month_days =
        prop_oneof![2 => Just(BTreeSet::new()), 1 => prop::collection::btree_set(month_day, 1..9)];
    let days = prop_oneof![
        1 => Just(BTreeSet::new()),
        1 => prop::collection::btree_set((Just(0), 0..7u32), 1..5),
        1 => prop::collection::btree_set((prop_oneof![1..6i32, -5..0i32], 0..7u32), 1..5),
    ];
    let hours = prop_oneof![1 => Just(BTreeSet::new()), 3 => prop::collection::btree_set(0..5u32, 1..4)];
    let minutes = prop_oneof![1 => Just(BTreeSet::new()), 3 => prop::collection::btree_set(0..60u32, 1..4)];
    let position = prop::option::weighted(0.2, prop_oneof![1..3i32, -2..0i32]);
    let interval = prop_oneof![2 => Just(1i64), 1 => 2..5i64, 1 => 5..100i64];
    let parts = (freq, interval, start, months, month_days, days, hours, minutes, position, 0..7u32);
    parts.prop_map(
        |(freq, interval, start, months, month_days, days, hours, minutes, position, week_start)| {
            let mut rule = Rule {
                freq,
                interval,
                start,
                months,
                month_days,
                days,
                hours,
                minutes,
                position,
                week_start,
            };
            // What RFC 5545 does not allow side by side, and what would be a rule of its own to check.
            if freq == "WEEKLY" {
                rule.month_days.clear();
            }
            if !matches!(freq, "MONTHLY" | "YEARLY") {
                rule.days = rule.days.into_iter().map(|(_, day)| (0, day)).collect();
            }
            if freq != "MONTHLY" || rule.hours.len() != 1 || rule.minutes.len() != 1 {
                rule.position = None;
            }
            rule
        },
    )
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn case_9_a_watch_and_the_calendar_agree(
        fields in fields(),
        (place, from) in place_and_time(),
        dst in dst(),
    ) {
        // 31 alone, say, may never come: then there is nothing to compare.
        let Ok(schedule) = CronSchedule::parse(&fields.text) else { return Ok(()) };
        let zone = Zone::named(&place).expect("a zone");
        let until = from + TimeDelta::days(9);
        let got: Vec<_> = schedule.instants(&zone, dst, from, until).collect();
        let zone = TimeZone::get(&place).expect("a zone");
        let expected = oracle(|local| fields.matches(local), fields.is_wildcard, &zone, dst, from, until);
        prop_assert_eq!(got, expected, "{} in {}, {:?}, from {}", fields.text, place, dst, from);
    }
}

/// Parts of rules at the edges of what they can be, and beyond.
fn odd_rule() -> impl Strategy<Value = String> {
    const STARTS: &[&str] = &[
        "",
        "DTSTART:19000101T000000 ",
        "DTSTART:90001231T235900 RRULE:",
        "DTSTART:20240229 RRULE:",
        "DTSTART:20251231T235900 ",
        "DTSTART:00000101 ",
    ];
    const FREQS: &[&str] = &["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY", ""];
    const PARTS: &[&str] = &[
        "INTERVAL=1",
        "INTERVAL=9999",
        "INTERVAL=1441",
        "INTERVAL=0",
        "COUNT=10000",
        "UNTIL=99991231",
        "UNTIL=19000101T000000Z",
        "WKST=SU",
        "BYMONTH=2",
        "BYMONTH=12,1",
        "BYWEEKNO=53;BYDAY=SU",
        "BYWEEKNO=1,-1;BYDAY=MO",
        "BYWEEKNO=-53;BYDAY=MO,SU",
        "BYYEARDAY=366",
        "BYYEARDAY=-366,1",
        "BYMONTHDAY=31",
        "BYMONTHDAY=-31",
        "BYMONTHDAY=29,-29",
        "BYDAY=5MO",
        "BYDAY=-4SU",
        "BYDAY=53MO",
        "BYDAY=-52FR",
        "BYDAY=MO,TU,WE,TH,FR,SA,SU",
        "BYHOUR=0,23",
        "BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23",
        "BYMINUTE=59",
        "BYSETPOS=366",
        "BYSETPOS=-1",
        "BYSETPOS=1,-31",
        "=",
        "\u{e9}=1",
    ];
    let part = prop::sample::select(PARTS);
    let parts = prop::collection::vec(part, 0..5);
    (prop::sample::select(STARTS), prop::sample::select(FREQS), parts).prop_map(|(start, freq, parts)| {
        let mut rule = vec![format!("{start}FREQ={freq}")];
        rule.extend(parts.into_iter().map(str::to_owned));
        rule.join(";")
    })
}

proptest! {
    #![proptest_config(cases(128))]

    #[test]
    fn case_9_a_watch_and_the_rules_agree(rule in rule(), (place, from) in place_and_time(), dst in dst()) {
        let (text, start) = (rule.text(from), rule.start(from));
        // Some never come, and some need a start.
        let Ok(schedule) = RruleSchedule::parse(&text) else { return Ok(()) };
        let zone = Zone::named(&place).expect("a zone");
        let until = from + TimeDelta::days(9);
        let got: Vec<_> = schedule.instants(&zone, dst, from, until).collect();
        let zone = TimeZone::get(&place).expect("a zone");
        let matches = |local| rule.matches(start, local);
        let expected = oracle(matches, rule.is_within_days(), &zone, dst, from, until);
        prop_assert_eq!(got, expected, "{} in {}, {:?}, from {}", text, place, dst, from);
    }

    #[test]
    fn odd_rules_are_read_or_refused_and_a_search_always_ends(text in odd_rule(), zone in any_zone()) {
        let Ok(schedule) = RruleSchedule::parse(&text) else { return Ok(()) };
        let (place, from) = zone;
        let zone = Zone::named(&place).expect("a zone");
        for from in [from, DateTime::<Utc>::MIN_UTC, utc("9990-01-01T00:00:00Z")] {
            let until = from + TimeDelta::days(4000);
            let instants: Vec<_> = schedule.instants(&zone, DstMode::Once, from, until).take(500).collect();
            prop_assert!(instants.is_sorted_by(|a, b| a < b), "{}", text);
            prop_assert!(instants.iter().all(|instant| (from..until).contains(instant)), "{}", text);
        }
    }

    #[test]
    fn a_count_ends_a_rule_after_so_many_times(rule in rule(), n in 1..30usize) {
        let from = utc("2026-06-01T00:00:00Z");
        prop_assume!(rule.start.is_some());
        let Ok(endless) = RruleSchedule::parse(&rule.text(from)) else { return Ok(()) };
        let counted = RruleSchedule::parse(&format!("{};COUNT={n}", rule.text(from))).expect("a rule");
        let (zone, until) = (Zone::utc(), utc("2226-01-01T00:00:00Z"));
        let times = |schedule: &RruleSchedule, n| -> Vec<_> {
            schedule.instants(&zone, DstMode::Once, DateTime::UNIX_EPOCH, until).take(n).collect()
        };
        prop_assert_eq!(times(&counted, n + 1), times(&endless, n), "{}", rule.text(from));
    }
}
