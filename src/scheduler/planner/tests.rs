//! What is to be done, and what was slept through.

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
        let past = TaskHistory { handled_until: Some(utc("2026-03-10T03:00:00Z")), ..TaskHistory::default() };
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
