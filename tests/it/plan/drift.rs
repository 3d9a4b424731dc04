//! Where reality has left the published schedule, as people and programs see it.

use std::fs;

use serde_json::json;

use crate::support::{Case, Past};
use mainstay::model::Outcome;

const PLAN: &str = "\
mainstay: 1
windows:
  night: {cron: \"0 2 * * *\", duration: 4h, cutoff: 30m}
tasks:
  tidy:
    type: routine
    domain: component
    schedule: {cron: \"0 2 * * *\"}
    window: night
    duration: 20m
    steps: [{run: [\"true\"]}]
";

/// Published in the evening of 6 March, for five nights.
fn published() -> Case {
    let case = Case::new().plan_file(PLAN);
    case.run("--now 2026-03-06T20:00:00Z plan --horizon 5d --publish").any_output().exit(0);
    case
}

const OVERDUE: &str = "tidy@2026-03-07T02:00:00Z is overdue since Sat 2026-03-07 06:00: no run was started; \
                       `mainstay run --due` starts it as soon as it may: does cron call it?";

#[test]
fn nothing_is_told_as_long_as_the_schedule_is_kept() {
    let case = published();
    Past(&case).begin("2026-03-07T02:00:00Z", "tidy", "tidy@2026-03-07T02:00:00Z").end(
        "2026-03-07T02:10:00Z",
        1,
        Outcome::Succeeded,
        "",
    );
    for now in ["2026-03-07T03:00:00Z", "2026-03-07T12:00:00Z", "2026-03-08T02:00:00Z"] {
        let plan = case.run(&format!("--now {now} plan --horizon 3d --format json")).exit(0).json();
        assert_eq!((&plan["drift"], &plan["overruns"]), (&json!([]), &json!([])), "{now}");
        let text = case.run(&format!("--now {now} plan --horizon 3d")).exit(0).take_text();
        assert!(!text.contains("\n! "), "{now}: {text}");
    }
}

#[test]
fn it_is_a_note_in_every_format_for_people() {
    let case = published();
    let plan = |format: &str| {
        case.run(&format!("--now 2026-03-07T12:00:00Z plan --horizon 3d --format {format}"))
            .exit(0)
            .take_text()
    };
    let (text, markdown, html) = (plan("text"), plan("markdown"), plan("html"));
    assert!(text.contains(&format!("\n! {OVERDUE}\n")), "{text}");
    assert!(
        markdown.contains("- \\! tidy@2026-03-07T02:00:00Z is overdue since Sat 2026-03-07 06:00"),
        "{markdown}"
    );
    assert!(
        html.contains("tidy@2026-03-07T02:00:00Z is overdue since Sat 2026-03-07 06:00: no run"),
        "{html}"
    );
}

#[test]
fn it_is_a_list_for_programs() {
    let case = published();
    let plan = case.run("--now 2026-03-07T12:00:00Z plan --horizon 3d --format json").exit(0).json();
    let expected = json!([{
        "kind": "overdue",
        "occurrence": "tidy@2026-03-07T02:00:00Z",
        "task": "tidy",
        "since": "2026-03-07T06:00:00Z",
        "by_seconds": 21600,
        "detail": "is overdue since Sat 2026-03-07 06:00: no run was started",
        "help": "`mainstay run --due` starts it as soon as it may: does cron call it?",
    }]);
    assert_eq!(plan["drift"], expected);
}

#[test]
fn what_one_task_has_of_one_kind_is_one_line_for_people_and_counted_once() {
    let case = published();
    let text = case.run("--now 2026-03-10T12:00:00Z plan --horizon 3d").exit(0).take_text();
    let missed = "! tidy@2026-03-07T02:00:00Z was missed: nothing started it before Sun 2026-03-08 02:00, and 2 more \
                  like it; `mainstay run tidy` does it now; the next one is in the plan\n";
    assert!(text.contains(missed), "{text}");
    assert!(!text.contains("missed before"), "they are not told twice: {text}");
    case.run("--now 2026-03-10T12:00:00Z run --due").exit(0);
    let plan = case.run("--now 2026-03-10T12:00:00Z plan --horizon 3d --format json").exit(0).json();
    let kinds: Vec<_> = plan["drift"].as_array().expect("a list").iter().map(|one| &one["kind"]).collect();
    assert_eq!(kinds, ["overdue", "missed", "missed", "missed"], "on record or not");
}

#[test]
fn a_saved_plan_keeps_it_also_one_that_knows_only_overruns() {
    let case = published();
    case.run("--now 2026-03-07T12:00:00Z plan --horizon 3d --output plan.json").any_output().exit(0);
    let shown = case.run("--now 2026-03-07T12:00:00Z plan --from-file plan.json").exit(0).take_text();
    assert!(shown.contains(OVERDUE), "{shown}");
    let mut old: serde_json::Value = serde_json::from_str(&case.read("plan.json")).expect("JSON");
    old.as_object_mut().expect("an object").remove("drift");
    old["overruns"] = json!([{"id": null, "task": "tidy", "expected_end": "2026-03-07T11:00:00Z"}]);
    fs::write(case.path().join("plan.json"), old.to_string()).expect("a file");
    let shown = case.run("--now 2026-03-07T12:00:00Z plan --from-file plan.json").exit(0).take_text();
    assert!(shown.contains("! tidy is still running after its planned end; "), "{shown}");
}

#[test]
fn names_of_a_schedule_never_act_on_the_terminal() {
    let case = published();
    case.run("--now 2026-03-07T12:00:00Z plan --horizon 3d --output plan.json").any_output().exit(0);
    let hostile = case.read("plan.json").replace("no run was started", "\\u001b[2J\\n::error::");
    fs::write(case.path().join("plan.json"), hostile).expect("a file");
    let shown = case.run("plan --from-file plan.json").exit(0).take_text();
    assert!(shown.contains("\\u{1b}[2J\\n::error::") && !shown.contains('\u{1b}'), "{shown}");
}

#[test]
fn ten_thousand_published_occurrences_are_looked_at_at_once() {
    let task = |n: usize| {
        let minute = n % 60;
        format!(
            "  task-{n}:\n    type: routine\n    domain: component\n    schedule: {{cron: \"{minute} 2 * * *\"}}\n    \
             duration: 1m\n    resources: {{crew: 1}}\n    steps: [{{run: [\"true\"]}}]\n"
        )
    };
    let tasks: String = (0..1000).map(task).collect();
    let plan = format!("mainstay: 1\nresources: {{crew: 100}}\ntasks:\n{tasks}");
    let case = Case::new().plan_file(&plan);
    case.run("--now 2026-03-06T20:00:00Z plan --horizon 10d --publish").any_output().exit(0);
    let case = case.plan_file(plan.replace("crew: 100", "crew: 50"));
    let plan = case.run("--now 2026-03-07T12:00:00Z plan --horizon 2d --format json").exit(0).json();
    assert_eq!(plan["drift"].as_array().map(Vec::len), Some(10_000));
}

/// A zone file whose clock is `hours` ahead of UTC all the time.
fn zone_file(hours: i32) -> Vec<u8> {
    let part = |version: u8, with_type: bool| {
        let mut bytes = b"TZif".to_vec();
        bytes.push(version);
        bytes.extend([0; 15]);
        // Counts of: UTC flags, standard flags, leap seconds, transitions, types, letters.
        for count in [0_u32, 0, 0, 0, 1, 4] {
            bytes.extend(count.to_be_bytes());
        }
        let offset = if with_type { hours * 3600 } else { 0 };
        bytes.extend(offset.to_be_bytes());
        bytes.extend([0, 0]);
        bytes.extend(b"LMT\0");
        bytes
    };
    let mut bytes = part(b'2', false);
    bytes.extend(part(b'2', true));
    bytes.extend(format!("\n<+{hours:02}>-{hours}\n").bytes());
    bytes
}

/// Case 11: the time-zone data is updated between plan and run.
#[test]
fn case_11_an_update_of_the_time_zone_data_is_told_and_nothing_runs_twice() {
    let plan = PLAN
        .replace("mainstay: 1\n", "mainstay: 1\ntimezone: Europe/Berlin\n")
        .replace("    window: night\n", "")
        .replace("[\"true\"]", "[sh, -c, \"echo x >> done\"]");
    let case = Case::new().plan_file(plan);
    let zone = |hours: i32| {
        let folder = case.path().join("zoneinfo/Europe");
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("Berlin"), zone_file(hours)).expect("a file");
    };
    let run = |arguments: &str| {
        let mut command = case.command(arguments);
        let output =
            command.env("TZDIR", case.path().join("zoneinfo")).output().expect("the binary was built");
        assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        (text(output.stdout), text(output.stderr))
    };
    zone(2);
    run("--now 2026-03-06T20:00:00Z plan --horizon 5d --publish");
    run("--now 2026-03-07T00:00:00Z run --due");
    assert_eq!(case.read("done"), "x\n", "02:00 is midnight UTC");
    let (plan, _) = run("--now 2026-03-07T00:10:00Z plan --horizon 1d --format json");
    assert!(plan.contains("\"drift\": []"), "{plan}");

    zone(1);
    let (told, _) = run("--now 2026-03-07T00:30:00Z plan --horizon 2d");
    let stale = |since: &str| {
        format!(
            "the published schedule was computed with other time-zone data: from {since} on the clock of \
             Europe/Berlin shows another time than it said; every start is computed anew, \
             `mainstay plan --publish` makes that the schedule\n"
        )
    };
    assert!(told.contains(&format!("! {}", stale("Sat 2026-03-07 01:30"))), "{told}");
    assert!(told.contains("Sun 2026-03-08 02:00") && !told.contains("Sat 2026-03-07 02:00"), "{told}");
    // 02:00 of the same day has come again, by the new data.
    let (_, warned) = run("--now 2026-03-07T01:00:00Z run --due");
    assert_eq!(warned, format!("warning: {}", stale("Sat 2026-03-07 02:00")));
    let (_, warned) = run("--now 2026-03-07T01:05:00Z run --due");
    assert_eq!(warned, "", "once is enough");
    assert_eq!(case.read("done"), "x\n", "the day's work was done");

    run("--now 2026-03-07T01:10:00Z plan --horizon 5d --publish");
    run("--now 2026-03-07T01:15:00Z run --due");
    assert_eq!(
        case.read("done"),
        "x\n",
        "nor does it come back with a schedule that knows only the new data"
    );
    let (plan, _) = run("--now 2026-03-07T01:20:00Z plan --horizon 1d --format json");
    assert!(plan.contains("\"drift\": []"), "{plan}");
    run("--now 2026-03-08T01:00:00Z run --due");
    assert_eq!(case.read("done"), "x\nx\n", "the next day begins its own work, an hour later in UTC");
}
