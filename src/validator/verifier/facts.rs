//! Facts of a monitoring system at one moment: plain values, kept in the ledger as they are.
//!
//! 1. They are bounded, whatever the size of the estate: see [`Facts::bounded`].
//! 2. What earlier versions did not capture is `None`, and is not compared.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

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

/// So many facts of a kind are kept.
const MOST: usize = 2_000;
/// So many signals are kept, and so many readers of one, and so many values of one of its labels.
pub(super) const MOST_SIGNALS: usize = 500;
/// See [`MOST_SIGNALS`].
pub(super) const MOST_READERS: usize = 20;
/// See [`MOST_SIGNALS`].
pub(super) const MOST_VALUES: usize = 8;
/// A name longer than this is kept as its beginning.
const LONGEST: usize = 1_000;

impl Facts {
    /// What was known of the server at this URL, or of the first one.
    pub fn server(&self, url: Option<&str>) -> Option<&Server> {
        match url.map(|url| self.replicas.get(url)) {
            None => Some(&self.first),
            Some(Some(Peer::Known(server))) => Some(server),
            Some(_) => None,
        }
    }

    /// The same, small enough for the ledger: of each kind (targets, rules, alerts, silences, probes, jobs) 2,000 by the
    /// order of their names, of metrics the 2,000 with the most series. How many are left out is told; targets that are
    /// left out are still counted by job and health.
    #[must_use]
    pub fn bounded(mut self) -> Self {
        let mut left_out = std::mem::take(&mut self.left_out);
        let mut note = |kind: &str, n: u64| {
            if n > 0 {
                *left_out.entry(kind.to_owned()).or_default() += n;
            }
        };
        note("silence", cut(&mut self.silences, MOST));
        let replicas = self.replicas.values_mut().filter_map(|peer| match peer {
            Peer::Known(server) => Some(&mut **server),
            Peer::Unknown(_) => None,
        });
        for server in std::iter::once(&mut self.first).chain(replicas) {
            server.bound(&mut note);
        }
        for peer in self.members.values_mut() {
            if let Peer::Known(member) = peer {
                note("silence", cut(&mut member.silences, MOST));
            }
        }
        self.left_out = left_out;
        self
    }
}

impl Server {
    fn bound(&mut self, note: &mut dyn FnMut(&str, u64)) {
        note("target", cut(&mut self.targets, MOST));
        note("series", cut(&mut self.series, MOST));
        note("rule", cut(&mut self.rules, MOST));
        let firing = std::mem::take(&mut self.firing);
        note("alert", u64::try_from(firing.len().saturating_sub(MOST)).unwrap_or(u64::MAX));
        self.firing = firing.into_iter().filter(|name| name.len() <= LONGEST).take(MOST).collect();
        let Some(more) = &mut self.more else { return };
        cut(&mut more.jobs, MOST);
        note("signal", cut(&mut more.signals, MOST_SIGNALS));
        note("rule_group", cut(&mut more.groups, MOST));
        note("alert", cut(&mut more.alerts, MOST));
        note("probe", cut(&mut more.probes, MOST));
        note("push", cut(&mut more.pushed, MOST));
        note("textfile", cut(&mut more.textfiles, MOST));
        // Who has no reason is told without one.
        cut(&mut more.reasons, MOST_READERS);
        more.unread.truncate(MOST_READERS);
        if let Some(metrics) = &mut more.metrics {
            metrics.bound();
        }
    }
}

impl Metrics {
    /// Keeps those with the most series.
    fn bound(&mut self) {
        if self.series.len() <= MOST {
            return;
        }
        let mut all: Vec<_> = std::mem::take(&mut self.series).into_iter().collect();
        all.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        self.others += u64::try_from(all.len() - MOST).unwrap_or(u64::MAX);
        all.truncate(MOST);
        self.series = all.into_iter().collect();
    }
}

/// Keeps the first ones, and no name that is too long; says how many are left out.
fn cut<V>(all: &mut BTreeMap<String, V>, most: usize) -> u64 {
    let n = all.len();
    all.retain(|name, _| name.len() <= LONGEST);
    if let Some(first_left_out) = all.keys().nth(most).cloned() {
        all.split_off(&first_left_out);
    }
    u64::try_from(n - all.len()).unwrap_or(u64::MAX)
}
