//! Maintenance windows and blackouts as stretches of time.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Calendar, CalendarError, Zone};
use crate::model::{Because, Blackout, DstMode, TaskType, Window, WindowSpan};

/// One blackout as a stretch of time: no work but the task types that it allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freeze {
    /// The blackout's name.
    pub name: String,
    /// Its first instant.
    pub start: DateTime<Utc>,
    /// The first instant after it.
    pub end: DateTime<Utc>,
    /// The task types that may run all the same.
    pub allow: Vec<TaskType>,
}

impl Freeze {
    /// Whether it keeps work of this type from running.
    pub fn stops(&self, kind: TaskType) -> bool {
        self.start < self.end && !self.allow.contains(&kind)
    }
}

/// The openings of `window` that are not over at `from` and begin before `until`, by start.
///
/// An opening belongs to the instant at which it begins: one that began before `from` and is still open counts,
/// also when it began the day before.
///
/// # Errors
/// When the window's calendar cannot be read.
pub fn openings(
    name: &str,
    window: &Window,
    zone: &Zone,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Vec<WindowSpan>, CalendarError> {
    let calendar = Calendar::of_window(window)?;
    Ok(calendar.map_or_else(Vec::new, |calendar| openings_by(&calendar, name, window, zone, from, until)))
}

/// As [`openings`], by the calendar of the window that the caller has read already.
pub fn openings_by(
    calendar: &Calendar,
    name: &str,
    window: &Window,
    zone: &Zone,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Vec<WindowSpan> {
    let length = window.duration.value.0;
    let cutoff = window.cutoff.as_ref().map_or(TimeDelta::zero(), |cutoff| cutoff.value.0);
    let first = from.checked_sub_signed(length).unwrap_or(from);
    let spans = calendar.instants(zone, DstMode::Once, first, until).map(|start| {
        let end = start + length;
        WindowSpan { name: name.to_owned(), start, end, cutoff: (end - cutoff).max(start) }
    });
    spans.filter(|span| from < span.end && span.start < span.end).collect()
}

/// Makes touching and overlapping spans one, whose cutoff is that of the later end; sorted and disjoint.
pub fn merge(mut spans: Vec<WindowSpan>) -> Vec<WindowSpan> {
    spans.sort_by(|a, b| (a.start, a.end, &a.name).cmp(&(b.start, b.end, &b.name)));
    let mut merged: Vec<WindowSpan> = Vec::with_capacity(spans.len());
    for span in spans {
        let Some(last) = merged.last_mut().filter(|last| span.start <= last.end) else {
            merged.push(span);
            continue;
        };
        if !last.name.split('+').any(|name| name == span.name) {
            last.name = format!("{}+{}", last.name, span.name);
        }
        (last.end, last.cutoff) = (last.end, last.cutoff).max((span.end, span.cutoff));
    }
    merged
}

/// Decides whether work of `length` may start in `span` at `start`; if not, why, and until when not.
///
/// `start` lies before the end of `span`.
pub fn gate(span: &WindowSpan, start: DateTime<Utc>, length: TimeDelta) -> Option<(Because, DateTime<Utc>)> {
    if start < span.start {
        return Some((Because::WindowClosed { until: span.start }, span.start));
    }
    if span.cutoff <= start {
        return Some((Because::PastCutoff { window: span.name.clone(), since: span.cutoff }, span.end));
    }
    if span.end < start + length {
        let short_by = start + length - span.end;
        let (window, end) = (span.name.clone(), span.end);
        return Some((Because::DoesNotFit { window, end, short_by }, span.end));
    }
    None
}

/// The first of `spans` at or after `release` that has room for `length`; `None` when there is none in sight.
pub fn first_with_room(
    spans: &[WindowSpan],
    release: DateTime<Utc>,
    length: TimeDelta,
) -> Option<&WindowSpan> {
    let has_room = |span: &&WindowSpan| {
        let start = release.max(span.start);
        start < span.cutoff && length <= span.end - start
    };
    spans.iter().find(has_room)
}

/// A blackout as a stretch of time in `zone`.
pub fn freeze(name: &str, blackout: &Blackout, zone: &Zone) -> Freeze {
    Freeze {
        name: name.to_owned(),
        start: zone.resolve(&blackout.from),
        end: zone.resolve(&blackout.to),
        allow: blackout.allow.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    fn window(cron: &str, duration: &str, cutoff: Option<&str>) -> Window {
        let length = |text: &str| text.parse::<crate::model::Length>().expect("a length").into();
        Window {
            cron: Some(cron.to_owned().into()),
            rrule: None,
            duration: length(duration),
            cutoff: cutoff.map(length),
        }
    }

    fn check(zone: &str, windows: &[Window], from: &str, until: &str, expected: &[(&str, &str, &str, &str)]) {
        let zone = Zone::named(zone).expect("a zone");
        let spans = windows.iter().zip(["a", "b", "c"]).flat_map(|(window, name)| {
            openings(name, window, &zone, utc(from), utc(until)).expect("a cron expression")
        });
        let short = |instant: DateTime<Utc>| instant.format("%m-%dT%H:%M").to_string();
        let got: Vec<_> = merge(spans.collect())
            .into_iter()
            .map(|span| (span.name, short(span.start), short(span.cutoff), short(span.end)))
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(name, start, cutoff, end)| {
                ((*name).to_owned(), (*start).to_owned(), (*cutoff).to_owned(), (*end).to_owned())
            })
            .collect();
        assert_eq!(got, expected);
    }

    #[test]
    fn case_15_a_window_belongs_to_the_day_it_opens() {
        let friday_night = [window("0 22 * * FRI", "4h", None)];
        let both = [("a", "03-06T22:00", "03-07T02:00", "03-07T02:00")];
        check("UTC", &friday_night, "2026-03-06T00:30:00Z", "2026-03-07T00:00:00Z", &both);
        check("UTC", &friday_night, "2026-03-07T00:30:00Z", "2026-03-08T00:00:00Z", &both);
        check("UTC", &friday_night, "2026-03-07T02:00:00Z", "2026-03-08T00:00:00Z", &[]);
    }

    #[test]
    fn case_16_a_window_is_open_for_elapsed_time() {
        let night = [window("0 1 * * *", "3h", Some("30m"))];
        check(
            "Europe/Berlin",
            &night,
            "2026-03-28T12:00:00Z",
            "2026-03-29T12:00:00Z",
            &[("a", "03-29T00:00", "03-29T02:30", "03-29T03:00")],
        );
        check(
            "Europe/Berlin",
            &night,
            "2026-10-24T12:00:00Z",
            "2026-10-25T12:00:00Z",
            &[("a", "10-24T23:00", "10-25T01:30", "10-25T02:00")],
        );
    }

    #[test]
    fn case_17_windows_that_touch_or_overlap_are_one() {
        let long = [window("0 0 * * *", "30h", Some("1h"))];
        check(
            "UTC",
            &long,
            "2026-03-01T12:00:00Z",
            "2026-03-03T00:00:00Z",
            &[("a", "03-01T00:00", "03-03T05:00", "03-03T06:00")],
        );
        let pair = [window("0 2 * * *", "2h", Some("30m")), window("0 4 * * *", "1h", Some("10m"))];
        check(
            "UTC",
            &pair,
            "2026-03-01T00:00:00Z",
            "2026-03-02T00:00:00Z",
            &[("a+b", "03-01T02:00", "03-01T04:50", "03-01T05:00")],
        );
        let inner = [window("0 2 * * *", "4h", Some("30m")), window("0 3 * * *", "1h", None)];
        check(
            "UTC",
            &inner,
            "2026-03-01T00:00:00Z",
            "2026-03-02T00:00:00Z",
            &[("a+b", "03-01T02:00", "03-01T05:30", "03-01T06:00")],
        );
    }

    #[test]
    fn case_18_the_gate_decides_at_each_edge() {
        let span = WindowSpan {
            name: "w".into(),
            start: utc("2026-03-07T02:00:00Z"),
            end: utc("2026-03-07T06:00:00Z"),
            cutoff: utc("2026-03-07T05:30:00Z"),
        };
        let check = |at: &str, minutes: i64, expected: Option<Because>| {
            let at = utc(&format!("2026-03-07T{at}:00Z"));
            let got = gate(&span, at, TimeDelta::minutes(minutes)).map(|(because, _)| because);
            assert_eq!(got, expected, "{at}, {minutes} minutes");
        };
        let (window, end) = ("w".to_owned(), span.end);
        check("01:59", 20, Some(Because::WindowClosed { until: span.start }));
        check("02:00", 240, None);
        check("05:29", 31, None);
        let short_by = TimeDelta::minutes(1);
        check("05:29", 32, Some(Because::DoesNotFit { window: window.clone(), end, short_by }));
        check("05:30", 20, Some(Because::PastCutoff { window, since: span.cutoff }));
    }
}
