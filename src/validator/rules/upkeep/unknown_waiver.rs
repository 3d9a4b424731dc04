//! MS702: waiver of an unknown code.

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS702",
    title: "waiver of an unknown code",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "No rule has this code, so the waiver waives nothing.",
    before: "\
mainstay: 1
tasks:
  kernel:
    type: routine
    # mainstay: ignore MS961 until 2027-01-31 there is no way back from a new kernel
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
