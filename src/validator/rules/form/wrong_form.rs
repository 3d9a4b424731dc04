//! MS115: wrong form.

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS115",
    title: "wrong form",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "The value is not of the kind that the key takes. mainstay never guesses: `yes` is a text, \
          `5` is no length of time, and `010` may be eight.",
    before: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5
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
