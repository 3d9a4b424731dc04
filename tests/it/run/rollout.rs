//! How a run spreads over its targets: batches, borne failures, what is asked between batches.

use super::{PATIENCE, signal};
use crate::support::{Case, Gatekeeper, wait_until};
use rustix::process::Signal;

/// Targets `a` to `e`; the work notes `TARGET` in `done` and fails on targets that have a file `bad-TARGET`; the way back
/// notes `back-TARGET`.
fn spread(rollout: &str, rest: &str) -> Case {
    spread_at("", rollout, rest)
}

fn spread_at(top: &str, rollout: &str, rest: &str) -> Case {
    let targets: String =
        ["a", "b", "c", "d", "e"].map(|name| format!("  {name}: {{local: true}}\n")).concat();
    Case::new().plan_file(format!(
        "mainstay: 1\n{top}targets:\n{targets}tasks:\n  roll:\n    type: routine\n    domain: component\n    duration: 1m\n    \
         targets: [a, b, c, d, e]\n    rollout: {rollout}\n    steps:\n      - {{name: work, shell: 'echo $MAINSTAY_TARGET >> \
         done; test ! -e bad-$MAINSTAY_TARGET'}}\n    rollback:\n      - {{name: undo, shell: 'echo \
         back-$MAINSTAY_TARGET >> done'}}\n{rest}"
    ))
}

fn bad(case: &Case, targets: &[&str]) {
    for target in targets {
        std::fs::write(case.path().join(format!("bad-{target}")), "").expect("a file");
    }
}

/// What was done, the outcome, and the reason.
fn run(case: &Case) -> (String, String, String) {
    let runs = case.run("run roll --format json").json();
    let run = &runs["runs"][0];
    let text = |key: &str| run[key].as_str().unwrap_or_default().to_owned();
    (case.read("done").replace('\n', " ").trim_end().to_owned(), text("outcome"), text("reason"))
}

#[track_caller]
fn check(case: &Case, done: &str, outcome: &str, reason: &str) {
    let found = run(case);
    assert_eq!((found.0.as_str(), found.1.as_str(), found.2.as_str()), (done, outcome, reason));
}

#[test]
fn targets_are_worked_on_in_order_and_verified_batch_by_batch() {
    let verify = "    verify:\n      - command: {run: [sh, -c, 'echo verified >> done']}\n";
    check(&spread("{serial: 2, canary: 1}", verify), "a verified b c verified d e verified", "succeeded", "");
    check(&spread("{serial: 40%}", verify), "a b verified c d verified e verified", "succeeded", "");
    check(&spread("{serial: [1, 40%]}", verify), "a verified b c verified d e verified", "succeeded", "");
}

#[test]
fn a_canary_that_fails_goes_back_and_the_rest_is_never_touched() {
    let case = spread("{serial: 2, canary: 1}", "");
    bad(&case, &["a"]);
    let reason = "step 1 of 1, `work` on a: exit code 1; 1 failed target, and `max_failures` bears 0";
    check(&case, "a back-a", "rolled_back", reason);
}

#[test]
fn what_was_verified_stays_when_a_later_target_fails() {
    let case = spread("{serial: 2}", "");
    bad(&case, &["d"]);
    let reason = "step 1 of 1, `work` on d: exit code 1; 1 failed target, and `max_failures` bears 0; rolled back; done and left \
                  as it is: a, b";
    check(&case, "a b c d back-d back-c", "failed", reason);
}

#[test]
fn a_failure_that_is_borne_goes_back_alone_the_run_goes_on_and_has_failed_all_the_same() {
    let case = spread("{serial: 2, max_failures: 1}", "");
    bad(&case, &["a"]);
    let one = "1 of 5 targets failed, which `max_failures` bears; the others are done: step 1 of 1, `work` on a: exit code 1";
    check(&case, "a back-a b c d e", "failed", one);
    let case = spread("{serial: 2, max_failures: 1}", "");
    bad(&case, &["a", "d"]);
    let two = "step 1 of 1, `work` on d: exit code 1; 2 failed targets, and `max_failures` bears 1; rolled back; done and left as \
               it is: b";
    check(&case, "a back-a b c d back-d back-c", "failed", two);
}

