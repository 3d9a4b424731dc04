//! What holds on each of several servers is asked of each.

use std::fs;

use serde_json::json;

use super::{change, work};
use crate::support::Stack;

#[test]
fn a_replica_that_is_worse_or_does_not_answer_any_more_keeps_monitoring_from_being_as_it_was() {
    let (first, second) = (Stack::prometheus_only(), Stack::prometheus_only());
    let with_replica = |case: crate::support::Case| {
        let text = case.read("maintenance.yaml");
        let urls = format!("{{url: \"{}\"", first.prometheus_url());
        let both = format!("{urls}, replicas: [\"{}\"]", second.prometheus_url());
        case.plan_file(text.replace(&urls, &both))
    };
    let broken = format!(
        "rm {}/*.yml && curl -fsS -X POST {}/-/reload",
        second.rules_dir().display(),
        second.prometheus_url()
    );
    let case = with_replica(work(&first, "{settle: 12s}", &[broken]));
    let (reason, baseline) = super::run(&case, 1);
    let url = second.prometheus_url();
    assert!(reason.contains(&format!("{url}: rule `alerts/Watchdog` is gone")), "{reason}");
    assert_eq!(change(&baseline, "rule", "alerts/Watchdog")["server"], json!(url));

    let gone = format!("{} stop prometheus", second.dir().join("bin/ctl").display());
    let case = with_replica(work(&first, "{settle: 12s}", &[gone]));
    let (reason, baseline) = super::run(&case, 1);
    assert!(reason.contains(&format!("{url}: could not be held against what it was: ")), "{reason}");
    assert_eq!(change(&baseline, "peer", &url)["verdict"], "unknown");
}

#[test]
fn dashboards_that_are_not_there_or_read_nothing_refuse_the_run() {
    let stack = Stack::prometheus_only();
    for (file, content, expected) in [
        ("dashboard.json", None, "cannot read the dashboard "),
        ("dashboard.json", Some("{"), "dashboard.json is no dashboard"),
        (
            "dashboard.json",
            Some("{\"title\": \"x\"}"),
            "dashboard.json has no panel with a query of Prometheus",
        ),
        ("d/*.json", None, ""),
    ] {
        let case = work(&stack, &format!("{{dashboards: {file}}}"), &["touch done".to_owned()]);
        if let Some(content) = content {
            fs::write(case.path().join(file), content).expect("a file");
        }
        let (reason, _) = super::run(&case, 1);
        assert!(
            reason.contains("there is no baseline to come back to: ") && reason.contains(expected),
            "{reason}"
        );
        assert!(!case.has("done"));
    }
}
