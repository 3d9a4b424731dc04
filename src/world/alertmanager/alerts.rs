//! Alerts.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Alertmanager, SilenceMatcher, to_json};
use crate::world::prometheus::{PeerError, percent_encoded};

/// An alert as Alertmanager knows it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ManagedAlert {
    /// Its labels; its name is `alertname`.
    pub labels: BTreeMap<String, String>,
    /// Where it stands.
    pub status: AlertStatus,
    /// What tells it from every other alert.
    #[serde(default)]
    pub fingerprint: String,
    /// Whom its routes lead to.
    #[serde(default)]
    pub receivers: Vec<ReceiverName>,
}

/// A receiver of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ReceiverName {
    /// Its name.
    pub name: String,
}

/// Where an alert stands.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AlertStatus {
    /// `active`, `suppressed` (silenced or inhibited) or `unprocessed`.
    pub state: String,
    /// The ids of the silences that hold it back.
    #[serde(default)]
    pub silenced_by: Vec<String>,
    /// The fingerprints of the alerts that hold it back.
    #[serde(default)]
    pub inhibited_by: Vec<String>,
    /// The time intervals that hold it back; told from 0.28 on.
    #[serde(default)]
    pub muted_by: Vec<String>,
}

/// An alert that is posted.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PostedAlert {
    /// Its labels; its name is `alertname`.
    pub labels: BTreeMap<String, String>,
    /// What is said about it.
    pub annotations: BTreeMap<String, String>,
    /// Since when it fires.
    pub starts_at: DateTime<Utc>,
    /// When it is over: in the past for a resolved one.
    pub ends_at: DateTime<Utc>,
}

impl Alertmanager {
    /// The alerts that all of `matchers` match, suppressed ones included.
    ///
    /// # Errors
    /// [`PeerError`].
    pub fn alerts(
        &self,
        matchers: &[SilenceMatcher],
        timeout: Duration,
    ) -> Result<Vec<ManagedAlert>, PeerError> {
        let filters: Vec<_> = matchers
            .iter()
            .map(|matcher| format!("filter={}", percent_encoded(&matcher.to_string())))
            .collect();
        self.json("GET", &format!("/api/v2/alerts?{}", filters.join("&")), Vec::new(), timeout)
    }

    /// Posts alerts. On an error some of them may have been taken all the same.
    ///
    /// # Errors
    /// [`PeerError`].
    pub fn post_alerts(&self, alerts: &[PostedAlert], timeout: Duration) -> Result<(), PeerError> {
        let path = "/api/v2/alerts";
        let answer = self.send("POST", path, to_json(&alerts), timeout)?;
        if answer.status == 200 { Ok(()) } else { Err(self.refused(path, &answer)) }
    }
}
