//! MS701: unclear waiver.

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS701",
    title: "unclear waiver",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "A comment that is meant as a waiver and not understood waives nothing, and who reads it \
          believes that it does. A waiver has a reason, so that somebody can tell later whether it \
          still holds.",
    before: "\
mainstay: 1
tasks:
  kernel:
    type: routine
    # mainstay: ignore MS316 until 2027-01-31
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
