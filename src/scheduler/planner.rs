//! The planner: requirements to occurrences.

use std::collections::VecDeque;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

use super::ground::{Ground, TaskGround};
use super::{History, ScheduleError, TaskHistory, basis, condition};
use crate::calendar;
use crate::model::{ClockFace, Missed, Moment, Occurrence, OccurrenceId, Schedule, WindowSpan};

/// What has to happen, and what was slept through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// The occurrences within the horizon; of an interval task the first one, see [`following`].
    pub occurrences: Vec<Occurrence>,
    /// Instants before the horizon that no run was started for and none will be, oldest first.
    pub missed: Vec<Skipped>,
    /// How many more there are, older than those in `missed`.
    pub n_missed_dropped: u64,
}

/// A calendar instant that was slept through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Which occurrence it would have been.
    pub occurrence: OccurrenceId,
    /// Its task.
    pub task: String,
    /// The instant.
    pub release: DateTime<Utc>,
    /// Its latest start, which has passed.
    pub latest: DateTime<Utc>,
}

/// The most that is said about the past of one task.
///
/// Source: the catch-up of dagu keeps as many.
const MOST_MISSED: usize = 1000;
/// The most occurrences of one task in one schedule.
const MOST_OCCURRENCES: usize = 100_000;
/// A start that is this late was not slept through: `run --due` comes every few minutes.
const HARDLY_LATE: TimeDelta = TimeDelta::minutes(10);
/// Beyond this, a calendar has no next instant that matters to anyone.
const FAR: TimeDelta = TimeDelta::days(29 * 366);

/// Finds what has to happen within the horizon of `ground`.
///
/// `cron`, `rrule`: one occurrence per instant. Of the instants before the horizon that were not started, the newest
/// is kept and happens late (`missed: latest`), all are, the oldest first (`all`), or the newest as long as it can be
/// in time (`skip`); the others are in [`Planned::missed`], back to the newest one that was settled.
///
/// `every`: the next interval. It counts from the end of the last success; after a failure the release counts
/// from the end of the failed run, so that it is not repeated at once, while the due time still counts from the
/// success. A task that was never done is released when it became known, and is due after its estimate and
/// tolerance, or at the end of the first window that has room for it, whichever is later.
///
/// `at`: one occurrence, until it has a run; with `missed: skip` as long as it can be in time.
///
/// `when`: one occurrence once the check has failed, see [`condition`].
///
/// What was published is owed, also when nothing else is known of its task.
///
/// # Errors
/// [`ScheduleError::TooMany`], and what a window's recurrence can be wrong about.
pub fn plan(
    ground: &Ground,
    history: &History,
    published: Option<&Schedule>,
) -> Result<Planned, ScheduleError> {
    let mut planned = Planned { occurrences: Vec::new(), missed: Vec::new(), n_missed_dropped: 0 };
    let known_since = known_since(ground, history, published);
    let waiting_since = waiting_since(ground, history, &known_since);
    let before = published.and_then(|published| basis::clock_before(published, &ground.zone, ground.from));
    for (place, task) in ground.tasks.iter().enumerate() {
        let Some(schedule) = &task.task.schedule else { continue };
        let past = history.of(task.name);
        if task.targets.is_empty() {
            continue;
        }
        if task.calendar.is_some() {
            calendar(ground, (task, past, before), known_since[place], &mut planned)?;
        } else if let Some(at) = &schedule.at {
            let release = ground.zone.resolve(at);
            let id = OccurrenceId::at(task.name, release);
            let is_fixed = matches!(at.value, Moment::Utc(_));
            let is_done = past.is_settled(&id)
                || is_settled_before(ground, (task, past, before), release, |_| is_fixed);
            if release < ground.until && !is_done {
                let due = schedule.tolerance.as_ref().map(|tolerance| release + tolerance.value.0);
                let policy = task.task.missed.as_ref().map_or(Missed::Latest, |missed| missed.value);
                // Work without a due time is never late; slept through it is all the same.
                let latest = latest_of_instant(policy, release, due.or(Some(release)), None);
                match latest.filter(|latest| *latest <= ground.from) {
                    Some(latest) => {
                        let task = task.name.to_owned();
                        planned.missed.push(Skipped { occurrence: id, task, release, latest });
                    }
                    None => planned.occurrences.push(task.occurrence(id, release, due, latest)),
                }
            }
        } else if schedule.every.is_some() {
            planned.occurrences.extend(next_interval(ground, task, past, waiting_since[place])?);
        } else if schedule.when.is_some() {
            planned.occurrences.extend(condition::corrective(ground, task, past));
        }
    }
    planned.missed.sort_by(|a, b| (a.release, &a.task).cmp(&(b.release, &b.task)));
    Ok(planned)
}

