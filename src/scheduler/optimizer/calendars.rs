//! When a task may run, as the solver knows it: its windows without its blackouts.

use chrono::{DateTime, Utc};

use crate::calendar::Freeze;
use crate::model::WindowSpan;
use crate::scheduler::solver::{LIMIT, Stretch};

/// The stretches of time that `spans` leave outside `freezes`, which are in order of their starts; without spans, all
/// time that `freezes` leave.
pub fn stretches(spans: Option<&[WindowSpan]>, freezes: &[&Freeze]) -> Vec<Stretch> {
    let mut open: Vec<Stretch> = match spans {
        None => vec![Stretch { start: -LIMIT, end: LIMIT, last_start: LIMIT }],
        Some(spans) => spans.iter().filter_map(of_span).collect(),
    };
    if freezes.is_empty() {
        return open;
    }
    let frozen = joined(freezes);
    let mut left = Vec::with_capacity(open.len() + frozen.len());
    let mut first = 0;
    for span in open.drain(..) {
        while frozen.get(first).is_some_and(|(_, end)| *end <= span.start) {
            first += 1;
        }
        let mut start = span.start;
        for (from, until) in frozen[first..].iter().take_while(|(from, _)| *from < span.end) {
            left.extend(part(span, start, *from));
            start = *until;
        }
        left.extend(part(span, start, span.end));
    }
    left
}

fn of_span(span: &WindowSpan) -> Option<Stretch> {
    let (start, end) = (seconds(span.start), seconds(span.end));
    let last_start = seconds(span.cutoff).min(end) - 1;
    (start <= last_start).then_some(Stretch { start, end, last_start })
}

/// What of `span` lies between `start` and `end`, if something can start there.
fn part(span: Stretch, start: i64, end: i64) -> Option<Stretch> {
    let last_start = span.last_start.min(end - 1);
    (start <= last_start).then_some(Stretch { start, end, last_start })
}

/// Freezes that overlap or touch are one.
fn joined(freezes: &[&Freeze]) -> Vec<(i64, i64)> {
    let mut joined: Vec<(i64, i64)> = Vec::with_capacity(freezes.len());
    for freeze in freezes {
        let (start, end) = (seconds(freeze.start), seconds(freeze.end));
        match joined.last_mut() {
            Some((_, last_end)) if start <= *last_end => *last_end = end.max(*last_end),
            _ if start < end => joined.push((start, end)),
            _ => {}
        }
    }
    joined
}

/// The earliest start at or after `from` of something that lasts `length` seconds.
pub fn first_start(stretches: &[Stretch], from: i64, length: i64) -> Option<i64> {
    let last = |stretch: &Stretch| stretch.last_start.min(stretch.end - length);
    let next = stretches.partition_point(|stretch| stretch.end <= from);
    let mut starts = stretches[next..].iter().filter(|stretch| stretch.start.max(from) <= last(stretch));
    starts.next().map(|stretch| stretch.start.max(from))
}

/// An instant as the solver counts time.
pub fn seconds(instant: DateTime<Utc>) -> i64 {
    instant.timestamp().clamp(-LIMIT, LIMIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(hour * 3600, 0).expect("an instant")
    }

    fn freeze(start: i64, end: i64) -> Freeze {
        Freeze { name: "f".to_owned(), start: at(start), end: at(end), allow: Vec::new() }
    }

    #[test]
    fn a_freeze_takes_its_time_out_of_every_window_and_the_cutoff_stays_where_it_is() {
        let span = |start, end, cutoff| WindowSpan {
            name: "w".to_owned(),
            start: at(start),
            end: at(end),
            cutoff: at(cutoff),
        };
        let (spans, freezes) = (
            [span(0, 4, 3), span(10, 14, 14), span(20, 21, 20)],
            [freeze(1, 2), freeze(2, 2), freeze(13, 30)],
        );
        let left = stretches(Some(&spans), &freezes.iter().collect::<Vec<_>>());
        let hours: Vec<_> =
            left.iter().map(|s| (s.start / 3600, s.end / 3600, (s.last_start + 1) / 3600)).collect();
        assert_eq!(hours, [(0, 1, 1), (2, 4, 3), (10, 13, 13)]);
        assert_eq!(first_start(&left, 0, 2 * 3600), Some(2 * 3600));
        assert_eq!(first_start(&left, 2 * 3600 + 1, 2 * 3600), Some(10 * 3600));
        assert_eq!(first_start(&left, 3 * 3600, 60), Some(10 * 3600), "the cutoff is no start");
        assert_eq!(first_start(&left, 0, 4 * 3600), None);
    }

    #[test]
    fn without_windows_all_time_is_left_but_the_freezes() {
        let (one, other) = (freeze(1, 5), freeze(3, 7));
        let left = stretches(None, &[&one, &other]);
        assert_eq!(left.len(), 2);
        assert_eq!((left[0].end, left[1].start), (3600, 7 * 3600));
    }
}
