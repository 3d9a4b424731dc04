//! The manual of the rules.

use mainstay::validator::{codes, rules};

use super::Case;

#[test]
fn a_rule_is_explained_with_a_before_and_an_after() {
    let expected = "\
error MS205: cycle

Tasks that wait for each other never start.

Before:
    mainstay: 1
    tasks:
      a:
        type: routine
        domain: component
        duration: 5m
        after: b
        steps: [{run: [rm, old]}]
      b:
        type: routine
        domain: component
        duration: 5m
        after: a
        steps: [{run: [rm, old]}]

After:
    mainstay: 1
    tasks:
      a:
        type: routine
        domain: component
        duration: 5m
        steps: [{run: [rm, old]}]
      b:
        type: routine
        domain: component
        duration: 5m
        after: a
        steps: [{run: [rm, old]}]

It cannot be waived.
";
    Case::new().run("validate --explain ms205").stdout(expected).exit(0);
}

#[test]
fn every_code_has_a_page_and_a_line_in_the_list() {
    let list = Case::new().run("validate --explain").exit(0).take_text();
    assert_eq!(list.lines().count(), rules::all().count() + codes::all().count());
    let pages = Case::new().run("validate --explain --format json").exit(0).json();
    for (page, rule) in pages["rules"].as_array().unwrap().iter().zip(rules::all()) {
        assert_eq!(page["code"], rule.code);
        assert!(list.contains(&format!("{}  ", rule.code)));
    }
    for (page, code) in pages["codes"].as_array().unwrap().iter().zip(codes::all()) {
        assert_eq!(page["code"], code.code);
        assert!(list.contains(&format!("{}  ", code.code)));
        let page = Case::new().run(&format!("validate --explain {}", code.code)).exit(0).take_text();
        assert!(page.contains(code.title), "{page}");
    }
}

#[test]
fn a_code_without_a_rule_is_a_wrong_command_line() {
    let no = "error: there is no rule and no control `MS21`; did you mean `MS201`?\n";
    Case::new().run("validate --explain MS21").stderr(no).exit(2);
}

#[test]
fn the_schema_is_the_committed_one() {
    let committed = include_str!("../../../completions/maintenance.schema.json");
    Case::new().run("validate --schema").stdout(committed).exit(0);
}

#[test]
fn a_control_of_a_standard_has_a_page_too() {
    let page = Case::new().run("validate --explain prc-03").exit(0).take_text();
    assert!(page.starts_with("PRC-03: ") && page.contains("Answers to\n  NIST"), "{page}");
}
