//! What cannot happen names the nearest thing that helps, and that does help.

use serde_json::Value;

use super::super::support::Case;
use super::optimizer::plan_file;

const NOW: &str = "--now 2026-03-06T12:00:00Z plan --effort 500";

fn plan(text: &str, arguments: &str) -> Value {
    let case = Case::new().plan_file(text);
    case.run(&format!("{NOW} --format json {arguments}")).any_output().exit(0).json()
}

/// What helps `victim`, which has no place. With each of `remedies`, a part of the plan file and what it is replaced
/// with, it has one.
fn check(text: &str, victim: &str, expected: &str, remedies: &[(&str, &str)]) {
    let is_left_out = |plan: &Value| {
        let unplaced = plan["unplaced"].as_array().expect("a list");
        unplaced.iter().find(|it| it["task"] == victim).map(|it| it["help"].as_str().map(str::to_owned))
    };
    let help = is_left_out(&plan(text, "--horizon 2d"));
    assert_eq!(help.flatten().as_deref(), Some(expected));
    for (part, remedy) in remedies {
        assert!(text.contains(part), "{part}");
        let mended = plan(&text.replace(part, remedy), "--horizon 2d");
        assert_eq!(is_left_out(&mended), None, "with {remedy}");
    }
}

const NIGHT: &str = "windows:\n  night: {cron: \"0 2 * * SUN\", duration: 2h, cutoff: 1h}\n";

#[test]
fn a_window_is_too_short() {
    let long = "schedule: {cron: \"0 2 * * SUN\"}; window: night; duration: 3h";
    let text = plan_file(NIGHT, &[("k", long)]);
    check(&text, "k", "window `night` would have to be 1h longer", &[("duration: 2h", "duration: 3h")]);
}

#[test]
fn work_is_released_after_the_cutoff() {
    let late =
        "schedule: {cron: \"5 3 * * SUN\", tolerance: 30m}; missed: skip; window: night; duration: 20m";
    let help = "the cutoff of window `night`, 1h, would have to be below 55m";
    check(&plan_file(NIGHT, &[("k", late)]), "k", help, &[("cutoff: 1h", "cutoff: 54m")]);
}

#[test]
fn work_is_released_too_late_for_the_window_whatever_its_cutoff() {
    let late =
        "schedule: {cron: \"50 3 * * SUN\", tolerance: 30m}; missed: skip; window: night; duration: 20m";
    let help = "window `night` would have to be 51m longer";
    check(&plan_file(NIGHT, &[("k", late)]), "k", help, &[("duration: 2h", "duration: 171m")]);
}

#[test]
fn a_blackout_lasts_until_it_is_too_late() {
    let sections = "blackouts:\n  freeze: {from: 2026-03-07, to: 2026-03-08, allow: [emergency]}\n";
    let frozen = "schedule: {cron: \"0 9 * * SAT\", tolerance: 1h}; missed: skip; duration: 20m";
    let help = "blackout `freeze` would have to allow routine work; or `tolerance` would have to be 15h instead of 1h";
    let remedies = [("[emergency]", "[emergency, routine]"), ("tolerance: 1h", "tolerance: 15h")];
    check(&plan_file(sections, &[("k", frozen)]), "k", help, &remedies);
}

/// Two tasks at the same time: one that matters more and can only start then, and the victim.
fn rivals(sections: &str, first: &str, second: &str) -> String {
    let sections = format!("{sections}windows:\n  early: {{cron: \"0 5 * * SAT\", duration: 3h}}\n");
    let first =
        format!("priority: 90; schedule: {{cron: \"0 5 * * SAT\"}}; window: early; duration: 3h; {first}");
    let second =
        format!("schedule: {{cron: \"0 5 * * SAT\", tolerance: 1h}}; missed: skip; duration: 1h; {second}");
    plan_file(&sections, &[("k", &first), ("victim", &second)])
}

#[test]
fn the_crew_is_busy() {
    let crew = "resources: {crew: 1}";
    let text = rivals("resources: {crew: 1} # all\n", crew, crew);
    let help = "resource `crew` would have to be free before 2026-03-07 07:00, or be 2 instead of 1; \
                or `tolerance` would have to be 3h instead of 1h";
    let remedies = [("{crew: 1} # all", "{crew: 2}"), ("tolerance: 1h", "tolerance: 3h")];
    check(&text, "victim", help, &remedies);
}

