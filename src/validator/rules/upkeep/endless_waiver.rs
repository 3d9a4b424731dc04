//! MS706: waiver without an end.

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS706",
    title: "waiver without an end",
    severity: Severity::Note,
    standing: Standing::Fault,
    why: "A waiver without an end outlives its reason, and nobody is asked again.",
    before: "\
mainstay: 1
tasks:
  kernel:
    type: routine
    # mainstay: ignore MS316 there is no way back from a new kernel
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
