//! MS611: matcher that matches everything.

use crate::model::Spanned;
use crate::planfile::matchers::{self, LabelMatcher};
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS611",
    title: "matcher that matches everything",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "A matcher that every alert fits narrows nothing down. It is there because somebody believed \
          that it does, and the silence is wider than they think.",
    before: r#"mainstay: 1
connections:
  alertmanager: {url: "http://127.0.0.1:9093"}
  prometheus: {url: "http://127.0.0.1:9090"}
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    silence: {matchers: ['job="prometheus"', 'instance=~".*"']}
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
    silence: {matchers: ['job="prometheus"', 'instance="prom-1:9090"']}
    baseline: {within: 2%}
    steps: [{run: [rm, old]}]
"#,
    finder: Finder::Look(look),
};

/// Values no label has by design: a matcher that fits all of them and the empty one fits everything.
const ODD_VALUES: [&str; 3] = ["", "\u{1}odd value", "another-odd-value:0"];

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for silence in facts.silences() {
        let read = |matcher: &Spanned<String>| matchers::parse(&matcher.value).ok();
        // Of a silence without any bound another rule speaks.
        if silence.matchers.iter().filter_map(read).all(|matcher| matcher.matches("")) {
            continue;
        }
        for matcher in silence.matchers {
            let fits_all = |read: &LabelMatcher| ODD_VALUES.iter().all(|value| read.matches(value));
            if read(matcher).is_some_and(|read| read.is_regex && fits_all(&read)) {
                faults.push(
                    Fault::new(RULE.code, matcher.span, format!("`{}` matches every alert", matcher.value))
                        .help("say which values are meant, or remove it"),
                );
            }
        }
    }
}
