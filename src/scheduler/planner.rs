//! The planner: requirements to occurrences.

use std::collections::VecDeque;

use chrono::{DateTime, NaiveDateTime, SubsecRound, TimeDelta, Utc};

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
/// `at`: one occurrence, until it has a run.
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
                planned.occurrences.push(occurrence(task, id, release, due, None));
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
    Some(occurrence(task, OccurrenceId::nth(task.name, number), release, Some(due), None))
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

pub(super) fn occurrence(
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
        release: whole(release),
        due: due.map(whole),
        latest: latest.map(whole),
        estimate: task.estimate,
    }
}

/// The first whole second that is not before `instant`: everything starts on one.
fn whole(instant: DateTime<Utc>) -> DateTime<Utc> {
    let cut = instant.trunc_subsecs(0);
    if cut < instant { cut + TimeDelta::seconds(1) } else { cut }
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
        if !is_settled(release) {
            let id = OccurrenceId::at(task.name, release);
            let due = due_of_instant(task, spans, release);
            let latest = latest_of_instant(policy, release, due, instants.peek().copied());
            planned.occurrences.push(occurrence(task, id, release, due, latest));
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
            Some(occurrence(task, OccurrenceId::nth(task.name, number), release, due, None))
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
mod tests {
    use super::*;
    use crate::model::PlanFile;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    fn plan_file(keys: &str) -> PlanFile {
        let yaml = format!(
            "mainstay: 1\ntasks:\n  k:\n    type: routine\n    domain: data\n    {keys}\n    \
             duration: 10m\n    steps: [{{run: [\"true\"]}}]\n"
        );
        crate::planfile::Text::new("maintenance.yaml", yaml.into_bytes()).read().into_plan().expect("a plan")
    }

    /// What is planned on 2026-03-10 at noon for one day.
    fn planned(schedule: &str, past: TaskHistory) -> Planned {
        planned_with(&format!("schedule: {{{schedule}}}"), past)
    }

    fn planned_with(keys: &str, past: TaskHistory) -> Planned {
        let plan_file = plan_file(keys);
        let history = History { tasks: [("k".to_owned(), past)].into() };
        let from = utc("2026-03-10T12:00:00Z");
        let ground = Ground::survey(&plan_file, &history, from, from + TimeDelta::days(1)).expect("a ground");
        plan(&ground, &history, None).expect("a plan")
    }

    fn known() -> TaskHistory {
        TaskHistory { handled_until: Some(utc("2026-03-07T00:00:00Z")), ..TaskHistory::default() }
    }

    fn ids(planned: &Planned) -> (Vec<&str>, Vec<&str>) {
        let occurrences = planned.occurrences.iter().map(|occurrence| occurrence.id.0.as_str());
        let missed = planned.missed.iter().map(|missed| missed.occurrence.0.as_str());
        (occurrences.collect(), missed.collect())
    }

    #[test]
    fn of_what_was_slept_through_the_newest_happens_and_the_rest_is_missed() {
        let planned = planned("cron: \"0 2 * * *\"", known());
        let (occurrences, missed) = ids(&planned);
        assert_eq!(occurrences, ["k@2026-03-10T02:00:00Z", "k@2026-03-11T02:00:00Z"]);
        assert_eq!(missed, ["k@2026-03-07T02:00:00Z", "k@2026-03-08T02:00:00Z", "k@2026-03-09T02:00:00Z"]);
        assert_eq!(planned.occurrences[0].due, Some(utc("2026-03-10T02:10:00Z")));
        assert_eq!(planned.occurrences[0].latest, Some(utc("2026-03-11T02:00:00Z")));
    }

    #[test]
    fn a_task_that_was_not_known_owes_nothing() {
        let planned = planned("cron: \"0 2 * * *\"", TaskHistory::default());
        assert_eq!(ids(&planned), (vec!["k@2026-03-11T02:00:00Z"], vec![]));
    }

    #[test]
    fn case_24_what_has_a_run_settles_everything_before_it_also_under_another_calendar() {
        let mut past = known();
        past.started.insert(OccurrenceId("k@2026-03-10T02:00:00Z".into()));
        assert_eq!(ids(&planned("cron: \"0 2 * * *\"", past.clone())).0, ["k@2026-03-11T02:00:00Z"]);
        let edited = planned("cron: \"0 1 * * *\"", past);
        assert_eq!(ids(&edited), (vec!["k@2026-03-11T01:00:00Z"], vec![]));
    }

    #[test]
    fn a_rule_recurs_as_a_cron_expression_does() {
        let rule = "rrule: \"DTSTART:20260302T020000 RRULE:FREQ=DAILY;INTERVAL=2\"";
        let planned = planned(rule, known());
        let (occurrences, missed) = ids(&planned);
        assert_eq!(occurrences, ["k@2026-03-10T02:00:00Z"]);
        assert_eq!(missed, ["k@2026-03-08T02:00:00Z"]);
        assert_eq!(planned.occurrences[0].due, Some(utc("2026-03-10T02:10:00Z")));
        assert_eq!(planned.occurrences[0].latest, Some(utc("2026-03-12T02:00:00Z")));
    }

    #[test]
    fn case_22_what_was_slept_through_happens_by_its_policy_and_each_instant_is_accounted_for() {
        // Every hour from 03:30 to 11:30 was slept through.
        let slept = |missed: &str| {
            let past =
                TaskHistory { handled_until: Some(utc("2026-03-10T03:00:00Z")), ..TaskHistory::default() };
            let planned = planned_with(
                &format!("schedule: {{cron: \"30 * * * *\", tolerance: 10m}}\n    missed: {missed}"),
                past,
            );
            let late = |occurrence: &&Occurrence| occurrence.release < utc("2026-03-10T12:00:00Z");
            let late: Vec<_> = planned.occurrences.iter().filter(late).cloned().collect();
            (late, planned.missed.iter().map(|missed| missed.release).collect::<Vec<_>>())
        };
        let hours = |hours: std::ops::RangeInclusive<u32>| -> Vec<_> {
            hours.map(|hour| utc(&format!("2026-03-10T{hour:02}:30:00Z"))).collect()
        };
        let releases = |late: &[Occurrence]| late.iter().map(|late| late.release).collect::<Vec<_>>();
        let (late, missed) = slept("latest");
        assert_eq!((releases(&late), missed), (hours(11..=11), hours(3..=10)));
        assert_eq!(late[0].latest, Some(utc("2026-03-10T12:30:00Z")));
        let (late, missed) = slept("all");
        assert_eq!((releases(&late), missed), (hours(3..=11), vec![]));
        assert!(late.iter().all(|late| late.latest.is_none()), "none of them is ever missed");
        let (late, missed) = slept("skip");
        assert_eq!((releases(&late), missed), (vec![], hours(3..=11)));
    }

    #[test]
    fn with_skip_a_start_that_is_hardly_late_was_not_slept_through() {
        let at = |cron: &str, tolerance: &str| {
            let keys = format!("schedule: {{cron: \"{cron}\"{tolerance}}}\n    missed: skip");
            ids(&planned_with(&keys, known())).0.first().map(|id| (*id).to_owned())
        };
        let seven_minutes_ago = Some("k@2026-03-10T11:53:00Z".to_owned());
        assert_eq!(at("53 11 * * *", ""), seven_minutes_ago);
        assert_eq!(at("53 11 * * *", ", tolerance: 1m"), seven_minutes_ago);
        assert_eq!(at("50 11 * * *", ""), Some("k@2026-03-11T11:50:00Z".to_owned()));
        assert_eq!(at("40 11 * * *", ", tolerance: 11m"), Some("k@2026-03-10T11:40:00Z".to_owned()));
    }

    #[test]
    fn case_24_with_all_a_calendar_that_is_edited_does_not_bring_up_the_past_of_the_new_one() {
        let mut past = known();
        past.started.insert(OccurrenceId("k@2026-03-10T02:00:00Z".into()));
        let edited = planned_with("schedule: {cron: \"0 1 * * *\"}\n    missed: all", past);
        assert_eq!(ids(&edited), (vec!["k@2026-03-11T01:00:00Z"], vec![]));
    }

    #[test]
    fn case_20_after_a_clock_that_steps_back_nothing_repeats() {
        let mut past = known();
        for day in 8..=12 {
            past.started.insert(OccurrenceId(format!("k@2026-03-{day:02}T02:00:00Z")));
        }
        let planned = planned("cron: \"0 2,20 * * *\"", past);
        assert_eq!(ids(&planned), (vec!["k@2026-03-10T20:00:00Z"], vec![]));
    }

    #[test]
    fn case_21_what_ran_while_the_clock_was_a_year_ahead_stops_nothing_after_it_was_corrected() {
        let mut past = known();
        past.started.insert(OccurrenceId("k@2026-03-09T02:00:00Z".into()));
        past.started.insert(OccurrenceId("k@2027-03-09T02:00:00Z".into()));
        past.missed.insert(OccurrenceId("k@2027-03-08T02:00:00Z".into()));
        let planned = planned("cron: \"0 2 * * *\"", past);
        assert_eq!(ids(&planned), (vec!["k@2026-03-10T02:00:00Z", "k@2026-03-11T02:00:00Z"], vec![]));
    }

    #[test]
    fn case_24_a_schedule_that_is_edited_seconds_before_it_fires_fires_once() {
        let from = utc("2026-03-10T11:59:00Z");
        let history = History { tasks: [("k".to_owned(), known())].into() };
        let compute = |keys: &str, published: Option<&Schedule>, from: DateTime<Utc>| {
            let until = from + TimeDelta::hours(12);
            crate::scheduler::compute(&plan_file(keys), "", &history, published, from, until)
                .expect("a schedule")
                .schedule
        };
        let before = compute("schedule: {at: 2026-03-10T12:00:00Z}", None, from);
        assert_eq!(before.placed[0].occurrence.id.0, "k@2026-03-10T12:00:00Z");
        let seconds_before = from + TimeDelta::seconds(58);
        let after = compute("schedule: {at: 2026-03-10T12:05:00Z}", Some(&before), seconds_before);
        let ids: Vec<_> = after.placed.iter().map(|placed| placed.occurrence.id.0.as_str()).collect();
        assert_eq!(ids, ["k@2026-03-10T12:05:00Z"]);
    }

    #[test]
    fn case_23_what_is_dropped_after_a_long_outage_never_comes_back() {
        let every_minute = "schedule: {cron: \"* * * * *\"}\n    missed: all";
        let first = planned_with(every_minute, known());
        let oldest = first.occurrences[0].clone();
        assert_eq!(oldest.release, utc("2026-03-10T12:00:00Z") - TimeDelta::minutes(1000));
        let mut past = known();
        past.started.insert(oldest.id.clone());
        let next = planned_with(every_minute, past);
        assert_eq!(next.occurrences[0].release, oldest.release + TimeDelta::minutes(1));
        assert_eq!((next.missed.len(), next.n_missed_dropped), (0, 0));
    }

    #[test]
    fn case_23_a_long_outage_is_bounded_and_counted() {
        let planned = planned("cron: \"* * * * *\"", known());
        let n_dropped = usize::try_from(planned.n_missed_dropped).expect("a count");
        assert_eq!(planned.missed.len() + n_dropped, 3 * 1440 + 720);
        assert_eq!(planned.missed.len(), MOST_MISSED);
        assert_eq!(planned.missed.last().map(|missed| missed.release), Some(utc("2026-03-10T11:59:00Z")));
        assert_eq!(planned.occurrences[0].release, utc("2026-03-10T12:00:00Z"));
    }

    #[test]
    fn an_interval_counts_from_the_last_success_and_is_not_hammered_after_a_failure() {
        let check = |past: TaskHistory, id: &str, release: &str, due: &str| {
            let planned = planned("every: 2d, tolerance: 12h", past);
            let found = planned
                .occurrences
                .first()
                .map(|occurrence| (occurrence.id.0.as_str(), occurrence.release, occurrence.due));
            assert_eq!(found, Some((id, utc(release), Some(utc(due)))));
        };
        check(known(), "k#1", "2026-03-07T00:00:00Z", "2026-03-07T12:10:00Z");
        let mut done = known();
        done.last_success = Some(utc("2026-03-09T10:00:00Z"));
        done.last_end = done.last_success;
        done.ended_runs = 3;
        check(done.clone(), "k#4", "2026-03-10T22:00:00Z", "2026-03-11T22:00:00Z");
        done.last_success = Some(utc("2026-03-05T10:00:00Z"));
        done.last_end = Some(utc("2026-03-09T10:00:00Z"));
        check(done, "k#4", "2026-03-10T22:00:00Z", "2026-03-07T22:00:00Z");
    }

    #[test]
    fn an_instant_is_owed_until_it_has_a_run() {
        let at = "at: 2026-03-01T00:00:00Z";
        let planned_at = planned(at, TaskHistory::default());
        assert_eq!(planned_at.occurrences[0].due, None);
        let mut past = TaskHistory::default();
        past.started.insert(planned_at.occurrences[0].id.clone());
        assert_eq!(planned(at, past).occurrences, []);
    }
}
