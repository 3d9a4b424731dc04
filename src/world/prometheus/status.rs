//! What the server says of itself.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{PeerError, Prometheus, exposed, exposed_series, sums_of};
use crate::world::http::without_password;

/// What the server says of itself.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuntimeInfo {
    /// When it started.
    pub start_time: DateTime<Utc>,
    /// Whether the last reload went well.
    pub reload_config_success: bool,
    /// When the configuration was last loaded.
    pub last_config_time: DateTime<Utc>,
    /// WAL corruptions found since the start.
    #[serde(default)]
    pub corruption_count: u64,
    /// The folder that it was started in: relative paths of its flags count from there.
    #[serde(default, rename = "CWD")]
    pub cwd: String,
    /// How long samples are kept, or how many bytes of them: `15d`, `15d or 10GiB`.
    #[serde(default)]
    pub storage_retention: String,
}

/// How far the WAL is replayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct WalReplay {
    /// The last segment to replay.
    pub max: i64,
    /// The segment being replayed.
    pub current: i64,
}

/// A page of metrics.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OwnPage(String);

impl OwnPage {
    /// The page of this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The sum of the series of each of these names that is there.
    pub fn sums(&self, names: &[&'static str]) -> BTreeMap<&'static str, f64> {
        sums_of(&self.0, names)
    }

    /// The value of each series of a name that has labels.
    pub fn values(&self, name: &str) -> Vec<f64> {
        exposed_series(&self.0, name).map(|(_, value)| value).collect()
    }
}

impl Prometheus {
    /// Whether it is ready to answer queries; `false` while it replays its WAL.
    ///
    /// # Errors
    /// [`PeerError`] when nobody answers.
    pub fn is_ready(&self, timeout: Duration) -> Result<bool, PeerError> {
        let answer = self.send("GET", "/-/ready", timeout)?;
        Ok(answer.status == 200)
    }

    /// How far the WAL is replayed; answers also while the server is not ready.
    ///
    /// # Errors
    /// [`PeerError`].
    pub fn wal_replay(&self, timeout: Duration) -> Result<WalReplay, PeerError> {
        self.get("/api/v1/status/walreplay", timeout)
    }

    /// What it says of itself.
    ///
    /// # Errors
    /// [`PeerError`].
    pub fn runtime_info(&self, timeout: Duration) -> Result<RuntimeInfo, PeerError> {
        self.get("/api/v1/status/runtimeinfo", timeout)
    }

    /// Its version.
    ///
    /// # Errors
    /// [`PeerError`].
    pub fn version(&self, timeout: Duration) -> Result<String, PeerError> {
        #[derive(Deserialize)]
        struct Build {
            #[serde(default)]
            version: String,
        }
        self.get("/api/v1/status/buildinfo", timeout).map(|build: Build| build.version)
    }

    /// The configuration that it read last, as YAML.
    ///
    /// # Errors
    /// [`PeerError`].
    pub fn config(&self, timeout: Duration) -> Result<String, PeerError> {
        #[derive(Deserialize)]
        struct Config {
            yaml: String,
        }
        self.get("/api/v1/status/config", timeout).map(|config: Config| config.yaml)
    }

    /// Its command line, by the names of its flags.
    ///
    /// # Errors
    /// [`PeerError`].
    pub fn flags(&self, timeout: Duration) -> Result<BTreeMap<String, String>, PeerError> {
        self.get("/api/v1/status/flags", timeout)
    }

    /// The URLs that alerts are sent to, by the configuration: whether anybody answers there is another question.
    ///
    /// # Errors
    /// [`PeerError`].
    pub fn alertmanagers(&self, timeout: Duration) -> Result<Vec<String>, PeerError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Known {
            active_alertmanagers: Vec<One>,
        }
        #[derive(Deserialize)]
        struct One {
            url: String,
        }
        let known: Known = self.get("/api/v1/alertmanagers", timeout)?;
        Ok(known.active_alertmanagers.iter().map(|one| without_password(&one.url)).collect())
    }

    /// Its own metrics of these names, not through its storage; of several series of one name, any one.
    ///
    /// # Errors
    /// [`PeerError`].
    pub fn own_metrics<const N: usize>(
        &self,
        names: [&str; N],
        timeout: Duration,
    ) -> Result<[Option<f64>; N], PeerError> {
        let answer = self.send("GET", "/metrics", timeout)?;
        if answer.status != 200 {
            return Err(self.refused("/metrics", &answer, &answer.body));
        }
        Ok(names.map(|name| exposed(&answer.body, name)))
    }

    /// Its own metrics as it shows them, not through its storage.
    ///
    /// # Errors
    /// [`PeerError`].
    pub fn own_page(&self, timeout: Duration) -> Result<OwnPage, PeerError> {
        let answer = self.send("GET", "/metrics", timeout)?;
        if answer.status != 200 {
            return Err(self.refused("/metrics", &answer, &answer.body));
        }
        Ok(OwnPage(answer.body))
    }

    /// How many series its head has: those that had a sample lately.
    ///
    /// # Errors
    /// [`PeerError`].
    pub fn n_head_series(&self, timeout: Duration) -> Result<u64, PeerError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Status {
            head_stats: Head,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Head {
            num_series: u64,
        }
        self.get("/api/v1/status/tsdb", timeout).map(|status: Status| status.head_stats.num_series)
    }
}
