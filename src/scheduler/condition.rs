//! Work that a check asks for: `schedule.when`.
//!
//! The planner knows what the state file knows: `run --due` and `monitor` ask the checks and record what changed.
//! The first answer that is a no releases one occurrence, due `within` later; without `within` it is never late. It
//! has no latest start, and it is withdrawn when the check holds again before it has started. After a success
//! the check has to be asked anew before there is a new occurrence.
//!
//! After a run that did not succeed the check is taken to fail still. As with `every`, the next try counts from the
//! end of that run while the due time still counts from the failure of the check: [`back_off`] later.

use chrono::{DateTime, TimeDelta, Utc};

use super::TaskHistory;
use super::ground::{Ground, TaskGround, whole};
use crate::model::{Condition, Occurrence, OccurrenceId, Stands};

/// How long the first try after a failed one waits; `run --due` comes every few minutes.
const FIRST_WAIT: TimeDelta = TimeDelta::minutes(10);
/// No try waits longer.
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(6);

/// How long the next try waits after the `n`-th run in a row that did not succeed: 10 minutes, then twice as long
/// each time, at most 6 hours.
pub fn back_off(n: u32) -> TimeDelta {
    let factor = 1_i32.checked_shl(n.saturating_sub(1)).filter(|factor| 0 < *factor).unwrap_or(i32::MAX);
    FIRST_WAIT.checked_mul(factor).unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT)
}

/// The condition of a task that makes work necessary: it fails, and it is the one that the plan file names.
pub fn failing<'h>(check: &str, past: &'h TaskHistory) -> Option<&'h Condition> {
    past.condition.as_ref().filter(|condition| condition.stands == Stands::Fails && condition.check == check)
}

/// The occurrence of `task` that waits to be started because its check failed, and when it is released.
pub fn pending(task: &str, check: &str, past: &TaskHistory) -> Option<(OccurrenceId, DateTime<Utc>)> {
    let condition = failing(check, past).filter(|_| past.running.is_none())?;
    let tried = past.last_end.filter(|_| condition.failures > 0);
    let release = match tried {
        Some(ended) => whole(ended).checked_add_signed(back_off(condition.failures))?,
        None => condition.since,
    };
    let id = OccurrenceId::at(task, release);
    (!past.is_settled(&id)).then_some((id, release))
}

