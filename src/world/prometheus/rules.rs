//! Rules, and the alerts that they make.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{PeerError, Prometheus};

/// One rule group.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleGroup {
    /// Its name.
    pub name: String,
    /// The file that it comes from.
    pub file: String,
    /// Its rules.
    pub rules: Vec<Rule>,
    /// Seconds between two evaluations.
    #[serde(default)]
    pub interval: f64,
    /// When it was last evaluated; the year 1 when never.
    #[serde(default)]
    pub last_evaluation: Option<DateTime<Utc>>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// `alerting` or `recording`.
    #[serde(rename = "type")]
    pub kind: String,
    /// `ok`, `err` or `unknown`.
    pub health: String,
    /// Why the last evaluation failed.
    #[serde(default)]
    pub last_error: String,
    /// When it was last evaluated; the year 1 when never.
    pub last_evaluation: DateTime<Utc>,
    /// What it evaluates.
    #[serde(default)]
    pub query: String,
    /// Of an alerting rule: the seconds that its condition has to hold.
    #[serde(default)]
    pub duration: f64,
    /// Of an alerting rule: the seconds that it fires on after its condition has ended.
    #[serde(default)]
    pub keep_firing_for: f64,
    /// The labels that it gives.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Of an alerting rule: what it says about its alerts.
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
}

/// One alert as Prometheus sees it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PrometheusAlert {
    /// Its labels; its name is `alertname`.
    pub labels: BTreeMap<String, String>,
    /// `pending` or `firing`.
    pub state: String,
    /// Since when its condition holds.
    #[serde(default)]
    pub active_at: Option<DateTime<Utc>>,
}

impl Prometheus {
    /// The rule groups with the health of each rule.
    ///
    /// # Errors
    /// [`PeerError`].
    pub fn rules(&self, timeout: Duration) -> Result<Vec<RuleGroup>, PeerError> {
        #[derive(Deserialize)]
        struct Groups {
            groups: Vec<RuleGroup>,
        }
        self.get("/api/v1/rules", timeout).map(|groups: Groups| groups.groups)
    }

    /// The pending and firing alerts.
    ///
    /// # Errors
    /// [`PeerError`].
    pub fn alerts(&self, timeout: Duration) -> Result<Vec<PrometheusAlert>, PeerError> {
        #[derive(Deserialize)]
        struct Alerts {
            alerts: Vec<PrometheusAlert>,
        }
        self.get("/api/v1/alerts", timeout).map(|alerts: Alerts| alerts.alerts)
    }
}