#[test]
fn case_44_a_percentage_has_to_be_exceeded_in_one_batch() {
    let case = spread("{serial: 2, max_failures: 50%}", "");
    bad(&case, &["a", "c", "d"]);
    let (done, outcome, reason) = run(&case);
    assert_eq!((done.as_str(), outcome.as_str()), ("a back-a b c back-c d back-d", "failed"));
    assert!(
        reason.contains("`work` on d: exit code 1; 3 failed targets, and `max_failures` bears 50%"),
        "{reason}"
    );
    let case = spread("{serial: 2, max_failures: 50%}", "");
    bad(&case, &["a", "d"]);
    assert_eq!(run(&case).0, "a back-a b c d back-d e", "50 % is not exceeded, in neither batch");
    let case = spread("{serial: 2, max_failures: 0%}", "");
    bad(&case, &["b"]);
    assert_eq!(run(&case).0, "a b back-b back-a");
}

#[test]
fn a_way_back_that_fails_stops_everything() {
    let case = spread("{serial: 1, max_failures: 5}", "");
    let plan = case
        .read("maintenance.yaml")
        .replace("back-$MAINSTAY_TARGET >> done", "back-$MAINSTAY_TARGET >> done; exit 3");
    let case = case.plan_file(plan);
    bad(&case, &["b"]);
    let reason = "step 1 of 1, `work` on b: exit code 1; the rollback failed at `undo`: exit code 3; done and left as it is: a";
    check(&case, "a b back-b", "failed", reason);
}

#[test]
fn a_batch_that_is_not_verified_goes_back_as_a_whole_and_nothing_else_is_begun() {
    let verify = "    verify:\n      - file: {path: healthy}\n    finally:\n      - shell: 'test $MAINSTAY_TARGET != b || rm -f healthy'\n";
    let case = spread("{serial: 2}", verify);
    let (done, outcome, reason) = run(&case);
    assert_eq!((done.as_str(), outcome.as_str()), ("a b back-b back-a", "rolled_back"));
    assert!(reason.starts_with("after batch 1: verification `file healthy`: "), "{reason}");
    assert!(reason.ends_with("; left out: c, d, e"), "{reason}");
}

#[test]
fn a_gate_that_closes_between_two_batches_leaves_the_rest_out_and_takes_nothing_back() {
    let files = Case::new();
    let open = files.path().join("open");
    std::fs::write(&open, "").expect("a file");
    let gatekeeper = Gatekeeper::start(&open);
    let top = format!("connections: {{prometheus: {{url: '{}'}}}}\n", gatekeeper.url());
    let case = spread_at(&top, "{serial: 2}", "    gate: {promql: up}\n");
    let plan = case.read("maintenance.yaml");
    let closing = format!("test $MAINSTAY_TARGET != d || rm {}; test ! -e bad", open.display());
    let case = case.plan_file(plan.replace("test ! -e bad", &closing));
    let reason = "its gate is closed by now: `up` returns nothing; stopped before batch 3 of 3, left out: e; done and left as it \
                  is: a, b, c, d";
    check(&case, "a b c d", "interrupted", reason);
}

#[test]
fn case_51_no_batch_begins_after_the_cutoff_and_no_pause_waits_beyond_it() {
    let window = "windows: {night: {cron: '0 2 * * *', duration: 4h, cutoff: 1h}}\n";
    let case = spread_at(window, "{serial: 2, pause: 1h}", "    window: night\n");
    // 3 batches of a minute and two pauses of an hour fit into the window when they begin at 02:30, and at 04:00 no more.
    let runs = case.run("--now 2026-03-07T04:00:00Z run roll --format json").exit(1).json();
    assert_eq!(runs["not_started"][0]["outcome"], "refused");
    let case = spread_at(window, "{serial: 3, pause: 1h}", "    window: night\n");
    let runs = case.run("--now 2026-03-07T04:30:00Z run roll --format json").exit(1).json();
    let run = &runs["runs"][0];
    let reason = "out of window: nothing starts after 2026-03-07 05:00, its cutoff, after a pause of 1h; stopped before batch 2 of \
                  2, left out: d, e; done and left as it is: a, b, c";
    assert_eq!((&run["outcome"], &run["reason"]), (&"interrupted".into(), &reason.into()));
    assert_eq!(case.read("done"), "a\nb\nc\n");
}

