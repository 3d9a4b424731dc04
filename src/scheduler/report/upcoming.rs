//! The next instants of recurrences, with what a change of the clock does to them: `mainstay/calendar/v1`.

use chrono::{DateTime, NaiveDateTime, NaiveTime, SecondsFormat, TimeDelta, Utc};
use jiff::Timestamp;
use jiff::tz::{AmbiguousOffset, TimeZone};
use serde::Serialize;

use crate::calendar::{Calendar, CalendarError, Clash, Zone};
use crate::model::{DstMode, Length, Moment, PlanFile, Schedule, Task};

/// The name and version of the object.
pub const SCHEMA: &str = "mainstay/calendar/v1";

/// What recurs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Recurring {
    /// A task is due.
    Task,
    /// A window opens.
    Window,
}

/// One instant of a recurrence, or a time on the clock face that is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upcoming {
    /// What recurs.
    pub what: Recurring,
    /// Its name.
    pub name: String,
    /// When; `None` when it is left out.
    pub instant: Option<DateTime<Utc>>,
    /// What the clock shows then; what it would have shown.
    pub local: NaiveDateTime,
    /// What the clock does to it.
    pub note: Option<Note>,
    /// When a window closes.
    pub end: Option<DateTime<Utc>>,
    /// Where it stands among the others.
    order: DateTime<Utc>,
}

/// What is special about an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Note {
    /// It was meant for this time, which the clock skips.
    Skipped(NaiveDateTime),
    /// The clock shows this time twice; it is the first.
    FirstOfTwo,
    /// The clock shows this time twice; it is the second.
    SecondOfTwo,
    /// It does not happen: the clock skips this time.
    LeftOutInGap,
    /// It does not happen: the clock shows this time twice.
    LeftOutOfTwo,
    /// It counts from a success that is still to come.
    Expected,
    /// The clock changes while the window is open, which lasts so long all the same.
    ClockChanges(TimeDelta),
}

/// No calendar has a longer pause: 29 February on a certain weekday, over the end of a century.
const FAR: TimeDelta = TimeDelta::days(120 * 366);

/// The next `n` instants of what is called `name`, or of everything; `None` when there is no such name.
///
/// The instants of an interval are those of `schedule`, which ends with its horizon.
///
/// # Errors
/// [`CalendarError`] for a plan file that `validate` refuses too.
pub fn upcoming(
    plan: &PlanFile,
    zone: &Zone,
    name: Option<&str>,
    schedule: &Schedule,
    n: usize,
) -> Result<Option<Vec<Upcoming>>, CalendarError> {
    let is_meant = |found: &str| name.is_none_or(|name| name == found);
    let (mut all, mut is_known) = (Vec::new(), name.is_none());
    for (found, task) in plan.tasks.iter().filter(|(found, _)| is_meant(found)) {
        is_known = true;
        all.extend(of_task(found, task, zone, schedule, n)?);
    }
    for (found, window) in plan.windows.iter().filter(|(found, _)| is_meant(found)) {
        is_known = true;
        if let Some(calendar) = Calendar::of_window(window)? {
            let clock = Clock { zone, dst: DstMode::Once };
            let openings = of_calendar(Recurring::Window, found, &calendar, clock, schedule.from, n);
            all.extend(openings.into_iter().map(|it| it.open_for(window.duration.value.0, zone)));
        }
    }
    all.sort_by(|a, b| (a.order, a.what, &a.name).cmp(&(b.order, b.what, &b.name)));
    let mut left = n;
    all.retain(|it| {
        let is_shown = left > 0;
        left -= usize::from(is_shown && it.instant.is_some());
        is_shown
    });
    Ok(is_known.then_some(all))
}

