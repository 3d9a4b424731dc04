//! What is wrong with the monitoring system as it is, without a baseline.

use std::fs;
use std::process::Command;

use mainstay::planfile::Text;
use mainstay::validator::report::Outcome;
use mainstay::validator::verifier::now::{self, Now};
use mainstay::world::World;
use mainstay::world::clock::Clock;

use super::{PATIENCE, has, reload};
use crate::support::{Stack, wait_until};

/// The system that these connections name.
pub(super) fn world(connections: &str) -> World {
    let text = format!("{{{connections}}}");
    let text = format!(
        "mainstay: 1\nconnections: {text}\ntasks: {{a: {{type: routine, domain: system, duration: 1m, steps: [{{run: [a]}}]}}}}\n"
    );
    let text = Text::new("a.yaml", text.into_bytes());
    let plan = text.read().into_plan().expect("a plan file");
    World::new(&plan.connections, std::path::Path::new("a.yaml"), Clock::new(None))
}

fn codes(now: &Now) -> Vec<&str> {
    let mut codes: Vec<_> = now.findings.iter().map(|finding| finding.code).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

#[test]
fn a_stack_that_is_well_has_no_finding_and_each_fault_has_its_code() {
    let stack = Stack::start();
    let both = format!(
        "prometheus: {{url: \"{}\"}}, alertmanager: {{url: \"{}\"}}",
        stack.prometheus_url(),
        stack.alertmanager_url()
    );
    let well = now::look(&world(&both));
    assert_eq!(well.findings, Vec::new());
    assert!(well.items.iter().all(|item| item.outcome == Outcome::Yes), "{well:#?}");
    assert_eq!(well.items.len(), 6);

    // A target that is down, a rule that fails, a configuration that does not load.
    stack.stop("node");
    let rules = "groups: [{name: bad, rules: [{record: a, expr: 'up * on () group_left () up'}]}]\n";
    fs::write(stack.rules_dir().join("bad.yml"), rules).expect("a file");
    reload(&stack);
    fs::write(stack.rules_dir().join("worse.yml"), "groups: nonsense\n").expect("a file");
    let _ = ureq::post(&format!("{}/-/reload", stack.prometheus_url())).send_empty();
    // After a reload Prometheus knows its Alertmanagers again only when they have been discovered.
    let mut ill = Now::default();
    wait_until("MV102, MV103 and MV105 are seen", PATIENCE, || {
        ill = now::look(&world(&both));
        codes(&ill) == ["MV102", "MV103", "MV105"]
    });
    let told: Vec<_> = ill.findings.iter().map(|finding| finding.message.as_str()).collect();
    let told = told.join("\n");
    assert!(told.contains("is down: ") && told.contains("rule `bad/a` fails: "), "{told}");
    // Each finding is about the question that it answers.
    let is_asked =
        |subject: &str| ill.items.iter().any(|item| item.name == subject && item.outcome == Outcome::No);
    assert!(ill.findings.iter().all(|finding| is_asked(&finding.subject)), "{ill:#?}");
}

#[test]
fn a_full_disk_is_seen_and_so_is_what_the_next_restart_would_throw_away() {
    let stack = Stack::prometheus_only();
    let only = format!("prometheus: {{url: \"{}\"}}", stack.prometheus_url());
    let limit = |to: &str| {
        let pid = stack.pid("prometheus").to_string();
        let limit = format!("--fsize={to}:");
        assert!(
            Command::new("prlimit").args(["--pid", &pid, &limit]).status().expect("util-linux").success()
        );
    };
    limit("4096");
    wait_until("a sample is old", PATIENCE, || has(&stack, "time() - timestamp(up) > 4"));
    let full = now::look(&world(&only));
    assert!(codes(&full).contains(&"MV107") && codes(&full).contains(&"MV108"), "{full:#?}");
    limit("unlimited");
    wait_until("samples are stored again", PATIENCE, || has(&stack, "time() - timestamp(up) < 1.5"));
    let free = now::look(&world(&only));
    assert!(codes(&free).contains(&"MV108") && !codes(&free).contains(&"MV107"), "{free:#?}");
}

#[test]
fn who_does_not_answer_and_who_scrapes_nothing_is_unknown_and_never_well() {
    let nobody = now::look(&world("prometheus: {url: \"http://127.0.0.1:9\"}"));
    assert_eq!(codes(&nobody), ["MV101"]);
    assert_eq!(nobody.items[0].outcome, Outcome::Unknown);

    let stack = Stack::prometheus_only();
    let config = fs::read_to_string(stack.prometheus_config()).expect("a configuration");
    let (head, _) = config.split_once("scrape_configs:").expect("a configuration");
    fs::write(stack.prometheus_config(), head).expect("a file");
    reload(&stack);
    let only = format!("prometheus: {{url: \"{}\"}}", stack.prometheus_url());
    wait_until("nothing is scraped", PATIENCE, || codes(&now::look(&world(&only))).contains(&"MV104"));
    let empty = now::look(&world(&only));
    let targets =
        empty.items.iter().find(|item| item.name.starts_with("monitoring.targets")).expect("a question");
    assert_eq!(targets.outcome, Outcome::Unknown);
    // Alerts that nobody is told of.
    assert!(codes(&empty).contains(&"MV111"), "{empty:#?}");
}
