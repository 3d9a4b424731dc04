//! Prometheus' HTTP API, as far as mainstay asks.
//!
//! Source: the API of Prometheus 2.42; unknown fields are ignored so that later versions answer as well.

mod admin;
mod query;
mod rules;
mod status;
mod targets;
mod warnings;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::http::{Answer, Client, HttpError, Request, without_password};

pub use query::{Answered, InstantSample, RangeSeries, TimeRange};
pub use rules::{PrometheusAlert, Rule, RuleGroup};
pub use status::{OwnPage, RuntimeInfo, WalReplay};
pub use targets::ScrapeTarget;
pub use warnings::{Warning, Warnings};

/// Why a monitoring system's answer is of no use.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// There is no answer.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// It says no.
    #[error("{url} answered {status}: {message}")]
    Refused {
        /// What was asked, without password.
        url: String,
        /// The status code.
        status: u16,
        /// Its reason, shortened.
        message: String,
    },
    /// It says something else than its API does.
    #[error("{url} did not answer as the API of {api} does: {reason}")]
    Malformed {
        /// What was asked, without password.
        url: String,
        /// Prometheus or Alertmanager.
        api: &'static str,
        /// What is odd.
        reason: String,
    },
}

/// One Prometheus server.
#[derive(Debug, Clone)]
pub struct Prometheus {
    base: String,
    client: Client,
    warnings: Warnings,
}

/// An API's frame around every answer.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Frame {
    status: String,
    #[serde(default)]
    data: serde_json::Value,
    #[serde(default)]
    error: String,
    #[serde(default)]
    warnings: Vec<String>,
    /// What it has to say of a query that may not be what was meant; since version 3.0.
    #[serde(default)]
    infos: Vec<String>,
}

impl Prometheus {
    /// The server at `url`.
    pub fn new(url: &str, client: &Client) -> Self {
        Self {
            base: url.trim_end_matches('/').to_owned(),
            client: client.clone(),
            warnings: Warnings::default(),
        }
    }

    /// The same server, whose warnings are heard by `warnings`.
    #[must_use]
    pub fn heard_by(&self, warnings: &Warnings) -> Self {
        Self { warnings: warnings.clone(), ..self.clone() }
    }

    /// Its URL as it may be shown.
    pub fn url(&self) -> String {
        without_password(&self.base)
    }

    /// An answer without a body.
    fn done(&self, path: &str, answer: &Answer) -> Result<(), PeerError> {
        if answer.status == 204 || answer.status == 200 {
            return Ok(());
        }
        let reason = serde_json::from_str::<Frame>(&answer.body).map(|frame| frame.error);
        Err(self.refused(path, answer, reason.as_deref().unwrap_or(&answer.body)))
    }

    fn get<T: DeserializeOwned>(&self, path: &str, timeout: Duration) -> Result<T, PeerError> {
        let answer = self.send("GET", path, timeout)?;
        let frame = self.frame(path, &answer, path)?;
        self.data(path, frame)
    }

    fn send(&self, method: &str, path: &str, timeout: Duration) -> Result<Answer, PeerError> {
        Ok(self.client.send(&Request::new(method, &format!("{}{path}", self.base), timeout))?)
    }

    /// What stands in the frame of the answer to `asked`; what it warns of is heard.
    fn frame(&self, path: &str, answer: &Answer, asked: &str) -> Result<Frame, PeerError> {
        match serde_json::from_str::<Frame>(&answer.body) {
            Ok(mut frame) if frame.status == "success" && answer.status == 200 => {
                frame.warnings.append(&mut frame.infos);
                self.warnings.hear(&self.url(), asked, &frame.warnings);
                Ok(frame)
            }
            Ok(frame) => Err(self.refused(path, answer, &frame.error)),
            Err(_) if answer.status != 200 => Err(self.refused(path, answer, &answer.body)),
            Err(error) => Err(self.malformed(path, error.to_string())),
        }
    }

