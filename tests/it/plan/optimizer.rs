//! What the optimizer makes of a plan file, through the binary.

use mainstay::model::Outcome;
use serde_json::Value;

use super::super::support::{Case, Past};

const NOW: &str = "--now 2026-03-06T12:00:00Z";

/// A plan file of tasks with these keys, and of sections before them.
pub fn plan_file(sections: &str, tasks: &[(&str, &str)]) -> String {
    let task = |(name, keys): &(&str, &str)| {
        let keys = keys.replace("; ", "\n    ");
        format!(
            "  {name}:\n    type: routine\n    domain: component\n    {keys}\n    steps: [{{run: [\"true\"]}}]\n"
        )
    };
    format!("mainstay: 1\n{sections}tasks:\n{}", tasks.iter().map(task).collect::<String>())
}

fn plan(case: &Case, arguments: &str) -> Value {
    case.run(&format!("{NOW} plan --horizon 2d --format json {arguments}")).any_output().exit(0).json()
}

/// `TASK HH:MM` for each start.
fn starts(plan: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let occurrences = plan["occurrences"].as_array().expect("occurrences").iter();
    occurrences.map(|it| format!("{} {}", text(&it["task"]), &text(&it["start"])[11..16])).collect()
}

fn reason(plan: &Value, n: usize) -> &str {
    plan["occurrences"][n]["reason"].as_str().unwrap_or_default()
}

#[test]
fn what_is_due_first_comes_first_although_something_else_was_released_before() {
    let sections = "resources: {crew: 1}\n";
    let long = "schedule: {at: 2026-03-07T00:00:00Z, tolerance: 12h}; duration: 4h; resources: {crew: 1}";
    let short = "schedule: {at: 2026-03-07T01:00:00Z, tolerance: 3h}; duration: 1h; resources: {crew: 1}";
    let case = Case::new().plan_file(plan_file(sections, &[("long", long), ("short", short)]));
    let plan = plan(&case, "");
    assert_eq!(starts(&plan), ["short 01:00", "long 02:00"]);
    assert_eq!(plan["objective"]["weighted_tardiness_seconds"], 0);
    assert_eq!(plan["objective"]["optimal"], true);
}

#[test]
fn what_cannot_all_be_in_time_is_late_where_it_weighs_least() {
    let sections = "resources: {crew: 1}\n";
    let keys = |priority: u8| {
        format!(
            "priority: {priority}; schedule: {{at: 2026-03-07T00:00:00Z, tolerance: 1h}}; duration: 1h; \
             resources: {{crew: 1}}"
        )
    };
    let (low, high) = (keys(10), keys(90));
    let case = Case::new().plan_file(plan_file(sections, &[("low", &low), ("high", &high)]));
    let plan = plan(&case, "");
    assert_eq!(starts(&plan), ["high 00:00", "low 01:00"]);
    // An hour late, times ten: 00:00 + 1 h is due for the first; the second ends at 02:00.
    assert_eq!(plan["objective"]["weighted_tardiness_seconds"], 36_000);
}

#[test]
fn a_claim_is_held_by_one_alone_or_shared_by_many() {
    let keys = |claim: &str| format!("schedule: {{cron: \"0 2 * * *\"}}; duration: 20m; claims: [{claim}]");
    let (shared, alone) = (keys("{tsdb: shared}"), keys("tsdb"));
    let tasks = [("query", shared.as_str()), ("rewrite", &alone), ("read", &shared)];
    let case = Case::new().plan_file(plan_file("", &tasks));
    let plan = plan(&case, "--effort 0");
    assert_eq!(starts(&plan)[..3], ["query 02:00", "read 02:00", "rewrite 02:20"]);
    assert_eq!(reason(&plan, 2), "claim `tsdb` is free");
}

#[test]
fn a_rollout_takes_a_duration_for_each_batch_and_so_many_of_a_group_at_once() {
    let sections = "targets:\n  a: {local: true, group: g}\n  b: {local: true, group: g}\n  c: {local: true, group: g}\n  \
                    d: {local: true, group: g}\n  e: {local: true, group: g}\ngroups: {g: {max_down: 2}}\n";
    let keys = |serial: u8| {
        format!(
            "schedule: {{cron: \"0 2 * * *\"}}; duration: 10m; targets: [group:g]; \
             rollout: {{canary: 1, serial: {serial}, pause: 5m}}"
        )
    };
    let case = Case::new().plan_file(plan_file(sections, &[("k", &keys(2))]));
    let plan_of_two = plan(&case, "");
    // One, two and two of five, with a pause between.
    assert_eq!(plan_of_two["occurrences"][0]["estimate_seconds"], 3 * 600 + 2 * 300);
    let case = Case::new().plan_file(plan_file(sections, &[("k", &keys(3))]));
    let refused = case.run(&format!("{NOW} plan")).any_output();
    refused.stderr_has("takes 3 of group `g` at once").exit(2);
}

