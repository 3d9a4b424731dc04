//! The planner: requirements to occurrences.

use std::collections::{HashMap, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};

use super::ground::{Ground, TaskGround};
use super::{History, ScheduleError, TaskHistory};
use crate::model::{Missed, Occurrence, OccurrenceId, WindowSpan};

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
/// Beyond this, a calendar has no next instant that matters to anyone.
const FAR: TimeDelta = TimeDelta::days(29 * 366);

/// Finds what has to happen within the horizon of `ground`.
///
/// `cron`: one occurrence per instant. Of the instants before the horizon that were not started, the newest is
/// kept and happens late (`missed: latest`), all are (`all`), or the newest as long as it can be in time
/// (`skip`); the others are in [`Planned::missed`].
///
/// `every`: the next interval. It counts from the end of the last success; after a failure the release counts
/// from the end of the failed run, so that it is not repeated at once, while the due time still counts from the
/// success. A task that was never done is released when it became known, and is due after its estimate and
/// tolerance, or at the end of the first window that has room for it, whichever is later.
///
/// `at`: one occurrence, until it has a run.
///
/// # Errors
/// [`ScheduleError::TooMany`], and what a window's recurrence can be wrong about.
pub fn plan(ground: &Ground, history: &History) -> Result<Planned, ScheduleError> {
    let mut planned = Planned { occurrences: Vec::new(), missed: Vec::new(), n_missed_dropped: 0 };
    let waiting_since = waiting_since(ground, history);
    for (place, task) in ground.tasks.iter().enumerate() {
        let Some(schedule) = &task.task.schedule else { continue };
        let past = history.of(task.name);
        if task.targets.is_empty() {
            continue;
        }
        if task.cron.is_some() {
            calendar(ground, task, past, &mut planned)?;
        } else if let Some(at) = &schedule.at {
            let release = ground.zone.resolve(at);
            let id = OccurrenceId::at(task.name, release);
            if release < ground.until && !past.is_settled(&id) {
                let due = schedule.tolerance.as_ref().map(|tolerance| release + tolerance.value.0);
                planned.occurrences.push(occurrence(task, id, release, due, None));
            }
        } else if schedule.every.is_some() {
            planned.occurrences.extend(interval(ground, task, past, waiting_since[&place])?);
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

fn following_nth(task: &TaskGround, number: u64, end: DateTime<Utc>) -> Option<Occurrence> {
    let schedule = task.task.schedule.as_ref()?;
    let every = schedule.every.as_ref()?.value.0;
    let tolerance = schedule.tolerance.as_ref().map_or(TimeDelta::zero(), |tolerance| tolerance.value.0);
    let wait = (every - tolerance).max(TimeDelta::seconds(1));
    let (release, due) = (end.checked_add_signed(wait)?, end.checked_add_signed(every + tolerance)?);
    Some(occurrence(task, OccurrenceId::nth(task.name, number), release, Some(due), None))
}

fn occurrence(
    task: &TaskGround,
    id: OccurrenceId,
    release: DateTime<Utc>,
    due: Option<DateTime<Utc>>,
    latest: Option<DateTime<Utc>>,
) -> Occurrence {
    Occurrence {
        id,
        task: task.name.to_owned(),
        targets: task.targets.clone(),
        release,
        due,
        latest,
        estimate: task.estimate,
    }
}

/// The occurrences of a task with a calendar.
fn calendar(
    ground: &Ground,
    task: &TaskGround,
    past: &TaskHistory,
    planned: &mut Planned,
) -> Result<(), ScheduleError> {
    let Some(cron) = &task.cron else { return Ok(()) };
    let policy = task.task.missed.as_ref().map_or(Missed::Latest, |missed| missed.value);
    let dst = task.task.dst.as_ref().map(|dst| dst.value).unwrap_or_default();
    let first = past.handled_until.unwrap_or(ground.from).min(ground.from);
    let mut instants = cron.instants(&ground.zone, dst, first, ground.until + FAR).peekable();

    let mut late: VecDeque<(DateTime<Utc>, Option<DateTime<Utc>>)> = VecDeque::new();
    while let Some(release) = instants.next_if(|instant| *instant < ground.from) {
        if !past.is_settled(&OccurrenceId::at(task.name, release)) {
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
        let latest = match policy {
            Missed::Latest => next,
            Missed::All => None,
            Missed::Skip => earlier(next, due),
        };
        let id = OccurrenceId::at(task.name, release);
        match latest.filter(|latest| *latest <= ground.from) {
            Some(latest) => {
                let task = task.name.to_owned();
                planned.missed.push(Skipped { occurrence: id, task, release, latest });
            }
            None => planned.occurrences.push(occurrence(task, id, release, due, latest)),
        }
    }
    let mut n_occurrences = 0;
    while let Some(release) = instants.next_if(|instant| *instant < ground.until) {
        n_occurrences += 1;
        if MOST_OCCURRENCES < n_occurrences {
            let (task, until) = (task.name.to_owned(), ground.until);
            return Err(ScheduleError::TooMany { task, limit: MOST_OCCURRENCES, until });
        }
        let id = OccurrenceId::at(task.name, release);
        if !past.is_settled(&id) {
            let due = due_of_instant(task, spans, release);
            let latest = match policy {
                Missed::Latest => instants.peek().copied(),
                Missed::All => None,
                Missed::Skip => earlier(instants.peek().copied(), due),
            };
            planned.occurrences.push(occurrence(task, id, release, due, latest));
        }
    }
    Ok(())
}

fn earlier(a: Option<DateTime<Utc>>, b: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    [a, b].into_iter().flatten().min()
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
            Ground::usable_span(&spans[open..], release, task.estimate).map(|span| span.end)
        }
        (tolerance, _) => {
            let tolerance = tolerance.map_or(TimeDelta::zero(), |tolerance| tolerance.value.0);
            release.checked_add_signed(task.estimate)?.checked_add_signed(tolerance)
        }
    }
}

/// The next occurrence of a task with an interval, if it lies within the horizon.
fn interval(
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
        match past.last_success {
            Some(success) => following_nth(task, number, success).map(|mut next| {
                let failed = past.last_end.filter(|end| success < *end);
                let again = failed.and_then(|end| following_nth(task, number, end));
                next.release = again.map_or(next.release, |again| again.release);
                next
            }),
            None => {
                let again = past.last_end.and_then(|end| following_nth(task, number, end));
                let release = again.map_or(waiting_since, |again| again.release);
                let due = first_due(ground, task, waiting_since)?;
                Some(occurrence(task, OccurrenceId::nth(task.name, number), release, due, None))
            }
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
    let span = Ground::usable_span(&spans[open..], since, task.estimate);
    Ok(span.and_then(|span| due.map(|due| due.max(span.end))))
}

/// Since when each task has been waiting for its first run: since it is known, but not before those that it
/// comes after, so that the first round of a new task keeps their order.
fn waiting_since(ground: &Ground, history: &History) -> HashMap<usize, DateTime<Utc>> {
    let known =
        |task: &TaskGround| history.of(task.name).handled_until.unwrap_or(ground.from).min(ground.from);
    let mut since: HashMap<_, _> =
        ground.tasks.iter().enumerate().map(|(place, task)| (place, known(task))).collect();
    for _ in 0..ground.tasks.len() {
        let mut changed = false;
        for (place, task) in ground.tasks.iter().enumerate() {
            let is_first = |place: &usize| history.of(ground.tasks[*place].name).last_end.is_none();
            let before = task.after.iter().filter(|place| is_first(place)).map(|place| since[place]).max();
            if let Some(before) = before.filter(|before| since[&place] < *before) {
                since.insert(place, before);
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    since
}
