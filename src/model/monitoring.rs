//! What `monitor` collects, and when it alerts.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Length, List, Matcher, Spanned, form};

/// The monitoring systems that the plan file speaks of.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Connections {
    /// Asked by `promql`, baselines and `prometheus` steps.
    pub prometheus: Option<PrometheusConnection>,
    /// Holds silences and takes alerts.
    pub alertmanager: Option<AlertmanagerConnection>,
}

impl Connections {
    /// Every base URL with what answers there, in the words of people.
    pub fn urls(&self) -> impl Iterator<Item = (&'static str, &Spanned<String>)> {
        let prometheus =
            self.prometheus.iter().flat_map(|to| std::iter::once(&to.url).chain(to.replicas.iter()));
        let alertmanager =
            self.alertmanager.iter().flat_map(|to| std::iter::once(&to.url).chain(to.members.iter()));
        prometheus.map(|url| ("Prometheus", url)).chain(alertmanager.map(|url| ("Alertmanager", url)))
    }
}

/// Where a Prometheus answers, and those that stand in for it.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PrometheusConnection {
    /// Its base URL, `http://` or `https://`: this one is asked where one answer is enough.
    #[schemars(with = "form::Url")]
    pub url: Spanned<String>,
    /// The base URLs of the others that scrape the same: what has to hold on each is asked of each.
    #[serde(default)]
    #[schemars(with = "List<form::Url>")]
    pub replicas: List<Spanned<String>>,
}

/// Where an Alertmanager answers, and the other members of its cluster.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertmanagerConnection {
    /// Its base URL, `http://` or `https://`: silences are held here.
    #[schemars(with = "form::Url")]
    pub url: Spanned<String>,
    /// The base URLs of the other members of its cluster, which are never behind one load balancer.
    #[serde(default)]
    #[schemars(with = "List<form::Url>")]
    pub members: List<Spanned<String>>,
    /// Which silences are told of by `validate --live`.
    pub silences: Option<SilencePolicy>,
}

/// Which silences are told of: what is too long, and what has to be said.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SilencePolicy {
    /// The end of a silence may lie so far ahead; default 30d.
    pub longest: Option<Spanned<Length>>,
    /// A silence may hold back nothing for so long; default 1d.
    pub idle: Option<Spanned<Length>>,
    /// A regular expression that a comment has to match, such as `OPS-[0-9]+`; without, any comment will do.
    pub ticket: Option<Spanned<String>>,
}

impl SilencePolicy {
    /// How far ahead the end of a silence may lie.
    pub fn longest(&self) -> Length {
        self.longest.map_or(Length(chrono::TimeDelta::days(30)), |length| length.value)
    }

    /// For how long a silence may hold back nothing.
    pub fn idle(&self) -> Length {
        self.idle.map_or(Length(chrono::TimeDelta::days(1)), |length| length.value)
    }
}

/// What `monitor` collects beside its own: exactly one collector.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = form::alternatives(&Metric::COLLECTORS)))]
pub struct Metric {
    /// The samples of a query.
    pub promql: Option<Spanned<PromqlMetric>>,
    /// What an HTTP answer says.
    pub http: Option<Spanned<HttpMetric>>,
    /// What it means, for people.
    pub help: Option<String>,
}

impl Metric {
    /// The collectors there are.
    pub const COLLECTORS: [&str; 2] = ["promql", "http"];
}

/// The samples of an instant query, with their labels.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PromqlMetric {
    /// An instant query that returns a vector or a scalar.
    #[schemars(with = "form::NonBlank")]
    pub query: Spanned<String>,
}

/// One sample made of an HTTP answer.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HttpMetric {
    /// Where to.
    #[schemars(with = "form::Url")]
    pub url: Spanned<String>,
    /// The status that means up; default 200.
    #[schemars(extend("default" = 200))]
    pub status: Option<Matcher>,
    /// What the sample says; default `up`.
    #[schemars(extend("default" = "up"))]
    pub value: Option<HttpValue>,
    /// The most that it may take; default 10s.
    #[schemars(with = "Option<form::PositiveLength>")]
    pub timeout: Option<Spanned<Length>>,
}

/// What the sample of an HTTP answer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(extend("type" = "string"))]
pub enum HttpValue {
    /// 1 when the answer came with the expected status, else 0.
    #[default]
    Up,
    /// Seconds until the answer was read; no sample when none came.
    Seconds,
    /// The status code; no sample when no answer came.
    Status,
}

/// A threshold on a metric that turns into an alert when it has held for long enough.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertRule {
    /// `METRIC OP NUMBER` or `METRIC{label="value"} OP NUMBER`; OP is one of `== != < <= > >=`.
    #[schemars(with = "form::AlertExpr")]
    pub expr: Spanned<String>,
    /// How long it has to hold; default 0.
    #[serde(rename = "for")]
    #[schemars(extend("default" = "0s"))]
    pub hold: Option<Spanned<Length>>,
    /// The label `severity`; default `warning`.
    #[schemars(extend("default" = AlertRule::DEFAULT_SEVERITY))]
    pub severity: Option<String>,
    /// Where it goes: `alertmanager`, the default when there is a connection, or `none`.
    #[schemars(extend("enum" = AlertRule::DESTINATIONS))]
    pub send: Option<Spanned<String>>,
    /// What it means and what to do.
    pub summary: Option<String>,
}

impl AlertRule {
    /// Where an alert can go.
    pub const DESTINATIONS: [&str; 2] = ["alertmanager", "none"];
    /// The label `severity` of an alert whose rule says nothing of it.
    pub const DEFAULT_SEVERITY: &str = "warning";
}

/// One value of a metric, now.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sample {
    /// The metric's name.
    pub name: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its value; may be NaN or infinite.
    pub value: f64,
}

/// Where an alert stands in its life.
///
/// Source: Prometheus, alerting rules (pending, firing, resolved).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertState {
    /// Its condition has not held for long enough.
    Pending,
    /// It holds.
    Firing,
    /// It held, and does no longer.
    Resolved,
}

impl fmt::Display for AlertState {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::Pending => "pending",
            Self::Firing => "firing",
            Self::Resolved => "resolved",
        })
    }
}

/// One alert: a rule and the labels of the sample that it is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlertInstance {
    /// The rule's name.
    pub name: String,
    /// The labels of the sample, with `severity`.
    pub labels: BTreeMap<String, String>,
    /// Where it stands.
    pub state: AlertState,
    /// Since when its condition holds; once resolved, since when it does not.
    pub since: DateTime<Utc>,
    /// The sample's value when it was last seen.
    pub value: f64,
    /// When Alertmanager last took it in this state; `None` while it still has to be delivered.
    pub delivered: Option<DateTime<Utc>>,
}
