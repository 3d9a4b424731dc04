//! Label values of any kind, from a real exporter through a real Prometheus to what people read.

use std::fs;

use serde_json::json;

use super::PATIENCE;
use crate::support::{Case, Exporter, Stack, wait_until};

#[test]
fn case_12_label_values_with_line_feeds_quotes_backslashes_emoji_and_a_megabyte_are_told_and_compared() {
    let stack = Stack::prometheus_only();
    let page = stack.dir().join("odd.prom");
    let exporter = Exporter::start(&page);
    let long = "x".repeat(1 << 20);
    let odd = r#"odd{v="line\nfeed"} 1
odd{v="quo\"te"} 1
odd{v="back\\slash"} 1
odd{v="🦀"} 1
"#;
    exporter.write(&format!("{odd}long{{v=\"{long}\"}} 1\n"));
    let config = stack.prometheus_config();
    let mut text = fs::read_to_string(&config).expect("a configuration");
    let job =
        format!("\n  - job_name: odd\n    static_configs: [{{targets: [\"{}\"]}}]\n", exporter.address());
    text.push_str(&job);
    fs::write(&config, text).expect("a configuration");
    let rules = r"groups:
  - name: odd
    rules:
      - {alert: Odd, expr: 'odd == 1', labels: {severity: page}}
      - {alert: Long, expr: 'long == 1', labels: {severity: page}}
";
    fs::write(stack.rules_dir().join("odd.yml"), rules).expect("a file");
    ureq::post(&format!("{}/-/reload", stack.prometheus_url())).send_empty().expect("a reload");
    wait_until("all of them fire", PATIENCE, || {
        stack
            .try_query("count(ALERTS{alertstate=\"firing\",alertname=~\"Odd|Long\"}) == 5")
            .is_some_and(|found| found != json!([]))
    });

    let plan = |url: &str| {
        format!(
            "mainstay: 1
connections: {{prometheus: {{url: \"{url}\"}}}}
checks:
  feed: {{promql: {{query: 'odd{{v=~\"(?s)line.*\"}}', every: 2}}}}
  quote: {{promql: {{query: 'odd{{v=~\"quo.*\"}}', every: 2}}}}
  slash: {{promql: {{query: 'odd{{v=~\"back.*\"}}', every: 2}}}}
  crab: {{promql: {{query: 'odd{{v=\"🦀\"}}', every: 2}}}}
  long: {{promql: {{query: long, every: 2}}}}
tasks:
  work:
    type: routine
    domain: component
    duration: 5m
    baseline: {{settle: 60s, series: [{{promql: odd, window: 3s}}]}}
    steps: [{{run: [\"true\"]}}]
"
        )
    };
    let case = Case::new().plan_file(plan(&stack.prometheus_url()));
    let report = case.run("validate --live feed quote slash crab long --format json").exit(1).json();
    let items = report["items"].as_array().expect("items");
    for (name, expected) in [
        ("feed", r#"v="line\nfeed""#),
        ("quote", r#"v="quo\"te""#),
        ("slash", r#"v="back\\slash""#),
        ("crab", r#"v="🦀""#),
        ("long", "characters)"),
    ] {
        let item = items.iter().find(|item| item["name"] == format!("checks.{name}")).expect("an item");
        let said = item["said"].as_str().expect("words");
        assert!(said.contains(expected) && said.len() < 1_000 && !said.contains('\n'), "{name}: {said:?}");
    }

    // The baseline keeps what is of a reasonable length and is as it was; what it leaves out is counted.
    let ran = case.run("run work --format json").exit(0).json();
    assert_eq!(ran["runs"][0]["baseline"]["same"], true, "{ran:#}");
    assert_eq!(ran["runs"][0]["baseline"]["series"].as_array().map(Vec::len), Some(4), "{ran:#}");
    let size = fs::metadata(case.path().join(".mainstay/state.db")).expect("a state file").len();
    assert!(size < 1 << 20, "a megabyte of a label is not in the ledger: {size}");

    // One of them is gone: it is named, in one line.
    exporter.write(&odd.replace("odd{v=\"quo\\\"te\"} 1\n", ""));
    let wait = "count(odd) == 3";
    wait_until("one is gone", PATIENCE, || stack.try_query(wait).is_some_and(|found| found != json!([])));
    let report = case.run("validate --live quote --format json").exit(3).json();
    let said = report["items"][0]["said"].as_str().expect("words");
    assert!(said.contains("no series of `odd` has v=~\"quo.*\""), "{said}");
}
