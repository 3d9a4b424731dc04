//! What is owed, in `plan`, until it is done.

use mainstay::model::{Event, Outcome, RunId};
use serde_json::Value;

use crate::support::{Case, Past, assert_understood};

const TIDY: &str = "\
mainstay: 1
criticality: high
tasks:
  tidy:
    type: routine
    domain: component
    schedule: {cron: \"0 2 * * *\"}
    duration: 20m
    steps: [{run: [\"true\"]}]
";

/// A task with a way back of two steps and two steps at the end; what is done goes by which files there are.
const FRAGILE: &str = "\
mainstay: 1
tasks:
  fragile:
    type: routine
    domain: component
    criticality: critical
    duration: 1m
    steps:
      - {name: work, run: [test, -e, work]}
    rollback:
      - {name: restore the file, run: [test, -e, restore]}
      - {name: start it again, run: [\"true\"]}
    finally:
      - {name: unmount, run: [test, -e, unmount]}
      - {name: say so, run: [\"true\"]}
";

const NOW: &str = "--now 2026-03-07T12:00:00Z";

#[track_caller]
fn items(case: &Case, arguments: &str) -> Vec<(String, String, u64)> {
    let plan = case.run(&format!("{arguments} --format json")).exit(0).json();
    let items = plan["debt"]["items"].as_array().expect("items");
    let text = |item: &Value, key: &str| item[key].as_str().unwrap_or_default().to_owned();
    let all: Vec<_> = items
        .iter()
        .map(|item| (text(item, "kind"), text(item, "what"), item["points"].as_u64().expect("points")))
        .collect();
    assert_eq!(plan["debt"]["total"], all.iter().map(|(.., points)| points).sum::<u64>());
    for item in items {
        commands_of(&text(item, "help"));
    }
    all
}

/// Every command that a text names exists.
#[track_caller]
fn commands_of(text: &str) {
    for command in text.split('`').filter(|part| part.starts_with("mainstay ")) {
        assert_understood(command);
    }
}

fn item(kind: &str, what: &str, points: u64) -> (String, String, u64) {
    (kind.to_owned(), what.to_owned(), points)
}

#[test]
fn nothing_is_said_where_nothing_is_owed() {
    let case = Case::new().plan_file(TIDY);
    case.run(&format!("{NOW} plan --publish")).any_output().exit(0);
    for format in ["text", "markdown", "html"] {
        let shown = case.run(&format!("{NOW} plan --format {format}")).exit(0).take_text();
        assert!(!shown.contains("debt") && !shown.to_lowercase().contains("owed"), "{shown}");
    }
    assert_eq!(items(&case, &format!("{NOW} plan")), []);
}

#[test]
fn steps_of_the_way_back_and_of_the_end_are_owed_until_the_task_succeeds() {
    let case = Case::new().plan_file(FRAGILE);
    case.run(&format!("{NOW} run fragile")).any_output().exit(1);
    let what = "run 1 of `fragile` did not clean up; owed: rollback `restore the file` on local, rollback `start it \
                again` on local, finally `unmount` on local";
    assert_eq!(items(&case, &format!("{NOW} plan")), [item("owed_steps", what, 4)]);
    // A day later it weighs twice as much; a failure that cleans up does not make it good.
    let case = case.file("restore", "").file("unmount", "");
    case.run("--now 2026-03-08T11:00:00Z run fragile").any_output().exit(1);
    assert_eq!(items(&case, "--now 2026-03-08T13:00:00Z plan"), [item("owed_steps", what, 8)]);
    let case = case.file("work", "");
    case.run("--now 2026-03-08T14:00:00Z run fragile").any_output().exit(0);
    assert_eq!(items(&case, "--now 2026-03-08T15:00:00Z plan"), []);
}

#[test]
fn what_a_run_owes_can_be_settled_by_a_person_and_only_once() {
    let case = Case::new().plan_file(FRAGILE).file("restore", "");
    case.run(&format!("{NOW} run fragile")).any_output().exit(1);
    let what = "run 1 of `fragile` did not clean up; owed: finally `unmount` on local";
    assert_eq!(items(&case, &format!("{NOW} plan")), [item("owed_steps", what, 4)]);
    let settle = |case: &Case, run: u8| case.run(&format!("run --abandon {run} --reason by-hand"));
    settle(&case, 1).stderr("run 1 of `fragile` is settled\n").exit(0);
    assert_eq!(items(&case, &format!("{NOW} plan")), []);
    let reason = case.run("report status --format json --period 52w").any_output().json();
    let reason = reason["runs"][0]["reason"].as_str().unwrap_or_default().to_owned();
    settle(&case, 1).stderr_has("owes nothing").exit(1);
    assert_eq!(reason, "step 1 of 1, `work`: exit code 1; settled: by-hand");
    let case = case.file("unmount", "");
    case.run(&format!("{NOW} run fragile")).any_output().exit(1);
    settle(&case, 2).stderr_has("ended rolled back and owes nothing").exit(1);
    case.run("audit verify").any_output().stdout_has("the chain is unbroken");
}

#[test]
fn a_task_that_fails_to_clean_up_again_and_again_is_one_thing_that_is_owed_since_the_first_time() {
    let case = Case::new().plan_file(FRAGILE).file("restore", "");
    for day in 1..=5 {
        case.run(&format!("--now 2026-03-0{day}T12:00:00Z run fragile")).any_output().exit(1);
    }
    let what =
        "run 5 of `fragile` did not clean up, and so did 4 runs before it; owed: finally `unmount` on local";
    assert_eq!(items(&case, "--now 2026-03-05T13:00:00Z plan"), [item("owed_steps", what, 5 * 4)]);
    case.run("run --abandon 5 --reason by-hand").any_output().exit(0);
    let what =
        "run 4 of `fragile` did not clean up, and so did 3 runs before it; owed: finally `unmount` on local";
    assert_eq!(items(&case, "--now 2026-03-05T13:00:00Z plan"), [item("owed_steps", what, 5 * 4)]);
    let case = case.file("unmount", "").file("work", "");
    case.run("--now 2026-03-05T14:00:00Z run fragile").any_output().exit(0);
    assert_eq!(items(&case, "--now 2026-03-05T15:00:00Z plan"), []);
}

#[test]
fn what_was_not_begun_is_named_only_by_the_plan_file_that_the_run_worked_by() {
    let case = Case::new().plan_file(FRAGILE).file("unmount", "");
    case.run(&format!("{NOW} run fragile")).any_output().exit(1);
    let case = case.plan_file(format!("{FRAGILE}# a comment\n"));
    let what = "run 1 of `fragile` did not clean up; owed: rollback `restore the file` on local";
    assert_eq!(items(&case, &format!("{NOW} plan")), [item("owed_steps", what, 4)]);
}

#[test]
fn a_run_that_stopped_in_its_middle_is_owed_until_it_is_settled() {
    let case = Case::new().plan_file(TIDY);
    case.run(&format!("{NOW} plan --publish")).any_output().exit(0);
    let past = Past(&case);
    past.begin("2026-03-07T02:00:00Z", "tidy", "tidy@2026-03-07T02:00:00Z").end(
        "2026-03-07T02:01:00Z",
        1,
        Outcome::Interrupted,
        "",
    );
    let what = "run 1 of `tidy` stopped in its middle";
    assert_eq!(items(&case, &format!("{NOW} plan")), [item("interrupted", what, 3)]);
    case.run("run --abandon 1 --reason by-hand").any_output().exit(0);
    assert_eq!(items(&case, &format!("{NOW} plan")), []);
}

#[test]
fn work_that_is_late_and_starts_that_were_missed_count_their_days() {
    let case = Case::new().plan_file(TIDY);
    case.run("--now 2026-03-01T12:00:00Z plan --horizon 20d --publish").any_output().exit(0);
    let never = [
        item("missed", "`tidy` missed 5 starts and it never succeeded", 18),
        item("never_done", "`tidy` was never done with success, and is 9h 40m overdue", 3),
    ];
    assert_eq!(items(&case, &format!("{NOW} plan")), never);
    // On record or not is the same debt.
    case.run("--now 2026-03-05T12:00:00Z run --due --dry-run").any_output();
    let misses = |case: &Case| {
        Past(case).at("2026-03-05T12:00:00Z", |state| {
            let miss = Event::OccurrenceMissed {
                occurrence: mainstay::model::OccurrenceId("tidy@2026-03-02T02:00:00Z".to_owned()),
                task: "tidy".to_owned(),
                release: "2026-03-02T02:00:00Z".parse().unwrap(),
                reason: "nothing ran while it was due".to_owned(),
            };
            state.record(&miss).unwrap();
        });
    };
    misses(&case);
    assert_eq!(items(&case, &format!("{NOW} plan")), never);
    case.run(&format!("{NOW} run --due")).any_output().exit(0);
    assert_eq!(items(&case, &format!("{NOW} plan")), []);
}

#[test]
fn every_format_says_what_is_owed_and_no_exit_code_changes() {
    let case = Case::new().plan_file(TIDY);
    case.run("--now 2026-03-01T12:00:00Z plan --horizon 20d --publish").any_output().exit(0);
    let text = case.run(&format!("{NOW} plan --horizon 1d")).exit(0).take_text();
    let expected = "\
! `tidy` missed 5 starts and it never succeeded, owed since Mon 2026-03-02 02:00 (18 points); `mainstay run tidy` makes it good
! `tidy` was never done with success, and is 9h 40m overdue, owed since Sat 2026-03-07 02:20 (3 points); `mainstay plan --explain tidy` says when it can start
debt 21 points: 2 things are owed
";
    assert!(text.contains(expected), "{text}");
    assert!(!text.contains("missed before"), "{text}");
    let markdown = case.run(&format!("{NOW} plan --format markdown")).exit(0).take_text();
    let row = r"| 18 | Mon 2026-03-02 02:00 | missed | \`tidy\` missed 5 starts";
    assert!(
        markdown.contains("## Owed before anything else\n\nDebt 21 points: 2 things are owed\n"),
        "{markdown}"
    );
    assert!(markdown.contains(row), "{markdown}");
    let html = case.run(&format!("{NOW} plan --format html")).exit(0).take_text();
    assert!(
        html.contains("<h2>What is owed</h2>") && html.contains("Debt 21 points: 2 things are owed."),
        "{html}"
    );
    case.run(&format!("{NOW} plan --horizon 1h --gantt")).any_output().stdout_has("debt 21 points").exit(0);
    // A saved plan says what was owed when it was computed.
    case.run(&format!("{NOW} plan --output plan.json")).any_output().exit(0);
    case.run("--now 2026-03-07T12:10:00Z run --due").any_output().exit(0);
    let saved = case.run("--now 2026-03-07T13:00:00Z plan --from-file plan.json");
    saved.any_output().stdout_has("debt 21 points").exit(0);
}

#[test]
fn the_status_report_says_the_same() {
    let case = Case::new().plan_file(FRAGILE);
    case.run(&format!("{NOW} run fragile")).any_output().exit(1);
    let plan = case.run(&format!("{NOW} plan --format json")).json();
    let report = case.run(&format!("{NOW} report status --format json")).json();
    assert_eq!(report["debt"], plan["debt"]);
    assert_eq!(report["debt"]["total"], 4);
    let text = case.run(&format!("{NOW} report status")).exit(0).take_text();
    assert!(text.contains("Debt 4 points: 1 thing is owed.\n"), "{text}");
    assert!(text.contains("\nWhat is owed\nPOINTS  OWED SINCE"), "{text}");
}

#[test]
fn a_waiver_that_has_ended_is_owed() {
    let yaml =
        TIDY.replace("  tidy:", "  tidy: # mainstay: ignore MS316 until 2026-02-28 it is looked at by hand");
    let case = Case::new().plan_file(yaml);
    assert_eq!(items(&case, &format!("{NOW} plan")), [item("waiver", "the waiver of `MS316` has ended", 21)]);
    let case = Case::new()
        .plan_file(format!("{TIDY}ignore:\n  - {{code: MS316, until: 2026-03-07, reason: not yet}}\n"));
    assert_eq!(items(&case, &format!("{NOW} plan")), []);
    let ended = items(&case, "--now 2026-03-08T00:00:00Z plan");
    assert_eq!(ended, [item("waiver", "the waiver of `MS316` has ended", 3)]);
}

#[test]
fn a_silence_that_outlived_its_run_is_owed_until_it_is_seen_ending() {
    let case = Case::new().plan_file(TIDY);
    case.run(&format!("{NOW} plan --publish")).any_output().exit(0);
    let past = Past(&case);
    past.begin("2026-03-07T02:00:00Z", "tidy", "tidy@2026-03-07T02:00:00Z");
    let silence = Event::SilenceIntended {
        run: RunId(1),
        tag: "mainstay:0:1".to_owned(),
        alertmanager: "http://127.0.0.1:9093".to_owned(),
        matchers: vec!["job=\"x\"".to_owned()],
    };
    past.at("2026-03-07T02:00:01Z", |state| drop(state.record(&silence).unwrap()));
    // While the run lives, its silence is its own.
    assert_eq!(items(&case, &format!("{NOW} plan")), []);
    past.end("2026-03-07T02:01:00Z", 1, Outcome::Succeeded, "");
    let what = "the silence of run 1 at http://127.0.0.1:9093 is not known to have ended";
    assert_eq!(items(&case, &format!("{NOW} plan")), [item("silence", what, 3)]);
    let expired = Event::SilenceExpired { tag: "mainstay:0:1".to_owned(), reason: "seen".to_owned() };
    past.at("2026-03-07T13:00:00Z", |state| drop(state.record(&expired).unwrap()));
    assert_eq!(items(&case, "--now 2026-03-07T13:00:01Z plan"), []);
}

#[test]
fn a_schedule_that_has_ended_or_was_never_published_is_owed() {
    let yaml = TIDY.replace("cron: \"0 2 * * *\"", "every: 90d");
    let case = Case::new().plan_file(&yaml);
    case.run("--now 2026-03-01T12:00:00Z run --due").any_output().exit(0);
    assert_eq!(items(&case, "--now 2026-03-02T11:59:59Z plan"), []);
    let never = items(&case, "--now 2026-03-04T12:00:00Z plan");
    assert_eq!(never, [item("schedule", "no schedule is published", 6)]);
    case.run("--now 2026-03-04T12:00:00Z plan --horizon 2d --publish").any_output().exit(0);
    assert_eq!(items(&case, "--now 2026-03-06T11:59:59Z plan"), []);
    let ended = items(&case, "--now 2026-03-06T12:00:00Z plan");
    assert_eq!(ended, [item("schedule", "revision 1 of the schedule has come to its end", 3)]);
    let published = case.run("--now 2026-03-06T12:00:00Z plan --publish --format json").json();
    assert_eq!(published["debt"]["total"], 0);
}

#[test]
fn text_of_the_plan_file_does_nothing_where_it_is_owed() {
    let case = Case::new().plan_file(FRAGILE.replace("name: unmount", "name: \"\\e[2J<b>|`x\""));
    case.run(&format!("{NOW} run fragile")).any_output().exit(1);
    for format in ["text", "markdown", "html"] {
        let shown = case.run(&format!("{NOW} plan --format {format}")).exit(0).take_text();
        assert!(shown.contains("did not clean up"), "{shown}");
        assert!(!shown.contains('\u{1b}'), "{shown}");
        assert!(format != "html" || !shown.contains("<b>|"), "{shown}");
        assert!(format != "markdown" || !shown.contains("<b>"), "{shown}");
    }
}
