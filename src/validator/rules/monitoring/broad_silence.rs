//! MS612: broad silence.

use crate::planfile::matchers::{self, LabelMatcher};
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS612",
    title: "broad silence",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "The silence covers alerts of systems that the work does not touch, because nothing in it \
          names a job, an instance or another thing. The outage of another system would be silent too.",
    before: r#"mainstay: 1
connections:
  alertmanager: {url: "http://127.0.0.1:9093"}
  prometheus: {url: "http://127.0.0.1:9090"}
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    silence: {matchers: ['severity="warning"']}
    baseline: {within: 2%}
    steps: [{run: [rm, old]}]
"#,
    after: r#"mainstay: 1
connections:
  alertmanager: {url: "http://127.0.0.1:9093"}
  prometheus: {url: "http://127.0.0.1:9090"}
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    silence: {matchers: ['severity="warning"', 'job="prometheus"']}
    baseline: {within: 2%}
    steps: [{run: [rm, old]}]
"#,
    finder: Finder::Look(look),
};

/// Labels that say how an alert is treated, not what it is about.
const OF_TREATMENT: [&str; 7] = ["severity", "priority", "level", "team", "env", "environment", "alertstate"];

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for silence in facts.silences() {
        let read: Result<Vec<_>, _> =
            silence.matchers.iter().map(|matcher| matchers::parse(&matcher.value)).collect();
        let Ok(read) = read else { continue };
        // Of a silence without any bound another rule speaks.
        let is_bounded = read.iter().any(|matcher| !matcher.matches(""));
        if is_bounded && !read.iter().any(names_a_thing) {
            let message = format!("{} names no system", silence.what);
            faults.push(
                Fault::new(RULE.code, beginning(silence.span), message)
                    .expected("expected a matcher such as `job=\"prometheus\"` or `instance=~\"host1:.*\"`"),
            );
        }
    }
}

/// Whether a matcher narrows down what alerts are about.
fn names_a_thing(matcher: &LabelMatcher) -> bool {
    let is_open = matcher.is_regex && matches!(matcher.value.as_str(), ".*" | ".+");
    matcher.is_equal && !is_open && !OF_TREATMENT.contains(&matcher.name.as_str())
}
