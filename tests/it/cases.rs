//! Cases of scheduling that other tools are known to get wrong, through the binary; their numbers are those of the
//! study that they come from. The tests beside the calendar and the planner have the others.

mod clock;

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
fn case_19_what_outlives_the_window_is_not_followed_by_what_cannot_be_undone_and_goes_back() {
    let case = Case::new().plan_file(
        "mainstay: 1
windows: {night: {cron: '0 2 * * *', duration: 2h, cutoff: 1h}}
tasks:
  drop:
    type: routine
    domain: component
    duration: 1m
    window: night
    steps:
      - {name: drain, shell: 'echo drained >> done; sleep 1.2'}
      - {name: drop, shell: 'echo dropped >> done', destructive: true}
    rollback: [{name: undrain, shell: 'echo undrained >> done'}]
",
    );
    // The gate is open, and by the time that it is drained the cutoff has gone by.
    let run: Value = case.run("--now 2026-03-07T02:59:59Z run drop --format json").exit(1).json();
    let run = &run["runs"][0];
    assert_eq!(case.read("done"), "drained\nundrained\n");
    assert_eq!(run["outcome"], "rolled_back", "{run}");
    let reason = "step 2 of 2, `drop`, was not started: 2026-03-07 closed at its cutoff, 03:00";
    assert_eq!(run["reason"], reason, "{run}");
    let asked = run["steps"].as_array().expect("steps").iter().find(|step| step["name"] == "before `drop`");
    assert_eq!(asked.expect("the gate was asked again")["phase"], "gate", "{run}");
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
    let messages = case.run("audit log --run 1 --format json").json().to_string();
    assert!(messages.contains("no attempt is left before the cutoff"), "{messages}");
}

#[test]
fn case_51_before_the_cutoff_all_attempts_are_made_and_the_way_back_may_be_tried_after_it() {
    let sections = "windows:\n  w: {cron: \"0 2 * * *\", duration: 2h, cutoff: 1h}\n";
    let keys = "schedule: {cron: \"0 2 * * *\"}; window: w";
    let retried = |attempts: u8| format!("run: [\"false\"], retry: {{attempts: {attempts}}}");
    let yaml = plan(sections, &[("k", keys)]).replace("run: [\"true\"]", &retried(3));
    let attempts = |yaml: String, phase: &str| {
        let runs =
            Case::new().plan_file(yaml).run("--now 2026-03-07T02:30:00Z run k --format json").any_output();
        let run: Value = runs.exit(1).json();
        let steps = run["runs"][0]["steps"].as_array().expect("steps").clone();
        steps.iter().find(|step| step["phase"] == phase).map(|step| step["attempts"].clone())
    };
    assert_eq!(attempts(yaml.clone(), "steps"), Some(3.into()));
    // Work that reaches the cutoff is not begun again; what cleans up after it is.
    let slow = "shell: \"sleep 1.2; exit 1\", retry: {attempts: 3}";
    let late = yaml.replace(&retried(3), slow) + &format!("    rollback: [{{{}}}]\n", retried(2));
    let runs = Case::new().plan_file(late).run("--now 2026-03-07T02:59:59Z run k --format json").any_output();
    let run: Value = runs.exit(1).json();
    let steps = run["runs"][0]["steps"].as_array().expect("steps");
    let made: Vec<_> = steps.iter().map(|step| (step["phase"].as_str(), step["attempts"].as_u64())).collect();
    assert_eq!(made, [(Some("steps"), Some(1)), (Some("rollback"), Some(2))], "{run}");
}

#[test]
fn case_1_a_time_in_a_gap_is_flagged_as_shifted() {
    let yaml = plan("timezone: Europe/Berlin\n", &[("k", "schedule: {cron: \"30 2 * * *\"}")]);
    let calendar = Case::new().plan_file(&yaml);
    let calendar = calendar.run("--now 2026-03-28T12:00:00Z plan --calendar k -n 1 --format json").json();
    let instant = &calendar["instants"][0];
    assert_eq!(instant["instant"], "2026-03-29T01:00:00Z");
    assert_eq!((&instant["note"], &instant["local"]), (&"skipped".into(), &"2026-03-29T03:00:00".into()));
    assert_eq!(instant["meant"], "2026-03-29T02:30:00");
    let planned = Case::new().plan_file(yaml);
    let planned = planned.run("--now 2026-03-28T12:00:00Z plan --horizon 1d --format json").json();
    assert_eq!(placed(&planned), [("k@2026-03-29T01:00:00Z", "2026-03-29T01:00:00Z")]);
}

#[test]
fn case_6_and_7_days_are_neither_lost_nor_doubled_where_a_midnight_or_a_day_is_missing() {
    let days = |zone: &str, now: &str| {
        let yaml = plan(&format!("timezone: {zone}\n"), &[("k", "schedule: {cron: \"0 0 * * *\"}")]);
        let calendar = Case::new().plan_file(yaml);
        let calendar = calendar.run(&format!("--now {now} plan --calendar k -n 4 --format json")).json();
        let instants = calendar["instants"].as_array().expect("instants").clone();
        instants.iter().map(|it| it["local"].as_str().expect("a time").to_owned()).collect::<Vec<_>>()
    };
    let april = ["2026-04-23T00:00:00", "2026-04-24T01:00:00", "2026-04-25T00:00:00", "2026-04-26T00:00:00"];
    assert_eq!(days("Africa/Cairo", "2026-04-22T12:00:00Z"), april);
    let march = ["2026-03-28T00:00:00", "2026-03-29T01:00:00", "2026-03-30T00:00:00", "2026-03-31T00:00:00"];
    assert_eq!(days("Asia/Beirut", "2026-03-27T12:00:00Z"), march);
    let apia = ["2011-12-29T00:00:00", "2011-12-31T00:00:00", "2012-01-01T00:00:00", "2012-01-02T00:00:00"];
    assert_eq!(days("Pacific/Apia", "2011-12-28T12:00:00Z"), apia);
}

