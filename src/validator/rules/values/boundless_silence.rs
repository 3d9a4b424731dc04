//! MS312: boundless silence.

use crate::planfile::matchers;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS312",
    title: "boundless silence",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "A silence whose every matcher also fits an alert without the label mutes alerts that the \
          work has nothing to do with, the next outage among them. Alertmanager refuses it.",
    before: r#"mainstay: 1
connections:
  alertmanager: {url: "http://127.0.0.1:9093"}
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    silence: {matchers: ['job=~".*"']}
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
    for silence in facts.silences() {
        let read: Result<Vec<_>, _> =
            silence.matchers.iter().map(|matcher| matchers::parse(&matcher.value)).collect();
        let Ok(read) = read else { continue };
        if read.iter().all(|matcher| matcher.matches("")) {
            let message = format!("{} would cover alerts without any of its labels", silence.what);
            faults.push(
                Fault::new(RULE.code, beginning(silence.span), message)
                    .expected("expected a matcher that the empty text does not match"),
            );
        }
    }
}