const PAIR: &str = "targets:\n  prom-1: {local: true, group: prometheus}\n  prom-2: {local: true, group: prometheus}\n\
                    groups:\n  prometheus: {max_down: 1, cover: 1h}\n";

#[test]
fn case_50_a_replica_is_left_alone_until_its_partner_covers_its_own_gap() {
    let daily =
        |target: &str| format!("schedule: {{cron: \"0 2 * * *\"}}; duration: 20m; targets: [{target}]");
    let (one, other) = (daily("prom-1"), daily("prom-2"));
    let case = Case::new().plan_file(plan_file(PAIR, &[("a", &one), ("b", &other)]));
    let plan = plan(&case, "");
    assert_eq!(starts(&plan)[..2], ["a 02:00", "b 03:20"]);
    assert_eq!(reason(&plan, 1), "group `prometheus` is free");
}

#[test]
fn case_50_the_gap_of_work_that_has_ended_still_counts() {
    let at = |time: &str, target: &str| {
        format!("schedule: {{at: 2026-03-06T{time}:00Z}}; duration: 20m; targets: [{target}]")
    };
    let (one, other) = (at("11:00", "prom-1"), at("12:00", "prom-2"));
    let case = Case::new().plan_file(plan_file(PAIR, &[("a", &one), ("b", &other)]));
    let past = Past(&case);
    past.begin("2026-03-06T11:00:00Z", "a", "a@2026-03-06T11:00:00Z");
    past.end("2026-03-06T11:30:00Z", 1, Outcome::Succeeded, "");
    assert_eq!(starts(&plan(&case, "")), ["b 12:30"]);
}

#[test]
fn the_same_seed_and_number_of_schedules_give_the_same_plan() {
    let sections = "resources: {crew: 3}\n";
    let keys: Vec<(String, String)> = (0..40)
        .map(|n| {
            let (crew, minutes, tolerance) = (1 + n % 3, 20 + 17 * (n % 7), 2 + n % 5);
            let keys = format!(
                "priority: {}; schedule: {{at: 2026-03-07T00:00:00Z, tolerance: {tolerance}h}}; duration: {minutes}m; \
                 resources: {{crew: {crew}}}",
                10 + n
            );
            (format!("t{n}"), keys)
        })
        .collect();
    let tasks: Vec<_> = keys.iter().map(|(name, keys)| (name.as_str(), keys.as_str())).collect();
    let case = Case::new().plan_file(plan_file(sections, &tasks));
    let first = plan(&case, "--effort 0");
    let once = plan(&case, "--effort 600 --seed 7");
    assert_eq!(once, plan(&case, "--effort 600 --seed 7"));
    let late = |plan: &Value| plan["objective"]["weighted_tardiness_seconds"].as_u64().expect("a number");
    assert!(late(&once) < late(&first), "{} is less than {}", late(&once), late(&first));
}

#[test]
fn published_starts_move_only_for_a_gain_that_is_told() {
    let sections = "resources: {crew: 1}\n";
    let slow = "priority: 10; schedule: {at: 2026-03-07T00:00:00Z, tolerance: 8h}; duration: 2h; resources: {crew: 1}";
    let case = Case::new().plan_file(plan_file(sections, &[("slow", slow)]));
    case.run(&format!("{NOW} plan --publish")).any_output().exit(0);
    // What is new has until 00:30, and the crew is promised to something else until 02:00.
    let urgent = "priority: 90; schedule: {at: 2026-03-07T00:00:00Z, tolerance: 30m}; duration: 1h; resources: {crew: 1}";
    let case = case.plan_file(plan_file(sections, &[("slow", slow), ("urgent", urgent)]));
    let plan = plan(&case, "");
    assert_eq!(starts(&plan), ["urgent 00:00", "slow 01:00"]);
    assert_eq!(plan["gain"]["moved"], 1);
    assert_eq!(plan["gain"]["weighted_tardiness_seconds"], 90 * 120 * 60);
    let text = case.run(&format!("{NOW} plan --horizon 2d")).any_output().exit(0);
    text.stdout_has("~ 1 published start moves so that lateness times priority is 45 h instead of 225 h");
}

#[test]
fn a_tolerable_wait_moves_nothing_that_was_published() {
    let sections = "resources: {crew: 1}\n";
    let keys = "schedule: {at: 2026-03-07T00:00:00Z, tolerance: 8h}; duration: 2h; resources: {crew: 1}";
    let case = Case::new().plan_file(plan_file(sections, &[("zeal", keys)]));
    case.run(&format!("{NOW} plan --publish")).any_output().exit(0);
    let case = case.plan_file(plan_file(sections, &[("zeal", keys), ("avid", keys)]));
    let plan = plan(&case, "");
    assert_eq!(starts(&plan), ["zeal 00:00", "avid 02:00"]);
    assert_eq!((&plan["gain"], &plan["objective"]["moved"]), (&Value::Null, &0.into()));
}