/// The interval after `before`, which will have ended at `end`; `None` for other tasks.
///
/// It is released `every - tolerance` after that end, on the assumption that the work succeeds.
pub fn following(task: &TaskGround, before: &Occurrence, end: DateTime<Utc>) -> Option<Occurrence> {
    let number = number_of(&before.id)?;
    following_nth(task, number + 1, end)
}

/// The number of an interval; `None` for an occurrence of a calendar.
pub fn number_of(id: &OccurrenceId) -> Option<u64> {
    id.0.rsplit_once('#').and_then(|(_, number)| number.parse().ok())
}

pub(super) fn following_nth(task: &TaskGround, number: u64, end: DateTime<Utc>) -> Option<Occurrence> {
    let Interval { wait, due } = interval(task)?;
    let (release, due) = (end.checked_add_signed(wait)?, end.checked_add_signed(due)?);
    Some(task.occurrence(OccurrenceId::nth(task.name, number), release, Some(due), None))
}

/// How an interval follows the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// So long after its end the next one is released: `every - tolerance`.
    pub wait: TimeDelta,
    /// So long after its end the next one is due: `every + tolerance`.
    pub due: TimeDelta,
}

/// The interval of a task; `None` for a task that recurs by something else.
pub fn interval(task: &TaskGround) -> Option<Interval> {
    let schedule = task.task.schedule.as_ref()?;
    let every = schedule.every.as_ref()?.value.0;
    let tolerance = schedule.tolerance.as_ref().map_or(TimeDelta::zero(), |tolerance| tolerance.value.0);
    Some(Interval { wait: (every - tolerance).max(TimeDelta::seconds(1)), due: every + tolerance })
}

/// A task, its past, and what the time-zone data said before it was updated.
type Known<'a> = (&'a TaskGround<'a>, &'a TaskHistory, Option<&'a ClockFace>);

fn is_settled_before(
    ground: &Ground,
    (task, past, before): Known,
    instant: DateTime<Utc>,
    existed: impl FnOnce(NaiveDateTime) -> bool,
) -> bool {
    before.is_some_and(|before| {
        basis::is_settled_before((task.name, past), &ground.zone, before, instant, existed)
    })
}

