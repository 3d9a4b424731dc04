//! Silences.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

use super::{Alertmanager, to_json};
use crate::world::prometheus::{PeerError, percent_encoded};

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
    #[serde(default = "yes")]
    pub is_equal: bool,
}

/// Alertmanager before 0.22 does not tell: it knew nothing else.
fn yes() -> bool {
    true
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
    /// Who made it.
    #[serde(default)]
    pub created_by: String,
    /// What it matches: alerts for which each of these holds.
    #[serde(default)]
    pub matchers: Vec<SilenceMatcher>,
    /// When it begins.
    #[serde(default)]
    pub starts_at: DateTime<Utc>,
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

impl Alertmanager {
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
}
