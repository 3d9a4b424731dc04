//! The schedule as a calendar that Google Calendar, Outlook and Thunderbird take in: iCalendar, RFC 5545, with the
//! properties of a published one (RFC 5546) that people subscribe to (RFC 7986). It names no ORGANIZER, which would have
//! to be an address, and would make meetings of the events in Outlook.
//!
//! 1. An occurrence has the same UID in every export of one plan file, so that a reader moves the event it has.
//! 2. What was published and is planned no longer is a cancelled event with a higher SEQUENCE, and stays one for as long
//!    as readers may not have seen it.
//! 3. The same schedule gives the same bytes.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDateTime, Utc};
use sha2::{Digest, Sha256};

use super::content_line::{line, text_line};
use super::vtimezone::{Observance, observances};
use super::{Kind, Proposal};
use crate::model::{Moment, Placed, Task};
use crate::scheduler::words::why_then;
use crate::text::inert_line;

const PRODID: &str = concat!("-//mainstay//mainstay ", env!("CARGO_PKG_VERSION"), "//EN");
/// A larger file is not taken by Google Calendar ("Import events to Google Calendar", of its help): 1 MB.
pub const MOST_BYTES_FOR_GOOGLE: usize = 1_000_000;
/// More names than these are counted.
const MOST_TARGETS: usize = 50;

/// The schedule as a calendar.
///
/// `withdrawn` was published before and is planned no longer: it is cancelled as well, unless it is planned again or
/// lies beyond the horizon.
pub fn format(proposal: &Proposal, withdrawn: &[Placed]) -> String {
    let tasks = proposal.plan.tasks.iter().map(|(name, task)| (name.value.as_str(), task));
    let schedule = &proposal.computed.schedule;
    let mut known: HashSet<_> = schedule.placed.iter().map(|placed| &placed.occurrence.id).collect();
    let all = proposal
        .dropped
        .iter()
        .map(|gone| &gone.placed)
        .chain(withdrawn.iter().filter(|gone| gone.start < schedule.until));
    let gone = all.filter(|gone| known.insert(&gone.occurrence.id)).collect();
    let mut calendar =
        Calendar { proposal, gone, tasks: tasks.collect(), has_local_times: false, text: String::new() };
    calendar.write();
    calendar.text
}

/// A calendar that is being written.
struct Calendar<'a> {
    proposal: &'a Proposal<'a>,
    /// What is cancelled.
    gone: Vec<&'a Placed>,
    tasks: HashMap<&'a str, &'a Task>,
    /// Whether times are told on the clock face of the zone: UTC needs none, and of some zones no reader could make
    /// the times that are meant.
    has_local_times: bool,
    text: String,
}