/// The occurrences of a task with a calendar.
fn calendar(
    ground: &Ground,
    (task, past, before): Known,
    known_since: DateTime<Utc>,
    planned: &mut Planned,
) -> Result<(), ScheduleError> {
    let Some(calendar) = &task.calendar else { return Ok(()) };
    let policy = task.task.missed.as_ref().map_or(Missed::Latest, |missed| missed.value);
    let dst = task.task.dst.as_ref().map(|dst| dst.value).unwrap_or_default();
    let first = owed_since(past, known_since, ground.from).min(ground.from);
    let mut instants = calendar.instants(&ground.zone, dst, first, ground.until + FAR).peekable();

    let is_settled = |release: DateTime<Utc>| {
        let existed = |wall: NaiveDateTime| {
            let instant = ground.zone.resolve(&Moment::Local(wall));
            let mut instants = calendar.instants(&ground.zone, dst, instant, instant + TimeDelta::seconds(1));
            instants.next() == Some(instant)
        };
        past.is_settled(&OccurrenceId::at(task.name, release))
            || is_settled_before(ground, (task, past, before), release, existed)
    };
    let mut late: VecDeque<(DateTime<Utc>, Option<DateTime<Utc>>)> = VecDeque::new();
    while let Some(release) = instants.next_if(|instant| *instant < ground.from) {
        if !is_settled(release) {
            late.push_back((release, instants.peek().copied()));
        }
        if MOST_MISSED < late.len() {
            late.pop_front();
            planned.n_missed_dropped += 1;
        }
    }
    let spans = match late.front() {
        Some((oldest, _)) => ground.spans_since(task, *oldest)?,
        None => task.spans.clone(),
    };
    let spans = spans.as_deref().map(Vec::as_slice);
    for (release, next) in late {
        let due = due_of_instant(task, spans, release);
        let latest = latest_of_instant(policy, release, due, next);
        let id = OccurrenceId::at(task.name, release);
        match latest.filter(|latest| *latest <= ground.from) {
            Some(latest) => {
                let task = task.name.to_owned();
                planned.missed.push(Skipped { occurrence: id, task, release, latest });
            }
            None => planned.occurrences.push(task.occurrence(id, release, due, latest)),
        }
    }
    let mut n_occurrences = 0;
    while let Some(release) = instants.next_if(|instant| *instant < ground.until) {
        n_occurrences += 1;
        if MOST_OCCURRENCES < n_occurrences {
            let (task, until) = (task.name.to_owned(), ground.until);
            return Err(ScheduleError::TooMany { task, limit: MOST_OCCURRENCES, until });
        }
        if !is_settled(release) {
            let id = OccurrenceId::at(task.name, release);
            let due = due_of_instant(task, spans, release);
            let latest = latest_of_instant(policy, release, due, instants.peek().copied());
            planned.occurrences.push(task.occurrence(id, release, due, latest));
        }
    }
    Ok(())
}

/// Since when calendar instants are owed.
///
/// What was settled settles everything before it; a task catches up in order. So a calendar that is edited does not
/// bring up the past of the new one. What was settled while the clock was ahead of `now` says nothing.
fn owed_since(past: &TaskHistory, known_since: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
    let instant = |id: &OccurrenceId| {
        let (_, instant) = id.0.rsplit_once('@')?;
        DateTime::parse_from_rfc3339(instant).ok().map(|instant| instant.to_utc())
    };
    // Instants of one task sort as text as they do in time.
    let newest = |ids: &std::collections::BTreeSet<OccurrenceId>| {
        let newest = ids.iter().rev().filter_map(instant).find(|instant| *instant <= now);
        newest.map(|newest| newest + TimeDelta::seconds(1))
    };
    let settled = newest(&past.started).max(newest(&past.missed));
    settled.map_or(known_since, |settled| settled.max(known_since))
}

/// The latest start of an instant before `next`: with `missed: skip`, as long as it is not late.
fn latest_of_instant(
    policy: Missed,
    release: DateTime<Utc>,
    due: Option<DateTime<Utc>>,
    next: Option<DateTime<Utc>>,
) -> Option<DateTime<Utc>> {
    match policy {
        Missed::Latest => next,
        Missed::All => None,
        Missed::Skip => {
            let in_time = due.map(|due| due.max(release + HARDLY_LATE));
            [next, in_time].into_iter().flatten().min()
        }
    }
}

/// `release + duration + tolerance`; without `tolerance`, the end of the first window that has room, and
/// never late when no such window is in sight.
fn due_of_instant(
    task: &TaskGround,
    spans: Option<&[WindowSpan]>,
    release: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let tolerance = task.task.schedule.as_ref().and_then(|schedule| schedule.tolerance.as_ref());
    match (tolerance, spans) {
        (None, Some(spans)) => {
            // Spans are sorted; those that are over before the release are of no use.
            let open = spans.partition_point(|span| span.end <= release);
            calendar::first_with_room(&spans[open..], release, task.estimate).map(|span| span.end)
        }
        (tolerance, _) => {
            let tolerance = tolerance.map_or(TimeDelta::zero(), |tolerance| tolerance.value.0);
            release.checked_add_signed(task.estimate)?.checked_add_signed(tolerance)
        }
    }
}

