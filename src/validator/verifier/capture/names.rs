//! What targets, rules and alerts are called: names that survive a restart.

use std::collections::BTreeMap;

use crate::world::prometheus::{PrometheusAlert, RuleGroup, ScrapeTarget};

/// A target's name that survives a restart: its scrape pool and its labels.
pub(in crate::validator::verifier) fn name_of(target: &ScrapeTarget) -> String {
    format!("{} {}", target.scrape_pool, in_braces(&target.labels))
}

pub(in crate::validator::verifier) fn in_braces(labels: &BTreeMap<String, String>) -> String {
    let pairs: Vec<_> = labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    format!("{{{}}}", pairs.join(","))
}

/// The rules of a group by their names, with their health.
pub(in crate::validator::verifier) fn rules_of(group: &RuleGroup) -> impl Iterator<Item = (String, String)> {
    group.rules.iter().map(|rule| (format!("{}/{}", group.name, rule.name), rule.health.clone()))
}

pub(super) fn alert_name(alert: &PrometheusAlert) -> String {
    in_braces(&alert.labels)
}
