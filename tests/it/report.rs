//! `mainstay report status` as people and programs see it.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use mainstay::model::{Event, Origin, Outcome};
use mainstay::state::{LogFilter, Logged, NewRun};
use mainstay::world::process_identity;
use serde_json::Value;

use super::support::{Case, Past};

const PLAN: &str = r#"
mainstay: 1
title: Monitoring, Berlin
owner: Agent Systems Unit
timezone: Europe/Berlin
tasks:
  tidy:
    title: Remove what nobody reads
    type: routine
    domain: component
    schedule: {cron: "0 2 * * *"}
    duration: 5m
    steps:
      - run: [rm, old]
  upgrade:
    title: Upgrade Prometheus
    type: preventive
    domain: component
    criticality: high
    schedule: {every: 30d, tolerance: 3d}
    duration: 20m
    steps:
      - run: [rm, old]
"#;

const NOW: &str = "--now 2026-03-07T11:00:00Z";

/// One success, one failure.
fn case() -> Case {
    let case = Case::new().plan_file(PLAN);
    let past = Past(&case);
    let tasks = vec!["tidy".to_owned(), "upgrade".to_owned()];
    past.at("2026-03-06T00:30:00Z", |state| assert!(state.record(&Event::TasksSeen { tasks }).is_ok()));
    past.begin("2026-03-06T01:00:00Z", "tidy", "tidy@2026-03-06T01:00:00Z")
        .end("2026-03-06T01:01:00Z", 1, Outcome::Succeeded, "")
        .begin("2026-03-06T20:00:00Z", "upgrade", "upgrade#1")
        .end(
            "2026-03-06T20:05:00Z",
            2,
            Outcome::Failed,
            "Reading package lists...\nE: Unable to locate package\n",
        )
        .begin("2026-03-07T01:00:00Z", "tidy", "tidy@2026-03-07T01:00:00Z")
        .end("2026-03-07T01:01:00Z", 3, Outcome::Succeeded, "");
    case
}

fn json(case: &Case, arguments: &str) -> Value {
    let mut ran = case.run(&format!("report status --format json {arguments}")).exit(0);
    serde_json::from_str(&ran.take_stdout()).unwrap()
}

#[test]
fn what_failed_is_shown_with_what_it_printed_and_what_to_type() {
    let mut ran = case().run(&format!("report status {NOW}")).exit(0);
    let shown = ran.take_stdout();
    for expected in [
        "1 thing needs attention.\n",
        "The last run of `upgrade`, run 2, failed. Repair the cause, then repeat it.\n    mainstay run upgrade\n",
        "run 2, step install on prom-1 failed, exit code 1\n    Reading package lists...\n    E: Unable to locate package\n",
        "as of      2026-03-07 12:00 CET\n",
        "success            2 of 3 (66 %)\n",
    ] {
        assert!(shown.contains(expected), "{expected}\nis missing in\n{shown}");
    }
}

#[test]
fn the_json_document_says_what_the_product_definition_says() {
    let report = json(&case(), NOW);
    assert_eq!((&report["schema"], &report["kind"]), (&"mainstay/report/v1".into(), &"status".into()));
    assert_eq!(report["period"]["until"].as_str().unwrap()[..19], *"2026-03-07T11:00:00");
    assert_eq!(report["ledger"]["entries"], 14);
    assert_eq!(report["ledger"]["root"].as_str().unwrap().len(), 64);
    assert_eq!((&report["totals"]["runs"], &report["totals"]["failed"]), (&3.into(), &1.into()));
    assert_eq!(
        (&report["tasks"][0]["state"], &report["tasks"][1]["state"]),
        (&"ok".into(), &"failed".into())
    );
    assert_eq!(report["runs"][1]["failed_step"]["name"], "install");
}

#[test]
fn a_period_without_runs_says_so() {
    let case = case();
    let mut ran = case.run("report status --period 1h --now 2026-03-07T11:00:00Z").exit(0);
    let shown = ran.take_stdout();
    assert!(
        shown.contains("Nothing ran in this period.\n") && shown.contains("success            n/a\n"),
        "{shown}"
    );
}

#[test]
fn without_a_state_file_there_is_a_report_and_still_no_state_file() {
    let case = Case::new().plan_file(PLAN);
    let mut ran = case.run(&format!("report status {NOW} -o out.md")).exit(0);
    assert!(ran.take_stdout().contains("ledger     none, there is no state file yet\n"));
    assert!(!case.path().join(".mainstay").exists());
    assert!(fs::read_to_string(case.path().join("out.md")).unwrap().starts_with("# Monitoring, Berlin\n"));
}

#[test]
fn files_are_their_owners_alone_and_on_record_with_their_digest() {
    let case = case();
    let arguments = format!("report status {NOW} -o out.html -o out.json -o markdown=ticket --format json");
    let shown = case.run(&arguments).exit(0).take_stdout();
    assert_eq!(fs::read_to_string(case.path().join("out.json")).unwrap(), shown);
    for name in ["out.html", "out.json", "ticket"] {
        let mode = fs::metadata(case.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    Past(&case).at("2026-03-07T12:00:00Z", |state| {
        let log = state.log(&LogFilter::default()).unwrap();
        let reports = log.entries.iter().filter_map(|logged| match logged {
            Logged::Entry(entry) => match &entry.event {
                Event::ReportWritten { digest, .. } => Some(digest.clone()),
                _ => None,
            },
            Logged::Raw { .. } => None,
        });
        let reports: Vec<_> = reports.collect();
        assert_eq!(reports.len(), 3);
        let digest = format!("{:x}", <sha2::Sha256 as sha2::Digest>::digest(shown.as_bytes()));
        assert!(reports.contains(&digest), "{reports:?}");
    });
}

#[test]
fn the_same_past_gives_the_same_report() {
    let case = case();
    let page =
        |format: &str| case.run(&format!("report status --format {format} {NOW}")).exit(0).take_stdout();
    for format in ["text", "markdown", "html"] {
        assert_eq!(page(format), page(format), "{format}");
    }
}

#[test]
fn a_run_that_nobody_works_on_any_more_is_named_first() {
    let case = case();
    Past(&case).at("2026-03-07T10:00:00Z", |state| {
        let dead = mainstay::model::Holder { started_ticks: 1, ..process_identity::current().unwrap() };
        let new = NewRun {
            task: "upgrade".to_owned(),
            occurrence: None,
            origin: Origin::OnDemand,
            due: None,
            plan_digest: String::new(),
            targets: vec!["prom-1".to_owned()],
            holder: dead,
            approvals: Vec::new(),
            definition: None,
            holds: mainstay::model::Holds::default(),
            justification: None,
            partial: false,
        };
        state.start_run(&new).unwrap();
    });
    let report = json(&case, NOW);
    assert_eq!(report["attention"][0]["command"], "mainstay run --resume 4");
    assert_eq!(report["attention"][0]["urgency"], "now");
    assert_eq!(report["runs"][0]["outcome"], "interrupted");
    assert_eq!(report["tasks"][1]["state"], "interrupted");
}

#[test]
fn a_wrong_plan_file_and_an_empty_period_are_refused() {
    let wrong = "error: the plan file";
    let mut ran = Case::new().plan_file("mainstay: 2\n").run("report status").exit(2);
    assert!(ran.take_stderr().contains(wrong));
    let mut ran = Case::new().plan_file(PLAN).run("report status --period 0s").exit(2);
    assert!(ran.take_stderr().contains("expected a length above 0"));
}
