//! The values of mainstay's own metrics, from what is known.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::Standing;
use crate::model::Sample;
use crate::model::own_metric::{
    COLLECTOR_UP, LAST_RUN, LEDGER_ENTRIES, LEDGER_INFO, RUN_INTERRUPTED, RUNS, SILENCES_OPEN,
    TASK_LAST_RUN_FAILED, TASK_LAST_SUCCESS, TASK_NEXT_START, TASK_OVERDUE, TASK_RUNNING,
};

/// How much of the ledger's root stands in a label: enough to tell two ledgers apart, short enough to read.
const SHORT_ROOT: usize = 16;

/// What is known of all maintenance at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Estate {
    /// The moment.
    pub now: DateTime<Utc>,
    /// Every task of the plan file, in its order.
    pub tasks: Vec<Standing>,
    /// How many runs ended, by task and outcome.
    pub runs: BTreeMap<(String, &'static str), u64>,
    /// Runs that nobody has settled.
    pub interrupted: usize,
    /// Silences that are in force.
    pub silences: usize,
    /// Entries of the ledger.
    pub entries: u64,
    /// The ledger's root; empty without a ledger.
    pub root: String,
}

/// Our own metrics, by name and then by labels.
pub fn own(estate: &Estate) -> Vec<Sample> {
    let mut samples = Vec::new();
    let mut add = |name: &str, labels: &[(&str, &str)], value: f64| samples.push(sample(name, labels, value));
    for task in &estate.tasks {
        let labels = [("task", task.task.as_str())];
        add(TASK_OVERDUE, &labels, whole_seconds(task.overdue(estate.now).num_seconds()));
        add(TASK_LAST_RUN_FAILED, &labels, yes(task.last_run_failed()));
        add(TASK_RUNNING, &labels, yes(task.running.is_some()));
        if let Some(at) = task.last_success {
            add(TASK_LAST_SUCCESS, &labels, whole_seconds(at.timestamp()));
        }
        if let Some(at) = task.next_start {
            add(TASK_NEXT_START, &labels, whole_seconds(at.timestamp()));
        }
    }
    for ((task, outcome), n_runs) in &estate.runs {
        add(RUNS, &[("task", task), ("outcome", outcome)], count(*n_runs));
    }
    add(RUN_INTERRUPTED, &[], count(estate.interrupted as u64));
    add(SILENCES_OPEN, &[], count(estate.silences as u64));
    add(LEDGER_ENTRIES, &[], count(estate.entries));
    if !estate.root.is_empty() {
        let short: String = estate.root.chars().take(SHORT_ROOT).collect();
        add(LEDGER_INFO, &[("root", &short)], 1.0);
    }
    add(LAST_RUN, &[], whole_seconds(estate.now.timestamp()));
    samples.sort_by(|a, b| (&a.name, &a.labels).cmp(&(&b.name, &b.labels)));
    samples
}

/// Whether the metric `name` of the plan file could be collected.
pub(super) fn collector_up(name: &str, up: bool) -> Sample {
    sample(COLLECTOR_UP, &[("metric", name)], yes(up))
}

/// A label's name that every reader of the text format takes: other characters become `_`.
///
/// Newer versions of Prometheus know labels with dots, dashes and letters of any script.
pub(super) fn legacy_name(name: &str) -> String {
    let mut legacy: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect();
    if legacy.is_empty() || legacy.starts_with(|c: char| c.is_ascii_digit()) {
        legacy.insert(0, '_');
    }
    legacy
}

fn sample(name: &str, labels: &[(&str, &str)], value: f64) -> Sample {
    let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Sample { name: name.to_owned(), labels, value }
}

fn yes(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}

#[expect(clippy::cast_precision_loss, reason = "exact for the next 285 million years")]
fn whole_seconds(seconds: i64) -> f64 {
    seconds as f64
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
fn count(n: u64) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::own_metric::{OWN, OwnMetric};

    #[test]
    fn every_sample_of_our_own_is_in_the_table() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let now = at("2026-03-07T12:00:00Z");
        let standing = Standing {
            task: "upgrade".into(),
            last_run: None,
            running: None,
            interrupted: None,
            last_success: Some(at("2026-03-06T12:00:00Z")),
            next_start: Some(now),
            overdue_since: Some(at("2026-03-07T11:59:00Z")),
            is_due: true,
        };
        let estate = Estate {
            now,
            tasks: vec![standing],
            runs: [(("upgrade".to_owned(), "rolled_back"), 2)].into(),
            interrupted: 0,
            silences: 0,
            entries: 3,
            root: "ab".repeat(32),
        };
        let mut samples = own(&estate);
        samples.push(collector_up("x", false));
        for OwnMetric { name, .. } in OWN {
            assert!(samples.iter().any(|sample| sample.name == *name), "no sample of {name}");
        }
        for Sample { name, .. } in &samples {
            assert!(OWN.iter().any(|metric| metric.name == name), "{name} is not in the table");
        }
        let overdue = samples.iter().find(|sample| sample.name == TASK_OVERDUE).unwrap();
        assert_eq!((overdue.value, overdue.labels["task"].as_str()), (60.0, "upgrade"));
        assert_eq!(samples.iter().find(|s| s.name == LEDGER_INFO).unwrap().labels["root"].len(), SHORT_ROOT);
    }
}