/// The next occurrence of a task with an interval, if it lies within the horizon.
fn next_interval(
    ground: &Ground,
    task: &TaskGround,
    past: &TaskHistory,
    waiting_since: DateTime<Utc>,
) -> Result<Option<Occurrence>, ScheduleError> {
    let mut number = past.ended_runs + 1;
    let next = if let Some(running) = &past.running {
        following_nth(task, number + 1, running.until.max(ground.from))
    } else {
        while past.is_settled(&OccurrenceId::nth(task.name, number)) {
            number += 1;
        }
        if let Some(success) = past.last_success {
            following_nth(task, number, success).map(|mut next| {
                let failed = past.last_end.filter(|end| success < *end);
                let again = failed.and_then(|end| following_nth(task, number, end));
                next.release = again.map_or(next.release, |again| again.release);
                next
            })
        } else {
            let again = past.last_end.and_then(|end| following_nth(task, number, end));
            let release = again.map_or(waiting_since, |again| again.release);
            let due = first_due(ground, task, waiting_since)?;
            Some(task.occurrence(OccurrenceId::nth(task.name, number), release, due, None))
        }
    };
    Ok(next.filter(|next| next.release < ground.until))
}

/// When a task is due that was never done and has been waiting since `since`.
fn first_due(
    ground: &Ground,
    task: &TaskGround,
    since: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, ScheduleError> {
    let tolerance = task.task.schedule.as_ref().and_then(|schedule| schedule.tolerance.as_ref());
    let tolerance = tolerance.map_or(TimeDelta::zero(), |tolerance| tolerance.value.0);
    let due = since.checked_add_signed(task.estimate).and_then(|due| due.checked_add_signed(tolerance));
    let Some(spans) = ground.spans_since(task, since)? else { return Ok(due) };
    let open = spans.partition_point(|span| span.end <= since);
    let span = calendar::first_with_room(&spans[open..], since, task.estimate);
    Ok(span.and_then(|span| due.map(|due| due.max(span.end))))
}

/// Since when each task is known: by its history, or because it was published; else since now.
fn known_since(ground: &Ground, history: &History, published: Option<&Schedule>) -> Vec<DateTime<Utc>> {
    let handled_until = |task: &TaskGround| history.of(task.name).handled_until;
    let mut since: Vec<_> =
        ground.tasks.iter().map(|task| handled_until(task).unwrap_or(ground.from).min(ground.from)).collect();
    let Some(published) = published else { return since };
    let placed = published.placed.iter().map(|placed| &placed.occurrence);
    for occurrence in placed.chain(published.unplaced.iter().map(|unplaced| &unplaced.occurrence)) {
        if let Some(&place) = ground.places.get(occurrence.task.as_str()) {
            since[place] = since[place].min(occurrence.release);
        }
    }
    since
}

/// Since when each task has been waiting for its first run: since it is known, but not before those that it
/// comes after, so that the first round of a new task keeps their order.
fn waiting_since(ground: &Ground, history: &History, known_since: &[DateTime<Utc>]) -> Vec<DateTime<Utc>> {
    let mut since = known_since.to_vec();
    let is_first = |place: &usize| history.of(ground.tasks[*place].name).last_end.is_none();
    for &place in &ground.order {
        let after = ground.tasks[place].after.iter();
        let before = after.filter(|place| is_first(place)).map(|place| since[*place]).max();
        since[place] = before.map_or(since[place], |before| before.max(since[place]));
    }
    since
}

#[cfg(test)]
mod tests;
