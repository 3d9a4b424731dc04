//! Clocks that are wrong, and time that nobody was there for.

use mainstay::model::Outcome;
use serde_json::Value;

use super::{placed, plan};
use crate::support::{Case, Past};

const DAILY: &str = "schedule: {cron: \"0 2 * * *\"}";

/// What `run --due` started, one time after the other.
fn started(case: &Case, times: &[&str]) -> Vec<Vec<String>> {
    let one = |time: &&str| {
        let ran = case.run(&format!("--now {time} run --due --jobs 1 --format json")).exit(0).json();
        let runs = ran["runs"].as_array().expect("runs").iter();
        runs.map(|run| run["occurrence"].as_str().expect("an occurrence").to_owned()).collect()
    };
    times.iter().map(one).collect()
}

#[test]
fn case_20_after_a_clock_that_steps_back_three_days_nothing_repeats_and_the_next_time_counts_from_now() {
    let case = Case::new().plan_file(plan("", &[("c", DAILY), ("k", "schedule: {every: 1d}")]));
    let days = started(
        &case,
        &[
            "2026-03-04T12:00:00Z",
            "2026-03-05T12:30:00Z",
            "2026-03-06T13:00:00Z",
            "2026-03-07T13:30:00Z",
            // Back.
            "2026-03-04T13:00:00Z",
            "2026-03-05T01:00:00Z",
        ],
    );
    assert_eq!(days[3], ["c@2026-03-07T02:00:00Z", "k#4"]);
    assert_eq!(days[4..], [[""; 0], [""; 0]]);
    // The calendar goes on where nothing was done yet; the interval counts from the last success that has been.
    let planned = case.run("--now 2026-03-05T01:00:00Z plan --horizon 4d --format json").json();
    let expected = [
        ("k#5", "2026-03-06T12:30:00Z"),
        ("k#6", "2026-03-07T12:50:00Z"),
        ("c@2026-03-08T02:00:00Z", "2026-03-08T02:00:00Z"),
        ("k#7", "2026-03-08T13:10:00Z"),
    ];
    let planned: Vec<_> =
        placed(&planned).into_iter().map(|(id, start)| (id, format!("{}:00Z", &start[..16]))).collect();
    let expected: Vec<_> = expected.into_iter().map(|(id, start)| (id, start.to_owned())).collect();
    assert_eq!(planned, expected);
}

#[test]
fn case_20_a_clock_that_steps_back_during_a_run_makes_no_work_of_negative_length() {
    let case = Case::new().plan_file(plan("", &[("k", "schedule: {every: 1d}")]));
    let past = Past(&case);
    for n in 1..=5 {
        let begin = format!("2026-03-0{n}T12:00:00Z");
        past.begin(&begin, "k", &format!("k#{n}"));
        past.end(&format!("2026-03-0{n}T10:00:00Z"), n, Outcome::Succeeded, "");
    }
    let planned = case.run("--now 2026-03-06T12:00:00Z plan --horizon 1d --format json").json();
    assert_eq!(planned["occurrences"][0]["estimate_seconds"], 1);
    let log = case.run("audit log --format json").json();
    let entries = log["entries"].as_array().expect("entries").iter();
    let stepped = entries.filter(|entry| entry["event"]["kind"] == "clock_stepped").count();
    assert_eq!(stepped, 5, "each step back is on record");
}

#[test]
fn case_21_what_was_recorded_while_the_clock_was_a_year_ahead_says_nothing_once_it_is_right() {
    let tasks = [("c", DAILY), ("k", "schedule: {every: 1d}")];
    let case = Case::new().plan_file(plan("", &tasks));
    let runs = started(
        &case,
        &["2026-03-06T12:00:00Z", "2027-03-07T12:00:00Z", "2026-03-07T12:00:10Z", "2026-03-08T12:01:00Z"],
    );
    let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    assert_eq!(runs[0], ids(&["k#1"]));
    // What was due first is started first: the interval has waited for a year.
    assert_eq!(runs[1], ids(&["k#2", "c@2027-03-07T02:00:00Z"]));
    // A year of misses is on record by now; none of it has happened.
    assert_eq!(runs[2], ids(&["c@2026-03-07T02:00:00Z", "k#3"]));
    assert_eq!(runs[3], ids(&["c@2026-03-08T02:00:00Z", "k#4"]));
    let plan = case.run("--now 2026-03-08T13:00:00Z plan --horizon 1d --format json").json();
    assert_eq!(plan["debt"]["items"].as_array().map(Vec::len), Some(1), "{}", plan["debt"]);
    assert_eq!(plan["debt"]["items"][0]["kind"], "schedule");
    case.run("audit verify").any_output().stdout_has("the chain is unbroken");
}

#[test]
fn case_23_thirty_days_without_anybody_are_bounded_counted_and_over() {
    let case = Case::new().plan_file(plan("", &[("k", "schedule: {cron: \"* * * * *\"}; overlap: skip")]));
    started(&case, &["2026-02-05T12:00:00Z"]);
    let planned = case.run("--now 2026-03-07T12:00:30Z plan --horizon 1h --format json").json();
    let missed = planned["missed"].as_array().expect("a list");
    assert_eq!(missed.len(), 999, "of a thousand, one happens late");
    assert_eq!(missed[0]["release"], "2026-03-06T19:21:00Z");
    assert_eq!(missed[998]["release"], "2026-03-07T11:59:00Z");
    assert_eq!(
        planned["missed_more"].as_u64().map(|n| n + 999 + 1),
        Some(30 * 1440),
        "every minute is counted"
    );
    let runs = started(&case, &["2026-03-07T12:00:30Z", "2026-03-07T12:01:30Z"]);
    assert_eq!(runs, [["k@2026-03-07T12:00:00Z"], ["k@2026-03-07T12:01:00Z"]]);
    let again = case.run("--now 2026-03-07T12:02:00Z plan --horizon 1h --format json").json();
    assert_eq!((&again["missed"], &again["missed_more"]), (&Value::Array(Vec::new()), &0.into()));
}

#[test]
fn case_24_no_slot_of_the_old_calendar_is_replayed_under_the_new_one() {
    let case = Case::new().plan_file(plan("", &[("k", DAILY)]));
    let before = started(&case, &["2026-03-05T12:00:00Z", "2026-03-06T02:00:00Z"]);
    assert_eq!(before[1], ["k@2026-03-06T02:00:00Z"]);
    // Edited while nobody looked, to an hour that has passed on the days since.
    let case = case.plan_file(plan("", &[("k", "schedule: {cron: \"0 1 * * *\"}")]));
    let after = started(&case, &["2026-03-08T12:00:00Z", "2026-03-08T12:01:00Z", "2026-03-09T01:00:00Z"]);
    assert_eq!(after, [vec!["k@2026-03-08T01:00:00Z"], vec![], vec!["k@2026-03-09T01:00:00Z"]]);
}