fn of_task(
    name: &str,
    task: &Task,
    zone: &Zone,
    schedule: &Schedule,
    n: usize,
) -> Result<Vec<Upcoming>, CalendarError> {
    let Some(recurrence) = &task.schedule else { return Ok(Vec::new()) };
    let from = schedule.from;
    if let Some(calendar) = Calendar::of_task(recurrence)? {
        let clock = Clock { zone, dst: task.dst.map_or(DstMode::default(), |dst| dst.value) };
        return Ok(of_calendar(Recurring::Task, name, &calendar, clock, from, n));
    }
    if let Some(at) = &recurrence.at {
        let instant = zone.resolve(at);
        let once = (from <= instant).then(|| of_instant(Recurring::Task, name, instant, zone));
        let noted = |it: Upcoming| Upcoming { note: it.note.or(skipped(at, instant, zone)), ..it };
        return Ok(once.map(noted).into_iter().collect());
    }
    let placed = schedule.placed.iter().map(|placed| &placed.occurrence);
    let all = placed.chain(schedule.unplaced.iter().map(|unplaced| &unplaced.occurrence));
    let mut releases: Vec<_> = all.filter(|it| it.task == name).map(|it| it.release).collect();
    releases.sort_unstable();
    let releases = releases.into_iter().take(n).enumerate();
    let expected = |(place, release): (usize, DateTime<Utc>)| {
        let mut it = of_instant(Recurring::Task, name, release, zone);
        it.note = it.note.or((place > 0).then_some(Note::Expected));
        it
    };
    Ok(releases.map(expected).collect())
}

/// The clock face that a calendar is read on.
#[derive(Clone, Copy)]
struct Clock<'a> {
    zone: &'a Zone,
    dst: DstMode,
}

fn of_calendar(
    what: Recurring,
    name: &str,
    calendar: &Calendar,
    Clock { zone, dst }: Clock,
    from: DateTime<Utc>,
    n: usize,
) -> Vec<Upcoming> {
    let far = from.checked_add_signed(FAR).unwrap_or(from);
    let instants = calendar.instants(zone, dst, from, far).take(n);
    let mut all: Vec<_> = instants.map(|instant| of_instant(what, name, instant, zone)).collect();
    let Some(last) = all.last().and_then(|last| last.instant) else { return all };
    for clash in calendar.clashes(zone, from, last + TimeDelta::seconds(1)) {
        let at_change = all.iter_mut().find(|it| it.instant == Some(clash.change));
        match at_change.filter(|_| clash.is_gap && dst == DstMode::Once) {
            Some(moved) => moved.note = Some(Note::Skipped(clash.local)),
            None if is_left_out(clash, dst) => all.push(left_out(what, name, clash)),
            None => {}
        }
    }
    all
}

/// Whether a time of the clock face does not happen at all.
fn is_left_out(clash: Clash, dst: DstMode) -> bool {
    match dst {
        DstMode::Once => false,
        DstMode::Literal => clash.is_gap,
        DstMode::Skip => true,
    }
}

fn left_out(what: Recurring, name: &str, clash: Clash) -> Upcoming {
    let note = if clash.is_gap { Note::LeftOutInGap } else { Note::LeftOutOfTwo };
    let (instant, note) = (None, Some(note));
    Upcoming {
        what,
        name: name.to_owned(),
        instant,
        local: clash.local,
        note,
        end: None,
        order: clash.change,
    }
}

impl Upcoming {
    /// The opening of a window that lasts so long.
    fn open_for(self, length: TimeDelta, zone: &Zone) -> Self {
        let end = self.instant.and_then(|start| start.checked_add_signed(length));
        let offset = |instant: DateTime<Utc>| zone.wall(instant) - instant.naive_utc();
        let changes = self.instant.zip(end).is_some_and(|(start, end)| offset(start) != offset(end));
        let note = self.note.or(changes.then_some(Note::ClockChanges(length)));
        Self { note, end, ..self }
    }
}

/// Says so when `at` is a time of the clock face that the clock skips.
fn skipped(at: &Moment, instant: DateTime<Utc>, zone: &Zone) -> Option<Note> {
    let meant = match at {
        Moment::Utc(_) => return None,
        Moment::Local(local) => *local,
        Moment::Date(date) => date.and_time(NaiveTime::MIN),
    };
    (zone.wall(instant) != meant).then_some(Note::Skipped(meant))
}

fn of_instant(what: Recurring, name: &str, instant: DateTime<Utc>, zone: &Zone) -> Upcoming {
    Upcoming {
        what,
        name: name.to_owned(),
        instant: Some(instant),
        local: zone.wall(instant),
        note: one_of_two(zone, instant),
        end: None,
        order: instant,
    }
}