/// What `task` has to do because its check failed, if that lies within the horizon.
pub(super) fn corrective(ground: &Ground, task: &TaskGround, past: &TaskHistory) -> Option<Occurrence> {
    let schedule = task.task.schedule.as_ref()?;
    let check = schedule.when.as_ref()?;
    let (id, release) = pending(task.name, check, past)?;
    let since = failing(check, past)?.since;
    let due = schedule.within.and_then(|within| since.checked_add_signed(within.value.0));
    (release < ground.until).then(|| task.occurrence(id, release, due, None))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheduler::{Computed, History, Running, compute};

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    /// What `tidy` has to do by its history on 2026-03-10 at noon, for a day: id, release and due time.
    fn planned(keys: &str, past: TaskHistory) -> Vec<(String, DateTime<Utc>, Option<DateTime<Utc>>)> {
        let planned = computed(keys, past).schedule.placed.into_iter().map(|placed| placed.occurrence);
        let planned = planned.map(|it| (it.id.0, it.release, it.due, it.latest));
        planned
            .map(|(id, release, due, latest)| {
                assert_eq!(latest, None, "it is never missed");
                (id, release, due)
            })
            .collect()
    }

    fn computed(keys: &str, past: TaskHistory) -> Computed {
        let yaml = format!(
            "mainstay: 1\nchecks: {{room: {{file: {{path: room}}}}, peace: {{file: {{path: peace}}}}}}\n\
             windows: {{night: {{cron: \"0 2 * * *\", duration: 2h}}}}\ntasks:\n  tidy:\n    \
             type: corrective\n    domain: data\n    {keys}\n    duration: 10m\n    steps: [{{run: [\"true\"]}}]\n"
        );
        let text = crate::planfile::Text::new("maintenance.yaml", yaml.into_bytes());
        let plan = text.read().into_plan().expect("a plan");
        let history = History { tasks: [("tidy".to_owned(), past)].into() };
        let from = utc("2026-03-10T12:00:00Z");
        compute(&plan, "", &history, None, from, from + TimeDelta::days(1)).expect("a schedule")
    }

    const WHEN: &str = "schedule: {when: room, within: 4h}";

    fn stands(stands: Stands) -> TaskHistory {
        let since = utc("2026-03-10T11:50:00Z");
        let (check, found) = ("room".to_owned(), "nothing".to_owned());
        let condition = Condition { check, stands, since, found, failures: 0 };
        TaskHistory { condition: Some(condition), ..TaskHistory::default() }
    }

    /// As `n` runs left it that did not succeed, the last of which ended at `end`.
    fn tried(n: u32, end: &str) -> TaskHistory {
        let mut past = stands(Stands::Fails);
        past.last_end = Some(utc(end));
        past.started.insert(OccurrenceId("tidy@2026-03-10T11:50:00Z".into()));
        if let Some(condition) = &mut past.condition {
            condition.failures = n;
        }
        past
    }

    #[test]
    fn a_check_that_fails_makes_one_occurrence_from_then_on_due_within_its_time() {
        let id = "tidy@2026-03-10T11:50:00Z".to_owned();
        let (since, due) = (utc("2026-03-10T11:50:00Z"), utc("2026-03-10T15:50:00Z"));
        assert_eq!(planned(WHEN, stands(Stands::Fails)), [(id.clone(), since, Some(due))]);
        assert_eq!(planned("schedule: {when: room}", stands(Stands::Fails)), [(id, since, None)]);
    }

    #[test]
    fn nothing_is_to_be_done_as_long_as_the_check_is_not_known_to_fail() {
        for past in [TaskHistory::default(), stands(Stands::Holds), stands(Stands::Worked)] {
            assert_eq!(planned(WHEN, past), []);
        }
        assert_eq!(planned("schedule: {when: peace}", stands(Stands::Fails)), [], "another check failed");
    }

    #[test]
    fn a_run_that_goes_on_or_was_lost_is_not_repeated() {
        let mut past = stands(Stands::Fails);
        past.started.insert(OccurrenceId("tidy@2026-03-10T11:50:00Z".into()));
        assert_eq!(planned(WHEN, past.clone()), []);
        past.started.clear();
        past.running = Some(Running { occurrence: None, until: utc("2026-03-10T12:10:00Z") });
        assert_eq!(planned(WHEN, past), [], "on demand");
    }

    #[test]
    fn after_a_failed_run_the_next_one_waits_longer_each_time_and_the_due_time_stays() {
        let check = |n: u32, end: &str, id: &str| {
            let found = planned(WHEN, tried(n, end));
            let found: Vec<_> = found.iter().map(|(id, _, due)| (id.as_str(), *due)).collect();
            assert_eq!(found, [(id, Some(utc("2026-03-10T15:50:00Z")))], "{n}");
        };
        check(1, "2026-03-10T11:58:00Z", "tidy@2026-03-10T12:08:00Z");
        check(1, "2026-03-10T11:58:00.250Z", "tidy@2026-03-10T12:08:01Z");
        check(2, "2026-03-10T11:58:00Z", "tidy@2026-03-10T12:18:00Z");
        check(3, "2026-03-10T11:58:00Z", "tidy@2026-03-10T12:38:00Z");
        check(40, "2026-03-10T11:58:00Z", "tidy@2026-03-10T17:58:00Z");
        check(u32::MAX, "2026-03-10T11:58:00Z", "tidy@2026-03-10T17:58:00Z");
    }

    #[test]
    fn it_waits_for_its_window_as_all_work_does() {
        let placed =
            computed("schedule: {when: room}\n    window: night", stands(Stands::Fails)).schedule.placed;
        assert_eq!(placed[0].start, utc("2026-03-11T02:00:00Z"));
    }
}