#[test]
fn case_51_an_attempt_that_would_come_after_the_cutoff_is_not_made_and_the_reason_says_out_of_window() {
    let case = Case::new().plan_file(
        "mainstay: 1\nwindows: {night: {cron: '0 2 * * *', duration: 2h, cutoff: 1h}}\ntasks:\n  retry:\n    type: routine\n    \
         domain: component\n    duration: 1m\n    window: night\n    steps:\n      - {shell: 'echo x >> tries; exit 1', retry: \
         {attempts: 3, backoff: 45m}}\n",
    );
    let runs = case.run("--now 2026-03-07T02:30:00Z run retry --format json").exit(1).json();
    let reason = runs["runs"][0]["reason"].as_str().expect("a reason");
    assert!(reason.starts_with("out of window: step 1 of 1"), "{reason}");
    assert!(reason.ends_with("exit code 1; no attempt is left before the cutoff"), "{reason}");
    assert_eq!(case.read("tries"), "x\n");
}

#[test]
fn a_pause_hears_ctrl_c_and_what_was_verified_stays() {
    let case =
        spread("{serial: 3, pause: 10m}", "    finally:\n      - shell: echo $MAINSTAY_TARGET >> tidied\n");
    let child = case.command("run roll --format json").spawn().expect("a process");
    wait_until("the pause has begun", PATIENCE, || {
        case.has("done") && case.run("audit log --format json").take_text().contains("before batch 2 of 2")
    });
    signal(&child, Signal::INT);
    let output = child.wait_with_output().expect("an end");
    assert_eq!(output.status.code(), Some(130));
    let runs: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let reason = "stopped; stopped before batch 2 of 2, left out: d, e; done and left as it is: a, b, c";
    assert_eq!(
        (&runs["runs"][0]["outcome"], &runs["runs"][0]["reason"]),
        (&"interrupted".into(), &reason.into())
    );
    assert_eq!((case.read("done"), case.read("tidied")), ("a\nb\nc\n".to_owned(), "a\nb\nc\n".to_owned()));
}

#[test]
fn case_50_the_partner_waits_until_it_covers_and_both_at_once_are_refused() {
    let pair = |cover: &str, rest: &str| {
        Case::new().plan_file(format!(
            "mainstay: 1\ntargets: {{a: {{local: true, group: pair}}, b: {{local: true, group: pair}}}}\ngroups: {{pair: \
             {{max_down: 1, cover: {cover}}}}}\nwindows: {{night: {{cron: '0 2 * * *', duration: 2h}}}}\ntasks:\n  roll:\n    \
             type: routine\n    domain: component\n    duration: 1m\n    targets: [group:pair]\n    steps: [{{shell: 'date +%s.%N \
             >> done'}}]\n{rest}"
        ))
    };
    let case = pair("2s", "");
    case.run("run roll --dry-run")
        .exit(0)
        .stdout_has("group pair: it waits 2s between targets of it, until their gap is covered\n");
    let runs = case.run("run roll --format json").exit(0).json();
    let times: Vec<f64> = case.read("done").lines().map(|line| line.parse().expect("a time")).collect();
    assert!(2.0 <= times[1] - times[0], "{times:?}");
    let said = runs["runs"][0]["steps"].to_string();
    assert!(said.contains("still open, after 2s, until group `pair` is covered"), "{said}");
    // The wait is part of the estimate: in a window that is too short for it the work does not begin.
    let case = pair("3h", "    window: night\n");
    case.run("--now 2026-03-07T02:00:00Z run roll").exit(1).stdout_has("`roll` was not started: ");
    assert!(!case.has("done"));
    // Both in one batch is wrong already when it is read, and said where.
    let case = pair("2s", "    rollout: {serial: 2}\n");
    case.run("run roll")
        .exit(2)
        .stderr_has("takes 2 of group `pair` at once (`serial`), and only 1 may be down");
}

#[test]
fn a_timeout_of_the_run_is_not_taken_for_a_failure_of_each_target_that_is_left() {
    let case = spread("{serial: 1, max_failures: 5}", "    timeout: 1s\n");
    let plan = case.read("maintenance.yaml").replace("test ! -e bad", "sleep 2; test ! -e bad");
    let case = case.plan_file(plan);
    let (done, outcome, _) = run(&case);
    assert_eq!((done.as_str(), outcome.as_str()), ("a back-a", "rolled_back"));
}

