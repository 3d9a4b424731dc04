//! Facts of a monitoring system at one moment: plain values, kept in the ledger as they are.
//!
//! 1. They are bounded, whatever the size of the estate: see [`Facts::bounded`].
//! 2. What earlier versions did not capture is `None`, and is not compared.

mod bounds;
mod more;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub(super) use bounds::{MOST_READERS, MOST_SIGNALS, MOST_VALUES, is_known};
pub use more::{Alert, Group, Metrics, More, Probe, Signal, Stretch};

/// What is held against what was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// The Prometheus that is asked first.
    #[serde(flatten)]
    pub first: Server,
    /// The silences in force that are not mainstay's own, by id, with their end.
    pub silences: BTreeMap<String, DateTime<Utc>>,
    /// When this was asked, by the real clock.
    pub at: DateTime<Utc>,
    /// The other Prometheus servers, by URL.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub replicas: BTreeMap<String, Peer<Server>>,
    /// All members of the Alertmanager cluster, by URL.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub members: BTreeMap<String, Peer<Member>>,
    /// How many facts of a kind were too many to be kept.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub left_out: BTreeMap<String, u64>,
}

/// Facts of one of several servers, or why they are not known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Peer<T> {
    /// It answered.
    Known(Box<T>),
    /// It could not be asked.
    Unknown(String),
}

impl<T> Peer<T> {
    /// Facts, or why there are none.
    pub fn of(found: Result<T, impl std::error::Error>) -> Self {
        match found {
            Ok(facts) => Self::Known(Box::new(facts)),
            Err(error) => Self::Unknown(crate::in_words(&error)),
        }
    }
}

/// Facts of one Prometheus.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Server {
    /// Its version.
    pub version: String,
    /// When it started.
    pub started: DateTime<Utc>,
    /// SHA-256 of the configuration that it read last, in hexadecimal.
    pub config_digest: String,
    /// Whether its last reload went well.
    pub reload_ok: bool,
    /// The health of each scrape target, by scrape pool and labels.
    pub targets: BTreeMap<String, String>,
    /// The number of series of each job in its targets' last scrapes.
    pub series: BTreeMap<String, f64>,
    /// The health of each rule, by group and name.
    pub rules: BTreeMap<String, String>,
    /// The alerts that fire, by their labels.
    pub firing: BTreeSet<String>,
    /// The longest scrape interval, in seconds.
    pub scrape_interval: f64,
    /// The longest interval of a rule group, in seconds; 0 without rules.
    #[serde(default)]
    pub evaluation_interval: f64,
    /// The corruptions of its WAL that were found at its start: the next start says 0 again.
    #[serde(default)]
    pub corruptions: u64,
    /// What is known besides; `None` in ledgers of the first version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub more: Option<More>,
}

/// Facts of one Alertmanager.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Member {
    /// SHA-256 of its configuration without comments and secrets, in hexadecimal.
    pub config_digest: String,
    /// Whether its last reload went well; `None` when it does not say.
    pub reload_ok: Option<bool>,
    /// `ready`, `settling` or `disabled`.
    pub cluster: String,
    /// How many members it sees, itself among them; 0 without clustering.
    pub peers: u64,
    /// The silences in force that are not mainstay's own, by id, with their end.
    pub silences: BTreeMap<String, DateTime<Utc>>,
}

impl Facts {
    /// What was known of the server at this URL, or of the first one.
    pub fn server(&self, url: Option<&str>) -> Option<&Server> {
        match url.map(|url| self.replicas.get(url)) {
            None => Some(&self.first),
            Some(Some(Peer::Known(server))) => Some(server),
            Some(_) => None,
        }
    }
}
