//! MS105: merge key.

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS105",
    title: "merge key",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "What stands in the plan file is what people review. A merge key hides part of it, and tools \
          disagree about which of two values wins.",
    before: "\
mainstay: 1
targets:
  a: &a {local: true}
  b: {<<: *a}
",
    after: "\
mainstay: 1
targets:
  a: {local: true}
  b: {local: true}
",
    finder: Finder::Reader,
};
