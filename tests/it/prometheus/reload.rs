//! Reloads that are proved by what is loaded.

use std::fs;

use serde_json::Value;

use crate::support::{Case, Stack};

fn reloading(stack: &Stack) -> Case {
    Case::new().plan_file(format!(
        "mainstay: 1
connections: {{prometheus: {{url: \"{}\"}}}}
tasks:
  reload: {{type: routine, domain: component, duration: 1m, steps: [{{prometheus: reload}}]}}
",
        stack.prometheus_url()
    ))
}

#[track_caller]
fn message(runs: &Value) -> String {
    let step = &runs["runs"][0]["steps"][0];
    step["message"].as_str().unwrap_or_else(|| panic!("no message: {runs}")).to_owned()
}

const BROKEN: &str = "groups: [{name: broken, rules: [{record: a, expr: 'up{'}]}]\n";
const GOOD: &str = "groups: [{name: added, rules: [{record: a, expr: up}]}]\n";

#[test]
fn a_reload_says_what_it_changed_and_one_that_would_fail_is_not_begun() {
    let stack = Stack::prometheus_only();
    let case = reloading(&stack);
    let said = message(&case.run("run reload --format json").exit(0).json());
    assert!(said.starts_with("configuration loaded at "), "{said}");
    assert!(said.contains("; the same text as before, the same "), "{said}");

    fs::write(stack.rules_dir().join("added.yml"), GOOD).expect("a file");
    let said = message(&case.run("run reload --format json").exit(0).json());
    assert!(said.ends_with("; the same text as before, 1 rule new or changed, 0 gone or changed"), "{said}");

    fs::write(stack.rules_dir().join("added.yml"), BROKEN).expect("a file");
    let said = message(&case.run("run reload --format json").exit(1).json());
    assert!(said.starts_with("not reloaded: `promtool check config "), "{said}");
    assert!(said.contains("parse error"), "{said}");
    let info = stack.get_json(&format!("{}/api/v1/status/runtimeinfo", stack.prometheus_url()));
    assert_eq!(info["data"]["reloadConfigSuccess"], true, "Prometheus was not asked");
}

#[test]
fn a_reload_that_fails_says_what_is_in_force_all_the_same() {
    let stack = Stack::prometheus_only();
    let case = reloading(&stack);
    // As on a machine without promtool: nobody finds out beforehand.
    let empty = case.path().join("bin");
    fs::create_dir(&empty).expect("a folder");
    let run = || case.run_with(&[("PATH", empty.as_path())], "run reload --format json");

    let config = fs::read_to_string(stack.prometheus_config()).expect("a configuration");
    fs::write(stack.prometheus_config(), config.clone() + "nonsense: [\n").expect("a configuration");
    let said = message(&run().exit(1).json());
    assert!(said.ends_with("; the configuration of before stays in force"), "{said}");

    fs::write(stack.rules_dir().join("added.yml"), BROKEN).expect("a file");
    let job = "  - {job_name: extra, static_configs: [{targets: ['127.0.0.1:9']}]}\n";
    fs::write(stack.prometheus_config(), config + job).expect("a configuration");
    let said = message(&run().exit(1).json());
    let expected = "it was applied in part: the new configuration is scraped by, with the rules of before; \
                    a restart would fail now";
    assert!(said.contains("one or more errors occurred") && said.ends_with(expected), "{said}");

    // Mended, and what was wrong before is said.
    fs::write(stack.rules_dir().join("added.yml"), GOOD).expect("a file");
    let said = message(&run().exit(0).json());
    assert!(said.contains("not checked beforehand: `promtool` is not on this machine"), "{said}");
    assert!(said.ends_with("the reload before this one had failed"), "{said}");
}

#[test]
fn a_reload_of_alertmanager_is_proved_by_what_is_loaded() {
    let stack = Stack::alertmanager_only();
    let case = Case::new().plan_file(format!(
        "mainstay: 1
connections: {{alertmanager: {{url: \"{}\"}}}}
tasks:
  reload: {{type: routine, domain: component, duration: 1m, steps: [{{alertmanager: reload}}]}}
",
        stack.alertmanager_url()
    ));
    let file = stack.dir().join("alertmanager/alertmanager.yml");
    let config = fs::read_to_string(&file).expect("a configuration");
    let said = message(&case.run("run reload --format json").exit(0).json());
    assert_eq!(said, "configuration loaded, the same as before");
    let other = config.replace("group_wait: 1s", "group_wait: 2s");
    assert_ne!(other, config);
    fs::write(&file, other).expect("a configuration");
    let said = message(&case.run("run reload --format json").exit(0).json());
    assert_eq!(said, "configuration loaded, another one than before");
    fs::write(&file, format!("{config}\nnonsense: [\n")).expect("a configuration");
    let said = message(&case.run("run reload --format json").exit(1).json());
    assert!(said.contains("failed to reload config"), "{said}");
    assert!(said.ends_with("; the configuration of before stays in force"), "{said}");
}
