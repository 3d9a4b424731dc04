//! A rehearsal: how the occurrences of one task go in the time ahead if there is no other work.
//!
//! As planner and optimizer decide it: an occurrence starts at its release, or as soon as the run before has
//! ended, a window has room for it and no blackout is in the way; that of a calendar is missed when the next one
//! is released first. That an interval can be put off so that the next one is in time is left aside.

use chrono::{DateTime, TimeDelta, Utc};

use crate::calendar;
use crate::model::WindowSpan;

/// A time in which no work may run: its first instant, and the first one after it.
pub(super) type Frozen = (DateTime<Utc>, DateTime<Utc>);

/// What a rehearsal takes place on.
pub(super) struct Stage<'s> {
    /// When work may run, by start and disjoint; `None`: any time.
    pub(super) spans: Option<&'s [WindowSpan]>,
    /// When no work of this type may run, by start and disjoint.
    pub(super) frozen: &'s [Frozen],
    /// How long a run takes.
    pub(super) length: TimeDelta,
    pub(super) from: DateTime<Utc>,
    pub(super) until: DateTime<Utc>,
}

/// How the occurrences of one task went.
#[derive(Default)]
pub(super) struct Rehearsal {
    /// The time that was looked at.
    pub(super) time: TimeDelta,
    /// How many there were.
    pub(super) n: usize,
    /// How many of them started.
    pub(super) n_started: usize,
    /// Those that were missed because the run before was still going.
    pub(super) busy: Tally,
    /// Those that were missed because no window opened before the next one.
    pub(super) closed: Tally,
    /// Those that never started because of a blackout.
    pub(super) frozen: Tally,
    /// Those that were released into a blackout.
    pub(super) put_off: Tally,
    /// The longest time between two of them.
    pub(super) longest_wait: TimeDelta,
    /// Those that ended too late because their window opened too late.
    pub(super) late: Tally,
}

/// How often something happened, and when for the first time.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) n: usize,
    pub(super) first: Option<DateTime<Utc>>,
}

impl Tally {
    fn count(&mut self, release: DateTime<Utc>) {
        self.n += 1;
        self.first = self.first.or(Some(release));
    }
}

/// Where a search for a start ends.
enum Found {
    Start(DateTime<Utc>),
    /// There is none before the next occurrence.
    Missed,
    /// There is none in the time that is looked at.
    Beyond,
}

/// What was in the way.
#[derive(Default)]
struct Met {
    closed: bool,
    frozen: bool,
}

/// More intervals of one task say nothing new.
pub(super) const MAX_INTERVALS: usize = 500;

/// The occurrences of a calendar; the last instant only ends the one before it.
pub(super) fn calendar(stage: &Stage, instants: &[DateTime<Utc>], tolerance: Option<TimeDelta>) -> Rehearsal {
    let mut went = Rehearsal { time: stage.until - stage.from, ..Rehearsal::default() };
    let mut free = stage.from;
    for pair in instants.windows(2) {
        let (release, latest) = (pair[0], pair[1]);
        let (mut met, is_busy) = (Met::default(), release < free);
        let found = stage.search(release.max(free), Some(latest), &mut met);
        if matches!(found, Found::Beyond) && !met.frozen {
            break;
        }
        went.n += 1;
        went.longest_wait = went.longest_wait.max(latest - release);
        if stage.frozen_until(release).is_some() {
            went.put_off.count(release);
        }
        match found {
            Found::Start(start) => {
                free = start + stage.length;
                went.n_started += 1;
                let due = tolerance.map(|tolerance| release + stage.length + tolerance);
                if met.closed && !met.frozen && !is_busy && due.is_some_and(|due| due < free) {
                    went.late.count(release);
                }
            }
            _ if met.frozen => went.frozen.count(release),
            Found::Missed if met.closed => went.closed.count(release),
            Found::Missed if is_busy => went.busy.count(release),
            Found::Missed | Found::Beyond => {}
        }
    }
    went
}

