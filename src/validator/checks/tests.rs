//! What the tests of all kinds share.

use crate::model::Check;

/// The check that a plan file would have: `yaml` is its kind with its form.
pub(super) fn check(yaml: &str) -> Check {
    let text = format!("mainstay: 1\nchecks:\n  a: {{{yaml}}}\n");
    let text = crate::planfile::Text::new("maintenance.yaml", text.into_bytes());
    let plan = text.read().into_plan().expect("a plan");
    plan.checks.get("a").expect("a check").value.clone()
}
