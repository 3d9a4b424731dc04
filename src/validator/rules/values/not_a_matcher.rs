//! MS311: not a matcher.

use crate::planfile::matchers;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS311",
    title: "not a matcher",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "Alertmanager would refuse the silence when the work begins.",
    before: r#"mainstay: 1
connections:
  alertmanager: {url: "http://127.0.0.1:9093"}
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    silence: {matchers: ['job=prometheus']}
    steps: [{run: [rm, old]}]
"#,
    after: r#"mainstay: 1
connections:
  alertmanager: {url: "http://127.0.0.1:9093"}
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    silence: {matchers: ['job="prometheus"']}
    steps: [{run: [rm, old]}]
"#,
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for matcher in facts.silences().flat_map(|silence| silence.matchers.iter()) {
        if let Err(expected) = matchers::parse(&matcher.value) {
            faults.push(
                Fault::new(RULE.code, matcher.span, format!("`{}` is not a matcher", matcher.value))
                    .expected(expected),
            );
        }
    }
}
