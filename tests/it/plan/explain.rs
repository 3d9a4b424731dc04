//! `plan --explain TASK --at TIME`: every condition, its source, and when it could next change.

use serde_json::Value;

use crate::support::{Case, Past};

/// A plan in which `upgrade` has every condition that there is.
const PLAN: &str = "\
mainstay: 1
status: review
timezone: Europe/Berlin
connections:
  prometheus: {url: \"http://127.0.0.1:9090\"}
  alertmanager: {url: \"http://127.0.0.1:9093\"}
targets:
  prom-1: {local: true, group: pair}
  prom-2: {local: true, group: pair}
groups: {pair: {max_down: 1}}
resources: {crew: 1}
checks:
  room: {file: {path: room}}
windows:
  night: {cron: \"0 2 * * *\", duration: 4h, cutoff: 30m}
blackouts:
  audit: {from: 2026-03-14, to: 2026-03-16, allow: [emergency]}
  fair: {from: 2026-03-20, to: 2026-03-21, allow: [preventive]}
tasks:
  snapshot:
    type: routine
    domain: data
    schedule: {cron: \"0 2 * * *\"}
    window: night
    duration: 30m
    steps: [{run: [\"true\"]}]
  rotate:
    type: routine
    domain: component
    priority: 90
    schedule: {cron: \"0 2 * * *\"}
    window: night
    targets: [prom-1]
    resources: {crew: 1}
    duration: 1h
    steps: [{run: [\"true\"]}]
  upgrade:
    type: preventive
    domain: component
    schedule: {cron: \"0 2 * * *\"}
    window: night
    missed: skip
    overlap: skip
    targets: [prom-1, prom-2]
    resources: {crew: 1}
    after: snapshot
    duration: 20m
    gate: {promql: absent(ALERTS)}
    preconditions: [{target_up: {job: prometheus}}]
    silence: {matchers: ['job=\"prometheus\"']}
    baseline: {within: 2%}
    steps: [{run: [\"true\"]}]
  tidy:
    type: corrective
    domain: data
    schedule: {when: room, within: 4h}
    window: night
    duration: 10m
    steps: [{run: [\"true\"]}]
";

/// Published the day before; at 02:10 in the night of 13 March `rotate` is at work.
fn night() -> Case {
    let case = Case::new().plan_file(PLAN);
    case.run("--now 2026-03-12T12:00:00Z plan --horizon 5d --publish").any_output().exit(0);
    Past(&case).begin("2026-03-13T01:00:00Z", "rotate", "rotate@2026-03-13T01:00:00Z");
    case
}

fn explained(case: &Case, arguments: &str) -> String {
    case.run(&format!("--now 2026-03-13T01:10:00Z plan --horizon 5d --explain {arguments}"))
        .exit(0)
        .take_text()
}

#[test]
fn every_condition_is_told_for_now_for_a_time_to_come_and_for_a_time_that_is_past() {
    let case = night();
    let times = ["", "--at 2026-03-14T03:00", "--at 2026-03-16T02:00:00+01:00", "--at 2026-03-12T01:00"];
    let answer = |at: &str| {
        format!("$ mainstay plan --explain upgrade {at}\n{}\n", explained(&case, &format!("upgrade {at}")))
    };
    let all: String = times.map(answer).concat();
    insta::assert_snapshot!(all);
}

#[test]
fn programs_get_the_same_with_nulls_for_what_is_unknown_and_the_condition_that_decides() {
    let case = night();
    insta::assert_snapshot!(explained(&case, "upgrade --at 2026-03-14T03:00 --format json"));
    let decisive = |arguments: &str| {
        let json: serde_json::Value =
            serde_json::from_str(&explained(&case, &format!("{arguments} --format json"))).expect("JSON");
        json["decisive"].as_str().unwrap_or("nothing").to_owned()
    };
    assert_eq!(decisive("upgrade"), "resource crew");
    assert_eq!(decisive("upgrade --at 2026-03-14T03:00"), "after");
    assert_eq!(decisive("upgrade --at 2026-03-12T01:00"), "window");
    assert_eq!(decisive("snapshot"), "nothing");
    assert_eq!(decisive("snapshot --at 2026-03-14T03:00"), "latest start");
    assert_eq!(decisive("tidy"), "check room fails");
}

#[test]
fn a_condition_says_what_was_found_since_when_and_who_asks_again() {
    let case =
        Case::new().plan_file(PLAN.replace("\n    window: night\n    duration: 10m", "\n    duration: 10m"));
    let tidy = |now: &str, at: &str| {
        let arguments = format!("--now {now} plan --explain tidy {at}");
        let text = case.run(&arguments).exit(0).take_text();
        // Where the file lies differs from test to test.
        text.replace(&case.path().display().to_string(), "FOLDER")
    };
    let mut all = vec![tidy("2026-03-13T10:00:00Z", "")];
    case.run("--now 2026-03-13T10:00:00Z monitor").any_output();
    all.push(tidy("2026-03-13T10:05:00Z", ""));
    all.push(tidy("2026-03-13T10:05:00Z", "--at 2026-03-13T10:02:00Z"));
    all.push(tidy("2026-03-13T10:05:00Z", "--at 2026-03-13T09:00:00Z"));
    all.push(tidy("2026-03-13T10:05:00Z", "--at 2026-03-13T12:00:00Z"));
    std::fs::write(case.path().join("room"), "").expect("a file");
    case.run("--now 2026-03-13T10:06:00Z monitor").any_output();
    all.push(tidy("2026-03-13T10:07:00Z", ""));
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn a_plan_file_that_is_not_in_force_is_the_answer() {
    for status in ["draft", "retired"] {
        let case = Case::new().plan_file(PLAN.replace("status: review", &format!("status: {status}")));
        let text = explained(&case, "upgrade");
        let expected = format!("not started  the plan file's status is {status}: `run --due` refuses it\n");
        assert!(text.starts_with(&expected), "{text}");
        assert!(text.contains("maintenance.yaml:2\n"), "{text}");
    }
}

#[test]
fn the_time_is_asked_of_a_task_in_the_forms_of_from_and_not_too_far_away() {
    let case = Case::new().plan_file(PLAN);
    for at in ["2026-03-14", "2026-03-14T03:00", "2026-03-14T02:00:00Z"] {
        assert!(explained(&case, &format!("upgrade --at {at}")).contains("asked for 2026-03-14 "), "{at}");
    }
    case.run("plan --at 2026-03-14").exit(2).stderr_has("--explain <TASK>");
    case.run("plan --explain upgrade --at soon").exit(2).stderr_has("expected a time such as");
    for far in ["0001-01-01", "9999-12-31"] {
        case.run(&format!("--now 2026-03-13T01:10:00Z plan --explain upgrade --at {far}"))
            .exit(2)
            .stderr("error: --at lies more than 3 years away: nothing can be said of that\n");
    }
    let on_demand = PLAN.replace("    schedule: {when: room, within: 4h}\n", "");
    let case = Case::new().plan_file(on_demand);
    let text = explained(&case, "tidy --at 2026-03-14");
    assert!(text.starts_with("not scheduled  none: it runs on demand, `mainstay run tidy`\n"), "{text}");
}

/// `upgrade` shares a group with `rotate`, which works first; its partner is left alone for half an hour after that.
const SHARED: &str = "\
mainstay: 1
owner: ada@example.org
connections: {prometheus: {url: \"http://127.0.0.1:9090\"}}
targets:
  prom-1: {local: true, group: pair}
  prom-2: {local: true, group: pair}
groups: {pair: {max_down: 1, cover: 30m}}
tasks:
  rotate:
    type: routine
    domain: component
    schedule: {cron: \"0 13 6 3 *\"}
    targets: [prom-1]
    claims: [path]
    duration: 20m
    steps: [{run: [\"true\"]}]
  upgrade:
    type: routine
    domain: component
    schedule: {cron: \"0 13 6 3 *\", tolerance: 8h}
    targets: [prom-2]
    claims: [path]
    duration: 20m
    approval: {required: 1, from: approvers}
    gate: {promql: absent(ALERTS)}
    steps: [{run: [\"true\"]}]
access:
  signers: allowed_signers
  roles: {approvers: [ops@example.org]}
";

/// The conditions from the group on, each with what is asked, the answer, why, and when it changes.
fn shared(at: &str) -> (Value, Vec<String>) {
    let case = Case::new().plan_file(SHARED).file("allowed_signers", "");
    let arguments = format!("--now 2026-03-06T12:00:00Z plan --explain upgrade --at {at} --format json");
    let explained = case.run(&arguments).any_output().exit(0).json();
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let told = |it: &Value| {
        let (what, why, changes) = (text(&it["what"]), text(&it["value"]), text(&it["changes"]));
        format!("{what}: {}, {why}, {changes}", it["holds"])
    };
    let all = explained["conditions"].as_array().expect("conditions").iter();
    let told = all.skip_while(|it| it["what"] != "group pair").map(told).collect();
    (explained, told)
}

#[test]
fn what_is_free_says_when_it_is_taken_and_what_is_taken_when_it_is_free() {
    let (_, before) = shared("2026-03-06T12:00");
    let one = "2026-03-06T13:00:00Z";
    assert_eq!(before[0], format!("group pair: true, needs 1; 0 of 1 in use, {one}"));
    assert_eq!(before[1], format!("claim path: true, exclusive; nobody else holds it, {one}"));
    let (explained, during) = shared("2026-03-06T13:10");
    assert_eq!(
        during[0],
        format!("group pair: false, needs 1; 1 of 1 in use, by rotate@{one}, 2026-03-06T13:50:00Z")
    );
    assert_eq!(
        during[1],
        format!("claim path: false, exclusive; held by rotate@{one}, 2026-03-06T13:20:00Z")
    );
    assert_eq!(explained["decisive"], "group pair");
    let (_, covered) = shared("2026-03-06T13:30");
    assert_eq!(
        covered[0],
        format!(
            "group pair: false, needs 1; 1 of 1 in use, by rotate@{one}; `cover` until 2026-03-06 13:50, \
             2026-03-06T13:50:00Z"
        )
    );
    assert_eq!(covered[1], "claim path: true, exclusive; nobody else holds it, -", "nothing else is planned");
}

#[test]
fn an_approval_comes_before_what_only_the_start_finds_out_also_at_another_time() {
    for at in ["2026-03-06T12:00", "2026-03-06T13:10"] {
        let (_, all) = shared(at);
        assert_eq!(all[2], "approval: false, 0 of 1 from approvers, -", "{at}");
        assert!(all[3].starts_with("gate: null"), "{}", all[3]);
    }
}
