//! Every way in which reality leaves a schedule, at written instants.

use super::*;
use crate::model::Placed;
use crate::scheduler::{Running, compute};

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

fn read(yaml: &str) -> PlanFile {
    let text = crate::planfile::Text::new("maintenance.yaml", yaml.as_bytes().to_vec());
    text.read().into_plan().expect("a plan")
}

/// Nights from 02:00 to 06:00, nothing new after 05:30; daily work of an hour that one of two people does.
const PLAN: &str = "\
mainstay: 1
targets: {prom-1: {local: true, group: pair}, prom-2: {local: true, group: pair}}
groups: {pair: {max_down: 1}}
resources: {crew: 2}
windows: {night: {cron: \"0 2 * * *\", duration: 4h, cutoff: 30m}}
blackouts: {}
tasks:
  sweep:
    type: routine
    domain: component
    schedule: {cron: \"0 2 * * *\"}
    window: night
    targets: [prom-1]
    resources: {crew: 1}
    duration: 1h
    steps: [{run: [\"true\"]}]
";

/// When everything was published: the evening before the first night.
const EVENING: &str = "2026-03-09T20:00:00Z";

fn known() -> TaskHistory {
    TaskHistory { handled_until: Some(utc(EVENING)), ..TaskHistory::default() }
}

fn history(past: TaskHistory) -> History {
    History { tasks: [("sweep".to_owned(), past)].into() }
}

/// What [`PLAN`] was published as, for two nights.
fn published() -> Schedule {
    let (from, until) = (utc(EVENING), utc(EVENING) + TimeDelta::days(2));
    compute(&read(PLAN), "as published", &history(known()), None, from, until).expect("a schedule").schedule
}

/// Kind, occurrence, since, seconds, detail of everything that is the matter with `published` at `now`.
fn found(plan: &str, past: TaskHistory, now: &str) -> Vec<String> {
    let digest = if plan == PLAN { "as published" } else { "another" };
    let drift = drift(&read(plan), digest, Some(&published()), &history(past), utc(now)).expect("a ground");
    let line = |one: Drift| {
        assert!(!one.help.is_empty());
        let id = one.occurrence.map(|id| id.0).unwrap_or_default();
        let by = one.by.map_or("-".to_owned(), |by| by.num_seconds().to_string());
        format!("{:?} {id} since {} by {by}: {}", one.kind, one.since.format("%dT%H:%M"), one.detail)
    };
    drift.into_iter().map(line).collect()
}

fn check(plan: &str, past: TaskHistory, now: &str, expected: &[&str]) {
    assert_eq!(found(plan, past, now), expected, "at {now}");
}

fn started(past: TaskHistory) -> TaskHistory {
    let started = [OccurrenceId("sweep@2026-03-10T02:00:00Z".to_owned())].into();
    TaskHistory { started, ..past }
}

fn running(past: TaskHistory) -> TaskHistory {
    let occurrence = Some(OccurrenceId("sweep@2026-03-10T02:00:00Z".to_owned()));
    TaskHistory { running: Some(Running { occurrence, until: utc("2026-03-10T03:00:00Z") }), ..started(past) }
}

#[test]
fn nothing_is_told_when_all_is_well() {
    for now in [EVENING, "2026-03-10T01:59:59Z", "2026-03-10T02:00:00Z", "2026-03-10T04:59:00Z"] {
        check(PLAN, known(), now, &[]);
    }
    check(PLAN, running(known()), "2026-03-10T03:00:00Z", &[]);
    let done = TaskHistory {
        last_success: Some(utc("2026-03-10T02:50:00Z")),
        last_end: Some(utc("2026-03-10T02:50:00Z")),
        ..started(known())
    };
    for now in ["2026-03-10T03:00:00Z", "2026-03-10T12:00:00Z"] {
        check(PLAN, done.clone(), now, &[]);
    }
}

#[test]
fn work_that_is_due_without_a_success_is_overdue_and_says_why() {
    let line = |why: &str, by: &str| {
        format!(
            "Overdue sweep@2026-03-10T02:00:00Z since 10T06:00 by {by}: is overdue since Tue 2026-03-10 06:00: {why}"
        )
    };
    check(
        PLAN,
        known(),
        "2026-03-10T06:00:00Z",
        &[
            "CannotFit sweep@2026-03-10T02:00:00Z since 10T05:00 by 3600: did not start Tue 2026-03-10 02:00 as \
         published, and its window `night` is closed for work of 1h",
        ],
    );
    check(PLAN, known(), "2026-03-10T06:00:01Z", &[&line("no run was started", "1")]);
    let failed = TaskHistory { last_end: Some(utc("2026-03-10T02:30:00Z")), ..started(known()) };
    check(PLAN, failed, "2026-03-10T07:00:00Z", &[&line("its run did not succeed", "3600")]);
    let going = "RunningLate sweep@2026-03-10T02:00:00Z since 10T03:00 by 14400: is still running; it was to end \
                 Tue 2026-03-10 03:00";
    check(PLAN, running(known()), "2026-03-10T07:00:00Z", &[&line("its run has not ended", "3600"), going]);
}

#[test]
fn a_latest_start_that_passes_without_a_run_is_missed_until_a_later_success() {
    let line = |by: &str| {
        format!(
            "Missed sweep@2026-03-10T02:00:00Z since 11T02:00 by {by}: was missed: nothing started it before Wed \
             2026-03-11 02:00"
        )
    };
    check(PLAN, known(), "2026-03-11T02:00:00Z", &[&line("0")]);
    let missed = [OccurrenceId("sweep@2026-03-10T02:00:00Z".to_owned())].into();
    let recorded = TaskHistory { missed, ..known() };
    check(PLAN, recorded.clone(), "2026-03-11T02:10:00Z", &[&line("600")]);
    let success = Some(utc("2026-03-11T02:50:00Z"));
    check(
        PLAN,
        TaskHistory { last_success: success, last_end: success, ..recorded },
        "2026-03-11T03:00:00Z",
        &[],
    );
}

#[test]
fn what_is_left_of_a_window_may_be_too_short() {
    let line = |by: &str, left: &str| {
        format!(
            "CannotFit sweep@2026-03-10T02:00:00Z since 10T05:00 by {by}: did not start Tue 2026-03-10 02:00 as \
             published, and its window `night` {left} for work of 1h"
        )
    };
    check(PLAN, known(), "2026-03-10T05:00:00Z", &[]);
    check(PLAN, known(), "2026-03-10T05:00:01Z", &[&line("1", "has 29m59s left")]);
    check(PLAN, known(), "2026-03-10T05:40:00Z", &[&line("600", "is closed")]);
}

#[test]
fn history_may_have_made_work_too_long_for_its_window() {
    let durations = vec![TimeDelta::hours(5); 5];
    let drift = found(PLAN, TaskHistory { durations, ..known() }, EVENING);
    assert_eq!(drift.len(), 2, "both nights: {drift:#?}");
    assert_eq!(
        drift[0],
        "CannotFit sweep@2026-03-10T02:00:00Z since 09T20:00 by 3600: takes 5h by now, too long by 1h for its \
         window `night` after Tue 2026-03-10 02:00"
    );
}

#[test]
fn a_blackout_may_come_over_a_published_start() {
    let frozen = PLAN.replace(
        "blackouts: {}",
        "blackouts: {audit: {from: 2026-03-10T00:00:00Z, to: 2026-03-10T12:00:00Z, allow: [emergency]}}",
    );
    let line = |since: &str, by: &str| {
        format!(
            "CannotFit sweep@2026-03-10T02:00:00Z since {since} by {by}: cannot start Tue 2026-03-10 02:00 as \
             published: blackout `audit` lasts until Tue 2026-03-10 12:00"
        )
    };
    check(&frozen, known(), EVENING, &[&line("09T20:00", "36000")]);
    check(&frozen, known(), "2026-03-10T01:00:00Z", &[&line("10T01:00", "36000")]);
    check(&frozen.replace("[emergency]", "[emergency, routine]"), known(), EVENING, &[]);
}

#[test]
fn what_work_was_placed_with_may_have_changed() {
    let changed = |from: &str, to: &str, difference: &str| {
        let plan = PLAN.replace(from, to);
        assert_ne!(plan, PLAN);
        let drift = found(&plan, known(), EVENING);
        let line = format!(
            "ResourcesChanged sweep@2026-03-10T02:00:00Z since 09T20:00 by -: was published for Tue 2026-03-10 \
             02:00, and the plan file has changed: {difference}"
        );
        assert_eq!(drift.first().map(String::as_str), Some(line.as_str()), "{drift:#?}");
        assert_eq!(drift.len(), 2, "both nights");
    };
    changed("targets: [prom-1]", "targets: [prom-2]", "targets prom-2 instead of prom-1");
    changed("duration: 1h", "duration: 2h", "duration 2h instead of 1h");
    changed("crew: 2", "crew: 3", "resource `crew` has 3 instead of 2");
    changed("max_down: 1", "max_down: 2", "group `pair` has 2 instead of 1");
    changed("    window: night\n", "", "any time instead of window night");
    changed(
        "duration: 4h",
        "duration: 3h",
        "window night from Tue 2026-03-10 02:00 for 3h instead of night from Tue 2026-03-10 02:00 for 4h",
    );
    let renamed = PLAN.replace("sweep:", "clean:");
    check(&renamed, known(), EVENING, &[]);
}

#[test]
fn a_duration_that_history_refined_is_no_change_of_the_plan_file() {
    let durations = vec![TimeDelta::minutes(50); 5];
    check(&format!("{PLAN}# another\n"), TaskHistory { durations, ..known() }, EVENING, &[]);
}

#[test]
fn a_window_that_is_always_open_is_the_same_whenever_it_is_looked_at() {
    let always =
        PLAN.replace("cron: \"0 2 * * *\", duration: 4h, cutoff: 30m", "cron: \"0 0 * * *\", duration: 24h");
    let (from, until) = (utc(EVENING), utc(EVENING) + TimeDelta::days(5));
    let past = history(known());
    let published = compute(&read(&always), "first", &past, None, from, until).expect("a schedule").schedule;
    let done = utc("2026-03-11T02:50:00Z");
    let past = history(TaskHistory { last_success: Some(done), last_end: Some(done), ..known() });
    let now = utc("2026-03-11T12:00:00Z");
    assert_eq!(drift(&read(&always), "second", Some(&published), &past, now).expect("a ground"), []);
    let closed = always.replace("0 0 * * *", "0 0 * * MON");
    let drift = drift(&read(&closed), "second", Some(&published), &past, now).expect("a ground");
    assert!(
        drift[0].detail.contains("window night from Mon 2026-03-16 00:00 for 1d instead of night"),
        "{drift:#?}"
    );
}

#[test]
fn a_calendar_that_was_edited_owes_nothing_of_the_old_one() {
    let edited = PLAN.replace("schedule: {cron: \"0 2 * * *\"}", "schedule: {cron: \"0 3 * * *\"}");
    assert_eq!(found(&edited, known(), "2026-03-10T12:00:00Z"), [] as [&str; 0]);
}

#[test]
fn published_starts_may_take_more_than_there_is_now() {
    let second =
        PLAN.split_once("tasks:\n").expect("tasks").1.replace("sweep", "wipe").replace("prom-1", "prom-2");
    let both = format!("{PLAN}{second}").replace("max_down: 1", "max_down: 2");
    let past = History { tasks: ["sweep", "wipe"].map(|task| (task.to_owned(), known())).into() };
    let (from, until) = (utc(EVENING), utc(EVENING) + TimeDelta::days(1));
    let published =
        compute(&read(&both), "as published", &past, None, from, until).expect("a schedule").schedule;
    let starts: Vec<_> = published.placed.iter().map(|Placed { start, .. }| *start).collect();
    assert_eq!(starts, [utc("2026-03-10T02:00:00Z"); 2], "side by side");
    let alone = both.replace("crew: 2", "crew: 1");
    let without_basis = Schedule { basis: None, ..published };
    let drift = drift(&read(&alone), "another", Some(&without_basis), &past, from).expect("a ground");
    let told: Vec<_> = drift.iter().map(|one| (one.kind, one.detail.as_str())).collect();
    let detail = "needs 1 of resource `crew` Tue 2026-03-10 02:00, where 1 of 1 is taken by \
                  sweep@2026-03-10T02:00:00Z until Tue 2026-03-10 03:00";
    assert_eq!(told, [(Kind::ResourcesChanged, detail)]);
}

#[test]
fn an_interval_counts_from_the_last_success_also_one_on_demand() {
    let every = PLAN.replace("cron: \"0 2 * * *\"}\n    window: night\n", "every: 2d, tolerance: 12h}\n");
    let plan = read(&every);
    let (from, until) = (utc(EVENING), utc(EVENING) + TimeDelta::days(9));
    let published = compute(&plan, "", &history(known()), None, from, until).expect("a schedule").schedule;
    let kinds = |past: TaskHistory, now: &str| {
        let drift = drift(&plan, "", Some(&published), &history(past), utc(now)).expect("a ground");
        let line = |one: &Drift| (one.kind, one.occurrence.clone().map(|id| id.0), one.since);
        drift.iter().map(line).collect::<Vec<_>>()
    };
    // On time at first, then once on demand, a day later.
    let done = |n: u64, last: &str| {
        let started = [OccurrenceId::nth("sweep", 1)].into();
        let last = Some(utc(last));
        TaskHistory { ended_runs: n, last_success: last, last_end: last, started, ..known() }
    };
    assert_eq!(kinds(done(2, "2026-03-10T21:00:00Z"), "2026-03-12T12:00:00Z"), []);
    let overdue = (Kind::Overdue, Some("sweep#3".to_owned()), utc("2026-03-13T09:00:00Z"));
    assert_eq!(kinds(done(2, "2026-03-10T21:00:00Z"), "2026-03-13T12:00:00Z"), [overdue]);
    let second = (Kind::Overdue, Some("sweep#2".to_owned()), utc("2026-03-12T09:00:00Z"));
    assert_eq!(
        kinds(done(1, "2026-03-09T21:00:00Z"), "2026-03-17T00:00:00Z"),
        [second],
        "the later ones wait"
    );
}

#[test]
fn without_a_published_schedule_only_runs_are_late() {
    let drift = drift(&read(PLAN), "", None, &history(running(known())), utc("2026-03-10T07:00:00Z"));
    let kinds: Vec<_> = drift.expect("a ground").iter().map(|one| one.kind).collect();
    assert_eq!(kinds, [Kind::RunningLate]);
}
