//! What is scraped.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{PeerError, Prometheus};

/// One scrape target.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScrapeTarget {
    /// Its labels after relabelling.
    pub labels: BTreeMap<String, String>,
    /// Its scrape pool.
    pub scrape_pool: String,
    /// `up`, `down` or `unknown`.
    pub health: String,
    /// Why the last scrape failed; empty when it did not.
    #[serde(default)]
    pub last_error: String,
    /// When it was last scraped; the year 1 when never.
    pub last_scrape: DateTime<Utc>,
    /// `15s`, `1m`; missing before 2.28.
    #[serde(default)]
    pub scrape_interval: String,
}

impl Prometheus {
    /// The active scrape targets.
    ///
    /// # Errors
    /// [`PeerError`].
    pub fn targets(&self, timeout: Duration) -> Result<Vec<ScrapeTarget>, PeerError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Targets {
            active_targets: Vec<ScrapeTarget>,
        }
        self.get("/api/v1/targets?state=active", timeout).map(|targets: Targets| targets.active_targets)
    }
}