/// The occurrences of an interval, each counted from the end of the one before.
pub(super) fn interval(stage: &Stage, every: TimeDelta, tolerance: TimeDelta) -> Rehearsal {
    let mut went = Rehearsal { time: stage.until - stage.from, ..Rehearsal::default() };
    let (mut release, mut due) = (stage.from, None);
    // Without windows one is like the other.
    let most = if stage.spans.is_some() { MAX_INTERVALS } else { 1 };
    while went.n < most && release < stage.until {
        let mut met = Met::default();
        let found = stage.search(release, None, &mut met);
        let Found::Start(start) = found else {
            if went.n_started == 0 && met.frozen {
                went.n += 1;
                went.frozen.count(release);
            }
            break;
        };
        let end = start + stage.length;
        went.n += 1;
        went.n_started += 1;
        if met.closed && !met.frozen && due.is_some_and(|due| due < end) {
            went.late.count(release);
        }
        release = end + (every - tolerance).max(TimeDelta::seconds(1));
        due = Some(end + every + tolerance);
    }
    went
}

/// The one occurrence of an instant.
pub(super) fn once(stage: &Stage, at: DateTime<Utc>) -> Rehearsal {
    let mut went = Rehearsal { time: stage.until - stage.from, n: 1, ..Rehearsal::default() };
    let mut met = Met::default();
    let found = stage.search(at.max(stage.from), None, &mut met);
    if stage.from <= at && stage.frozen_until(at).is_some() {
        went.put_off.count(at);
    }
    match found {
        Found::Start(_) => went.n_started = 1,
        _ if met.frozen => went.frozen.count(at),
        Found::Missed | Found::Beyond => {}
    }
    went
}

