//! What became of the monitoring system: how its facts of before compare with those of after.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What kind of fact of a monitoring system something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// A server that could be asked.
    Peer,
    /// Prometheus' version.
    Version,
    /// A flag of its command line.
    Flag,
    /// A configuration that is loaded.
    Config,
    /// How the last reload went.
    Reload,
    /// A scrape target.
    Target,
    /// The series of a job.
    Series,
    /// The series of a metric.
    Metric,
    /// What a rule or a dashboard reads.
    Signal,
    /// A rule.
    Rule,
    /// A group of rules.
    RuleGroup,
    /// An alert, pending or firing.
    Alert,
    /// A silence.
    Silence,
    /// Whether what is scraped is stored.
    Storage,
    /// What was stored before the work.
    History,
    /// The way from Prometheus to Alertmanager.
    Notification,
    /// The way from Prometheus to another storage.
    RemoteWrite,
    /// The members of the Alertmanager cluster.
    Cluster,
    /// The result of a probe.
    Probe,
    /// The certificate that a probe sees.
    Certificate,
    /// What was pushed.
    Push,
    /// A file of the textfile collector.
    Textfile,
    /// A time without scrapes.
    Gap,
}

impl Fact {
    /// As in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Peer => "peer",
            Self::Version => "version",
            Self::Flag => "flag",
            Self::Config => "config",
            Self::Reload => "reload",
            Self::Target => "target",
            Self::Series => "series",
            Self::Metric => "metric",
            Self::Signal => "signal",
            Self::Rule => "rule",
            Self::RuleGroup => "rule_group",
            Self::Alert => "alert",
            Self::Silence => "silence",
            Self::Storage => "storage",
            Self::History => "history",
            Self::Notification => "notification",
            Self::RemoteWrite => "remote_write",
            Self::Cluster => "cluster",
            Self::Probe => "probe",
            Self::Certificate => "certificate",
            Self::Push => "push",
            Self::Textfile => "textfile",
            Self::Gap => "gap",
        }
    }

    /// One of them in words, `rule group`.
    pub fn in_words(self) -> String {
        self.as_str().replace('_', " ")
    }
}

/// What a change means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeVerdict {
    /// It is not as it was, and should be.
    Worse,
    /// It could not be found out.
    Unknown,
    /// It is worth knowing, and nothing has to be done.
    Changed,
    /// The plan file says so (`baseline.expect`).
    Expected,
}

impl ChangeVerdict {
    /// Whether monitoring is not as it was because of it.
    pub fn is_bad(self) -> bool {
        matches!(self, Self::Worse | Self::Unknown)
    }

    /// As in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Worse => "worse",
            Self::Unknown => "unknown",
            Self::Changed => "changed",
            Self::Expected => "expected",
        }
    }
}

impl fmt::Display for ChangeVerdict {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactChange {
    /// What it means.
    pub verdict: ChangeVerdict,
    /// What kind of fact it is.
    pub fact: Fact,
    /// Which one.
    pub subject: String,
    /// On which server, by its URL; `None` on the one that is asked first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// What it was; `None` when it was not there.
    pub before: Option<String>,
    /// What it is; `None` when it is not there.
    pub after: Option<String>,
    /// All of this in a sentence, and what comes of it.
    pub message: String,
}

impl FactChange {
    /// The sentence, with the server it is about.
    pub fn sentence(&self) -> String {
        match &self.server {
            Some(server) => format!("{server}: {}", self.message),
            None => self.message.clone(),
        }
    }
}

/// The longest time in which a target was not scraped while a run went on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScrapeGap {
    /// The target, by job and instance.
    pub target: String,
    /// On which server, by its URL; `None` on the one that is asked first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// From one sample to the next, in milliseconds.
    pub longest_ms: u64,
    /// How many scrapes are missing in all.
    pub lost: u64,
    /// The time from one scrape to the next by the configuration, in milliseconds.
    pub interval_ms: u64,
}

impl ScrapeGap {
    /// How long nothing was seen that should have been, in milliseconds.
    pub fn blind_ms(&self) -> u64 {
        self.longest_ms.saturating_sub(self.interval_ms)
    }
}