impl Calendar<'_> {
    fn write(&mut self) {
        let proposal = self.proposal;
        let placed = &proposal.computed.schedule.placed;
        let title = proposal.plan.title.as_deref().map_or("Maintenance".to_owned(), inert_line);
        self.line("BEGIN", "VCALENDAR");
        self.line("VERSION", "2.0");
        self.text("PRODID", PRODID);
        self.line("CALSCALE", "GREGORIAN");
        self.line("METHOD", "PUBLISH");
        self.line("LAST-MODIFIED", &utc(proposal.at));
        self.text("NAME", &title);
        self.text("X-WR-CALNAME", &title);
        // Who subscribes to it should hear of a change on the same day; Outlook has a name of its own for it.
        self.line("REFRESH-INTERVAL;VALUE=DURATION", "PT1H");
        self.line("X-PUBLISHED-TTL", "PT1H");
        self.text("X-WR-TIMEZONE", proposal.zone.name());
        let all = || placed.iter().chain(self.gone.iter().copied());
        let from = all().map(|placed| placed.start).min().unwrap_or(proposal.at);
        let until = all().map(|placed| placed.end).max().unwrap_or(proposal.at);
        let observances = observances(proposal.zone, from, until);
        self.has_local_times = observances.is_some() && proposal.zone.name() != "UTC";
        // Without any component it would be no calendar.
        if let Some(observances) = observances.filter(|_| self.has_local_times || all().next().is_none()) {
            self.zone(proposal.zone.name(), &observances);
        }
        let kinds = proposal.kinds();
        let kind_of = |placed: &Placed| kinds.get(placed.occurrence.id.0.as_str()).copied();
        for placed in placed {
            self.event(placed, kind_of(placed), kind_of(placed).is_some());
        }
        for gone in std::mem::take(&mut self.gone) {
            self.event(gone, Some(Kind::Dropped), kind_of(gone).is_some());
        }
        self.line("END", "VCALENDAR");
    }

    fn zone(&mut self, name: &str, observances: &[Observance]) {
        self.line("BEGIN", "VTIMEZONE");
        self.text("TZID", name);
        for observance in observances {
            let kind = if observance.is_daylight { "DAYLIGHT" } else { "STANDARD" };
            self.line("BEGIN", kind);
            self.line("DTSTART", &local(observance.onset));
            self.line("TZOFFSETFROM", &offset(observance.offset_from));
            self.line("TZOFFSETTO", &offset(observance.offset_to));
            if let Some(rule) = observance.rule {
                self.line("RRULE", &rule.to_string());
            }
            self.text("TZNAME", &observance.name);
            self.line("END", kind);
        }
        self.line("END", "VTIMEZONE");
    }

    /// `is_news`: it was not like this in the schedule in force.
    fn event(&mut self, placed: &Placed, kind: Option<Kind>, is_news: bool) {
        let (proposal, occurrence) = (self.proposal, &placed.occurrence);
        let task = self.tasks.get(occurrence.task.as_str()).copied();
        let title = task.map_or(occurrence.task.as_str(), |task| task.title_or(&occurrence.task));
        self.line("BEGIN", "VEVENT");
        self.text("UID", &uid(proposal, &occurrence.id.0));
        self.line("DTSTAMP", &utc(proposal.at));
        self.line("SEQUENCE", &sequence(proposal, is_news).to_string());
        self.instant("DTSTART", placed.start);
        self.instant("DTEND", placed.end);
        self.text("SUMMARY", &inert_line(title));
        self.text("DESCRIPTION", &description(proposal, placed, kind));
        self.text("LOCATION", &targets(placed));
        if let Some(task) = task {
            self.line("CATEGORIES", &format!("{},{}", task.kind.value, task.domain.value));
        }
        self.line("STATUS", status(proposal, kind));
        // Work on machines keeps nobody from taking part in a meeting.
        self.line("TRANSP", "TRANSPARENT");
        self.line("END", "VEVENT");
    }

    fn instant(&mut self, key: &str, instant: DateTime<Utc>) {
        let zone = self.proposal.zone;
        let wall = zone.wall(instant);
        // Of a time that the clock shows twice, readers take the first; the second can only be told in UTC.
        if !self.has_local_times || zone.resolve(&Moment::Local(wall)) != instant {
            self.line(key, &utc(instant));
        } else {
            self.line(&format!("{key};TZID={}", zone.name()), &local(wall));
        }
    }

    /// A line with a value of this module's own.
    fn line(&mut self, key: &str, value: &str) {
        self.text.push_str(&line(key, value));
    }

    /// A line with text.
    fn text(&mut self, key: &str, text: &str) {
        self.text.push_str(&text_line(key, text));
    }
}

fn status(proposal: &Proposal, kind: Option<Kind>) -> &'static str {
    match kind {
        Some(Kind::Dropped) => "CANCELLED",
        _ if proposal.is_published => "CONFIRMED",
        // As it was published.
        None if proposal.base.is_some() => "CONFIRMED",
        _ => "TENTATIVE",
    }
}

