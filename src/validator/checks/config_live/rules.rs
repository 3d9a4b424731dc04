//! Compares the rules in files with those that Prometheus has loaded.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use chrono::TimeDelta;

use super::compare::Difference;
use crate::promql;
use crate::validator::checks::alert_route::{GroupInFile, WrittenRule, groups_in};
use crate::world::prometheus::{Rule, RuleGroup};

/// What the comparison found.
pub(super) struct Compared {
    /// How many rules are in the files.
    pub(super) n_rules: usize,
    pub(super) differences: Vec<Difference>,
}

/// Compares the rules of all files with the groups that are served.
pub(super) fn compare(files: &[PathBuf], served: &[RuleGroup]) -> Result<Compared, String> {
    let (mut n_rules, mut differences) = (0, Vec::new());
    let mut seen = BTreeSet::new();
    for path in files.iter().collect::<BTreeSet<_>>() {
        for group in groups_in(path)? {
            n_rules += group.rules.len();
            let place = format!("{} group {}", path.display(), group.name);
            let other =
                served.iter().position(|other| other.name == group.name && is_file(path, &other.file));
            if let Some(at) = other {
                seen.insert(at);
                of_group(&place, &group, &served[at], &mut differences);
            } else {
                let rules = crate::counted(group.rules.len(), "rule");
                differences.push(Difference::new(&place, Some(rules), None));
            }
        }
    }
    for (_, group) in served.iter().enumerate().filter(|(at, _)| !seen.contains(at)) {
        let rules = crate::counted(group.rules.len(), "rule");
        differences.push(Difference::new(&format!("{} group {}", group.file, group.name), None, Some(rules)));
    }
    Ok(Compared { n_rules, differences })
}

fn is_file(path: &Path, served: &str) -> bool {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    path == Path::new(served) || real(path) == real(Path::new(served))
}

fn of_group(place: &str, written: &GroupInFile, served: &RuleGroup, found: &mut Vec<Difference>) {
    if let Some(interval) = &written.interval
        && !lasts(Some(interval), served.interval)
    {
        let place = format!("{place} interval");
        found.push(Difference::new(&place, Some(interval.clone()), Some(format!("{}s", served.interval))));
    }
    for at in 0..written.rules.len().max(served.rules.len()) {
        match (written.rules.get(at), served.rules.get(at)) {
            (Some(rule), Some(other)) => of_rule(place, at, rule, other, found),
            (rule, other) => {
                let place = format!("{place} rule {}", at + 1);
                let written = rule.map(|rule| format!("`{}`", name(rule)));
                found.push(Difference::new(&place, written, other.map(|other| format!("`{}`", other.name))));
            }
        }
    }
}

fn name(rule: &WrittenRule) -> &str {
    rule.alert.as_deref().or(rule.record.as_deref()).unwrap_or_default()
}

fn of_rule(place: &str, at: usize, written: &WrittenRule, served: &Rule, found: &mut Vec<Difference>) {
    let place = format!("{place} rule {}", at + 1);
    let mut differ = |key: &str, written: String, served: String| {
        found.push(Difference::new(&format!("{place} {key}"), Some(written), Some(served)));
    };
    let kind = if written.alert.is_some() { "alerting" } else { "recording" };
    if (name(written), kind) != (served.name.as_str(), served.kind.as_str()) {
        differ("name", format!("{kind} `{}`", name(written)), format!("{} `{}`", served.kind, served.name));
        return;
    }
    if !promql::are_same(&written.expr, &served.query) {
        differ("expr", format!("`{}`", one_line(&written.expr)), format!("`{}`", one_line(&served.query)));
    }
    for (key, length, seconds) in [
        ("for", &written.hold, served.duration),
        ("keep_firing_for", &written.keep_firing_for, served.keep_firing_for),
    ] {
        if !lasts(length.as_ref(), seconds) {
            differ(key, length.clone().unwrap_or_else(|| "0s".to_owned()), format!("{seconds}s"));
        }
    }
    for (key, written, served) in [
        ("labels", &written.labels, &served.labels),
        ("annotations", &written.annotations, &served.annotations),
    ] {
        if written != served {
            let (written, served) = differing(written, served);
            differ(key, written, served);
        }
    }
}

/// What is only in one of two mappings, or differs.
fn differing(a: &BTreeMap<String, String>, b: &BTreeMap<String, String>) -> (String, String) {
    let only = |a: &BTreeMap<String, String>, b: &BTreeMap<String, String>| {
        let own = a.iter().filter(|(name, value)| b.get(*name) != Some(*value));
        let words: Vec<_> = own.map(|(name, value)| format!("`{name}: {}`", one_line(value))).collect();
        if words.is_empty() { "without".to_owned() } else { words.join(", ") }
    };
    (only(a, b), only(b, a))
}

fn lasts(length: Option<&String>, seconds: f64) -> bool {
    let length = length.map_or(Ok(TimeDelta::zero()), |text| promql::length(text));
    length.is_ok_and(|length| (length.as_seconds_f64() - seconds).abs() < 0.001)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
