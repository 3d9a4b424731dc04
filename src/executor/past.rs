//! The past as far as it decides what is due.

use chrono::{DateTime, Utc};

use super::history_of;
use crate::calendar::Zone;
use crate::model::{PlanFile, Schedule, Task};
use crate::scheduler::{self, History};
use crate::state::{Reach, State, StateError};

/// What is known of the tasks of `plan` that decides what is due at `now` or later, and the schedule in force.
///
/// # Errors
/// [`StateError`].
pub(super) fn recent(
    plan: &PlanFile,
    zone: &Zone,
    state: &State,
    now: DateTime<Utc>,
) -> Result<(History, Option<Schedule>), StateError> {
    let published = state.published()?;
    let is_clock_steady = !scheduler::remembers_another_clock(published.as_ref(), zone, now);
    let past = state.recent_history(now, |task| reach_of(plan.tasks.get(task), is_clock_steady))?;
    Ok((history_of(&past, plan), published))
}

/// How far back the past of a task decides what is due of it. When the clocks that it went by were other ones, its old
/// instants have other names by now, and all of them are asked.
fn reach_of(task: Option<&Task>, is_clock_steady: bool) -> Reach {
    let Some(schedule) = task.and_then(|task| task.schedule.as_ref()) else { return Reach::Whole };
    if schedule.cron.is_some() || schedule.rrule.is_some() {
        return if is_clock_steady { Reach::Calendar } else { Reach::Whole };
    }
    if schedule.every.is_some() && schedule.at.is_none() { Reach::Interval } else { Reach::Whole }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::*;
    use crate::model::{Event, Holder, Holds, OccurrenceId, Origin, Outcome, RunId};
    use crate::scheduler::{Computed, compute};
    use crate::state::{Access, Miss, NewRun};
    use crate::world::clock::Clock;

    const PLAN: &str = "\
mainstay: 1
checks: {room: {file: {path: /, exists: true}}}
tasks:
  hourly: {type: routine, domain: data, duration: 1m, schedule: {cron: \"0 * * * *\"}, missed: all, steps: [{run: [a]}]}
  thrice: {type: routine, domain: data, duration: 1m, schedule: {rrule: FREQ=HOURLY;INTERVAL=3}, steps: [{run: [a]}]}
  often: {type: routine, domain: data, duration: 1m, schedule: {every: 2h}, steps: [{run: [a]}]}
  once: {type: routine, domain: data, duration: 1m, schedule: {at: 2026-03-10T07:00:00Z}, steps: [{run: [a]}]}
  tidy: {type: corrective, domain: data, duration: 1m, schedule: {when: room}, steps: [{run: [a]}]}
";
    const TASKS: [&str; 5] = ["hourly", "thrice", "often", "once", "tidy"];

    fn hour(n: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_522) + TimeDelta::hours(n)
    }

    /// Something in the past: of which task, at which hour or with which number, what became of it.
    #[derive(Debug, Clone)]
    enum Happened {
        Ran { task: usize, n: i64, outcome: Option<Outcome> },
        Missed { task: usize, n: i64 },
    }

    fn happened() -> impl Strategy<Value = Happened> {
        let outcome = prop_oneof![
            4 => Just(Some(Outcome::Succeeded)),
            1 => Just(Some(Outcome::Failed)),
            1 => Just(None),
        ];
        prop_oneof![
            5 => (0..TASKS.len(), 0..24_i64, outcome)
                .prop_map(|(task, n, outcome)| Happened::Ran { task, n, outcome }),
            1 => (0..TASKS.len(), 0..24_i64).prop_map(|(task, n)| Happened::Missed { task, n }),
        ]
    }

    fn id(task: usize, n: i64) -> OccurrenceId {
        match TASKS[task] {
            "often" => OccurrenceId::nth("often", n.unsigned_abs() % 6 + 1),
            name => OccurrenceId::at(name, hour(n)),
        }
    }

    fn record(state: &State, happened: &[Happened]) {
        let nobody = Holder {
            pid: 1,
            started_ticks: 1,
            boot_id: "an earlier boot".to_owned(),
            user: "nobody".to_owned(),
            host: "nowhere".to_owned(),
            pid_namespace: None,
            sign_of_life: None,
        };
        for (n, happened) in (1..).zip(happened) {
            match happened {
                Happened::Ran { task, n: at, outcome } => {
                    let new = NewRun {
                        task: TASKS[*task].to_owned(),
                        occurrence: Some(id(*task, *at)),
                        origin: Origin::Due,
                        due: None,
                        plan_digest: String::new(),
                        targets: Vec::new(),
                        holder: nobody.clone(),
                        approvals: Vec::new(),
                        definition: None,
                        holds: Holds::default(),
                        justification: None,
                        partial: false,
                    };
                    let run = RunId(n);
                    // The same occurrence twice is refused, and may be: it is recorded already.
                    let end = outcome.map(|outcome| Event::RunEnded { run, outcome, reason: None });
                    let events: Vec<_> = std::iter::once(new.started_as(run)).chain(end).collect();
                    let _ = state.record_all(&events);
                }
                Happened::Missed { task, n } => {
                    let (task, occurrence) = (TASKS[*task].to_owned(), id(*task, *n));
                    let miss = Miss { occurrence, task, release: hour(*n), reason: String::new() };
                    state.record_missed(&[miss]).unwrap();
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn what_is_due_by_the_recent_past_is_what_is_due_by_all_of_it(
            past in prop::collection::vec(happened(), 0..30),
            recorded in 0..26_i64,
            now in 0..26_i64,
        ) {
            let text = crate::planfile::Text::new("maintenance.yaml", PLAN.as_bytes().to_vec());
            let plan = text.read().into_plan().unwrap();
            let folder = tempfile::tempdir().unwrap();
            let open = |at| {
                State::open(&folder.path().join("state.db"), Access::ReadWrite, Clock::new(Some(at))).unwrap()
            };
            let seen = Event::TasksSeen { tasks: TASKS.map(str::to_owned).to_vec() };
            open(hour(0)).record(&seen).unwrap();
            record(&open(hour(recorded)), &past);
            let (state, now) = (open(hour(now)), hour(now));
            let compute = |past: &History| -> Computed {
                compute(&plan, "", past, None, now, now + TimeDelta::days(1)).unwrap()
            };
            let (recent, _) = recent(&plan, &Zone::utc(), &state, now).unwrap();
            let whole = history_of(&state.history().unwrap(), &plan);
            let computed = compute(&recent);
            prop_assert_eq!(&computed, &compute(&whole));
            let starts = computed.schedule.placed.iter().any(|placed| placed.start <= now);
            let is_quiet = scheduler::is_quiet(&plan, &recent, None, now).unwrap();
            prop_assert!(!(is_quiet && (starts || !computed.missed.is_empty())), "{:?}", computed);
        }
    }
}
