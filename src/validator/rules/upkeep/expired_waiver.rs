//! MS703: expired waiver.

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS703",
    title: "expired waiver",
    severity: Severity::Warning,
    standing: Standing::Fault,
    why: "The decision was for a time, and that is over: the finding counts again until somebody \
          decides anew.",
    before: "\
mainstay: 1
tasks:
  kernel:
    type: routine
    # mainstay: ignore MS316 until 2026-01-31 there is no way back from a new kernel
    domain: system
    duration: 20m
    steps: [{run: [apt-get, install, -y, linux-image-amd64]}]
    verify: [{command: {run: [uname, -r]}}]
",
    after: "\
mainstay: 1
tasks:
  kernel:
    type: routine
    # mainstay: ignore MS316 until 2027-01-31 there is no way back from a new kernel
    domain: system
    duration: 20m
    steps: [{run: [apt-get, install, -y, linux-image-amd64]}]
    verify: [{command: {run: [uname, -r]}}]
",
    finder: Finder::Checker,
};
