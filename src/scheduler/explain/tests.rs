//! What the plan file cannot ask for yet, and what takes a state to be asked.

use chrono::TimeDelta;

use super::*;
use crate::scheduler::{Running, TaskHistory, compute};

const PLAN: &str = "\
mainstay: 1
tasks:
  upgrade:
    type: preventive
    domain: component
    schedule: {every: 30d}
    after: back-up
    claims: [alerting-path, {tsdb: shared}]
    overlap: skip
    duration: 20m
    steps: [{run: [\"true\"]}]
  compact:
    type: routine
    domain: data
    schedule: {every: 30d}
    claims: [{tsdb: shared}]
    duration: 1h
    steps: [{run: [\"true\"]}]
  page:
    type: routine
    domain: component
    schedule: {every: 30d}
    claims: [alerting-path]
    duration: 1h
    steps: [{run: [\"true\"]}]
  back-up:
    type: routine
    domain: data
    schedule: {every: 30d}
    duration: 1h
    steps: [{run: [\"true\"]}]
";

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

/// The conditions of `upgrade` on 2026-03-10 at noon: what is asked, and the answer with its reason.
fn conditions(history: &History) -> Vec<(String, String)> {
    let text = crate::planfile::Text::new("maintenance.yaml", PLAN.as_bytes().to_vec());
    let plan = text.read().into_plan().expect("a plan");
    let now = utc("2026-03-10T12:00:00Z");
    let schedule =
        compute(&plan, "", history, None, now, now + TimeDelta::days(1)).expect("a schedule").schedule;
    let question = Question { plan: &plan, schedule: &schedule, published: None, history, now, at: now };
    let explained = explain(&question, "upgrade").expect("a ground").expect("a task");
    let told = |it: Condition| (it.what, format!("{:?}: {}", it.holds, it.value));
    explained.conditions.into_iter().map(told).collect()
}

fn answer(history: &History, what: &str) -> String {
    let found = conditions(history).into_iter().find(|(asked, _)| asked == what);
    found.map_or_else(|| panic!("{what} is not asked"), |(_, answer)| answer)
}

fn done() -> TaskHistory {
    let end = Some(utc("2026-03-09T12:00:00Z"));
    TaskHistory {
        handled_until: end,
        last_success: end,
        last_end: end,
        ended_runs: 1,
        ..TaskHistory::default()
    }
}

fn with(task: &str, past: TaskHistory) -> History {
    let tasks = ["compact", "page", "back-up"].map(|task| (task.to_owned(), done()));
    let mut history = History { tasks: tasks.into() };
    history.tasks.insert(task.to_owned(), past);
    history
}

fn running() -> TaskHistory {
    let running = Running { occurrence: None, until: utc("2026-03-10T12:30:00Z") };
    TaskHistory { running: Some(running), ..done() }
}

#[test]
fn a_claim_is_free_unless_others_hold_it_in_a_way_that_clashes() {
    let free = "Some(true): exclusive; nobody else holds it";
    assert_eq!(answer(&with("page", done()), "claim alerting-path"), free);
    assert_eq!(
        answer(&with("page", running()), "claim alerting-path"),
        "Some(false): exclusive; held by page"
    );
    assert_eq!(answer(&with("compact", running()), "claim tsdb"), "Some(true): shared; nobody else holds it");
}

#[test]
fn its_own_last_run_has_to_end_first() {
    assert_eq!(answer(&with("page", done()), "not running"), "Some(true): no run is going");
    let expected = "Some(false): upgrade runs until about 2026-03-10 12:30, `overlap: skip`";
    assert_eq!(answer(&with("upgrade", running()), "not running"), expected);
}

#[test]
fn what_comes_before_has_to_have_succeeded() {
    assert_eq!(answer(&with("page", done()), "after"), "Some(true): nothing of back-up is to be done before");
    let failed = TaskHistory { last_end: Some(utc("2026-03-10T11:00:00Z")), ..done() };
    assert_eq!(
        answer(&with("back-up", failed), "after"),
        "Some(false): the last run of back-up did not succeed"
    );
    assert_eq!(
        answer(&with("back-up", running()), "after"),
        "Some(false): back-up runs until about 2026-03-10 12:30"
    );
}
