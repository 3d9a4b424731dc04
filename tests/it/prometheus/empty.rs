//! A query that returns nothing, and why.

use std::fs;

use super::PATIENCE;
use crate::support::{Case, Stack, wait_until};

/// What the precondition `query` says in a run.
#[track_caller]
fn said(stack: &Stack, query: &str) -> String {
    let case = Case::new().plan_file(format!(
        "mainstay: 1
connections: {{prometheus: {{url: \"{}\"}}}}
tasks:
  ask:
    type: routine
    domain: component
    duration: 1m
    preconditions: [{{promql: {{query: '{query}', every: 1}}}}]
    steps: [{{run: [\"true\"]}}]
",
        stack.prometheus_url()
    ));
    let runs = case.run("run ask --format json").exit(1).json();
    let reason = runs["runs"][0]["reason"].as_str().unwrap_or_else(|| panic!("no reason: {runs}"));
    let (_, why) = reason.split_once("could not be found out: ").unwrap_or_else(|| panic!("{reason}"));
    why.to_owned()
}

#[test]
fn case_9_an_empty_result_is_told_apart_by_its_reason() {
    let stack = Stack::start();
    let textfile = stack.dir().join("node/textfile/fleeting.prom");
    fs::write(&textfile, "fleeting_thing 1\n").expect("a metric");
    let found = || stack.try_query("fleeting_thing").and_then(|found| found.as_array().map(Vec::len));
    wait_until("the metric is stored", PATIENCE, || found() == Some(1));
    fs::remove_file(&textfile).expect("no metric");
    wait_until("the metric is gone", PATIENCE, || found() == Some(0));

    let vanished = said(&stack, "fleeting_thing");
    assert!(vanished.contains("the last sample of `fleeting_thing` is of 2"), "{vanished}");
    assert!(
        vanished.ends_with("a stale marker ended it: its target, or that series of it, is gone"),
        "{vanished}"
    );
    let cases = [
        ("upp", "`upp` was not there in the last 30 days; did you mean `up`?"),
        ("up{job=\"ndoe\"}", "no series of `up` has job=\"ndoe\"; did you mean `node`?"),
        ("up{job=\"node\"} > 5", "`up{job=\"node\"}` has 1 sample, and what stands around it leaves none"),
    ];
    for (query, expected) in cases {
        assert_eq!(said(&stack, query), format!("the query returned no sample: {expected}"));
    }
}
