//! Alertmanager's API v2, as far as mainstay asks.
//!
//! Source: Alertmanager 0.25. Errors come as a JSON string, as an object with `message`, or as text; an unknown
//! silence is 404 with an empty body, or 500 before 0.26. `GET /silences` ignores a state filter before 0.34.

mod alerts;
mod notifications;
mod silences;
mod status;

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::http::{Answer, Client, Request, without_password};
use super::prometheus::{PeerError, shortened};

pub use alerts::{AlertStatus, ManagedAlert, PostedAlert, ReceiverName};
pub use notifications::Notifications;
pub use silences::{Silence, SilenceMatcher, SilenceStatus};
pub use status::{AlertmanagerStatus, Cluster, ClusterMember, OriginalConfig};

/// One Alertmanager.
#[derive(Debug, Clone)]
pub struct Alertmanager {
    base: String,
    client: Client,
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
    fn both_forms_of_an_error_are_read() {
        assert_eq!(reason_in(r#""silence not found""#), "silence not found");
        assert_eq!(
            reason_in(r#"{"code":602,"message":"comment in body is required"}"#),
            "comment in body is required"
        );
        assert_eq!(reason_in("plain"), "plain");
    }
}
