//! A strict reader of iCalendar, written from RFC 5545 alone: what it takes, every calendar program has to take.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime, TimeDelta, Utc, Weekday};

/// A component with its properties and those inside it.
#[derive(Debug, Clone, Default)]
pub struct Component {
    pub kind: String,
    pub properties: Vec<Property>,
    pub inner: Vec<Component>,
}

/// A content line.
#[derive(Debug, Clone)]
pub struct Property {
    pub name: String,
    pub parameters: BTreeMap<String, String>,
    /// As it stands there: escaped.
    pub value: String,
}

impl Component {
    /// The only property of this name.
    #[track_caller]
    pub fn one(&self, name: &str) -> &Property {
        let found: Vec<_> = self.properties.iter().filter(|property| property.name == name).collect();
        assert_eq!(found.len(), 1, "{name} in {self:?}");
        found[0]
    }

    /// Its text.
    #[track_caller]
    pub fn text(&self, name: &str) -> String {
        unescaped(&self.one(name).value)
    }

    pub fn all<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Component> {
        self.inner.iter().filter(move |inner| inner.kind == kind)
    }

    /// The instant that a property of an event tells, by the zones of `calendar`.
    #[track_caller]
    pub fn instant(&self, name: &str, calendar: &Component) -> DateTime<Utc> {
        let property = self.one(name);
        let Some(tzid) = property.parameters.get("TZID") else {
            let local = property.value.strip_suffix('Z').unwrap_or_else(|| panic!("floating {property:?}"));
            return wall(local).and_utc();
        };
        let zone = calendar.all("VTIMEZONE").find(|zone| zone.text("TZID") == *tzid).expect("a VTIMEZONE");
        let local = wall(&property.value);
        let offset = offset_of_local(zone, local);
        (local - TimeDelta::seconds(offset)).and_utc()
    }
}

/// The offset that a VTIMEZONE gives at a local time: of two equal ones the first is meant (3.3.5).
fn offset_of_local(zone: &Component, local: NaiveDateTime) -> i64 {
    let is_after = |(onset, from, to): &(NaiveDateTime, i64, i64)| {
        *onset + TimeDelta::seconds((to - from).max(0)) <= local
    };
    let began = observances(zone).into_iter().rev().find(is_after);
    began.map(|(_, _, to)| to).expect("an observance before the time")
}

/// The offset that a VTIMEZONE gives at an instant.
pub fn offset_at(zone: &Component, instant: DateTime<Utc>) -> i64 {
    let began = observances(zone)
        .into_iter()
        .rev()
        .find(|(onset, from, _)| (*onset - TimeDelta::seconds(*from)).and_utc() <= instant);
    began.map(|(_, _, to)| to).expect("an observance before the instant")
}

/// How many years a yearly rule is followed.
const YEARS: i32 = 5;

/// The onsets of an observance: its own, and those of its rule, which names a weekday of a month.
fn onsets(part: &Component) -> Vec<NaiveDateTime> {
    let first = wall(&part.one("DTSTART").value);
    if !part.properties.iter().any(|property| property.name == "RRULE") {
        return vec![first];
    }
    let rule = &part.one("RRULE").value;
    let (month, day) = rule
        .strip_prefix("FREQ=YEARLY;BYMONTH=")
        .and_then(|rest| rest.split_once(";BYDAY="))
        .unwrap_or_else(|| panic!("{rule}"));
    let (week, name) = day.split_at(day.len() - 2);
    let days =
        [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];
    let weekday = days.into_iter().find(|day| day.to_string().to_uppercase().starts_with(name)).unwrap();
    let weeks: &[u8] = if week == "-1" { &[5, 4] } else { &[week.parse().unwrap()] };
    let of_year = |year: i32| {
        let month = month.parse().unwrap();
        let of_week = |week: &u8| NaiveDate::from_weekday_of_month_opt(year, month, weekday, *week);
        weeks.iter().find_map(of_week).unwrap_or_else(|| panic!("{rule} in {year}")).and_time(first.time())
    };
    let all: Vec<_> = (first.year()..first.year() + YEARS).map(of_year).collect();
    assert_eq!(all[0], first, "DTSTART is the first instant of its rule (3.8.5.3)");
    all
}

/// Onset, offset before and offset after, by onset.
fn observances(zone: &Component) -> Vec<(NaiveDateTime, i64, i64)> {
    let mut all: Vec<_> = zone
        .inner
        .iter()
        .flat_map(|part| {
            assert!(["STANDARD", "DAYLIGHT"].contains(&part.kind.as_str()), "{part:?}");
            let allowed = ["DTSTART", "TZOFFSETFROM", "TZOFFSETTO", "RRULE", "TZNAME"];
            assert!(part.properties.iter().all(|it| allowed.contains(&it.name.as_str())), "{part:?}");
            let (from, to) = (offset(&part.one("TZOFFSETFROM").value), offset(&part.one("TZOFFSETTO").value));
            onsets(part).into_iter().map(move |onset| (onset, from, to))
        })
        .collect();
    assert!(!all.is_empty(), "a VTIMEZONE has at least one observance");
    all.sort_by_key(|(onset, ..)| *onset);
    all
}