#[test]
fn an_effort_that_is_none_is_refused() {
    for (effort, expected) in [("soon", "expected a time such as 1s"), ("-1", "unexpected argument")] {
        Case::new().run(&format!("plan --effort {effort}")).stderr_has(expected).exit(2);
    }
}

/// `k2` of the first evening cannot happen; `k3` is released half an hour before it, unless it waits for the sake of
/// the interval after it.
#[test]
fn an_interval_does_not_wait_itself_into_an_order_that_leaves_the_next_one_out() {
    let sections = "targets:\n  t0: {local: true}\n  t1: {local: true}\nresources: {crew: 1}\nblackouts:\n  \
                    b: {from: 2026-03-02T00:40:00Z, to: 2026-03-03T02:40:00Z, allow: []}\n";
    let tasks = [
        ("k0", "schedule: {every: 12h}; duration: 87m; priority: 1; resources: {crew: 1}"),
        ("k2", "schedule: {cron: \"25 22 * * *\"}; duration: 136m; priority: 0"),
        (
            "k3",
            "schedule: {every: 13h, tolerance: 2h}; duration: 108m; priority: 1; targets: [t0, t1]; \
             rollout: {serial: 1, pause: 9m}; resources: {crew: 1}; after: [k2]",
        ),
    ];
    let case = Case::new().plan_file(plan_file(sections, &tasks));
    let plan = "--now 2026-03-01T05:40:00Z plan --horizon 7d --effort 0";
    let published = case.run(&format!("{plan} --publish --format json")).any_output().exit(0).json();
    let occurrences = published["occurrences"].as_array().expect("a list").iter();
    let placed: Vec<_> = occurrences.map(|it| it["id"].as_str().unwrap_or_default()).collect();
    for n in 1..=9 {
        let id = format!("k3#{n}");
        assert!(placed.contains(&id.as_str()), "{id} is not in {placed:?}");
    }
    case.run(&format!("{plan} --detailed-exitcode")).any_output().exit(0);
}

#[test]
fn a_start_that_moved_says_why_also_when_nothing_is_in_the_way_of_the_new_one() {
    let case = Case::new().plan_file(plan_file("", &[("k", "duration: 1h; schedule: {every: 4h}")]));
    case.run("--now 2026-03-06T06:00:00Z plan --horizon 2d --publish").any_output().exit(0);
    let later = case.run(&format!("{NOW} plan --horizon 2d --format json")).any_output().exit(0).json();
    assert_eq!(later["occurrences"][0]["moved_from"], "2026-03-06T06:00:00Z");
    assert_eq!(reason(&later, 0), "its published start has passed");
    assert_eq!(reason(&later, 1), "released later than when it was published");
    let past = Past(&case);
    past.begin("2026-03-06T09:00:00Z", "k", "k#1").end("2026-03-06T10:00:00Z", 1, Outcome::Succeeded, "");
    let table = case.run(&format!("{NOW} plan --horizon 6h")).any_output().exit(0).take_text();
    let row = "~ was Fri 2026-03-06 11:00  late by 60 minutes; released later than when it was published";
    assert!(table.contains(row), "{table}");
}

#[test]
fn a_published_start_that_is_possible_no_more_moves_and_is_not_dropped_because_it_may_be_done_later() {
    let sections = "windows:\n  night: {cron: \"0 22 * * *\", duration: 4h, cutoff: 30m}\n";
    let takes = |length: &str| {
        let keys = format!("schedule: {{every: 7d, tolerance: 1d}}; window: night; duration: {length}");
        plan_file(sections, &[("k", &keys)])
    };
    // The second one is due after the horizon.
    let plan = "--now 2026-03-12T12:00:00Z plan --horizon 7d";
    let case = Case::new().plan_file(takes("20m"));
    let before = case.run(&format!("{plan} --publish --format json")).any_output().exit(0).json();
    assert_eq!(before["occurrences"][1]["start"], "2026-03-18T22:20:00Z");
    let case = case.plan_file(takes("30m"));
    let after = case.run(&format!("{plan} --format json")).any_output().exit(0).json();
    let second = &after["occurrences"][1];
    assert_eq!((&second["id"], &second["start"]), (&"k#2".into(), &"2026-03-18T22:30:00Z".into()));
    assert_eq!(second["moved_from"], "2026-03-18T22:20:00Z");
}