#[test]
fn case_12_13_14_what_a_date_may_not_mean_is_told() {
    let validate = |cron: &str| {
        let yaml = plan("", &[("k", &format!("schedule: {{cron: \"{cron}\"}}"))]);
        let ran = Case::new().plan_file(yaml).run("--now 2026-03-07T12:00:00Z validate --format json").json();
        let findings = ran["findings"].as_array().expect("findings").clone();
        let text = |finding: &Value| format!("{} {}", finding["code"], finding["message"]).replace('"', "");
        findings.iter().map(text).collect::<Vec<_>>().join("\n")
    };
    let leaves_out =
        "MS405 task `k` leaves out February, April, June, September and November: there is no day 31";
    assert!(validate("0 0 31 * *").contains(leaves_out), "{}", validate("0 0 31 * *"));
    assert!(!validate("0 0 L * *").contains("MS405"));
    assert!(validate("0 0 30 2 *").contains("MS307 `0 0 30 2 *` is not a cron expression"));
    let either = "MS406 task `k` is due when the day of the month or the weekday matches";
    assert!(validate("0 0 13 * FRI").contains(either), "{}", validate("0 0 13 * FRI"));
    assert!(!validate("0 0 13 * *").contains("MS406"));
}

#[test]
fn case_15_16_and_18_a_window_belongs_to_the_day_it_opens_lasts_as_long_as_it_says_and_excludes_its_end() {
    let says = |zone: &str, window: &str, now: &str| {
        let sections = format!("timezone: {zone}\nwindows:\n  w: {{{window}}}\n");
        let yaml = plan(&sections, &[("k", "schedule: {every: 90d}; window: w")]);
        let explained =
            Case::new().plan_file(yaml).run(&format!("--now {now} plan --explain k --format json")).json();
        let conditions = explained["conditions"].as_array().expect("conditions").clone();
        let window =
            conditions.iter().find(|condition| condition["what"] == "window").expect("a window").clone();
        (window["holds"] == true, window["value"].as_str().expect("text").to_owned())
    };
    let friday = "cron: \"0 22 * * FRI\", duration: 4h";
    assert!(!says("UTC", friday, "2026-03-06T00:30:00Z").0, "the night before");
    let open = (true, "w is open until 2026-03-07 02:00, cutoff 2026-03-07 02:00".to_owned());
    assert_eq!(says("UTC", friday, "2026-03-07T00:30:00Z"), open);
    // Three hours over the change of the clock are three hours, and end at four.
    let night = "cron: \"0 0 * * *\", duration: 3h";
    let spring = (true, "w is open until 2026-03-29 04:00, cutoff 2026-03-29 04:00".to_owned());
    assert_eq!(says("Europe/Berlin", night, "2026-03-28T23:30:00Z"), spring);
    let autumn = (true, "w is open until 2026-10-25 02:00, cutoff 2026-10-25 02:00".to_owned());
    assert_eq!(says("Europe/Berlin", night, "2026-10-24T23:00:00Z"), autumn);
    let next = (false, "w opens 2026-03-13 22:00".to_owned());
    assert_eq!(says("UTC", friday, "2026-03-07T02:00:00Z"), next, "its end is not in it");
}

#[test]
fn case_44_what_a_rollout_asks_for_is_checked_before_anything_runs() {
    let with = |rollout: &str| {
        let sections = "targets:\n  a: {local: true, group: g}\n  b: {local: true, group: g}\ngroups: {g: {max_down: 1}}\n";
        let keys = format!("schedule: {{cron: \"0 2 * * *\"}}; targets: [group:g]; rollout: {{{rollout}}}");
        let ran = Case::new().plan_file(plan(sections, &[("k", &keys)])).run("validate --format json").json();
        let findings = ran["findings"].as_array().expect("findings").clone();
        findings
            .iter()
            .map(|it| it["message"].as_str().expect("text").to_owned())
            .collect::<Vec<_>>()
            .join("\n")
    };
    let both = "task `k` takes 2 of group `g` at once (`serial`), and only 1 may be down";
    assert!(with("serial: 2").contains(both), "{}", with("serial: 2"));
    assert!(!with("serial: 1, canary: 1, max_failures: 0").contains("at once"));
    assert!(with("canary: 2, serial: 1").contains("at once (`canary`)"));
    // A share of a batch is a threshold like a number of targets; what is neither is refused.
    assert!(!with("max_failures: 50%").contains("max_failures"), "{}", with("max_failures: 50%"));
    assert!(
        with("max_failures: 150%").contains("`max_failures` cannot be `150%`"),
        "{}",
        with("max_failures: 150%")
    );
    assert!(with("max_failures: -1").contains("`max_failures` cannot be `-1`"));
}

#[test]
fn case_44_each_target_is_a_batch_of_its_own_in_the_time_that_is_planned() {
    let sections = "targets:\n  a: {local: true}\n  b: {local: true}\n  c: {local: true}\n";
    let yaml = plan(sections, &[("k", "schedule: {cron: \"0 2 * * *\"}; targets: [all]")]);
    let case = Case::new().plan_file(yaml);
    let planned = case.run("--now 2026-03-07T12:00:00Z plan --horizon 1d --format json").json();
    assert_eq!(planned["occurrences"][0]["estimate_seconds"], 3 * 20 * 60);
    let runbook = case.run("--now 2026-03-07T12:00:00Z plan --horizon 1d --format markdown").take_text();
    assert!(runbook.contains("- **Batches**: (1) `a`, (2) `b`, (3) `c`\n"), "{runbook}");
}
