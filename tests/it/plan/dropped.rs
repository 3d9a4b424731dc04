//! What the published schedule had and a new one has not says why it is gone.

use super::super::support::Case;
use super::optimizer::plan_file;

const NOW: &str = "--now 2026-03-06T12:00:00Z plan --horizon 2d";

/// Publishes a schedule of task `k` with `before`, and says why `k` is gone with `after`, in all forms.
fn check(sections: &str, before: &str, after: &[(&str, &str)], expected: &str) {
    let case = Case::new().plan_file(plan_file(sections, &[("k", before), ("other", "duration: 1m")]));
    case.run(&format!("{NOW} --publish")).any_output().exit(0);
    let case = case.plan_file(plan_file(sections, after));
    let plan = case.run(&format!("{NOW} --format json --output saved.json")).any_output().exit(0).json();
    assert_eq!(plan["dropped"][0]["reason"], expected);
    let line = format!("is gone; it was to start Sat 2026-03-07 10:00; {expected}\n");
    case.run(NOW).any_output().stdout_has(&line).exit(0);
    case.run("--now 2026-03-06T12:00:00Z plan --from-file saved.json").any_output().stdout_has(&line).exit(0);
    let page = case.run(&format!("{NOW} --format html")).any_output().exit(0).take_text();
    assert!(page.contains("Why it is gone"), "{page}");
    let runbook = case.run(&format!("{NOW} --format markdown")).any_output().exit(0).take_text();
    assert!(runbook.contains("it was to start Sat 2026-03-07 10:00 UTC; "), "{runbook}");
}

const SATURDAY: &str = "duration: 1h; schedule: {cron: \"0 10 * * SAT\"}";

#[test]
fn the_task_is_gone() {
    check("", SATURDAY, &[("other", "duration: 1m")], "the task is not in the plan file any more");
}

#[test]
fn the_task_has_no_schedule_any_more() {
    let reason = "the task has no schedule any more: it runs on demand";
    check("", SATURDAY, &[("k", "duration: 1h"), ("other", "duration: 1m")], reason);
}

#[test]
fn the_calendar_is_another_one() {
    let sunday = "duration: 1h; schedule: {cron: \"0 10 * * SUN\"}";
    let reason = "the calendar of the task, cron 0 10 * * SUN, has no such time any more";
    check("", SATURDAY, &[("k", sunday)], reason);
    let once = "duration: 1h; schedule: {at: 2026-03-08T10:00}";
    let reason = "the calendar of the task, at 2026-03-08 10:00, has no such time any more";
    check("", SATURDAY, &[("k", once)], reason);
    let interval = "duration: 1h; schedule: {every: 7d}";
    check("", SATURDAY, &[("k", interval)], "the calendar of the task, every 7d, has no such time any more");
}

#[test]
fn it_cannot_happen_any_more() {
    let sections = "windows:\n  short: {cron: \"0 10 * * SAT\", duration: 30m}\n";
    let long = format!("{SATURDAY}; window: short");
    let reason = "it cannot happen: needs 1h; its longest window has 30m";
    check(sections, SATURDAY, &[("k", &long)], reason);
}

#[test]
fn an_interval_does_not_come_to_it_any_more() {
    let keys =
        |every: &str| format!("duration: 1h; window: ten; schedule: {{every: {every}, tolerance: 2h}}");
    let sections = "windows:\n  ten: {cron: \"0 10 * * *\", duration: 1h}\n";
    let case = Case::new().plan_file(plan_file(sections, &[("k", &keys("1d"))]));
    case.run(&format!("{NOW} --publish")).any_output().exit(0);
    let case = case.plan_file(plan_file(sections, &[("k", &keys("7d"))]));
    let line = "- k#2 is gone; it was to start Sun 2026-03-08 10:00; its interval, every 7d, releases it only \
                after this time\n";
    case.run(NOW).any_output().stdout_has(line).exit(0);
}

#[test]
fn several_of_a_task_are_one_line() {
    let case =
        Case::new().plan_file(plan_file("", &[("k", "duration: 1h; schedule: {cron: \"0 * * * *\"}")]));
    case.run(&format!("{NOW} --publish")).any_output().exit(0);
    let case = case.plan_file(plan_file("", &[("k", "duration: 1h; schedule: {cron: \"0 10 * * *\"}")]));
    let line = "- 46 of k are gone; they were to start Fri 2026-03-06 12:00 to Sun 2026-03-08 11:00; the calendar of \
                the task, cron 0 10 * * *, has no such time any more\n";
    case.run(NOW).any_output().stdout_has(line).exit(0);
}

#[test]
fn the_check_that_asked_for_it_holds_again() {
    let text = "mainstay: 1\nchecks:\n  room: {file: {path: room}}\ntasks:\n  k:\n    type: corrective\n    domain: data\n    \
                schedule: {when: room, within: 4h}\n    window: night\n    duration: 10m\n    steps: [{run: [\"true\"]}]\n\
                windows:\n  night: {cron: \"0 2 * * *\", duration: 4h}\n";
    let case = Case::new().plan_file(text);
    case.run("--now 2026-03-06T12:00:00Z run --due").any_output().exit(0);
    case.run(&format!("{NOW} --publish")).any_output().exit(0);
    let case = case.file("room", "");
    case.run("--now 2026-03-06T12:01:00Z run --due").any_output().exit(0);
    let line = "- k@2026-03-06T12:00:00Z is gone; it was to start Sat 2026-03-07 02:00; withdrawn: check `room` holds again\n";
    case.run("--now 2026-03-06T12:02:00Z plan --horizon 2d").any_output().stdout_has(line).exit(0);
}

#[test]
fn another_run_has_come_before_it() {
    let text = plan_file("", &[("k", "duration: 1h; schedule: {every: 7d, tolerance: 1d}")]);
    let case = Case::new().plan_file(text);
    case.run(&format!("{NOW} --publish")).any_output().exit(0);
    case.run("--now 2026-03-06T12:00:00Z run k").any_output().exit(0);
    let line =
        "- k#1 is gone; it was to start Fri 2026-03-06 12:00; another run of the task has come before it\n";
    case.run("--now 2026-03-06T12:02:00Z plan --horizon 2d").any_output().stdout_has(line).exit(0);
}

#[test]
fn what_was_slept_through_is_told_as_missed_and_not_as_gone() {
    let case = Case::new().plan_file(plan_file("", &[("k", SATURDAY), ("other", "duration: 1m")]));
    case.run(&format!("{NOW} --publish")).any_output().exit(0);
    let later = case.run(&format!("{NOW} --from 2026-03-15")).any_output().exit(0).take_text();
    assert!(later.contains("! k@2026-03-07T10:00:00Z was missed: "), "{later}");
    assert!(later.contains(", 0 dropped ") && !later.contains("is gone"), "{later}");
}
