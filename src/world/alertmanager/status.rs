//! What an Alertmanager says of itself, and its reload.

use std::time::Duration;

use serde::Deserialize;

use super::Alertmanager;
use crate::world::prometheus::{PeerError, exposed};

/// What Alertmanager says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AlertmanagerStatus {
    /// The cluster that it is in.
    pub cluster: Cluster,
    /// Its configuration.
    pub config: OriginalConfig,
}

/// Alertmanagers that tell each other of silences.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Cluster {
    /// `ready`, `settling` or `disabled`.
    pub status: String,
    /// The members, itself among them; none when clustering is switched off.
    #[serde(default)]
    pub peers: Vec<ClusterMember>,
}

/// A member of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ClusterMember {
    /// Its address in the cluster.
    pub address: String,
}

/// A configuration that was read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct OriginalConfig {
    /// What was read from the file, written anew: without comments and secrets.
    pub original: String,
}

impl Alertmanager {
    /// Whether it is ready.
    ///
    /// # Errors
    /// [`PeerError`] when nobody answers.
    pub fn is_ready(&self, timeout: Duration) -> Result<bool, PeerError> {
        self.send("GET", "/-/ready", Vec::new(), timeout).map(|answer| answer.status == 200)
    }

    /// What it says of itself.
    ///
    /// # Errors
    /// [`PeerError`].
    pub fn status(&self, timeout: Duration) -> Result<AlertmanagerStatus, PeerError> {
        self.json("GET", "/api/v2/status", Vec::new(), timeout)
    }

    /// Its own metrics of these names; of several series of one name, any one.
    ///
    /// # Errors
    /// [`PeerError`].
    pub fn own_metrics<const N: usize>(
        &self,
        names: [&str; N],
        timeout: Duration,
    ) -> Result<[Option<f64>; N], PeerError> {
        let answer = self.send("GET", "/metrics", Vec::new(), timeout)?;
        if answer.status != 200 {
            return Err(self.refused("/metrics", &answer));
        }
        Ok(names.map(|name| exposed(&answer.body, name)))
    }

    /// Asks it to load its configuration again.
    ///
    /// # Errors
    /// [`PeerError`]; the old configuration stays in force.
    pub fn reload(&self, timeout: Duration) -> Result<(), PeerError> {
        let answer = self.send("POST", "/-/reload", Vec::new(), timeout)?;
        if answer.status == 200 { Ok(()) } else { Err(self.refused("/-/reload", &answer)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_members_of_a_cluster_are_counted_and_one_alone_has_none() {
        for (cluster, n_members) in [
            (
                r#"{"name":"01A","peers":[{"address":"10.0.0.1:9094","name":"01A"},{"address":"10.0.0.2:9094","name":"01B"}],"status":"ready"}"#,
                2,
            ),
            (r#"{"peers":[],"status":"disabled"}"#, 0),
            (r#"{"status":"disabled"}"#, 0),
        ] {
            let body = format!(r#"{{"cluster":{cluster},"config":{{"original":""}},"uptime":"x"}}"#);
            let status: AlertmanagerStatus = serde_json::from_str(&body).unwrap();
            assert_eq!(status.cluster.peers.len(), n_members, "{cluster}");
        }
    }
}
