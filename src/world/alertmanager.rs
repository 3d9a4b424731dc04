//! Alertmanager's API v2, as far as mainstay asks.
//!
//! Source: Alertmanager 0.25. Errors come as a JSON string, as an object with `message`, or as text; an unknown
//! silence is 404 with an empty body, or 500 before 0.26. `GET /silences` ignores a state filter before 0.34.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::http::{Answer, Client, Request, without_password};
use super::prometheus::{PeerError, exposed, percent_encoded, shortened};

/// One Alertmanager.
#[derive(Debug, Clone)]
pub struct Alertmanager {
    base: String,
    client: Client,
}

/// One matcher of a silence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SilenceMatcher {
    /// The label's name.
    pub name: String,
    /// What the label's value is held against.
    pub value: String,
    /// Whether `value` is a regular expression, anchored at both ends.
    pub is_regex: bool,
    /// Whether a match counts, or its absence.
    pub is_equal: bool,
}

impl std::fmt::Display for SilenceMatcher {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        let operator = match (self.is_equal, self.is_regex) {
            (true, false) => "=",
            (true, true) => "=~",
            (false, false) => "!=",
            (false, true) => "!~",
        };
        write!(f, "{}{operator}\"{}\"", self.name, self.value.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

/// A silence that is to be created.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct NewSilence<'a> {
    matchers: &'a [SilenceMatcher],
    starts_at: String,
    ends_at: String,
    created_by: &'a str,
    comment: &'a str,
}

/// A silence as Alertmanager knows it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Silence {
    /// Its id.
    pub id: String,
    /// Its comment.
    pub comment: String,
    /// When it ends.
    pub ends_at: DateTime<Utc>,
    /// Where it stands.
    pub status: SilenceStatus,
}

/// Where a silence stands.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SilenceStatus {
    /// `pending`, `active` or `expired`.
    pub state: String,
}

/// An alert as Alertmanager knows it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ManagedAlert {
    /// Its labels; its name is `alertname`.
    pub labels: BTreeMap<String, String>,
    /// Where it stands.
    pub status: AlertStatus,
}

/// Where an alert stands.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AlertStatus {
    /// `active`, `suppressed` (silenced or inhibited) or `unprocessed`.
    pub state: String,
}

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
    /// The Alertmanager at `url`.
    pub fn new(url: &str, client: &Client) -> Self {
        Self { base: url.trim_end_matches('/').to_owned(), client: client.clone() }
    }

    /// Its URL as it may be shown.
    pub fn url(&self) -> String {
        without_password(&self.base)
    }

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

    /// All silences, expired ones too.
    ///
    /// # Errors
    /// [`PeerError`].
    pub fn silences(&self, timeout: Duration) -> Result<Vec<Silence>, PeerError> {
        self.json("GET", "/api/v2/silences", Vec::new(), timeout)
    }

    /// The silence with this id; `None` when there is none.
    ///
    /// # Errors
    /// [`PeerError`].
    pub fn silence(&self, id: &str, timeout: Duration) -> Result<Option<Silence>, PeerError> {
        let path = format!("/api/v2/silence/{}", percent_encoded(id));
        let answer = self.send("GET", &path, Vec::new(), timeout)?;
        if answer.status == 404 {
            return Ok(None);
        }
        self.decoded(&path, &answer).map(Some)
    }

    /// Creates a silence that is in force from `now` and returns its id.
    ///
    /// # Errors
    /// [`PeerError`].
    pub fn create_silence(
        &self,
        matchers: &[SilenceMatcher],
        (now, until): (DateTime<Utc>, DateTime<Utc>),
        (created_by, comment): (&str, &str),
        timeout: Duration,
    ) -> Result<String, PeerError> {
        #[derive(Deserialize)]
        struct Created {
            #[serde(rename = "silenceID")]
            id: String,
        }
        let time = |instant: DateTime<Utc>| instant.to_rfc3339_opts(SecondsFormat::Millis, true);
        let silence =
            NewSilence { matchers, starts_at: time(now), ends_at: time(until), created_by, comment };
        let created: Created = self.json("POST", "/api/v2/silences", to_json(&silence), timeout)?;
        Ok(created.id)
    }

    /// Ends a silence now; one that has ended or is not there is no error.
    ///
    /// # Errors
    /// [`PeerError`].
    pub fn expire_silence(&self, id: &str, timeout: Duration) -> Result<(), PeerError> {
        let path = format!("/api/v2/silence/{}", percent_encoded(id));
        let answer = self.send("DELETE", &path, Vec::new(), timeout)?;
        let gone = answer.status == 404 || (answer.status == 500 && answer.body.contains("not found"));
        if answer.status == 200 || gone { Ok(()) } else { Err(self.refused(&path, &answer)) }
    }

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

    /// Asks it to load its configuration again.
    ///
    /// # Errors
    /// [`PeerError`]; the old configuration stays in force.
    pub fn reload(&self, timeout: Duration) -> Result<(), PeerError> {
        let answer = self.send("POST", "/-/reload", Vec::new(), timeout)?;
        if answer.status == 200 { Ok(()) } else { Err(self.refused("/-/reload", &answer)) }
    }

    fn json<T: DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        body: Vec<u8>,
        timeout: Duration,
    ) -> Result<T, PeerError> {
        let answer = self.send(method, path, body, timeout)?;
        self.decoded(path, &answer)
    }

    fn decoded<T: DeserializeOwned>(&self, path: &str, answer: &Answer) -> Result<T, PeerError> {
        if answer.status != 200 {
            return Err(self.refused(path, answer));
        }
        serde_json::from_str(&answer.body).map_err(|error| PeerError::Malformed {
            url: format!("{}{path}", self.url()),
            api: "Alertmanager",
            reason: error.to_string(),
        })
    }

    fn send(&self, method: &str, path: &str, body: Vec<u8>, timeout: Duration) -> Result<Answer, PeerError> {
        let url = format!("{}{path}", self.base);
        let mut request = Request::new(method, &url, timeout);
        if !body.is_empty() {
            request = request.body("application/json", body);
        }
        Ok(self.client.send(&request)?)
    }

    fn refused(&self, path: &str, answer: &Answer) -> PeerError {
        let url = format!("{}{}", self.url(), path.split('?').next().unwrap_or(path));
        PeerError::Refused { url, status: answer.status, message: shortened(&reason_in(&answer.body)) }
    }
}

/// The reason in a body that is a JSON string, an object with `message`, or text.
fn reason_in(body: &str) -> String {
    match serde_json::from_str(body) {
        Ok(serde_json::Value::String(reason)) => reason,
        Ok(serde_json::Value::Object(object)) => {
            object.get("message").and_then(serde_json::Value::as_str).unwrap_or(body).to_owned()
        }
        _ => body.to_owned(),
    }
}

/// Our own types have nothing in them that JSON cannot say.
fn to_json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
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

    #[test]
    fn both_forms_of_an_error_are_read() {
        assert_eq!(reason_in(r#""silence not found""#), "silence not found");
        assert_eq!(
            reason_in(r#"{"code":602,"message":"comment in body is required"}"#),
            "comment in body is required"
        );
        assert_eq!(reason_in("plain"), "plain");
    }
}
