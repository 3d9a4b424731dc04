//! Case 19: what let a run start is asked again just before it does what cannot be undone.

use crate::support::{Case, Gatekeeper};

/// A task that drains, then drops, and can fill again; `keys` are lines of its own, `drain` is shell text.
fn plan(keys: &str, drain: &str) -> String {
    format!(
        "mainstay: 1\nwindows: {{night: {{cron: \"0 2 * * *\", duration: 4h, cutoff: 30m}}}}\ntasks:\n  drop:\n    \
         type: routine\n    domain: component\n{keys}    duration: 1m\n    steps:\n      \
         - {{name: drain, shell: {drain:?}}}\n      - {{name: drop, shell: touch dropped, destructive: true}}\n    \
         rollback: [{{name: fill, shell: rm drained}}]\n"
    )
}

const DRAIN: &str = "touch drained";

/// The outcome of the one run and its reason.
fn outcome(case: &Case, arguments: &str) -> (String, String) {
    let ran = case.run(&format!("{arguments} --format json")).json();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    (text(&ran["runs"][0]["outcome"]), text(&ran["runs"][0]["reason"]))
}

#[test]
fn case_19_a_drain_that_outlives_the_window_is_undone_and_nothing_is_dropped() {
    // The clock is 8 seconds before the cutoff when mainstay starts, and beyond it after the drain.
    let case = Case::new().plan_file(plan("    window: night\n", "touch drained; sleep 9"));
    let (outcome, reason) = outcome(&case, "--now 2026-03-07T05:29:52Z run drop");
    assert_eq!(
        (outcome.as_str(), reason.as_str()),
        ("rolled_back", "step 2 of 2, `drop`, was not started: 2026-03-07 closed at its cutoff, 05:30")
    );
    assert!(!case.has("dropped") && !case.has("drained"));
    let log = case.run("audit log --run 1").exit(0).take_text();
    assert!(log.contains("gate: before `drop`") && log.contains("closed at its cutoff, 05:30"), "{log}");
}

#[test]
fn a_gate_that_closes_during_the_drain_keeps_the_destructive_step_from_starting() {
    let case = Case::new().file("quiet", "");
    let gatekeeper = Gatekeeper::start(&case.path().join("quiet"));
    let gated = |drain: &str| {
        let connections =
            format!("mainstay: 1\nconnections: {{prometheus: {{url: \"{}\"}}}}\n", gatekeeper.url());
        plan("    gate: {promql: absent(ALERTS)}\n", drain).replace("mainstay: 1\n", &connections)
    };
    let case = case.plan_file(gated("touch drained; rm quiet"));
    let (first, reason) = outcome(&case, "run drop");
    assert_eq!(
        (first.as_str(), reason.as_str()),
        (
            "rolled_back",
            "step 2 of 2, `drop`, was not started: its gate is closed by now: `absent(ALERTS)` returns nothing"
        )
    );
    assert!(!case.has("dropped") && !case.has("drained"));

    let case = case.file("quiet", "").plan_file(gated(DRAIN));
    assert_eq!(outcome(&case, "run drop").0, "succeeded");
    assert!(case.has("dropped"));
}

#[test]
fn a_destructive_step_that_comes_first_refuses_the_run_and_touches_nothing() {
    let case = Case::new().file("quiet", "");
    let gatekeeper = Gatekeeper::start(&case.path().join("quiet"));
    let connections =
        format!("mainstay: 1\nconnections: {{prometheus: {{url: \"{}\"}}}}\n", gatekeeper.url());
    // The gate is open when it is asked, and closes while a precondition is.
    let keys = "    gate: {promql: absent(ALERTS)}\n    preconditions: [{command: {run: [rm, quiet]}}]\n";
    let first = plan(keys, DRAIN)
        .replace("mainstay: 1\n", &connections)
        .replace("- {name: drain, shell: \"touch drained\"}\n      ", "");
    let case = case.plan_file(first);
    let (outcome, reason) = outcome(&case, "run drop");
    assert_eq!(outcome, "refused", "{reason}");
    assert!(
        reason.starts_with("step 1 of 1, `drop`, was not started: its gate is closed by now: "),
        "{reason}"
    );
    assert!(!case.has("dropped"));
}

#[test]
fn work_that_nothing_gates_is_not_asked_about() {
    let case = Case::new().plan_file(plan("", DRAIN));
    assert_eq!(outcome(&case, "run drop").0, "succeeded");
    let log = case.run("audit log --run 1").exit(0).take_text();
    assert!(!log.contains("before `drop`"), "{log}");
}
