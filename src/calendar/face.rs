//! From the face of a clock to instants: what gaps and overlaps do to a recurrence, whatever it is written in.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

use super::zone::{Stretch, Zone};
use crate::model::DstMode;

pub(super) const MINUTE: i64 = 60;
pub(super) const DAY: i64 = 86_400;

/// A recurrence on the face of a clock that knows no zone, on whole minutes.
pub(super) trait Face {
    /// The first matching time at or after `from` and before `until`, in seconds of local time since 1970.
    fn next(&mut self, from: i64, until: i64) -> Option<i64>;
}

/// A change of the clock that a fixed time lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clash {
    /// The time on the clock face; the first one when there are several.
    pub local: NaiveDateTime,
    /// When the clock changes.
    pub change: DateTime<Utc>,
    /// Whether that time is left out; if not, it is shown twice.
    pub is_gap: bool,
}

/// A jump of the wall clock beyond this is no daylight saving time: what it leaps over did not happen.
///
/// Source: cronie's `cron.8`.
const LARGEST_SHIFT: i64 = 3 * 3_600;
/// Long enough that a change of the offset in it has been seen before the first instant asked for.
const LOOK_BACK: TimeDelta = TimeDelta::days(2);

/// The instants at or after `from` and before `until` at which a clock in `zone` shows a time of `face`, strictly
/// increasing.
///
/// Of a fixed time, `dst` says what it does in a gap or an overlap. A wildcard happens whenever the clock face
/// matches, so that its instants keep their distance in elapsed time; only [`DstMode::Skip`] leaves out those that a
/// clock shows twice.
///
/// Source: cronie's `cron.8`; a gap of more than three hours is no daylight saving time and is left out.
pub(super) fn instants(
    mut face: impl Face,
    is_wildcard: bool,
    zone: &Zone,
    dst: DstMode,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> impl Iterator<Item = DateTime<Utc>> {
    let start = from.checked_sub_signed(LOOK_BACK).unwrap_or(from);
    let mut stretches = zone.stretches(start);
    let mut stretch = stretches.next();
    let mut cursor = stretch.map_or(0, |stretch| stretch.start + stretch.offset);
    // The local time up to which the clock face has already been.
    let mut seen = cursor;
    // Instants lie on whole seconds; the first one at or after `from` may have to be the next second.
    let first = from.timestamp() + i64::from(from.timestamp_subsec_nanos() > 0);
    let moves = dst == DstMode::Once && !is_wildcard;
    let mut ended = false;
    std::iter::from_fn(move || {
        while !ended {
            let now = stretch?;
            let face_end = now.end.saturating_add(now.offset);
            let mut found = None;
            // The horizon bounds the search, also in a zone that never changes.
            let until_local = (until.timestamp() + 1).saturating_add(now.offset).min(face_end);
            if let Some(local) = face.next(cursor, until_local) {
                cursor = local + MINUTE;
                if dst != DstMode::Skip || !zone.is_twice(local) {
                    found = Some(local - now.offset);
                }
            } else if now.end > until.timestamp() {
                ended = true;
            } else {
                stretch = stretches.next();
                let next = stretch?;
                seen = seen.max(face_end);
                found = if moves { end_of_gap(&mut face, now, next) } else { None };
                cursor = next.start + next.offset;
                if found.is_some() {
                    // The end of the gap may match as well: it happens once.
                    cursor += 1;
                }
                if moves {
                    cursor = cursor.max(seen);
                }
            }
            let Some(second) = found else { continue };
            let Some(instant) = DateTime::from_timestamp(second, 0) else { continue };
            if until <= instant {
                ended = true;
            } else if first <= second {
                return Some(instant);
            }
        }
        None
    })
}

/// The end of the gap between two stretches, when a time in the gap is owed.
fn end_of_gap(face: &mut impl Face, before: Stretch, after: Stretch) -> Option<i64> {
    let gap = after.offset - before.offset;
    let first_missing = before.end + before.offset;
    let is_owed = 0 < gap && gap <= LARGEST_SHIFT && face.next(first_missing, first_missing + gap).is_some();
    is_owed.then_some(after.start)
}

/// The changes of the clock between `from` and `until` that a time of `face` lies in.
pub(super) fn clashes(
    face: &mut impl Face,
    zone: &Zone,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Vec<Clash> {
    let mut stretches = zone.stretches(from).take_while(|stretch| stretch.start < until.timestamp());
    let Some(mut before) = stretches.next() else { return Vec::new() };
    let mut clashes = Vec::new();
    for after in stretches {
        clashes.extend(clash(face, before, after));
        before = after;
    }
    clashes
}

/// The first time of a face that the change between two stretches leaves out or shows twice.
fn clash(face: &mut impl Face, before: Stretch, after: Stretch) -> Option<Clash> {
    let (old, new) = (before.end + before.offset, after.start + after.offset);
    if LARGEST_SHIFT < new - old {
        return None;
    }
    let (from, until) = (old.min(new), old.max(new));
    let local = DateTime::from_timestamp(face.next(from, until)?, 0)?.naive_utc();
    let change = DateTime::from_timestamp(after.start, 0)?;
    Some(Clash { local, change, is_gap: old < new })
}
