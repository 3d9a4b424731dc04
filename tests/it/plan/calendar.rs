//! `plan --calendar`: when a task is due next, when a window opens.

use crate::support::Case;

const PLAN: &str = "\
mainstay: 1
timezone: Europe/Berlin
windows:
  night: {cron: \"30 2 * * SUN\", duration: 4h}
tasks:
  once:
    type: routine
    domain: data
    schedule: {cron: \"30 2 * * *\"}
    duration: 5m
    steps: [{run: [\"true\"]}]
  literal:
    type: routine
    domain: data
    schedule: {cron: \"30 2 * * *\"}
    dst: literal
    duration: 5m
    steps: [{run: [\"true\"]}]
  skip:
    type: routine
    domain: data
    schedule: {cron: \"30 2 * * *\"}
    dst: skip
    duration: 5m
    steps: [{run: [\"true\"]}]
  interval:
    type: preventive
    domain: data
    schedule: {every: 7d}
    duration: 1h
    steps: [{run: [\"true\"]}]
  at:
    type: preventive
    domain: data
    schedule: {at: 2026-06-01T02:00}
    duration: 1h
    steps: [{run: [\"true\"]}]
  on-demand:
    type: corrective
    domain: data
    duration: 1h
    steps: [{run: [\"true\"]}]
";
const SPRING: &str = "--now 2026-03-28T00:00:00Z plan --calendar";
const AUTUMN: &str = "--now 2026-10-24T00:00:00Z plan --calendar";

#[track_caller]
fn check(arguments: &str, expected: &str) {
    Case::new().plan_file(PLAN).run(arguments).stdout(expected).exit(0);
}

#[test]
fn a_time_that_the_clock_skips_is_noted() {
    check(
        &format!("{SPRING} once -n 3"),
        "\
LOCAL TIME            UTC OFFSET  IN          WHAT       NOTE
Sat 2026-03-28 02:30  +01:00      90 minutes  task once
Sun 2026-03-29 03:00  +02:00      25 hours    task once  the clock skips 02:30; it happens at the end of what is skipped
Mon 2026-03-30 02:30  +02:00      2 days      task once
",
    );
    check(
        &format!("{SPRING} literal -n 2"),
        "\
LOCAL TIME            UTC OFFSET  IN          WHAT          NOTE
Sat 2026-03-28 02:30  +01:00      90 minutes  task literal
Sun 2026-03-29 02:30  -           -           task literal  left out: the clock skips this time
Mon 2026-03-30 02:30  +02:00      2 days      task literal
",
    );
    check(
        &format!("{SPRING} night -n 2"),
        "\
LOCAL TIME            UTC OFFSET  IN        WHAT          UNTIL                 NOTE
Sun 2026-03-29 03:00  +02:00      25 hours  window night  Sun 2026-03-29 07:00  the clock skips 02:30; it happens at the end of what is skipped
Sun 2026-04-05 02:30  +02:00      8 days    window night  Sun 2026-04-05 06:30
",
    );
}

#[test]
fn a_time_that_the_clock_repeats_is_noted() {
    check(
        &format!("{AUTUMN} once -n 3"),
        "\
LOCAL TIME            UTC OFFSET  IN          WHAT       NOTE
Sat 2026-10-24 02:30  +02:00      30 minutes  task once
Sun 2026-10-25 02:30  +02:00      24 hours    task once  the clock shows this time twice; it is the first
Mon 2026-10-26 02:30  +01:00      2 days      task once
",
    );
    check(
        &format!("{AUTUMN} literal -n 4"),
        "\
LOCAL TIME            UTC OFFSET  IN          WHAT          NOTE
Sat 2026-10-24 02:30  +02:00      30 minutes  task literal
Sun 2026-10-25 02:30  +02:00      24 hours    task literal  the clock shows this time twice; it is the first
Sun 2026-10-25 02:30  +01:00      25 hours    task literal  the clock shows this time twice; it is the second
Mon 2026-10-26 02:30  +01:00      2 days      task literal
",
    );
    check(
        &format!("{AUTUMN} skip -n 2"),
        "\
LOCAL TIME            UTC OFFSET  IN          WHAT       NOTE
Sat 2026-10-24 02:30  +02:00      30 minutes  task skip
Sun 2026-10-25 02:30  -           -           task skip  left out: the clock shows this time twice
Mon 2026-10-26 02:30  +01:00      2 days      task skip
",
    );
}

#[test]
fn intervals_count_from_what_is_planned_and_single_instants_come_once() {
    check(
        "--now 2026-03-07T12:00:00Z plan --calendar interval -n 3",
        "\
LOCAL TIME            UTC OFFSET  IN       WHAT           NOTE
Sat 2026-03-07 13:00  +01:00      now      task interval
Sat 2026-03-14 14:00  +01:00      7 days   task interval  if the run before it succeeds as planned
Sat 2026-03-21 15:00  +01:00      14 days  task interval  if the run before it succeeds as planned
",
    );
    check(
        "--now 2026-03-07T12:00:00Z plan --calendar at",
        "\
LOCAL TIME            UTC OFFSET  IN       WHAT
Mon 2026-06-01 02:00  +02:00      85 days  task at
",
    );
    let nothing = "nothing: what has no schedule runs on demand, and what is over does not come again\n";
    check("--now 2026-07-07T12:00:00Z plan --calendar at", nothing);
    check("--now 2026-07-07T12:00:00Z plan --calendar on-demand", nothing);
}

#[test]
fn case_16_a_window_is_listed_with_its_end_also_where_the_clock_changes_while_it_is_open() {
    let plan = PLAN.replace("30 2 * * SUN\", duration: 4h", "0 1 * * SUN\", duration: 3h");
    let text = Case::new().plan_file(&plan).run(&format!("{SPRING} night -n 2")).exit(0).take_text();
    let expected = "\
LOCAL TIME            UTC OFFSET  IN        WHAT          UNTIL                 NOTE
Sun 2026-03-29 01:00  +01:00      24 hours  window night  Sun 2026-03-29 05:00  the clock changes meanwhile; it is open for 3h all the same
Sun 2026-04-05 01:00  +02:00      7 days    window night  Sun 2026-04-05 04:00
";
    assert_eq!(text, expected);
    let json = Case::new().plan_file(&plan).run(&format!("{AUTUMN} night -n 1 --format json")).json();
    let opening = &json["instants"][0];
    assert_eq!(
        (&opening["instant"], &opening["end"]),
        (&"2026-10-24T23:00:00Z".into(), &"2026-10-25T02:00:00Z".into())
    );
    assert_eq!(opening["note"], "clock_changes");
}

#[test]
fn one_instant_that_the_clock_skips_is_noted_and_what_waits_for_a_check_is_not_called_on_demand() {
    let plan = PLAN
        .replace("at: 2026-06-01T02:00", "at: 2026-03-29T02:30")
        .replace("tasks:\n", "checks: {flag: {file: {path: /flag, exists: true}}}\ntasks:\n")
        .replace(
            "    domain: data\n    duration: 1h\n",
            "    domain: data\n    schedule: {when: flag, within: 8h}\n    duration: 1h\n",
        );
    let case = Case::new().plan_file(&plan);
    let expected = "\
LOCAL TIME            UTC OFFSET  IN        WHAT     NOTE
Sun 2026-03-29 03:00  +02:00      25 hours  task at  the clock skips 02:30; it happens at the end of what is skipped
";
    case.run(&format!("{SPRING} at")).stdout(expected).exit(0);
    let shown = case.run("--now 2026-03-28T12:00:00Z plan --horizon 1d").any_output().exit(0).take_text();
    let line = shown.lines().find(|line| line.contains("  at ")).expect("a start");
    assert!(line.ends_with("the clock skips 02:30; it happens at the end of what is skipped"), "{line}");
    let waits = "nothing by the calendar: on-demand is due when check flag fails; \
                 `mainstay plan --explain on-demand` says how that stands\n";
    case.run(&format!("{SPRING} on-demand")).stdout(waits).exit(0);
}

#[test]
fn where_nothing_can_come_nothing_is_known() {
    let case = Case::new().plan_file("mainstay: 1\ntasks: {}\n");
    case.run("plan --calendar").stderr("error: nothing to plan: maintenance.yaml has no task\n").exit(3);
    let case =
        Case::new().plan_file("mainstay: 1\nwindows: {w: {cron: \"0 2 * * *\", duration: 1h}}\ntasks: {}\n");
    case.run("--now 2026-03-28T00:00:00Z plan --calendar -n 1").stdout_has("window w").exit(0);
}

#[test]
fn without_a_name_everything_comes_in_order() {
    let text = Case::new().plan_file(PLAN).run(&format!("{SPRING} -n 7")).exit(0).take_text();
    let what: Vec<_> = text
        .lines()
        .skip(1)
        .map(|line| line.split_whitespace().find(|word| ["task", "window"].contains(word)).unwrap())
        .collect();
    // Of seven instants, with two that are left out beside them.
    assert_eq!(what, ["task", "task", "task", "task", "task", "task", "task", "window", "task"]);
    let left_out = |task: &str| text.lines().any(|line| line.contains(task) && line.contains("  left out: "));
    assert!(left_out("task literal") && left_out("task skip") && !left_out("task once"), "{text}");
    let ten = Case::new().plan_file(PLAN).run(&format!("{AUTUMN} once")).exit(0).take_text();
    assert_eq!(ten.lines().count(), 11);
}

#[test]
fn programs_get_instants_offsets_and_notes() {
    let json = Case::new().plan_file(PLAN).run(&format!("{SPRING} once -n 2 --format json")).json();
    let expected = serde_json::json!({
        "schema": "mainstay/calendar/v1",
        "timezone": "Europe/Berlin",
        "from": "2026-03-28T00:00:00Z",
        "instants": [
            {
                "kind": "task",
                "name": "once",
                "instant": "2026-03-28T01:30:00Z",
                "local": "2026-03-28T02:30:00",
                "utc_offset": "+01:00",
                "note": null,
                "meant": null,
            },
            {
                "kind": "task",
                "name": "once",
                "instant": "2026-03-29T01:00:00Z",
                "local": "2026-03-29T03:00:00",
                "utc_offset": "+02:00",
                "note": "skipped",
                "meant": "2026-03-29T02:30:00",
            },
        ],
    });
    assert_eq!(json, expected);
}

#[test]
fn a_rare_day_is_found_and_a_wrong_name_or_number_is_refused() {
    let rare = PLAN.replacen("30 2 * * *", "0 0 29 2 *", 1);
    let text = Case::new().plan_file(rare).run(&format!("{SPRING} once -n 20")).exit(0).take_text();
    assert_eq!(text.lines().count(), 21);
    assert!(text.contains("Wed 2096-02-29 00:00") && text.contains("Fri 2104-02-29 00:00"), "{text}");

    let case = Case::new().plan_file(PLAN);
    let error = "error: there is no task or window `nigth`\nhelp: there are once, literal, skip, interval, at, \
                 on-demand, night\n";
    case.run("plan --calendar nigth").stderr(error).exit(2);
    for wrong in [
        "plan -n 3",
        "plan --calendar -n 0",
        "plan --calendar -n 1001",
        "plan --calendar --publish",
        "plan --calendar once --calendar skip",
    ] {
        case.run(wrong).any_output().exit(2);
    }
}

#[test]
fn a_recurrence_rule_is_listed_as_a_cron_expression_is() {
    let plan = "\
mainstay: 1
timezone: Europe/Berlin
windows:
  second-tuesday: {rrule: \"FREQ=MONTHLY;BYDAY=2TU;BYHOUR=2\", duration: 4h}
tasks:
  patch:
    type: routine
    domain: component
    schedule: {rrule: \"FREQ=MONTHLY;BYDAY=2TU;BYHOUR=3\"}
    window: second-tuesday
    duration: 10m
    steps: [{run: [ls]}]
";
    let found = Case::new()
        .plan_file(plan)
        .run("--now 2026-03-07T10:00:00Z plan --calendar -n 4 --format json")
        .json();
    let instants: Vec<_> =
        found["instants"].as_array().unwrap().iter().map(|it| it["instant"].clone()).collect();
    let expected =
        ["2026-03-10T01:00:00Z", "2026-03-10T02:00:00Z", "2026-04-14T00:00:00Z", "2026-04-14T01:00:00Z"];
    assert_eq!(instants, expected);
}

#[test]
fn the_table_says_what_a_change_of_the_clock_does_to_a_start() {
    let case = Case::new().plan_file(PLAN);
    let shifted = case.run("--now 2026-03-28T12:00:00Z plan --horizon 1d").any_output().exit(0).take_text();
    let line = shifted.lines().find(|line| line.contains("  once ")).expect("a start");
    assert!(line.starts_with("Sun 2026-03-29 03:00"), "{line}");
    assert!(line.ends_with("the clock skips 02:30; it happens at the end of what is skipped"), "{line}");
    let twice = case.run("--now 2026-10-24T12:00:00Z plan --horizon 1d").any_output().exit(0).take_text();
    let line = twice.lines().find(|line| line.contains("  once ")).expect("a start");
    assert!(line.ends_with("the clock shows this time twice; it is the first"), "{line}");
    let ordinary = case.run("--now 2026-06-24T12:00:00Z plan --horizon 1d").any_output().exit(0).take_text();
    assert!(!ordinary.contains("the clock"), "{ordinary}");
}

#[test]
fn beyond_the_year_9999_nothing_is_planned() {
    let case = Case::new().plan_file(PLAN);
    let error = "error: --from and --horizon reach beyond the year 9999, for which no calendar is kept\n";
    case.run("plan --from 9999-12-31").stderr(error).exit(2);
}
