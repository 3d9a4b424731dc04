//! Cases of scheduling that other tools are known to get wrong, through the binary; their numbers are those of the
//! study that they come from. The tests beside the calendar and the planner have the others.

use serde_json::Value;

use super::support::Case;

/// A plan file of tasks with these keys, and of sections before them.
fn plan(sections: &str, tasks: &[(&str, &str)]) -> String {
    let task = |(name, keys): &(&str, &str)| {
        format!(
            "  {name}:\n    type: routine\n    domain: component\n    duration: 20m\n    {}\n    \
             steps: [{{run: [\"true\"]}}]\n",
            keys.replace("; ", "\n    ")
        )
    };
    format!("mainstay: 1\n{sections}tasks:\n{}", tasks.iter().map(task).collect::<String>())
}

fn placed(plan: &Value) -> Vec<(&str, &str)> {
    let occurrences = plan["occurrences"].as_array().expect("occurrences").iter();
    occurrences
        .map(|placed| {
            (placed["id"].as_str().unwrap_or_default(), placed["start"].as_str().unwrap_or_default())
        })
        .collect()
}

#[test]
fn case_10_the_zone_of_the_host_changes_nothing() {
    let yaml = plan("timezone: Europe/Berlin\n", &[("k", "schedule: {cron: \"30 2 * * *\"}")]);
    let case = Case::new().plan_file(yaml);
    // The clocks of New York change on 8 March, those of Berlin three weeks later.
    let arguments = "--now 2026-03-07T12:00:00Z plan --horizon 2d --format json";
    let in_zone = |zone: Option<&str>| {
        let mut command = case.command(arguments);
        command.envs(zone.map(|zone| ("TZ", zone)));
        let output = command.output().expect("the binary was built");
        String::from_utf8(output.stdout).expect("text")
    };
    let plan: Value = serde_json::from_str(&in_zone(None)).expect("JSON");
    let expected = [
        ("k@2026-03-08T01:30:00Z", "2026-03-08T01:30:00Z"),
        ("k@2026-03-09T01:30:00Z", "2026-03-09T01:30:00Z"),
    ];
    assert_eq!(placed(&plan), expected);
    for zone in ["America/New_York", "Pacific/Apia", "Nowhere/At_All"] {
        assert_eq!(in_zone(Some(zone)), in_zone(None), "{zone}");
    }
}

#[test]
fn case_18_a_window_without_length_is_refused() {
    let sections = "windows:\n  w: {cron: \"0 2 * * *\", duration: 0h}\n";
    let yaml = plan(sections, &[("k", "schedule: {every: 1d}; window: w")]);
    Case::new().plan_file(yaml).run("plan").stderr_has("`duration` cannot be 0s").exit(2);
}

#[test]
fn case_45_a_cycle_is_named_in_full_and_a_missing_target_with_its_place() {
    let every = "schedule: {every: 1d}";
    let after = |name: &str| format!("{every}; after: [{name}]");
    let yaml = plan("", &[("a", &after("b")), ("b", &after("c")), ("c", &after("a"))]);
    let case = Case::new().plan_file(yaml);
    case.run("plan").stderr_has("tasks wait for each other: a -> b -> c -> a").exit(2);
    let yaml = plan("targets: {here: {local: true}}\n", &[("a", &format!("{every}; targets: [there]"))]);
    Case::new().plan_file(yaml).run("plan").stderr_has("maintenance.yaml:9:15").stderr_has("`there`").exit(2);
}

#[test]
fn case_45_of_a_diamond_each_task_is_placed_once_and_after_those_before_it() {
    let daily = "schedule: {cron: \"0 2 * * *\"}";
    let after = |names: &str| format!("{daily}; after: [{names}]");
    let yaml = plan("", &[("d", &after("b, c")), ("c", &after("a")), ("b", &after("a")), ("a", daily)]);
    let case = Case::new().plan_file(yaml);
    let plan = case.run("--now 2026-03-07T12:00:00Z plan --horizon 1d --format json").json();
    let expected = [
        ("a@2026-03-08T02:00:00Z", "2026-03-08T02:00:00Z"),
        ("b@2026-03-08T02:00:00Z", "2026-03-08T02:20:00Z"),
        ("c@2026-03-08T02:00:00Z", "2026-03-08T02:20:00Z"),
        ("d@2026-03-08T02:00:00Z", "2026-03-08T02:40:00Z"),
    ];
    assert_eq!(placed(&plan), expected);
}

#[test]
fn case_50_a_replica_waits_for_its_partner_and_the_plan_says_so() {
    let sections = "targets:\n  prom-1: {local: true, group: prometheus}\n  prom-2: {local: true, group: prometheus}\n\
                    groups:\n  prometheus: {max_down: 1}\n";
    let daily = |target: &str| format!("schedule: {{cron: \"0 2 * * *\"}}; targets: [{target}]");
    let yaml = plan(sections, &[("a", &daily("prom-1")), ("b", &daily("prom-2"))]);
    let case = Case::new().plan_file(yaml);
    let plan = case.run("--now 2026-03-07T12:00:00Z plan --horizon 1d --format json").json();
    let expected = [
        ("a@2026-03-08T02:00:00Z", "2026-03-08T02:00:00Z"),
        ("b@2026-03-08T02:00:00Z", "2026-03-08T02:20:00Z"),
    ];
    assert_eq!(placed(&plan), expected);
    assert_eq!(plan["occurrences"][1]["reason"], "group `prometheus` is free");
}

#[test]
fn case_51_no_attempt_starts_after_the_cutoff() {
    let sections = "windows:\n  w: {cron: \"0 2 * * *\", duration: 2h, cutoff: 1h}\n";
    let yaml = plan(sections, &[("k", "schedule: {cron: \"0 2 * * *\"}; window: w")])
        .replace("run: [\"true\"]", "run: [\"false\"], retry: {attempts: 5, backoff: 2m}");
    let case = Case::new().plan_file(yaml);
    // The next attempt would begin a minute after the cutoff.
    let runs = case.run("--now 2026-03-07T02:59:00Z run k --format json").any_output();
    let run: Value = runs.exit(1).json();
    let step = &run["runs"][0]["steps"][0];
    assert_eq!(step["attempts"], 1, "{run}");
}