/// Names an event, in all exports and among those of other plan files, which a title tells apart: the one that the plan
/// file had when it was first published, so that who changes it leaves no events behind.
fn uid(proposal: &Proposal, id: &str) -> String {
    let basis = proposal.computed.schedule.basis.as_ref();
    let title = basis.and_then(|basis| basis.calendar.as_deref()).or(proposal.plan.title.as_deref());
    let title = title.unwrap_or_default();
    let digest = Sha256::digest(format!("mainstay/plan/v1\n{title}\n{id}"));
    let name = digest.iter().take(16).fold(String::new(), |name, byte| format!("{name}{byte:02x}"));
    format!("{name}@mainstay")
}

/// The revision; of what differs from the published schedule, the revision that it would be.
///
/// What is as it was published keeps its number, so that a proposal that comes to nothing does not outlive it.
fn sequence(proposal: &Proposal, is_news: bool) -> u64 {
    let is_new = !proposal.is_published && is_news;
    // The integers of the format end there (3.3.8).
    proposal.revision().saturating_add(u64::from(is_new)).min(i32::MAX.unsigned_abs().into())
}

/// What people want to know about an event, a fact a line.
fn description(proposal: &Proposal, placed: &Placed, kind: Option<Kind>) -> String {
    let occurrence = &placed.occurrence;
    let mut lines = vec![format!("Task: {}", inert_line(&occurrence.task))];
    lines.push(format!("Targets: {}", targets(placed)));
    if kind != Some(Kind::Dropped) {
        lines.extend(circumstances(proposal, placed, kind));
    }
    lines.push(format!("Occurrence: {}", inert_line(&occurrence.id.0)));
    let standing = match (kind, proposal.is_published, proposal.revision()) {
        (Some(Kind::Dropped), ..) => "no longer part of it".to_owned(),
        (_, true, revision) | (None, false, revision @ 1..) => format!("revision {revision}"),
        _ => "proposed, not published".to_owned(),
    };
    lines.push(format!("Schedule: {standing}"));
    // Some calendars take a description for HTML; without this sign there is none.
    lines.join("\n").replace('<', "\u{2039}")
}

/// Where it lies, and why there.
fn circumstances(proposal: &Proposal, placed: &Placed, kind: Option<Kind>) -> Vec<String> {
    let (zone, mut facts) = (proposal.zone, Vec::new());
    if let Some(window) = &placed.window {
        let cutoff = if window.cutoff < window.end {
            format!(", nothing new starts from {}", zone.date_and_time(window.cutoff))
        } else {
            String::new()
        };
        let (name, end) = (inert_line(&window.name), zone.date_and_time(window.end));
        facts.push(format!("Window: {name} until {end}{cutoff}"));
    }
    if let Some(why) = why_then(placed, zone, proposal.computed.schedule.from) {
        facts.push(format!("Why then: {}", inert_line(&why)));
    }
    if let Some(due) = placed.occurrence.due {
        let late = if due < placed.end { ", which it misses" } else { "" };
        facts.push(format!("Due: {}{late}", zone.local(due)));
    }
    if let Some(from) = placed.moved_from.filter(|_| kind == Some(Kind::Moved)) {
        facts.push(format!("Moved: it was to start {}", zone.local(from)));
    }
    facts
}

fn targets(placed: &Placed) -> String {
    let targets = &placed.occurrence.targets;
    let mut names: Vec<_> = targets.iter().take(MOST_TARGETS).map(|name| inert_line(name)).collect();
    if MOST_TARGETS < targets.len() {
        names.push(format!("and {} more", targets.len() - MOST_TARGETS));
    }
    names.join(", ")
}

fn utc(instant: DateTime<Utc>) -> String {
    instant.format("%Y%m%dT%H%M%SZ").to_string()
}

fn local(wall: NaiveDateTime) -> String {
    wall.format("%Y%m%dT%H%M%S").to_string()
}

/// `+0100`, with seconds only where there are some.
fn offset(seconds: i32) -> String {
    let (sign, size) = (if seconds < 0 { '-' } else { '+' }, seconds.unsigned_abs());
    let (hours, minutes, rest) = (size / 3600, size / 60 % 60, size % 60);
    if rest == 0 {
        format!("{sign}{hours:02}{minutes:02}")
    } else {
        format!("{sign}{hours:02}{minutes:02}{rest:02}")
    }
}
