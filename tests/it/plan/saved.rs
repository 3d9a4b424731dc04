//! `plan --output plan.json`, looked at, then `plan --from-file plan.json --publish`.

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Case, Past, wait_until};

const PLAN: &str = "\
mainstay: 1
windows:
  night: {cron: \"0 2 * * *\", duration: 4h, cutoff: 30m}
tasks:
  tidy:
    type: routine
    domain: component
    schedule: {cron: \"0 2 * * *\"}
    window: night
    duration: 20m
    steps: [{run: [\"true\"]}]
  upgrade:
    type: preventive
    domain: component
    schedule: {every: 30d, tolerance: 3d}
    window: night
    duration: 5h
    steps: [{run: [\"true\"]}]
  weekly:
    type: preventive
    domain: component
    schedule: {every: 7d}
    duration: 20m
    steps: [{run: [\"true\"]}]
";
const SAVE: &str = "--now 2026-03-07T12:00:00Z plan --horizon 8d --output plan.json";
const PUBLISH: &str = "--now 2026-03-07T12:30:00Z plan --from-file plan.json --publish";

/// A case with a plan that is saved and not published.
fn saved() -> Case {
    let case = Case::new().plan_file(PLAN);
    case.run(SAVE).any_output().exit(0);
    case
}

#[test]
fn a_saved_plan_is_shown_as_it_was_computed_in_every_format() {
    let case = saved();
    for format in ["text", "json", "markdown", "ics", "html"] {
        let computed = case.run(&format!("--now 2026-03-07T12:00:00Z plan --horizon 8d --format {format}"));
        let computed = computed.exit(0).take_text();
        let shown =
            case.run(&format!("--now 2026-03-07T15:00:00Z plan --from-file plan.json --format {format}"));
        assert_eq!(shown.exit(0).take_text(), computed, "{format}");
    }
    let mut gantt = case.run("--now 2026-03-07T15:00:00Z plan --from-file plan.json --gantt");
    assert!(gantt.take_stdout().contains("tidy"));
    gantt.stderr("hint: `mainstay plan --from-file plan.json --publish` makes this the schedule\n").exit(0);
}

#[test]
fn what_changed_and_what_was_dropped_is_saved_as_well() {
    let case = Case::new().plan_file(PLAN);
    case.run("--now 2026-03-07T12:00:00Z plan --horizon 8d --publish").any_output().exit(0);
    let changed =
        PLAN.replace("  tidy:", "  tidy-up:").replace("{every: 7d}", "{every: 7d}\n    window: night");
    let case = case.plan_file(changed);
    let now = "--now 2026-03-07T12:10:00Z plan";
    case.run(&format!("{now} --horizon 8d -o plan.json")).any_output().exit(0);
    for format in ["text", "json", "ics", "html"] {
        let computed = case.run(&format!("{now} --horizon 8d --format {format}")).exit(0).take_text();
        let shown = case.run(&format!("{now} --from-file plan.json --format {format}")).exit(0).take_text();
        assert!(shown == computed, "{format}: {shown}");
        assert!(shown.contains("tidy"), "{shown}");
    }
}

#[test]
fn what_was_looked_at_is_what_is_published() {
    let case = saved();
    let looked_at = case.run("plan --from-file plan.json --format json").json();
    let published = case.run(&format!("{PUBLISH} --format json")).exit(0).json();
    assert_eq!(published["occurrences"], looked_at["occurrences"]);
    assert_eq!((&published["revision"], &published["published"]), (&1.into(), &true.into()));
    let in_force = case.run("--now 2026-03-07T12:00:00Z plan --horizon 8d --detailed-exitcode");
    in_force.stdout_has("as published in revision 1").exit(0);
}

/// Publishing is refused with this reason, and nothing is published.
#[track_caller]
fn refused(case: &Case, reason: &str) {
    let before = case.run("plan --format json").json()["revision"].clone();
    let help = "help: `mainstay plan --output json=plan.json` computes it anew, to be looked at once more\n";
    let expected = format!("error: the plan in `plan.json` cannot be published: {reason}\n{help}");
    case.run(PUBLISH).stderr(&expected).exit(1);
    assert_eq!(case.run("plan --format json").json()["revision"], before);
    let warning = format!("warning: this plan cannot be published any more: {reason}\n");
    case.run("plan --from-file plan.json --format json").any_output().stderr(&warning).exit(0);
}

#[test]
fn a_plan_is_not_published_when_the_plan_file_has_changed() {
    let case = saved().plan_file(format!("{PLAN}# a comment\n"));
    refused(&case, "the plan file has changed since it was computed");
}

#[test]
fn a_plan_is_not_published_over_a_newer_revision() {
    let case = saved();
    case.run("--now 2026-03-07T12:10:00Z plan --publish").any_output().exit(0);
    let reason = "revision 1 was published since it was computed; it rests on no published schedule";
    refused(&case, reason);
    case.run(SAVE).any_output().exit(0);
    case.run("--now 2026-03-07T12:10:00Z plan --publish").any_output().exit(0);
    refused(&case, "revision 2 was published since it was computed; it rests on revision 1");
    let case = case.plan_file(format!("{PLAN}# a comment\n"));
    let both = "the plan file has changed since it was computed; revision 2 was published since it was computed; \
                it rests on revision 1";
    refused(&case, both);
}

#[test]
fn a_plan_is_not_published_twice() {
    let case = saved();
    case.run(PUBLISH).any_output().exit(0);
    case.run(PUBLISH).stderr_has("revision 1 was published since it was computed").exit(1);
}

#[test]
fn a_plan_is_not_published_when_work_was_done_since() {
    let case = saved();
    Past(&case).begin("2026-03-07T12:10:00Z", "weekly", "weekly#1").end(
        "2026-03-07T12:20:00Z",
        1,
        mainstay::model::Outcome::Succeeded,
        "",
    );
    let reason = "the state has changed since it was computed: `weekly#1` is not planned as it says any more";
    refused(&case, reason);
}

/// Forty pieces of work that one crew cannot do in time: nothing is proved of the best order.
fn hard() -> String {
    let task = |n: usize| {
        format!(
            "  t{n}: {{type: routine, domain: data, priority: {}, duration: {}m, resources: {{crew: {}}}, \
             schedule: {{at: 2026-03-07T12:00:00Z, tolerance: {}h}}, steps: [{{run: [\"true\"]}}]}}\n",
            10 + n,
            20 + 17 * (n % 7),
            1 + n % 3,
            2 + n % 5
        )
    };
    format!("mainstay: 1\nresources: {{crew: 3}}\ntasks:\n{}", (0..40).map(task).collect::<String>())
}

/// Lets `change` happen after a plan was begun and before it is published; what the publisher says.
fn changed_while_it_is_made(change: impl FnOnce(&Case)) -> String {
    let case = Case::new().plan_file(hard());
    // So many schedules take some seconds of a processor, however many others want it.
    let mut command = case.command("--now 2026-03-07T11:00:00Z plan --publish --effort 60000");
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the binary was built");
    let stat = format!("/proc/{}/stat", child.id());
    // It has read everything long before it has worked for a third of a second.
    wait_until("it searches", Duration::from_mins(1), || {
        let stat = std::fs::read_to_string(&stat).unwrap_or_default();
        let ticks = stat.rsplit(") ").next().and_then(|rest| rest.split(' ').nth(11)?.parse::<u32>().ok());
        ticks.is_some_and(|ticks| 30 < ticks)
    });
    change(&case);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(1));
    let plan =
        case.run("--now 2026-03-07T11:00:00Z plan --effort 0 --format json").any_output().exit(0).json();
    assert_eq!(plan["base_revision"], 0, "nothing was published");
    String::from_utf8(output.stderr).expect("text")
}

#[test]
fn a_schedule_is_not_published_when_the_plan_file_was_changed_while_it_was_made() {
    let said = changed_while_it_is_made(|case| {
        std::fs::write(case.path().join("maintenance.yaml"), hard() + "# a remark\n").expect("a file");
    });
    assert!(said.contains("the plan file was changed while this schedule was made; plan again"), "{said}");
}

#[test]
fn a_schedule_is_not_published_when_work_was_started_while_it_was_made() {
    let said = changed_while_it_is_made(|case| {
        Past(case).begin("2026-03-07T11:00:00Z", "t3", "t3@2026-03-07T12:00:00Z");
    });
    assert!(
        said.contains("the past of `t3` is another than when this schedule was made; plan again"),
        "{said}"
    );
}

#[test]
fn a_plan_for_another_time_is_not_published() {
    let case = Case::new().plan_file(PLAN);
    case.run("--now 2026-03-07T12:00:00Z plan --from 2026-06-01 --output plan.json").any_output().exit(0);
    refused(&case, "it was computed for another time than its own (`--from`)");
}

#[test]
fn an_edited_plan_is_not_published() {
    let case = saved();
    let edited = case
        .read("plan.json")
        .replace("2026-03-08T02:00:00Z\",\n      \"end", "2026-03-08T03:00:00Z\",\n      \"end");
    assert_ne!(edited, case.read("plan.json"));
    let case = case.file("plan.json", edited.replace("2026-03-08T02:20:00Z", "2026-03-08T03:20:00Z"));
    refused(&case, "it was edited: its digest is not that of its schedule");
}

#[test]
fn what_is_no_saved_plan_is_refused() {
    let case = saved();
    let whole = case.read("plan.json");
    let check = |content: &str, reason: &str| {
        let case = Case::new().plan_file(PLAN).file("plan.json", content);
        case.run("plan --from-file plan.json").stderr_has(reason).exit(2);
        case.run("plan --from-file plan.json --publish").stderr_has(reason).exit(2);
    };
    check("", "cannot use the plan in `plan.json`");
    check("[]", "it is not a plan that `mainstay plan --output` wrote");
    check(&whole[..whole.len() / 2], "it is not a plan that `mainstay plan --output` wrote");
    check(&whole.replace("\"base_revision\": 0,", ""), "missing field `base_revision`");
    check("{\"schema\": \"mainstay/run/v1\", \"runs\": []}", "its `schema` is `mainstay/run/v1`");
    check(&whole.replace("\"until\": \"2026-", "\"until\": \"2096-"), "its times make no schedule");
    Case::new()
        .plan_file(PLAN)
        .run("plan --from-file none.json")
        .stderr_has("cannot read `none.json`")
        .exit(2);
}

/// All places of values that have no others inside.
fn leaves(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Array(values) if !values.is_empty() => {
            for (place, value) in values.iter().enumerate() {
                leaves(value, &format!("{path}/{place}"), found);
            }
        }
        Value::Object(values) if !values.is_empty() => {
            for (key, value) in values {
                leaves(value, &format!("{path}/{key}"), found);
            }
        }
        _ => found.push(path.to_owned()),
    }
}

#[test]
fn no_value_in_a_saved_plan_makes_it_fail_in_an_unforeseen_way_or_acts() {
    let case = Case::new().plan_file(PLAN);
    case.run("--now 2026-03-07T12:00:00Z plan --horizon 1d --publish").any_output().exit(0);
    let changed =
        PLAN.replace("  tidy:", "  tidy-up:").replace("{every: 7d}", "{every: 7d}\n    window: night");
    let case = case.plan_file(changed);
    case.run("--now 2026-03-07T12:10:00Z plan --horizon 1d -o plan.json").any_output().exit(0);
    let whole: Value = serde_json::from_str(&case.read("plan.json")).unwrap();
    let mut places = Vec::new();
    leaves(&whole, "", &mut places);
    // One occurrence stands for all.
    let shape = |place: &String| place.replace(|c: char| c.is_ascii_digit(), "");
    let mut known = std::collections::HashSet::new();
    places.retain(|place| known.insert(shape(place)));
    assert!(places.len() > 50, "{places:?}");
    let values = [
        json!(u64::MAX),
        json!(i64::MIN),
        json!(1_000_000_000_000_u64),
        json!("+262142-12-31T23:59:59Z"),
        json!("9998-12-31T23:59:59Z"),
        json!("0001-01-01T00:00:00Z"),
        json!("</title><script>\u{1b}[2J\r\nEND:VEVENT"),
        Value::Null,
    ];
    let mut n_shown = 0;
    for (place, value) in places.iter().flat_map(|place| values.iter().map(move |value| (place, value))) {
        let mut odd = whole.clone();
        *odd.pointer_mut(place).unwrap() = value.clone();
        std::fs::write(case.path().join("odd.json"), odd.to_string()).unwrap();
        let outputs = "--output o.html --output o.ics";
        let output = case.command(&format!("plan --from-file odd.json {outputs}")).output().unwrap();
        let (text, error) =
            (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        let code = output.status.code();
        assert!([Some(0), Some(2)].contains(&code), "{place} = {value}: {code:?} {error}");
        assert!(!format!("{text}{error}").contains('\u{1b}'), "{place} = {value}: {text}{error}");
        if code == Some(0) {
            n_shown += 1;
            super::rfc5545::read(&case.read("o.ics"));
            assert!(!case.read("o.html").contains("<script"), "{place} = {value}");
        }
    }
    assert!(n_shown > 50, "{n_shown}");
    let gantt = case.run("plan --from-file plan.json --gantt").exit(0).take_text();
    assert!(gantt.contains("tidy-up"), "{gantt}");
}

#[test]
fn a_detailed_exit_code_tells_whether_the_schedule_differs_from_the_published_one() {
    let case = Case::new().plan_file(PLAN);
    let check = |case: &Case, code| {
        case.run("--now 2026-03-07T12:00:00Z plan --horizon 8d").any_output().exit(0);
        let asked = "--now 2026-03-07T12:00:00Z plan --horizon 8d --detailed-exitcode";
        case.run(asked).any_output().exit(code);
        case.run(&format!("{asked} --output plan.json")).any_output().exit(code);
        case.run("plan --from-file plan.json --detailed-exitcode").any_output().exit(code);
    };
    check(&case, 1);
    case.run("--now 2026-03-07T12:00:00Z plan --horizon 8d --publish").any_output().exit(0);
    check(&case, 0);
    // Moved, new, and gone.
    let case = case.plan_file(PLAN.replace("{every: 7d}", "{every: 7d}\n    window: night"));
    check(&case, 1);
    let case = case.plan_file(PLAN.replace("every: 30d, tolerance: 3d}\n    window: night", "every: 30d}"));
    check(&case, 1);
    let case = case.plan_file(PLAN.replace("{every: 7d}", "{at: 2020-01-01}"));
    check(&case, 1);
    let case = case.plan_file(PLAN);
    check(&case, 0);
}
