//! `mainstay plan` as people and programs see it.

mod approve;
mod blind;
mod calendar;
mod calendar_clients;
mod debt;
mod drift;
mod dropped;
mod explain;
mod gantt;
mod helps;
mod html;
mod ics;
mod optimizer;
mod publishers;
mod rfc5545;
mod saved;

use super::support::{Case, Past};

/// Weekend nights from 02:00 to 06:00, nothing new after 05:30.
const UPGRADE_IN_WEEKEND_NIGHT: &str = "\
mainstay: 1
windows:
  weekend-night: {cron: \"0 2 * * SAT,SUN\", duration: 4h, cutoff: 30m}
tasks:
  upgrade-prometheus:
    type: preventive
    domain: component
    schedule: {every: 30d, tolerance: 3d}
    window: weekend-night
    duration: 20m
    steps:
      - run: [\"true\"]
";

const ESTATE: &str = "\
mainstay: 1
timezone: Europe/Berlin
targets:
  prom-1: {local: true, group: prometheus}
  prom-2: {local: true, group: prometheus}
groups:
  prometheus: {max_down: 1}
windows:
  weekend-night: {cron: \"0 2 * * SAT,SUN\", duration: 4h, cutoff: 30m}
blackouts:
  freeze: {from: 2026-03-14, to: 2026-03-15, allow: [emergency]}
resources: {crew: 1}
tasks:
  snapshot:
    type: routine
    domain: data
    schedule: {cron: \"0 2 * * SAT,SUN\"}
    window: weekend-night
    duration: 30m
    steps: [{run: [\"true\"]}]
  upgrade:
    type: preventive
    domain: component
    priority: 70
    schedule: {every: 7d, tolerance: 1d}
    window: weekend-night
    targets: [group:prometheus]
    duration: 20m
    resources: {crew: 1}
    after: snapshot
    steps: [{run: [\"true\"]}]
  rotate:
    type: routine
    domain: component
    schedule: {cron: \"0 2 * * SUN\"}
    window: weekend-night
    targets: [prom-1]
    duration: 10m
    steps: [{run: [\"true\"]}]
";

const HINT: &str = "hint: `mainstay plan --publish` makes this the schedule\n";

/// The same when so much of it cannot happen.
fn hint_without(occurrences: &str) -> String {
    HINT.replace('\n', &format!(", without {occurrences} that cannot happen\n"))
}

#[test]
fn what_run_cannot_do_yet_is_planned_all_the_same_and_said() {
    let remote = UPGRADE_IN_WEEKEND_NIGHT
        .replace("tasks:\n", "targets: {prom-1: {ssh: prom-1.example.org}}\ntasks:\n")
        .replace("    window:", "    targets: [prom-1]\n    window:");
    let case = Case::new().plan_file(remote);
    let warning = "warning: `run` cannot do all of this: maintenance.yaml:4: `ssh` is not supported yet; \
                   see `mainstay validate`";
    let ran =
        case.run("--now 2026-03-06T12:00:00Z plan").stdout_has("upgrade-prometheus").stderr_has(warning);
    ran.any_output().exit(0);
    case.run("--now 2026-03-07T02:00:00Z run --due").stderr_has("`ssh` is not supported yet").exit(2);
}

#[test]
fn a_task_past_the_cutoff_waits_for_the_next_window() {
    let expected = "\
2026-03-08 02:00  next window; 2026-03-07 closed at its cutoff, 05:30

HOLDS  CONDITION    BECAUSE                                                  CHANGES           SOURCE
yes    status       the plan file is approved                                                  status
yes    released     released 2026-03-07 05:40; every 30d, never done                           maintenance.yaml:8
yes    not running  no run is going                                                            state
no     window       weekend-night is past its cutoff since 2026-03-07 05:30  2026-03-08 02:00  maintenance.yaml:9
";
    Case::new()
        .plan_file(UPGRADE_IN_WEEKEND_NIGHT)
        .run("--now 2026-03-07T05:40:00Z plan --explain upgrade-prometheus")
        .stdout(expected)
        .exit(0);
}

#[test]
fn case_18_the_cutoff_is_refused_and_the_end_of_the_window_may_be_reached() {
    let check = |now: &str, expected: &str| {
        let mut ran = Case::new()
            .plan_file(UPGRADE_IN_WEEKEND_NIGHT.replace("cutoff: 30m", "cutoff: 20m"))
            .run(&format!("--now {now} plan --explain upgrade-prometheus"));
        assert_eq!(ran.take_stdout().lines().next(), Some(expected), "{now}");
        ran.exit(0);
    };
    check("2026-03-07T05:39:59Z", "2026-03-07 05:39  its release");
    check("2026-03-07T05:40:00Z", "2026-03-08 02:00  next window; 2026-03-07 closed at its cutoff, 05:40");
    let mut ran = Case::new()
        .plan_file(UPGRADE_IN_WEEKEND_NIGHT.replace("cutoff: 30m", "cutoff: 1m"))
        .run("--now 2026-03-07T05:41:00Z plan --explain upgrade-prometheus");
    assert_eq!(
        ran.take_stdout().lines().next(),
        Some("2026-03-08 02:00  next window; window until 2026-03-07 06:00 too short by 1m")
    );
    ran.exit(0);
}

#[test]
fn the_schedule_is_a_table_with_reasons_and_a_sum() {
    let mut ran = Case::new().plan_file(ESTATE).run("--now 2026-03-07T07:00:00Z plan --horizon 9d");
    insta::assert_snapshot!(ran.take_stdout());
    ran.stderr(&hint_without("2 occurrences")).exit(0);
}

#[test]
fn the_schedule_is_one_object_for_programs() {
    let mut ran =
        Case::new().plan_file(ESTATE).run("--now 2026-03-07T07:00:00Z plan --horizon 2d --format json");
    let plan: serde_json::Value = serde_json::from_str(&ran.take_stdout()).expect("JSON");
    ran.exit(0);
    assert_eq!(plan["schema"], "mainstay/plan/v1");
    assert_eq!(plan["revision"], 0);
    assert_eq!(plan["from"], "2026-03-07T07:00:00Z");
    assert_eq!(plan["until"], "2026-03-09T07:00:00Z");
    let keys = ["id", "task", "targets", "release", "due", "start", "end", "window", "moved_from", "reason"];
    let occurrences = plan["occurrences"].as_array().expect("a list");
    assert_eq!(occurrences.len(), 3);
    for occurrence in occurrences {
        for key in keys {
            assert!(occurrence.get(key).is_some(), "{key} in {occurrence}");
        }
    }
    assert_eq!(plan["unplaced"], serde_json::json!([]));
    let keys = ["weighted_tardiness_seconds", "moved", "makespan_seconds", "lower_bound_seconds", "optimal"];
    assert!(keys.iter().all(|key| plan["objective"].get(key).is_some()));
}

#[test]
fn what_does_not_fit_is_said_with_what_would_help() {
    let plan = UPGRADE_IN_WEEKEND_NIGHT.replace("duration: 20m", "duration: 255m");
    let expected = "\
! upgrade-prometheus#1 cannot happen: needs 4h15m; its longest window has 4h; window `weekend-night` would have to be 15m longer
0 occurrences until Sat 2026-04-04 05:40 UTC, 1 unplaced; nothing is published yet
";
    let mut ran = Case::new().plan_file(plan).run("--now 2026-03-07T05:40:00Z plan");
    assert_eq!(ran.take_stdout(), expected);
    ran.stderr(&hint_without("1 occurrence")).exit(0);
}

#[test]
fn a_plan_file_without_tasks_is_no_plan() {
    Case::new()
        .plan_file("mainstay: 1\n")
        .run("plan")
        .stderr("error: nothing to plan: maintenance.yaml has no task\n")
        .exit(3);
}

#[test]
fn a_wrong_plan_file_or_question_is_refused() {
    let wrong = UPGRADE_IN_WEEKEND_NIGHT.replace("window: weekend-night", "window: nowhere");
    let mut ran = Case::new().plan_file(wrong).run("plan");
    assert!(ran.take_stderr().contains("unknown window `nowhere`"));
    ran.exit(2);
    Case::new()
        .plan_file(UPGRADE_IN_WEEKEND_NIGHT)
        .run("plan --explain upgrade")
        .stderr("error: there is no task `upgrade`\nhelp: the tasks are upgrade-prometheus\n")
        .exit(2);
    let mut ran = Case::new().plan_file(UPGRADE_IN_WEEKEND_NIGHT).run("plan --horizon 0d");
    assert!(ran.take_stderr().contains("expected a length above 0"));
    ran.exit(2);
}

#[test]
fn planning_leaves_nothing_behind() {
    let case = Case::new().plan_file(UPGRADE_IN_WEEKEND_NIGHT);
    let mut ran = case.run("plan");
    ran.take_stdout();
    ran.stderr(HINT).exit(0);
    assert!(!case.path().join(".mainstay").exists());
}

#[test]
fn a_changed_plan_file_shows_what_is_new_moved_and_gone() {
    let first = UPGRADE_IN_WEEKEND_NIGHT.replace("every: 30d", "every: 60d");
    let case = Case::new().plan_file(&first);
    let published = "\
START                 IN        TASK                TARGETS  WINDOW         TAKES  CHANGE  WHY
Sun 2026-03-08 02:00  20 hours  upgrade-prometheus  local    weekend-night  20m    + new   next window; 2026-03-07 closed at its cutoff, 05:30

1 occurrence until Sat 2026-04-04 05:40 UTC; published as revision 1
";
    case.run("--now 2026-03-07T05:40:00Z plan --publish").stdout(published).exit(0);

    let unchanged = "\
START                 IN        TASK                TARGETS  WINDOW         TAKES  WHY
Sun 2026-03-08 02:00  19 hours  upgrade-prometheus  local    weekend-night  20m    next window

1 occurrence until Sat 2026-04-04 06:30 UTC; as published in revision 1
";
    case.run("--now 2026-03-07T06:30:00Z plan").stdout(unchanged).exit(0);

    let later = first.replace("0 2 * * SAT,SUN", "0 4 * * SAT,SUN");
    let moved = "\
START                 IN        TASK                TARGETS  WINDOW         TAKES  CHANGE                      WHY
Sun 2026-03-08 04:00  19 hours  upgrade-prometheus  local    weekend-night  20m    ~ was Sun 2026-03-08 02:00  next window

! upgrade-prometheus#1 was published for Sun 2026-03-08 02:00, and the plan file has changed: window weekend-night from Sun 2026-03-08 04:00 for 4h instead of weekend-night from Sun 2026-03-08 02:00 for 4h; `mainstay plan --publish` makes the new plan the schedule
1 occurrence until Sat 2026-04-04 09:00 UTC; 0 new, 1 moved, 0 dropped since revision 1
";
    let case = case.plan_file(&later);
    case.run("--now 2026-03-07T09:00:00Z plan").stdout(moved).stderr(HINT).exit(0);

    let renamed = later.replace("upgrade-prometheus:", "update:");
    let dropped = "\
START                 IN        TASK    TARGETS  WINDOW         TAKES  CHANGE  WHY
Sun 2026-03-08 04:00  19 hours  update  local    weekend-night  20m    + new   next window

- upgrade-prometheus#1 is gone; it was to start Sun 2026-03-08 02:00; the task is not in the plan file any more
1 occurrence until Sat 2026-04-04 09:00 UTC; 1 new, 0 moved, 1 dropped; published as revision 2
";
    let case = case.plan_file(renamed);
    case.run("--now 2026-03-07T09:00:00Z plan --publish").stdout(dropped).exit(0);
    let mut ran = case.run("--now 2026-03-07T09:00:00Z plan --format json");
    let plan: serde_json::Value = serde_json::from_str(&ran.take_stdout()).expect("JSON");
    assert_eq!(plan["revision"], 2);
    ran.exit(0);
}

#[test]
fn names_from_the_plan_file_never_act_on_the_terminal() {
    let plan = UPGRADE_IN_WEEKEND_NIGHT.replace("upgrade-prometheus:", "\"a\\e[2Jb|<i>\":");
    let mut ran = Case::new().plan_file(&plan).run("--now 2026-03-07T05:40:00Z plan");
    let (out, exit) = (ran.take_stdout(), ran);
    if out.is_empty() {
        // Refused by the rules on names: even better.
        let mut ran = exit;
        assert!(!ran.take_stderr().contains('\u{1b}'));
        return;
    }
    assert!(!out.contains('\u{1b}'), "{out}");
    exit.stderr(HINT).exit(0);
}

#[test]
fn what_was_published_is_owed_when_its_time_comes() {
    let weekly = UPGRADE_IN_WEEKEND_NIGHT.replace("every: 30d, tolerance: 3d", "cron: \"0 2 * * SUN\"");
    let case = Case::new().plan_file(weekly);
    let mut ran = case.run("--now 2026-03-07T04:00:00Z plan --publish");
    ran.take_stdout();
    ran.exit(0);
    let expected = "\
START                 IN   TASK                TARGETS  WINDOW         TAKES  CHANGE                      WHY
Sun 2026-03-08 02:05  now  upgrade-prometheus  local    weekend-night  20m    ~ was Sun 2026-03-08 02:00  its published start has passed

1 occurrence until Mon 2026-03-09 02:05 UTC; 0 new, 1 moved, 0 dropped since revision 1
";
    case.run("--now 2026-03-08T02:05:00Z plan --horizon 1d").stdout(expected).stderr(HINT).exit(0);
}

#[test]
fn work_that_should_have_ended_is_named() {
    let case = Case::new().plan_file(UPGRADE_IN_WEEKEND_NIGHT);
    Past(&case).begin("2026-03-07T02:00:00Z", "upgrade-prometheus", "upgrade-prometheus#1");
    let in_time = case.run("--now 2026-03-07T02:20:00Z plan").exit(0).take_text();
    assert!(!in_time.contains("still running"), "{in_time}");
    case.run("--now 2026-03-07T02:20:01Z plan")
        .any_output()
        .stdout_has(
            "! upgrade-prometheus#1 is still running; it was to end Sat 2026-03-07 02:20; \
             `mainstay audit log --task upgrade-prometheus` shows where it is\n",
        )
        .exit(0);
    let plan = case.run("--now 2026-03-07T02:20:01Z plan --format json").exit(0).json();
    let overrun = serde_json::json!({
        "id": "upgrade-prometheus#1",
        "task": "upgrade-prometheus",
        "expected_end": "2026-03-07T02:20:00Z",
    });
    assert_eq!(plan["overruns"], serde_json::json!([overrun]));
}

#[test]
fn what_was_slept_through_and_is_owed_is_planned_one_after_the_other() {
    let plan = "\
mainstay: 1
tasks:
  nightly:
    type: routine
    domain: component
    schedule: {rrule: \"DTSTART:20260301T020000 RRULE:FREQ=DAILY;INTERVAL=2\"}
    missed: all
    duration: 20m
    steps: [{run: [\"true\"]}]
";
    let case = Case::new().plan_file(plan);
    case.run("--now 2026-03-02T00:00:00Z run --due").exit(0);
    let planned = case.run("--now 2026-03-07T12:00:00Z plan --horizon 3d --format json").json();
    let occurrences = planned["occurrences"].as_array().expect("occurrences").iter();
    let placed: Vec<_> = occurrences
        .map(|placed| {
            (placed["id"].as_str().unwrap_or_default(), placed["start"].as_str().unwrap_or_default())
        })
        .collect();
    assert_eq!(
        placed,
        [
            ("nightly@2026-03-03T02:00:00Z", "2026-03-07T12:00:00Z"),
            ("nightly@2026-03-05T02:00:00Z", "2026-03-07T12:20:00Z"),
            ("nightly@2026-03-07T02:00:00Z", "2026-03-07T12:40:00Z"),
            ("nightly@2026-03-09T02:00:00Z", "2026-03-09T02:00:00Z"),
        ]
    );
}