fn wall(text: &str) -> NaiveDateTime {
    assert_eq!(text.len(), "20260307T020000".len(), "{text}");
    NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%S").unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn offset(text: &str) -> i64 {
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let digits = text.strip_prefix(['+', '-']).unwrap_or_else(|| panic!("no sign: {text}"));
    assert!([4, 6].contains(&digits.len()) && digits.bytes().all(|c| c.is_ascii_digit()), "{text}");
    let part = |at: usize| digits.get(at..at + 2).map_or(0, |part| part.parse::<i64>().unwrap());
    assert!(text != "-0000", "forbidden by 3.3.14");
    sign * (part(0) * 3600 + part(2) * 60 + part(4))
}

/// Reads a stream of one calendar, or panics at what is wrong.
#[track_caller]
pub fn read(text: &str) -> Component {
    let lines = unfolded(text);
    let mut open: Vec<Component> = vec![Component::default()];
    for line in &lines {
        let property = property(line);
        match property.name.as_str() {
            "BEGIN" => open.push(Component { kind: property.value, ..Component::default() }),
            "END" => {
                let closed = open.pop().expect("something open");
                assert_eq!(closed.kind, property.value);
                open.last_mut().expect("something around it").inner.push(closed);
            }
            _ => open.last_mut().expect("something open").properties.push(property),
        }
    }
    assert_eq!(open.len(), 1, "something was not closed");
    let mut stream = open.remove(0);
    assert!(stream.properties.is_empty(), "outside of a calendar: {:?}", stream.properties);
    assert_eq!(stream.inner.len(), 1, "one calendar");
    let calendar = stream.inner.remove(0);
    assert_eq!(calendar.kind, "VCALENDAR");
    hold_to_the_rules(&calendar);
    calendar
}

/// What 3.6 and 5546 ask of a published calendar.
fn hold_to_the_rules(calendar: &Component) {
    assert_eq!(calendar.text("VERSION"), "2.0");
    assert_eq!(calendar.text("CALSCALE"), "GREGORIAN");
    assert_eq!(calendar.text("METHOD"), "PUBLISH");
    assert!(!calendar.text("PRODID").is_empty());
    assert!(!calendar.inner.is_empty(), "a calendar has at least one component");
    let mut uids = Vec::new();
    for event in calendar.all("VEVENT") {
        for name in ["UID", "DTSTAMP", "SEQUENCE", "DTSTART", "DTEND", "SUMMARY", "STATUS"] {
            event.one(name);
        }
        assert!(event.one("DTSTAMP").value.ends_with('Z'));
        assert!(event.text("SEQUENCE").parse::<u32>().is_ok());
        assert!(event.instant("DTSTART", calendar) < event.instant("DTEND", calendar));
        assert!(["TENTATIVE", "CONFIRMED", "CANCELLED"].contains(&event.text("STATUS").as_str()));
        uids.push(event.text("UID"));
    }
    let n = uids.len();
    uids.sort();
    uids.dedup();
    assert_eq!(uids.len(), n, "two events have one UID");
}

/// Lines end with CRLF, have at most 75 octets, and go on behind a blank; none is cut inside a character.
fn unfolded(text: &str) -> Vec<String> {
    let body = text.strip_suffix("\r\n").expect("a line end at the end");
    let mut lines: Vec<String> = Vec::new();
    for line in body.split("\r\n") {
        assert!(line.len() <= 75, "{} octets: {line}", line.len());
        assert!(!line.contains(['\r', '\n']), "a bare line end: {line:?}");
        assert!(!line.chars().any(|c| c.is_control() && c != '\t'), "a control character: {line:?}");
        match line.strip_prefix([' ', '\t']) {
            Some(rest) => lines.last_mut().expect("a line before").push_str(rest),
            None => lines.push(line.to_owned()),
        }
    }
    lines
}

fn property(line: &str) -> Property {
    let mut quoted = false;
    let colon = line.find(|c| {
        quoted ^= c == '"';
        c == ':' && !quoted
    });
    let (head, value) = line.split_at(colon.unwrap_or_else(|| panic!("no colon: {line}")));
    let mut parts = head.split(';');
    let name = parts.next().unwrap_or_default().to_owned();
    assert!(!name.is_empty() && name.bytes().all(|c| c.is_ascii_uppercase() || c == b'-'), "{line}");
    let parameters = parts.map(|part| {
        let (key, value) = part.split_once('=').unwrap_or_else(|| panic!("no value: {line}"));
        (key.to_owned(), value.trim_matches('"').to_owned())
    });
    Property { name, parameters: parameters.collect(), value: value[1..].to_owned() }
}

/// Text has no bare comma or semicolon, and a backslash only before what it escapes (3.3.11).
#[track_caller]
fn unescaped(value: &str) -> String {
    let mut text = String::new();
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => text.push(match chars.next() {
                Some('n' | 'N') => '\n',
                Some(c @ ('\\' | ';' | ',')) => c,
                other => panic!("a backslash before {other:?}: {value}"),
            }),
            ',' | ';' => panic!("a bare {c}: {value}"),
            c => text.push(c),
        }
    }
    text
}