const THREE: &str =
    "targets:\n  a: {local: true, group: g}\n  b: {local: true, group: g}\n  c: {local: true, group: g}\n";

#[test]
fn enough_of_a_group_is_in_work() {
    let text = rivals(&format!("{THREE}groups:\n  g: {{max_down: 1}}\n"), "targets: [a]", "targets: [b]");
    let help = "group `g` would have to be free before 2026-03-07 07:00, or its `max_down` be 2 instead of 1; \
                or `tolerance` would have to be 3h instead of 1h";
    check(&text, "victim", help, &[("max_down: 1", "max_down: 2"), ("tolerance: 1h", "tolerance: 3h")]);
}

#[test]
fn nobody_is_told_to_take_all_of_a_group_down_at_once() {
    let pair = THREE.replace("c: {local: true, group: g}", "c: {local: true}");
    let text = rivals(&format!("{pair}groups:\n  g: {{max_down: 1}}\n"), "targets: [a]", "targets: [b]");
    let help = "group `g` would have to be free before 2026-03-07 07:00; \
                or `tolerance` would have to be 3h instead of 1h";
    check(&text, "victim", help, &[]);
}

#[test]
fn a_claim_and_a_target_are_called_what_they_are() {
    let tolerance = "or `tolerance` would have to be 3h instead of 1h";
    let remedies = [("tolerance: 1h", "tolerance: 3h")];
    let targets = "targets: {a: {local: true}, b: {local: true}}\n";
    let claims = rivals(targets, "targets: [a]; claims: [path]", "targets: [b]; claims: [path]");
    let help = format!("claim `path` would have to be free before 2026-03-07 07:00; {tolerance}");
    check(&claims, "victim", &help, &remedies);
    let help = format!("target `a` would have to be free before 2026-03-07 07:00; {tolerance}");
    check(&rivals(targets, "targets: [a]", "targets: [a]"), "victim", &help, &remedies);
}

#[test]
fn no_tolerance_reaches_beyond_the_next_instant() {
    let daily = "schedule: {cron: \"0 9 * * *\", tolerance: 1h}; missed: skip; window: night; duration: 10m";
    let help = "window `night` would have to open between 2026-03-06 12:00 and 2026-03-06 13:10";
    let text = plan_file(NIGHT, &[("k", &daily.replace("0 9", "0 12"))]);
    check(&text, "k", help, &[]);
}

#[test]
fn what_comes_after_the_impossible_says_what_helps_that() {
    let long = "schedule: {cron: \"0 2 * * SUN\"}; window: night; duration: 3h";
    let next = |after: &str| format!("schedule: {{cron: \"0 6 * * SUN\"}}; duration: 1h; after: [{after}]");
    let text = plan_file(NIGHT, &[("k", long), ("l", &next("k")), ("m", &next("l"))]);
    let help = "what helps k@2026-03-08T02:00:00Z: window `night` would have to be 1h longer";
    for victim in ["l", "m"] {
        check(&text, victim, help, &[("duration: 2h", "duration: 3h")]);
    }
}

#[test]
fn what_differs_in_its_times_alone_is_one_line() {
    let daily = "schedule: {cron: \"0 9 * * *\", tolerance: 1h}; missed: skip; window: night; duration: 10m";
    let case = Case::new().plan_file(plan_file(NIGHT, &[("k", daily)]));
    let expected = "\
! k@2026-03-07T09:00:00Z cannot happen: no start is possible before its latest, 2026-03-07 10:10; window `night` would \
have to open between 2026-03-07 09:00 and 2026-03-07 10:10; or `tolerance` would have to be 17h instead of 1h
! 5 of k cannot happen, Sun 2026-03-08 09:00 to Thu 2026-03-12 09:00; the first: no start is possible before its \
latest, 2026-03-08 10:10; window `night` would have to open between 2026-03-08 09:00 and 2026-03-08 10:10
0 occurrences until Fri 2026-03-13 00:00 UTC, 6 unplaced; nothing is published yet
";
    let hint =
        "hint: `mainstay plan --publish` makes this the schedule, without 6 occurrences that cannot happen\n";
    case.run(&format!("{NOW} --horizon 156h")).stdout(expected).stderr(hint).exit(0);
}