impl Stage<'_> {
    fn search(&self, from: DateTime<Utc>, latest: Option<DateTime<Utc>>, met: &mut Met) -> Found {
        let mut start = from;
        loop {
            if latest.is_some_and(|latest| latest <= start) {
                return Found::Missed;
            }
            if self.until <= start {
                return Found::Beyond;
            }
            if let Some(spans) = self.spans {
                let next = spans.partition_point(|span| span.end <= start);
                let Some(span) = spans.get(next) else { return Found::Beyond };
                if let Some((_, until)) = calendar::gate(span, start, self.length) {
                    met.closed = true;
                    start = until;
                    continue;
                }
            }
            let Some(until) = self.frozen_until(start) else { return Found::Start(start) };
            met.frozen = true;
            start = until;
        }
    }

    /// The end of the blackouts that work begun at `start` would overlap.
    fn frozen_until(&self, start: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let next = self.frozen.partition_point(|(_, end)| *end <= start);
        let (begin, end) = self.frozen.get(next)?;
        (*begin < start + self.length).then_some(*end)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::calendar::{Calendar, Zone};
    use crate::model::{Because, DstMode, PlanFile, TaskType};
    use crate::scheduler::{self, History};

    const FROM: &str = "2026-03-07T10:00:00Z";
    const TIME: TimeDelta = TimeDelta::days(60);

    fn plan_file(schedule: &str, (window, length, cutoff): (&str, i64, i64), minutes: i64) -> PlanFile {
        let yaml = format!(
            "mainstay: 1\ntimezone: Europe/Berlin\nwindows:\n  w: {{cron: \"{window}\", duration: {length}m, \
             cutoff: {cutoff}m}}\nblackouts:\n  b: {{from: 2026-03-20, to: 2026-04-02}}\ntasks:\n  t:\n    \
             type: routine\n    domain: data\n    schedule: {{{schedule}}}\n    window: w\n    \
             duration: {minutes}m\n    steps: [{{run: [x]}}]\n"
        );
        crate::planfile::Text::new("plan.yaml", yaml.into_bytes()).read().into_plan().expect("a plan")
    }

    /// How many occurrences start, and how many are missed, by the scheduler and by a rehearsal.
    fn both(plan: &PlanFile) -> [(usize, usize); 2] {
        let from = FROM.parse().expect("an instant");
        let until = from + TIME;
        let computed =
            scheduler::compute(plan, "", &History::default(), None, from, until).expect("a schedule");
        let schedule = &computed.schedule;
        let is_missed = |because: &Because| matches!(because, Because::Missed { .. });
        let n_missed = schedule.unplaced.iter().filter(|unplaced| is_missed(&unplaced.because)).count();

        let zone = Zone::named("Europe/Berlin").expect("a zone");
        let task = plan.tasks.get("t").expect("a task");
        let window = plan.windows.get("w").expect("a window");
        let outlook = until + TimeDelta::days(400);
        let spans = calendar::openings("w", window, &zone, from, outlook).expect("a cron expression");
        let frozen = calendar::freeze("b", plan.blackouts.get("b").expect("a blackout"), &zone);
        assert!(frozen.stops(TaskType::Routine));
        let spans = calendar::merge(spans);
        let frozen = [(frozen.start, frozen.end)];
        let length = task.duration.value.0;
        let stage = Stage { spans: Some(&spans), frozen: &frozen, length, from, until };
        let schedule_of = task.schedule.as_ref().expect("a schedule");
        let tolerance = schedule_of.tolerance.map(|tolerance| tolerance.value.0);
        let calendar = Calendar::of_task(schedule_of).expect("a calendar");
        let went = if let Some(calendar) = &calendar {
            let mut instants: Vec<_> = calendar.instants(&zone, DstMode::Once, from, until).collect();
            instants.extend(calendar.instants(&zone, DstMode::Once, until, outlook).next());
            super::calendar(&stage, &instants, tolerance)
        } else {
            let every = schedule_of.every.expect("an interval").value.0;
            interval(&stage, every, tolerance.unwrap_or_default())
        };
        let missed = went.busy.n + went.closed.n + went.frozen.n;
        let missed = if calendar.is_some() { missed } else { 0 };
        [(schedule.placed.len(), n_missed), (went.n_started, missed)]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_rehearsal_goes_as_the_schedule_of_that_task_alone(
            schedule in prop_oneof![
                Just("cron: \"0 2 * * *\""), Just("cron: \"30 2 * * SUN\""), Just("cron: \"0 */6 * * *\""),
                Just("cron: \"0,40 4 * * *\""), Just("cron: \"0 4 1,15 * *\""), Just("every: 1d, tolerance: 2h"),
                Just("every: 7d, tolerance: 1d"), Just("every: 6h, tolerance: 1h"), Just("cron: \"20 * * * *\""),
                Just("rrule: \"FREQ=WEEKLY;BYDAY=SU,WE;BYHOUR=2;BYMINUTE=30\""),
                Just("rrule: \"DTSTART:20260301T041000 RRULE:FREQ=DAILY;INTERVAL=2\""),
            ],
            window in prop_oneof![
                Just("0 4 * * *"), Just("0 2 * * SAT,SUN"), Just("0 */8 * * *"), Just("0 22 1,15 * *"),
            ],
            (length, cutoff) in (31..600_i64, 0..30_i64),
            percent in 1..=100_i64,
        ) {
            // What is longer than its window is refused before anything is placed.
            let minutes = (length * percent / 100).max(1);
            let plan = plan_file(schedule, (window, length, cutoff), minutes);
            let [scheduled, rehearsed] = both(&plan);
            if schedule.starts_with("every") {
                // The schedule puts an interval off where the next one would be late otherwise: fewer start, never more.
                let (n, most) = (scheduled.0, rehearsed.0);
                prop_assert!(n <= most && most * 9 <= n * 10 + 10, "{n} of {most}");
            } else {
                prop_assert_eq!(scheduled, rehearsed);
            }
        }
    }
}