#[test]
fn a_rollout_that_was_killed_goes_on_where_it_was_and_takes_back_nothing_that_was_verified_or_borne() {
    let case = spread("{serial: 2, max_failures: 1}", "    idempotent: true\n");
    let plan = case.read("maintenance.yaml");
    let held = "test $MAINSTAY_TARGET != d || until [ -e go ]; do sleep 0.05; done; test ! -e bad";
    let case = case.plan_file(plan.replace("test ! -e bad", held));
    bad(&case, &["a"]);
    let mut child = case.command("run roll").spawn().expect("a process");
    wait_until("the work on d has begun", PATIENCE, || case.has("done") && case.read("done").contains('d'));
    child.kill().expect("kill -9");
    child.wait().expect("an end");
    std::fs::write(case.path().join("go"), "").expect("a file");

    let runs = case.run("run --resume 1 --format json").exit(1).json();

    assert_eq!(case.read("done").replace('\n', " "), "a back-a b c d d e ");
    let reason = "1 of 5 targets failed, which `max_failures` bears; the others are done: step 1 of 1, `work` on a: exit code 1";
    assert_eq!((&runs["runs"][0]["outcome"], &runs["runs"][0]["reason"]), (&"failed".into(), &reason.into()));
}

#[test]
fn work_that_was_limited_to_some_targets_leaves_the_others_due() {
    let case = Case::new().plan_file(
        "mainstay: 1\ntargets: {a: {local: true}, b: {local: true}}\ntasks:\n  both:\n    type: routine\n    domain: \
         component\n    schedule: {every: 1d}\n    duration: 1m\n    targets: [all]\n    steps: [{shell: 'echo $MAINSTAY_TARGET \
         >> done'}]\n",
    );
    case.run("run both --limit a").exit(0).any_output();
    case.run("run --due").exit(0).any_output();
    assert_eq!(case.read("done"), "a\na\nb\n");
    case.run("run --due").exit(0);
    // All of them, though they were named.
    case.run("run both --limit a,b").exit(0).any_output();
    let state = case.run("plan --format json").json();
    let release = state["occurrences"][0]["release"].as_str().expect("a release").to_owned();
    case.run("run both --limit b").exit(0).any_output();
    assert_eq!(case.run("plan --format json").json()["occurrences"][0]["release"], release.as_str());
}

#[test]
fn the_wait_for_cover_counts_from_the_end_of_the_work_also_after_a_resume() {
    let case = Case::new().plan_file(
        "mainstay: 1\ntargets: {a: {local: true, group: pair}, b: {local: true, group: pair}}\ngroups: {pair: {max_down: 1, \
         cover: 10s}}\ntasks:\n  roll:\n    type: routine\n    domain: component\n    duration: 1m\n    targets: [group:pair]\n    \
         steps: [{shell: 'date +%s.%N >> done'}]\n",
    );
    let mut child = case.command("run roll").spawn().expect("a process");
    let waits = || case.run("audit log --format json").take_text().contains("before batch 2 of 2");
    wait_until("it waits", PATIENCE, || case.has("done") && waits());
    child.kill().expect("kill -9");
    child.wait().expect("an end");
    let began = std::time::Instant::now();
    std::thread::sleep(std::time::Duration::from_secs(2));

    case.run("run --resume 1").exit(0).any_output();

    let times: Vec<f64> = case.read("done").lines().map(|line| line.parse().expect("a time")).collect();
    assert!(10.0 <= times[1] - times[0], "{times:?}");
    let log = case.run("run --show 1 --format json").take_text();
    // Of the ten seconds at most eight were left.
    let is_less = (1..=8).any(|left| log.contains(&format!("after {left}s, until group `pair` is covered")));
    assert!(is_less, "{log}, {:?} after the kill", began.elapsed());
}

#[test]
fn what_was_left_out_is_done_when_the_run_is_resumed() {
    let window = "windows: {night: {cron: '0 2 * * *', duration: 4h, cutoff: 1h}}\n";
    let case = spread_at(window, "{serial: 3, pause: 1h}", "    window: night\n");
    case.run("--now 2026-03-07T04:30:00Z run roll").exit(1).any_output();
    assert_eq!(case.read("done"), "a\nb\nc\n");
    let plan = case.read("maintenance.yaml").replace("pause: 1h", "pause: 1s");
    let case = case.plan_file(plan);
    case.run("--now 2026-03-08T02:00:00Z run --resume 1 --replan").exit(0).any_output();
    assert_eq!(case.read("done"), "a\nb\nc\nd\ne\n");
}
