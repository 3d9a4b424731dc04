//! `plan --gantt`.

use crate::support::Case;

const PLAN: &str = "\
mainstay: 1
timezone: Europe/Berlin
windows:
  weekend-night: {cron: \"0 2 * * SAT,SUN\", duration: 12h, cutoff: 30m}
blackouts:
  freeze: {from: 2026-03-14, to: 2026-03-15, allow: [emergency]}
tasks:
  snapshot:
    type: routine
    domain: data
    schedule: {cron: \"0 2 * * SAT,SUN\"}
    window: weekend-night
    duration: 6h
    steps: [{run: [\"true\"]}]
  upgrade-of-a-server-with-a-name-that-is-longer-than-a-third:
    type: preventive
    domain: component
    schedule: {every: 7d}
    duration: 9h
    steps: [{run: [\"true\"]}]
  huge:
    type: routine
    domain: data
    schedule: {cron: \"0 2 * * SUN\"}
    window: weekend-night
    duration: 13h
    steps: [{run: [\"true\"]}]
";

/// The chart at one moment, in a locale.
fn chart(case: &Case, locale: &str) -> String {
    let question = "--now 2026-03-07T11:00:00Z plan --horizon 9d --gantt";
    let output = case.command(question).env("LC_ALL", locale).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    String::from_utf8(output.stdout).unwrap()
}

fn changed() -> Case {
    let case = Case::new().plan_file(PLAN);
    case.run("--now 2026-03-07T07:00:00Z plan --horizon 9d --publish").any_output().exit(0);
    let changed =
        PLAN.replace("cron: \"0 2 * * SAT,SUN\"}\n    window", "cron: \"0 4 * * SAT,SUN\"}\n    window");
    case.plan_file(changed)
}

#[test]
fn a_chart_has_a_row_for_each_task_with_its_windows_and_blackouts_behind() {
    insta::assert_snapshot!("gantt_in_ascii", chart(&changed(), "C"));
    insta::assert_snapshot!("gantt_in_unicode", chart(&changed(), "C.UTF-8"));
}

#[test]
fn a_chart_in_a_pipe_is_a_hundred_columns_wide_whatever_the_plan() {
    for horizon in ["1h", "5h", "1d", "3d", "2w", "4w", "26w", "156w"] {
        for zone in ["UTC", "Europe/Berlin", "Australia/Lord_Howe"] {
            let case = Case::new().plan_file(PLAN.replace("Europe/Berlin", zone));
            let question = format!("--now 2026-03-07T01:10:00Z plan --horizon {horizon} --gantt");
            let text = case.run(&question).exit(0).take_text();
            let (chart, _) = text.split_once("\n\n").unwrap();
            let widest = chart.lines().map(|line| line.chars().count()).max().unwrap();
            assert!(
                (85..=100).contains(&widest) || horizon == "1h",
                "{widest} with {horizon} in {zone}:\n{text}"
            );
            assert!(widest <= 100, "{text}");
            let ticks = chart.lines().nth(1).unwrap().matches('|').count();
            assert!((1..=13).contains(&ticks), "{ticks} ticks with {horizon} in {zone}:\n{text}");
        }
    }
}

#[test]
fn what_is_not_planned_at_all_leaves_the_notes() {
    let nothing = "--now 2026-03-07T14:00:00Z plan --horizon 1h --gantt";
    let case = Case::new().plan_file(PLAN.replace("{every: 7d}", "{at: 2026-12-24}"));
    case.run(nothing).stdout_has("0 occurrences until Sat 2026-03-07 16:00 CET").any_output().exit(0);
}

#[test]
fn a_chart_goes_to_files_and_other_formats_stay_what_they_are() {
    let case = Case::new().plan_file(PLAN);
    let question = "--now 2026-03-07T11:00:00Z plan --horizon 9d --format json";
    let without = case.run(question).exit(0).take_text();
    let with = case.run(&format!("{question} --gantt --output chart.txt")).exit(0).take_text();
    assert_eq!(with, without);
    assert_eq!(case.read("chart.txt"), chart(&case, "C"));
}
