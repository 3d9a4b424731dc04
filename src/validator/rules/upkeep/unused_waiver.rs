//! MS704: unused waiver.

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS704",
    title: "unused waiver",
    severity: Severity::Warning,
    standing: Standing::Fault,
    why: "What it waived is no longer found. Left where it is, it would hide the next finding of its \
          kind.",
    before: "\
mainstay: 1
tasks:
  kernel:
    type: routine
    # mainstay: ignore MS316 until 2027-01-31 there is no way back from a new kernel
    domain: component
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
