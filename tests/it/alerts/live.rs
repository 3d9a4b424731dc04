//! `config_live`: what a real Prometheus and a real Alertmanager serve is what stands in their files.

use std::fs;

use super::{alertmanagers, asked, assert_says};
use crate::support::Stack;

fn prometheus(stack: &Stack) -> (String, String) {
    let connection = format!("  prometheus: {{url: {:?}}}", stack.prometheus_url());
    (connection, format!("config_live: {{prometheus: \"{}\"}}", stack.prometheus_config().display()))
}

#[test]
fn a_prometheus_serves_what_is_written_until_somebody_writes_something_else() {
    let stack = Stack::prometheus_only();
    let (connection, check) = prometheus(&stack);
    assert_eq!(asked(&connection, &check), "");

    let path = stack.prometheus_config();
    let before = fs::read_to_string(&path).expect("its configuration");
    fs::write(&path, before.clone() + "  - {job_name: new, static_configs: [{targets: ['127.0.0.1:9']}]}\n")
        .expect("writable");
    assert_says(
        &asked(&connection, &check),
        &["`scrape_configs[new]`", "is written and not served", "after it last loaded them"],
    );
    fs::write(&path, before).expect("writable");

    let rules = stack.rules_dir().join("alerts.yml");
    let before = fs::read_to_string(&rules).expect("its rules");
    let changed = before.replacen("expr: ", "expr: 1 + ", 1);
    assert_ne!(before, changed);
    fs::write(&rules, changed).expect("writable");
    assert_says(&asked(&connection, &check), &["rule 1 expr` is written as `1 +"]);
    fs::write(&rules, before).expect("writable");

    let more = stack.rules_dir().join("more.yml");
    fs::write(&more, "groups: [{name: more, rules: [{record: a, expr: b}]}]\n").expect("writable");
    assert_says(&asked(&connection, &check), &["more.yml group more` (1 rule) is written and not served"]);
    fs::remove_file(more).expect("it was there");
    assert_eq!(asked(&connection, &check), "");
}

#[test]
fn a_reload_that_failed_is_told() {
    let stack = Stack::prometheus_only();
    let (connection, check) = prometheus(&stack);
    let broken = stack.rules_dir().join("broken.yml");
    fs::write(&broken, "groups: [{name: x, rules: [{record: a, expr: 'b {'}]}]\n").expect("writable");
    let reload = format!("{}/-/reload", stack.prometheus_url());
    assert!(ureq::post(&reload).send_empty().is_err(), "the rules are broken");
    fs::remove_file(broken).expect("it was there");
    assert_says(&asked(&connection, &check), &["its last reload failed"]);
}

#[test]
fn every_member_serves_the_file_or_is_named_with_what_differs() {
    let config = include_str!("../support/stack/alertmanager.yml");
    let stack = Stack::alertmanagers(3, config);
    let connection = alertmanagers(&stack.alertmanager_urls());
    let path = stack.alertmanager_config();
    let check = format!("config_live: {{alertmanager: {path:?}}}");
    assert_eq!(asked(&connection, &check), "");

    let before = fs::read_to_string(&path).expect("its configuration");
    fs::write(&path, before.replace("group_wait: 1s", "group_wait: 1m")).expect("writable");
    for url in &stack.alertmanager_urls()[..2] {
        ureq::post(&format!("{url}/-/reload")).send_empty().expect("it reloads");
    }
    let third = &stack.alertmanager_urls()[2];
    let answer = asked(&connection, &check);
    assert_says(&answer, &[&format!("found {third}: `route.group_wait` is written as `1m`, served as `1s`")]);
    let ignoring = format!("config_live: {{alertmanager: {path:?}, ignore: [route.group_wait]}}");
    assert_eq!(asked(&connection, &ignoring), "");
}