    fn data<T: DeserializeOwned>(&self, path: &str, frame: Frame) -> Result<T, PeerError> {
        serde_json::from_value(frame.data).map_err(|error| self.malformed(path, error.to_string()))
    }

    fn refused(&self, path: &str, answer: &Answer, message: &str) -> PeerError {
        let url = format!("{}{path}", self.url());
        PeerError::Refused { url, status: answer.status, message: shortened(message) }
    }

    fn malformed(&self, path: &str, reason: String) -> PeerError {
        PeerError::Malformed { url: format!("{}{path}", self.url()), api: "Prometheus", reason }
    }
}

/// A foreign message in one line of at most 200 characters.
pub(in crate::world) fn shortened(message: &str) -> String {
    let line = message.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(200) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None if line.is_empty() => "no reason given".to_owned(),
        None => line,
    }
}

/// Percent-encodes everything but the characters that RFC 3986 leaves unreserved.
pub(in crate::world) fn percent_encoded(text: &str) -> String {
    use std::fmt::Write;
    let mut encoded = String::with_capacity(text.len() * 3);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(byte.into());
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// The value of the first series called `name` in a metrics page.
///
/// Source: Prometheus text exposition format.
pub(in crate::world) fn exposed(page: &str, name: &str) -> Option<f64> {
    page.lines().find_map(|line| {
        let rest = line.strip_prefix(name)?;
        let value = match rest.as_bytes().first()? {
            b' ' => rest,
            b'{' => rest.rsplit_once('}')?.1,
            _ => return None,
        };
        value.split_whitespace().next()?.parse().ok()
    })
}

/// The sum of the values of the series of each of these names that a metrics page has.
///
/// Source: Prometheus text exposition format.
pub(in crate::world) fn sums_of(page: &str, names: &[&'static str]) -> BTreeMap<&'static str, f64> {
    let mut sums = BTreeMap::new();
    for line in page.lines().filter(|line| !line.starts_with('#')) {
        let end = line.find(['{', ' ']).unwrap_or(line.len());
        let Some(name) = names.iter().find(|name| **name == &line[..end]) else { continue };
        let rest = if line[end..].starts_with('{') {
            line.rsplit_once('}').map_or("", |(_, rest)| rest)
        } else {
            &line[end..]
        };
        let value = rest.split_whitespace().next().and_then(|value| value.parse::<f64>().ok());
        if let Some(value) = value.filter(|value| value.is_finite()) {
            *sums.entry(*name).or_insert(0.0) += value;
        }
    }
    sums
}

/// Every series called `name` in a metrics page: the text between its braces, and its value.
///
/// Source: Prometheus text exposition format.
pub(in crate::world) fn exposed_series<'p>(
    page: &'p str,
    name: &'p str,
) -> impl Iterator<Item = (&'p str, f64)> {
    page.lines().filter_map(move |line| {
        let (labels, value) = line.strip_prefix(name)?.strip_prefix('{')?.rsplit_once('}')?;
        Some((labels, value.split_whitespace().next()?.parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_survives_the_form() {
        assert_eq!(percent_encoded(r#"up{job="a b"}+1"#), "up%7Bjob%3D%22a%20b%22%7D%2B1");
    }

    #[test]
    fn a_metrics_page_is_read_by_whole_names() {
        let page = "# HELP a_total x\na_total_more 7\na_total{job=\"x } 9\"} 1.5e3 1700000000\nb 2\n";
        assert_eq!(
            ["a_total", "b", "c", "a"].map(|name| exposed(page, name)),
            [Some(1500.0), Some(2.0), None, None]
        );
    }

    #[test]
    fn the_series_of_a_name_are_added_up() {
        let page = "# TYPE a counter\na{x=\"} 1\"} 2\na{x=\"2\"} 3 1700000000\na_more 9\nb NaN\n";
        assert_eq!(sums_of(page, &["a", "b", "c"]), BTreeMap::from([("a", 5.0)]));
    }
}
