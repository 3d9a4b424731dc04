//! MS705: waiver of what cannot be waived.

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS705",
    title: "waiver of what cannot be waived",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "Work would start from a plan that cannot be read as it is meant. Only judgements can be \
          waived.",
    before: "\
mainstay: 1
tasks:
  kernel:
    type: routine
    # mainstay: ignore MS201 until 2027-01-31 there is no way back from a new kernel
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
