//! What targets, rules and alerts are called: names that survive a restart.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::digest;
use crate::world::prometheus::{PrometheusAlert, RuleGroup, ScrapeTarget};

/// A target's name that survives a restart: its scrape pool and its labels.
pub(in crate::validator::verifier) fn name_of(target: &ScrapeTarget) -> String {
    format!("{} {}", target.scrape_pool, in_braces(&target.labels))
}

/// Labels as a selector has them. Of a value that is very long the beginning stands for it, with a digest of all of it:
/// the same value has the same name before and after, and no ledger holds a megabyte.
pub(in crate::validator::verifier) fn in_braces(labels: &BTreeMap<String, String>) -> String {
    let pairs: Vec<_> = labels.iter().map(|(name, value)| format!("{name}={:?}", bounded(value))).collect();
    format!("{{{}}}", pairs.join(","))
}

/// No value of a label is longer, in characters.
const LONGEST: usize = 200;

/// The value of a label as it is kept.
pub(super) fn bounded(value: &str) -> Cow<'_, str> {
    match value.char_indices().nth(LONGEST) {
        None => Cow::Borrowed(value),
        Some((end, _)) => Cow::Owned(format!("{}…{}", &value[..end], &digest(value)[..8])),
    }
}

/// The rules of a group by their names, with their health.
pub(in crate::validator::verifier) fn rules_of(group: &RuleGroup) -> impl Iterator<Item = (String, String)> {
    group.rules.iter().map(|rule| (format!("{}/{}", group.name, rule.name), rule.health.clone()))
}

pub(super) fn alert_name(alert: &PrometheusAlert) -> String {
    in_braces(&alert.labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_value_is_bounded_and_two_that_differ_at_their_ends_are_not_the_same() {
        let named = |value: &str| in_braces(&BTreeMap::from([("v".to_owned(), value.to_owned())]));
        assert_eq!(named(r#"a"\b"#), r#"{v="a\"\\b"}"#);
        let long = "ä".repeat(1 << 20);
        let (one, other) = (named(&format!("{long}1")), named(&format!("{long}2")));
        assert!(one.len() < 500 && one != other && one == named(&format!("{long}1")));
    }
}
