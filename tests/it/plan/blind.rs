//! `plan` says for how long monitoring will be blind, target by target.

use mainstay::model::{Event, Fact, Outcome, RunId, ScrapeGap};

use super::super::support::{Case, Past};

const PLAN: &str = "\
mainstay: 1
connections:
  prometheus: {url: \"http://127.0.0.1:9090\"}
targets:
  prom-1: {local: true}
  prom-2: {local: true}
tasks:
  known:
    type: preventive
    domain: component
    schedule: {every: 1d, tolerance: 1h}
    targets: [prom-1]
    duration: 5m
    baseline: {settle: 2m}
    steps: [{run: [\"true\"]}]
  new:
    type: routine
    domain: component
    schedule: {cron: \"0 20 * * *\"}
    targets: [prom-1, prom-2]
    duration: 5m
    baseline: {settle: 1m}
    steps: [{run: [\"true\"]}]
  unwatched:
    type: routine
    domain: component
    schedule: {cron: \"0 22 * * *\"}
    targets: [prom-2]
    duration: 5m
    steps: [{run: [\"true\"]}]
";

/// Runs of `known`, after each of which monitoring took so many milliseconds to come back.
fn with_history(settled_ms: &[u64]) -> Case {
    with_gaps(settled_ms, &[])
}

/// The same, with the longest time that a target was not scraped in the newest of them.
fn with_gaps(settled_ms: &[u64], gaps_ms: &[u64]) -> Case {
    let case = Case::new().plan_file(PLAN);
    let past = Past(&case);
    for (n, settled_ms) in settled_ms.iter().enumerate() {
        let (day, run) = (n + 1, RunId(i64::try_from(n).unwrap() + 1));
        past.begin(&format!("2026-03-0{day}T10:00:00Z"), "known", &format!("known#{day}"));
        past.at(&format!("2026-03-0{day}T10:01:00Z"), |state| {
            let at = "2026-03-01T10:00:00Z".parse().unwrap();
            let compared = Event::BaselineCompared {
                run,
                same: true,
                differences: Vec::new(),
                settled_ms: Some(*settled_ms),
                changes: Vec::new(),
                compared: gaps_ms.get(n).map(|_| (Fact::Target, 1)).into_iter().collect(),
                gaps: gaps_ms.get(n).map(|longest_ms| gap(*longest_ms)).into_iter().collect(),
            };
            let taken = Event::BaselineTaken { run, at, facts: serde_json::json!({}) };
            state.record_all(&[taken, compared]).unwrap();
        });
        past.end(&format!("2026-03-0{day}T10:02:00Z"), run.0, Outcome::Succeeded, "");
    }
    case
}

#[test]
fn what_earlier_runs_took_counts_once_there_are_enough_and_the_most_that_is_allowed_before() {
    let plan = "--now 2026-03-06T12:00:00Z plan --horizon 12h";
    let few = with_history(&[14_000, 9_000]);
    few.run(plan).any_output().exit(0).stdout_has(
        "monitoring is blind at most 3m after 2 occurrences on prom-1, at most 1m after 1 occurrence on prom-2\n",
    );
    let enough = with_history(&[14_000, 9_000, 9_500, 8_000, 13_999]);
    enough.run(plan).any_output().exit(0).stdout_has("at most 1m14s after 2 occurrences on prom-1, ");
    let json = enough.run(&format!("{plan} --format json --output saved.json")).any_output().exit(0).json();
    let expected = serde_json::json!([
        {"target": "prom-1", "occurrences": 2, "seconds": 74, "measured": false},
        {"target": "prom-2", "occurrences": 1, "seconds": 60, "measured": false},
    ]);
    assert_eq!(json["blind"], expected);
    enough
        .run("--now 2026-03-06T12:00:00Z plan --from-file saved.json")
        .any_output()
        .stdout_has("at most 1m14s")
        .exit(0);
    let only_known = "--now 2026-03-06T12:00:00Z plan --horizon 6h";
    enough
        .run(only_known)
        .any_output()
        .stdout_has("monitoring is blind about 14s after 1 occurrence on prom-1\n");
}

#[test]
fn without_a_baseline_nothing_is_claimed() {
    let case = Case::new().plan_file(
        PLAN.replace("    baseline: {settle: 2m}\n", "").replace("    baseline: {settle: 1m}\n", ""),
    );
    let text = case.run("--now 2026-03-06T12:00:00Z plan").any_output().exit(0).take_text();
    assert!(!text.contains("blind"), "{text}");
}

/// A gap in scrapes of every 15 seconds.
fn gap(longest_ms: u64) -> ScrapeGap {
    let target = "{instance=\"a\",job=\"node\"}".to_owned();
    ScrapeGap { target, server: None, longest_ms, lost: longest_ms / 15_000, interval_ms: 15_000 }
}

#[test]
fn gaps_that_were_measured_count_before_the_time_that_monitoring_took_to_come_back() {
    let plan = "--now 2026-03-06T12:00:00Z plan --horizon 12h";
    let settled = [14_000, 9_000, 9_500, 8_000, 13_999];
    let few = with_gaps(&settled, &[45_000]);
    few.run(plan).any_output().exit(0).stdout_has("at most 1m14s after 2 occurrences on prom-1, ");
    let enough = with_gaps(&settled, &[45_000, 30_000, 30_000, 46_000, 30_000]);
    enough.run(plan).any_output().exit(0).stdout_has("at most 1m31s after 2 occurrences on prom-1, ");
}
