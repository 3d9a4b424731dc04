//! The edges of what is called unused.

use crate::validator::rules::tests::check_code;

/// A plan file with one task that holds these lines, and these sections.
fn plan(task: &str, sections: &str) -> String {
    format!(
        "mainstay: 1\n{sections}tasks:\n  t:\n    type: routine\n    domain: component\n    duration: 5m\n{task}    \
         steps: [{{run: [ls]}}]\n"
    )
}

const TARGETS: &str = "\
targets:
  a: {local: true, group: pair, labels: {zone: x}}
  b: {local: true}
groups: {pair: {max_down: 1}}
";

#[test]
fn a_target_is_used_by_its_name_its_group_its_label_or_all() {
    let check = |selectors: &str, expected: &[&str]| {
        check_code("MS712", &plan(&format!("    targets: {selectors}\n"), TARGETS), expected);
    };
    check("[all]", &[]);
    check("[a, b]", &[]);
    check("[b, 'group:pair']", &[]);
    check("[b, 'label:zone=x']", &[]);
    check("[b]", &["3:3 no task works on target `a`"]);
    check("['label:zone=x']", &["4:3 no task works on target `b`"]);
}

#[test]
fn a_misspelt_name_is_not_told_twice() {
    let windows = "windows:\n  night: {cron: \"0 2 * * *\", duration: 4h}\n";
    check_code("MS711", &plan("", windows), &["3:3 no task runs in window `night`"]);
    check_code("MS711", &plan("    window: [nigth]\n", windows), &[]);
    // What could not be read may use it.
    check_code("MS711", &plan("    windo: night\n", windows), &[]);
    check_code("MS711", &format!("mainstay: 1\n{windows}"), &[]);
}

#[test]
fn a_secret_is_used_wherever_it_is_named() {
    let secrets = "secrets: {smtp: {env: SMTP}}\n";
    check_code("MS716", &plan("", secrets), &["2:11 nothing uses secret `smtp`"]);
    let report = "reports: {weekly: {kind: status, send: {mail: {password: {secret: smtp}}}}}\n";
    check_code("MS716", &plan("", &format!("{secrets}{report}")), &[]);
}

#[test]
fn a_plan_file_is_in_force_unless_it_says_otherwise() {
    let scheduled = |status: &str| plan("    schedule: {every: 7d}\n", status);
    check_code("MS717", &scheduled(""), &[]);
    check_code("MS717", &scheduled("status: review\n"), &[]);
    let retired = "2:9 the plan file is retired: its 1 task with a schedule will not run";
    check_code("MS717", &scheduled("status: retired\n"), &[retired]);
    check_code("MS717", &plan("", "status: retired\n"), &[]);
}
