//! Names of things: short, and made of letters that selectors, ids and file names leave alone.

use super::Facts;
use crate::model::IMPLICIT_TARGET;
use crate::planfile::fault::Fault;

/// The sections whose entries are named by the author.
const SECTIONS: [&str; 10] = [
    "targets",
    "groups",
    "windows",
    "blackouts",
    "resources",
    "tasks",
    "secrets",
    "checks",
    "alerts",
    "reports",
];
/// The longest name.
const MAX_LENGTH: usize = 64;

pub(super) fn check(facts: &Facts, faults: &mut Vec<Fault>) {
    for section in SECTIONS {
        let Some(names) = facts.sections.get(section).map(|section| &section.names) else { continue };
        for (name, (node, _)) in names {
            if !is_name(name) {
                faults.push(
                    Fault::new("MS320", facts.tree.span(*node), format!("`{name}` cannot be a name"))
                        .expected(format!(
                            "expected up to {MAX_LENGTH} letters A-Z and a-z, digits, `_`, `.` and `-`"
                        )),
                );
            }
        }
    }
    for (name, (node, _)) in facts.sections.get("metrics").map(|section| &section.names).into_iter().flatten()
    {
        if !is_metric_name(name) {
            faults.push(
                Fault::new(
                    "MS320",
                    facts.tree.span(*node),
                    format!("`{name}` cannot be the name of a metric"),
                )
                .expected("expected letters, digits, `_` and `:`, not beginning with a digit"),
            );
        }
    }
    for (name, target) in facts.plan.targets.iter() {
        let is_local = target.local.is_some_and(|local| local.value);
        if name.value == IMPLICIT_TARGET && !is_local {
            faults.push(
                Fault::new("MS321", name.span, "the name `local` is reserved for this machine")
                    .help("give the target another name, or `local: true`"),
            );
        }
    }
}

fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    (1..=MAX_LENGTH).contains(&name.len()) && name.bytes().all(allowed)
}

/// Source: Prometheus data model, metric names (the classic character set).
pub(super) fn is_metric_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':');
    !name.is_empty() && name.bytes().all(allowed) && !name.as_bytes()[0].is_ascii_digit()
}
