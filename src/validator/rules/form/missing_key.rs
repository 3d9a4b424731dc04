//! MS113: missing key.

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS113",
    title: "missing key",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "Nothing sensible can be assumed in its place.",
    before: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    steps: [{run: [rm, old]}]
",
    after: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps: [{run: [rm, old]}]
",
    finder: Finder::Reader,
};
