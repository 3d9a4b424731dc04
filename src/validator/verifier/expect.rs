//! Whether a change is expected.

use std::collections::BTreeMap;

use super::read::metric_of;
use crate::model::{Expectation, Fact};
use crate::promql::{self, ExprKind, MatchOp};

/// Whether a change of the fact `subject` is what `expectation` speaks of.
pub(super) fn speaks_of(expectation: &Expectation, fact: Fact, subject: &str) -> bool {
    use Fact::{
        Alert, Certificate, Config, Flag, Gap, History, Metric, Probe, Push, Rule, RuleGroup, Series, Signal,
        Target, Textfile, Version,
    };
    match expectation {
        Expectation::Version => fact == Version,
        Expectation::Flags => fact == Flag,
        Expectation::Config => fact == Config,
        Expectation::History => fact == History,
        Expectation::Flag(name) => fact == Flag && is_like(subject, name),
        Expectation::Target(labels) => match fact {
            Target | Gap | Push | Textfile | Probe | Certificate => has_labels(subject, labels),
            // All of a job are expected to change.
            Series => labels.len() == 1 && labels.get("job").is_some_and(|job| is_like(subject, job)),
            _ => false,
        },
        Expectation::Series(job) => fact == Series && is_like(subject, job),
        Expectation::Metric(name) => match fact {
            Metric => is_like(subject, name),
            Signal => metric_of(subject).is_some_and(|metric| is_like(metric, name)),
            _ => false,
        },
        Expectation::Rule(name) => match fact {
            Rule => is_like(subject, name),
            RuleGroup => name.strip_suffix("/*").is_some_and(|group| is_like(subject, group)),
            _ => false,
        },
        Expectation::Alert(labels) => fact == Alert && has_labels(subject, labels),
        Expectation::Probe(labels) => matches!(fact, Probe | Certificate) && has_labels(subject, labels),
    }
}

/// As it stands in the plan file.
pub(super) fn in_words(expectation: &Expectation) -> String {
    let labels = |labels: &BTreeMap<String, String>| super::capture::in_braces(labels);
    match expectation {
        Expectation::Version => "version".to_owned(),
        Expectation::Flags => "flags".to_owned(),
        Expectation::Config => "config".to_owned(),
        Expectation::History => "history".to_owned(),
        Expectation::Flag(name) => format!("flag {name}"),
        Expectation::Target(of) => format!("target {}", labels(of)),
        Expectation::Series(job) => format!("series {job}"),
        Expectation::Metric(name) => format!("metric {name}"),
        Expectation::Rule(name) => format!("rule {name}"),
        Expectation::Alert(of) => format!("alert {}", labels(of)),
        Expectation::Probe(of) => format!("probe {}", labels(of)),
    }
}

fn has_labels(subject: &str, expected: &BTreeMap<String, String>) -> bool {
    let labels = labels_in(subject);
    expected.iter().all(|(name, value)| labels.get(name).is_some_and(|label| is_like(label, value)))
}

/// The labels in the braces of a subject.
pub(super) fn labels_in(subject: &str) -> BTreeMap<String, String> {
    let Some(braces) = subject.find('{').map(|at| &subject[at..]) else { return BTreeMap::new() };
    let Ok(expr) = promql::parse(&format!("x{braces}")) else { return BTreeMap::new() };
    let ExprKind::Selector(selector) = expr.kind else { return BTreeMap::new() };
    let equal = selector.matchers.into_iter().filter(|matcher| matcher.op == MatchOp::Equal);
    equal.map(|matcher| (matcher.label, matcher.value)).collect()
}

/// Whether `text` is what `pattern` says, in which `*` stands for any text.
pub(super) fn is_like(text: &str, pattern: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return text == pattern };
    let Some(mut text) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        let Some(at) = text.find(part) else { return false };
        text = &text[at + part.len()..];
    }
    text.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        for (text, pattern, expected) in [
            ("node_cpu", "node_cpu", true),
            ("node_cpu", "node_*", true),
            ("node_cpu", "*cpu", true),
            ("node_cpu", "*", true),
            ("node_cpu", "n*_*u", true),
            ("node_cpu", "node", false),
            ("node_cpu", "node_*x", false),
            ("ab", "ab*b", false),
            ("abab", "*ab*ab", true),
            ("aba", "ab*ba", false),
        ] {
            assert_eq!(is_like(text, pattern), expected, "{text} {pattern}");
        }
    }

    #[test]
    fn an_expectation_speaks_of_what_has_its_labels_or_its_name() {
        let job = |job: &str| Expectation::Target(BTreeMap::from([("job".to_owned(), job.to_owned())]));
        let target = "pool {instance=\"a\\\"b\",job=\"old\"}";
        assert!(speaks_of(&job("old"), Fact::Target, target));
        assert!(!speaks_of(&job("new"), Fact::Target, target));
        assert!(speaks_of(&job("o*"), Fact::Target, target) && speaks_of(&job("o*"), Fact::Series, "old"));
        assert!(!speaks_of(&job("old"), Fact::Alert, target));
        assert!(speaks_of(&job("old"), Fact::Series, "old"));
        assert!(speaks_of(&Expectation::Metric("node_*".into()), Fact::Signal, "node_cpu{mode=\"idle\"}"));
        assert!(speaks_of(&Expectation::Rule("g/*".into()), Fact::RuleGroup, "g"));
        assert!(!speaks_of(&Expectation::Flags, Fact::Config, "prometheus"));
        assert_eq!(labels_in(target)["instance"], "a\"b");
    }
}
