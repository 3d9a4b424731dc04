//! What of the monitoring system is captured before the work and compared after it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Length, List, OneOrMany, SeriesSpec, Spanned, Tolerance, form};

/// What of the monitoring system is captured before the work and compared after it.
///
/// On every replica of Prometheus and every member of Alertmanager: targets, series, what rules and dashboards read,
/// rules, alerts, silences, storage, history, the way of notifications, probes. A run fails when something is worse than
/// it was; what has changed and is not worse is told.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// By how much a job may have fewer series than before; default 2%.
    #[schemars(extend("default" = Baseline::DEFAULT_WITHIN.to_string()))]
    pub within: Option<Spanned<Tolerance>>,
    /// How long monitoring may take to come back before the comparison counts; default 2m.
    #[schemars(extend("default" = Baseline::DEFAULT_SETTLE.to_string()))]
    pub settle: Option<Spanned<Length>>,
    /// The longest time without a scrape that each target may have; without it gaps are measured and told.
    #[schemars(with = "Option<form::PositiveLength>")]
    pub gap: Option<Spanned<Length>>,
    /// By how much other facts may be worse than before.
    #[serde(default)]
    pub tolerances: Tolerances,
    /// Dashboards of Grafana as JSON files, `*` for several: what their panels read may not vanish. Relative to the plan
    /// file.
    #[serde(default)]
    pub dashboards: OneOrMany<Spanned<String>>,
    /// What is expected to change. With such a list, even an empty one, a change of version, flags or configuration that is
    /// not in it is worse.
    pub expect: Option<List<Spanned<Expectation>>>,
    /// Queries whose series are compared over a while before the work and after it.
    #[serde(default)]
    pub series: List<Spanned<SeriesSpec>>,
}

impl Baseline {
    /// The tolerance of a baseline without `within`.
    pub const DEFAULT_WITHIN: Tolerance = Tolerance::Percent(2.0);
    /// The patience of a baseline without `settle`.
    pub const DEFAULT_SETTLE: Length = Length(chrono::TimeDelta::minutes(2));
}

/// By how much facts may be worse than before, as a percentage or a number.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tolerances {
    /// The series of a metric; without it a metric that has fewer is told.
    pub metrics: Option<Spanned<Tolerance>>,
    /// The series of what a rule or a dashboard reads; without it only its loss counts.
    pub signals: Option<Spanned<Tolerance>>,
    /// Notifications that were dropped or not taken while the run went on; without it they are told.
    pub notifications: Option<Spanned<Tolerance>>,
    /// Seconds that remote write lags behind; default 60 more than before.
    #[schemars(extend("default" = Tolerances::DEFAULT_REMOTE_WRITE.to_string()))]
    pub remote_write: Option<Spanned<Tolerance>>,
}

impl Tolerances {
    /// The lag of remote write that is borne beyond that of before, in seconds.
    pub const DEFAULT_REMOTE_WRITE: Tolerance = Tolerance::Absolute(60.0);
}

/// A change that is expected: a word for a fact of the whole server, or one or several of many, such as
/// `{target: {job: old}}` or `{metric: "node_cpu*"}`. In a text `*` stands for any text. One that does not happen is told,
/// and fails no run: work that was done before changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(extend("type" = ["string", "object"]))]
pub enum Expectation {
    /// Another version.
    Version,
    /// Other flags.
    Flags,
    /// Another configuration, of Prometheus or Alertmanager.
    Config,
    /// Stored samples are deleted.
    History,
    /// The targets that have these labels: `{job: old-exporter}`.
    Target(BTreeMap<String, String>),
    /// The series of a job.
    Series(String),
    /// A metric, and what rules and dashboards read of it.
    Metric(String),
    /// A rule, as `GROUP/NAME`.
    Rule(String),
    /// The alerts that have these labels: `{alertname: TargetDown}`.
    Alert(BTreeMap<String, String>),
    /// The probes that have these labels: `{instance: "https://example.org"}`.
    Probe(BTreeMap<String, String>),
    /// A flag, by its name.
    Flag(String),
}
