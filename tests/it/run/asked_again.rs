//! Checks with `retry` are asked again until they hold.

use super::{plan, task};
use crate::support::Case;

/// A command that fails the first time and holds from then on.
const SECOND_TIME: &str = "{command: {run: [sh, -c, 'test -e seen || { touch seen; exit 1; }']}";

#[test]
fn a_precondition_that_comes_true_in_time_lets_the_work_begin() {
    let rest = |retry: &str| {
        format!("    preconditions:\n      - {SECOND_TIME}{retry}}}\n    steps:\n      - shell: touch done\n")
    };
    let case = Case::new().plan_file(plan(&task("patient", &rest(", retry: {for: 1m, every: 1s}"))));
    case.run("run patient").exit(0).any_output();
    assert!(case.has("done"));
    let log = case.run("audit log --run 1 --format json").json().to_string();
    assert!(log.contains("exit code 0 (asked 2 times in "), "{log}");

    let case = Case::new().plan_file(plan(&task("hasty", &rest(""))));
    case.run("run hasty").exit(1).any_output();
    assert!(!case.has("done"));
}

#[test]
fn the_time_for_all_questions_is_not_crossed_by_one_that_hangs() {
    let rest = "    preconditions:\n      - {command: {run: [sleep, '600']}, retry: {for: 2s, every: 1s}}\n    steps:\n      - shell: touch done\n";
    let case = Case::new().plan_file(plan(&task("bounded", rest)));
    let began = std::time::Instant::now();
    case.run("run bounded").exit(1).any_output();
    assert!(began.elapsed().as_secs() < 10, "the check had two seconds");
    assert!(!case.has("done"));
}
