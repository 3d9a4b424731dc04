//! What else is known of one Prometheus, as plain values.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What else is known of one Prometheus.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct More {
    /// Its command line, by the names of its flags.
    pub flags: BTreeMap<String, String>,
    /// How long samples are kept, as it says it: `15d`.
    pub retention: String,
    /// How many targets of each job have each health.
    pub jobs: BTreeMap<String, BTreeMap<String, u64>>,
    /// The series of each metric; `None` when there are too many to count them by name.
    pub metrics: Option<Metrics>,
    /// What rules and dashboards read, by its selector without time.
    pub signals: BTreeMap<String, Signal>,
    /// Queries of rules and dashboards that are not understood here.
    pub unread: Vec<String>,
    /// The rule groups, by file and name.
    pub groups: BTreeMap<String, Group>,
    /// The pending and firing alerts, by their labels.
    pub alerts: BTreeMap<String, Alert>,
    /// Its own counters, from its metrics page and not from its storage.
    pub counters: BTreeMap<String, f64>,
    /// How far remote write lags behind, in seconds; `None` without remote write.
    pub remote_write_lag: Option<f64>,
    /// Whether a queue of remote write has sent nothing since the server started.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_remote_write_unsent: bool,
    /// What was stored, as fixed questions with the digest of their answers.
    pub history: Vec<Stretch>,
    /// The probes, by their labels.
    pub probes: BTreeMap<String, Probe>,
    /// When each group was pushed last, in seconds since 1970, by its labels.
    pub pushed: BTreeMap<String, f64>,
    /// When each file of the textfile collector was written last, in seconds since 1970, by its labels.
    pub textfiles: BTreeMap<String, f64>,
    /// Why targets are not up and rules fail, in the server's words, by the target's or the rule's name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub reasons: BTreeMap<String, String>,
    /// What the server warned of while it was asked for all this: something may be missing from it.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub warnings: BTreeSet<String>,
}

/// How many series each metric has.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Metrics {
    /// By name; of very many those with the most series.
    pub series: BTreeMap<String, u64>,
    /// How many other metrics there are, which are not kept.
    #[serde(default)]
    pub others: u64,
}

/// What a rule or a dashboard reads.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Signal {
    /// How many series it selects.
    pub series: u64,
    /// How many of them are of that Prometheus itself: it makes series as it is first used.
    #[serde(default)]
    pub own: u64,
    /// Who reads it: `alert GROUP/NAME`, `rule GROUP/NAME`, `dashboard TITLE/PANEL`; the first ones.
    pub readers: Vec<String>,
    /// The labels that its series have, with some of their values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, BTreeSet<String>>,
}

/// One rule group.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Group {
    /// Seconds between two evaluations.
    pub interval: f64,
    /// How many rules it has.
    pub rules: u64,
    /// For how many seconds it has not been evaluated beyond its interval.
    #[serde(default)]
    pub lag: f64,
}

/// One alert.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// `pending` or `firing`.
    pub state: String,
    /// Since when its condition holds.
    pub active_at: Option<DateTime<Utc>>,
    /// The rule that makes it, as `GROUP/NAME`.
    #[serde(default)]
    pub rule: String,
    /// The seconds that its condition has to hold.
    #[serde(default)]
    pub hold: f64,
    /// The seconds that it goes on after its condition.
    #[serde(default)]
    pub keep: f64,
    /// The seconds between two evaluations.
    #[serde(default)]
    pub interval: f64,
}

/// A fixed question about the past, and its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stretch {
    /// The query.
    pub query: String,
    /// The first moment.
    pub from: DateTime<Utc>,
    /// The last moment.
    pub until: DateTime<Utc>,
    /// The time between two moments, in seconds.
    pub step: i64,
    /// How many points the answer has.
    pub points: u64,
    /// The sum of their values.
    pub sum: f64,
}

/// The last result of a probe.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Probe {
    /// Whether it succeeded; `None` when it has no result.
    pub success: Option<bool>,
    /// When the first certificate that it sees expires, in seconds since 1970; `None` when it sees none.
    pub certificate: Option<f64>,
}