/// What a change of the clock does to the release of a scheduled occurrence of `task`; most often nothing.
pub fn note_on(task: &Task, zone: &Zone, release: DateTime<Utc>) -> Option<Note> {
    let just_before = release - TimeDelta::seconds(1);
    if zone.wall(release) - zone.wall(just_before) == TimeDelta::seconds(1) {
        return one_of_two(zone, release);
    }
    let recurrence = task.schedule.as_ref()?;
    if let Some(at) = &recurrence.at {
        return skipped(at, release, zone);
    }
    let calendar = Calendar::of_task(recurrence).ok()??;
    let is_moved = |clash: &Clash| clash.is_gap && clash.change == release;
    let clash =
        calendar.clashes(zone, just_before, release + TimeDelta::seconds(1)).into_iter().find(is_moved)?;
    Some(Note::Skipped(clash.local))
}

/// Which of two it is, when the clock shows its time twice.
fn one_of_two(zone: &Zone, instant: DateTime<Utc>) -> Option<Note> {
    let zone = TimeZone::from(zone.clone());
    let instant = Timestamp::from_second(instant.timestamp()).ok()?;
    match zone.to_ambiguous_timestamp(zone.to_datetime(instant)).offset() {
        AmbiguousOffset::Fold { before, .. } if zone.to_offset(instant) == before => Some(Note::FirstOfTwo),
        AmbiguousOffset::Fold { .. } => Some(Note::SecondOfTwo),
        _ => None,
    }
}

/// Local time minus UTC at `instant`, such as `+02:00`.
pub fn utc_offset(zone: &Zone, instant: DateTime<Utc>) -> String {
    let seconds = (zone.wall(instant) - instant.naive_utc()).num_seconds();
    let (sign, size) = (if seconds < 0 { '-' } else { '+' }, seconds.abs());
    format!("{sign}{:02}:{:02}", size / 3600, size / 60 % 60)
}

/// The whole object.
#[derive(Debug, Serialize)]
pub struct CalendarReport<'a> {
    schema: &'static str,
    timezone: &'a str,
    from: String,
    instants: Vec<InstantReport<'a>>,
}

#[derive(Debug, Serialize)]
struct InstantReport<'a> {
    kind: Recurring,
    name: &'a str,
    /// Null: it is left out.
    instant: Option<String>,
    local: String,
    utc_offset: Option<String>,
    note: Option<&'static str>,
    /// The time that was meant, when the clock skips it.
    meant: Option<String>,
    /// When a window closes.
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<String>,
}

/// Tells instants to programs.
pub fn report<'a>(all: &'a [Upcoming], zone: &'a Zone, from: DateTime<Utc>) -> CalendarReport<'a> {
    let instants = all.iter().map(|it| InstantReport {
        kind: it.what,
        name: &it.name,
        instant: it.instant.map(super::time),
        local: local(it.local),
        utc_offset: it.instant.map(|instant| utc_offset(zone, instant)),
        note: it.note.map(Note::code),
        meant: match it.note {
            Some(Note::Skipped(meant)) => Some(local(meant)),
            _ => None,
        },
        end: it.end.map(super::time),
    });
    CalendarReport {
        schema: SCHEMA,
        timezone: zone.name(),
        from: from.to_rfc3339_opts(SecondsFormat::Secs, true),
        instants: instants.collect(),
    }
}

impl Note {
    /// Its name for programs.
    fn code(self) -> &'static str {
        match self {
            Self::Skipped(_) => "skipped",
            Self::FirstOfTwo => "first_of_two",
            Self::SecondOfTwo => "second_of_two",
            Self::LeftOutInGap => "left_out_skipped",
            Self::LeftOutOfTwo => "left_out_repeated",
            Self::Expected => "expected",
            Self::ClockChanges(_) => "clock_changes",
        }
    }

    /// Its words for people.
    pub fn words(self) -> String {
        match self {
            Self::Skipped(meant) => {
                format!("the clock skips {}; it happens at the end of what is skipped", meant.format("%H:%M"))
            }
            Self::FirstOfTwo => "the clock shows this time twice; it is the first".to_owned(),
            Self::SecondOfTwo => "the clock shows this time twice; it is the second".to_owned(),
            Self::LeftOutInGap => "left out: the clock skips this time".to_owned(),
            Self::LeftOutOfTwo => "left out: the clock shows this time twice".to_owned(),
            Self::Expected => "if the run before it succeeds as planned".to_owned(),
            Self::ClockChanges(length) => {
                format!("the clock changes meanwhile; it is open for {} all the same", Length(length))
            }
        }
    }
}

fn local(wall: NaiveDateTime) -> String {
    wall.format("%Y-%m-%dT%H:%M:%S").to_string()
}
