//! Prometheus' HTTP API, as far as mainstay asks.
//!
//! Source: the API of Prometheus 2.42; unknown fields are ignored so that later versions answer as well.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::http::{Answer, Client, HttpError, Request, without_password};

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
}

/// One sample of an instant query.
#[derive(Debug, Clone, PartialEq)]
pub struct InstantSample {
    /// Its labels; the metric's name is `__name__`.
    pub labels: BTreeMap<String, String>,
    /// Its value as Prometheus writes it: `NaN`, `+Inf` and `-Inf` included.
    pub value: String,
}

impl InstantSample {
    /// The value as a number.
    pub fn number(&self) -> f64 {
        self.value.parse().unwrap_or(f64::NAN)
    }
}

/// The answer to an instant query.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Answered {
    /// The samples; none when nothing matched.
    pub samples: Vec<InstantSample>,
    /// What Prometheus warns about, although it answered.
    pub warnings: Vec<String>,
}

/// The times of a range query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeRange {
    /// The first moment.
    pub start: DateTime<Utc>,
    /// No moment lies after this.
    pub end: DateTime<Utc>,
    /// The time between two moments; so large that there are fewer than 11,000 of them.
    pub step: TimeDelta,
}

/// One series of a range query.
#[derive(Debug, Clone, PartialEq)]
pub struct RangeSeries {
    /// Its labels; the metric's name is `__name__`.
    pub labels: BTreeMap<String, String>,
    /// Its samples: when, in milliseconds since 1970, and what.
    pub samples: Vec<(i64, f64)>,
}

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

/// One rule group.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleGroup {
    /// Its name.
    pub name: String,
    /// The file that it comes from.
    pub file: String,
    /// Its rules.
    pub rules: Vec<Rule>,
    /// Seconds between two evaluations.
    #[serde(default)]
    pub interval: f64,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// `alerting` or `recording`.
    #[serde(rename = "type")]
    pub kind: String,
    /// `ok`, `err` or `unknown`.
    pub health: String,
    /// Why the last evaluation failed.
    #[serde(default)]
    pub last_error: String,
    /// When it was last evaluated; the year 1 when never.
    pub last_evaluation: DateTime<Utc>,
    /// What it evaluates.
    #[serde(default)]
    pub query: String,
    /// Of an alerting rule: the seconds that its condition has to hold.
    #[serde(default)]
    pub duration: f64,
}

/// One alert as Prometheus sees it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct PrometheusAlert {
    /// Its labels; its name is `alertname`.
    pub labels: BTreeMap<String, String>,
    /// `pending` or `firing`.
    pub state: String,
}

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
}

/// How far the WAL is replayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct WalReplay {
    /// The last segment to replay.
    pub max: i64,
    /// The segment being replayed.
    pub current: i64,
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
}

impl Prometheus {
    /// The server at `url`.
    pub fn new(url: &str, client: &Client) -> Self {
        Self { base: url.trim_end_matches('/').to_owned(), client: client.clone() }
    }

    /// Its URL as it may be shown.
    pub fn url(&self) -> String {
        without_password(&self.base)
    }

    /// Evaluates `promql` now.
    ///
    /// # Errors
    /// [`PeerError`]; also when the result is neither a vector nor a scalar.
    pub fn query(&self, promql: &str, timeout: Duration) -> Result<Answered, PeerError> {
        let path = "/api/v1/query";
        let form = format!("query={}", percent_encoded(promql));
        let url = format!("{}{path}", self.base);
        let request = Request::new("POST", &url, timeout).body("application/x-www-form-urlencoded", form);
        let answer = self.client.send(&request)?;
        let frame = self.frame(path, &answer)?;
        let samples = samples_of(&frame.data).map_err(|reason| self.malformed(path, reason))?;
        Ok(Answered { samples, warnings: frame.warnings })
    }

    /// The samples that a range selector selects, as they were stored.
    ///
    /// # Errors
    /// [`PeerError`].
    pub fn raw_samples(&self, selector: &str, timeout: Duration) -> Result<Vec<RangeSeries>, PeerError> {
        let path = "/api/v1/query";
        let url = format!("{}{path}", self.base);
        let form = format!("query={}", percent_encoded(selector));
        self.matrix(
            path,
            &Request::new("POST", &url, timeout).body("application/x-www-form-urlencoded", form),
        )
    }

    /// Evaluates `promql` at several moments.
    ///
    /// # Errors
    /// [`PeerError`].
    pub fn query_range(
        &self,
        promql: &str,
        range: TimeRange,
        timeout: Duration,
    ) -> Result<Vec<RangeSeries>, PeerError> {
        let path = "/api/v1/query_range";
        let time = |time: DateTime<Utc>| percent_encoded(&time.to_rfc3339_opts(SecondsFormat::Millis, true));
        let form = format!(
            "query={}&start={}&end={}&step={}",
            percent_encoded(promql),
            time(range.start),
            time(range.end),
            range.step.as_seconds_f64(),
        );
        let url = format!("{}{path}", self.base);
        self.matrix(
            path,
            &Request::new("POST", &url, timeout).body("application/x-www-form-urlencoded", form),
        )
    }

    fn matrix(&self, path: &str, request: &Request) -> Result<Vec<RangeSeries>, PeerError> {
        #[derive(Deserialize)]
        struct Matrix {
            result: Vec<Series>,
        }
        #[derive(Deserialize)]
        struct Series {
            #[serde(default)]
            metric: BTreeMap<String, String>,
            values: Vec<(f64, String)>,
        }
        let answer = self.client.send(request)?;
        let frame = self.frame(path, &answer)?;
        let matrix: Matrix = self.data(path, frame)?;
        Ok(matrix.result.into_iter().map(|one| series_of(one.metric, &one.values)).collect())
    }

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

    /// The rule groups with the health of each rule.
    ///
    /// # Errors
    /// [`PeerError`].
    pub fn rules(&self, timeout: Duration) -> Result<Vec<RuleGroup>, PeerError> {
        #[derive(Deserialize)]
        struct Groups {
            groups: Vec<RuleGroup>,
        }
        self.get("/api/v1/rules", timeout).map(|groups: Groups| groups.groups)
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

    /// Its command line, by the names of its flags.
    ///
    /// # Errors
    /// [`PeerError`].
    pub fn flags(&self, timeout: Duration) -> Result<BTreeMap<String, String>, PeerError> {
        self.get("/api/v1/status/flags", timeout)
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

    /// How many series have samples between two moments that `selectors` select.
    ///
    /// # Errors
    /// [`PeerError`].
    pub fn n_series(
        &self,
        selectors: &[&str],
        (start, end): (Option<DateTime<Utc>>, DateTime<Utc>),
        timeout: Duration,
    ) -> Result<usize, PeerError> {
        let path = "/api/v1/series";
        let form = selection(selectors, start, end);
        let url = format!("{}{path}", self.base);
        let request = Request::new("POST", &url, timeout).body("application/x-www-form-urlencoded", form);
        let answer = self.client.send(&request)?;
        let frame = self.frame(path, &answer)?;
        self.data(path, frame).map(|series: Vec<serde::de::IgnoredAny>| series.len())
    }

    /// Deletes what the series that `selectors` select hold between two moments; the space stays taken until the
    /// tombstones are cleaned.
    ///
    /// # Errors
    /// [`PeerError`]; the admin API may be switched off.
    pub fn delete_series(
        &self,
        selectors: &[&str],
        (start, end): (Option<DateTime<Utc>>, DateTime<Utc>),
        timeout: Duration,
    ) -> Result<(), PeerError> {
        let path = "/api/v1/admin/tsdb/delete_series";
        let asked = format!("{path}?{}", selection(selectors, start, end));
        let answer = self.send("POST", &asked, timeout)?;
        self.done(path, &answer)
    }

    /// Writes the blocks anew that have deleted series, without them.
    ///
    /// # Errors
    /// [`PeerError`]; the admin API may be switched off, the disk may be full.
    pub fn clean_tombstones(&self, timeout: Duration) -> Result<(), PeerError> {
        let path = "/api/v1/admin/tsdb/clean_tombstones";
        let answer = self.send("POST", path, timeout)?;
        self.done(path, &answer)
    }

    /// The pending and firing alerts.
    ///
    /// # Errors
    /// [`PeerError`].
    pub fn alerts(&self, timeout: Duration) -> Result<Vec<PrometheusAlert>, PeerError> {
        #[derive(Deserialize)]
        struct Alerts {
            alerts: Vec<PrometheusAlert>,
        }
        self.get("/api/v1/alerts", timeout).map(|alerts: Alerts| alerts.alerts)
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

    /// Takes a TSDB snapshot and returns its name, a folder below `DATA/snapshots`.
    ///
    /// # Errors
    /// [`PeerError`]; the admin API may be switched off, the disk may be full.
    pub fn snapshot(&self, timeout: Duration) -> Result<String, PeerError> {
        #[derive(Deserialize)]
        struct Snapshot {
            name: String,
        }
        let path = "/api/v1/admin/tsdb/snapshot";
        let answer = self.send("POST", path, timeout)?;
        let frame = self.frame(path, &answer)?;
        self.data(path, frame).map(|snapshot: Snapshot| snapshot.name)
    }

    /// Asks it to load its configuration and rules again.
    ///
    /// # Errors
    /// [`PeerError`]; after one the new configuration may be in force in part.
    pub fn reload(&self, timeout: Duration) -> Result<(), PeerError> {
        let answer = self.send("POST", "/-/reload", timeout)?;
        if answer.status == 200 { Ok(()) } else { Err(self.refused("/-/reload", &answer, &answer.body)) }
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
        let frame = self.frame(path, &answer)?;
        self.data(path, frame)
    }

    fn send(&self, method: &str, path: &str, timeout: Duration) -> Result<Answer, PeerError> {
        Ok(self.client.send(&Request::new(method, &format!("{}{path}", self.base), timeout))?)
    }

    fn frame(&self, path: &str, answer: &Answer) -> Result<Frame, PeerError> {
        match serde_json::from_str::<Frame>(&answer.body) {
            Ok(frame) if frame.status == "success" && answer.status == 200 => Ok(frame),
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
pub(super) fn shortened(message: &str) -> String {
    let line = message.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(200) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None if line.is_empty() => "no reason given".to_owned(),
        None => line,
    }
}

/// Percent-encodes everything but the characters that RFC 3986 leaves unreserved.
pub(super) fn percent_encoded(text: &str) -> String {
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

fn selection(selectors: &[&str], start: Option<DateTime<Utc>>, end: DateTime<Utc>) -> String {
    let time = |time: DateTime<Utc>| percent_encoded(&time.to_rfc3339_opts(SecondsFormat::Millis, true));
    let mut form: Vec<_> = selectors.iter().map(|one| format!("match[]={}", percent_encoded(one))).collect();
    form.extend(start.map(|start| format!("start={}", time(start))));
    form.push(format!("end={}", time(end)));
    form.join("&")
}

/// The value of the first series called `name` in a metrics page.
///
/// Source: Prometheus text exposition format.
pub(super) fn exposed(page: &str, name: &str) -> Option<f64> {
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

#[expect(clippy::cast_possible_truncation, reason = "milliseconds of a time that Prometheus can store")]
fn series_of(labels: BTreeMap<String, String>, values: &[(f64, String)]) -> RangeSeries {
    let sample =
        |(at, value): &(f64, String)| ((at * 1000.0).round() as i64, value.parse().unwrap_or(f64::NAN));
    RangeSeries { labels, samples: values.iter().map(sample).collect() }
}

fn samples_of(data: &serde_json::Value) -> Result<Vec<InstantSample>, String> {
    #[derive(Deserialize)]
    struct Vector {
        #[serde(default)]
        metric: BTreeMap<String, String>,
        value: (f64, String),
    }
    let result = data.get("result").cloned().unwrap_or_default();
    match data.get("resultType").and_then(serde_json::Value::as_str) {
        Some("vector") => serde_json::from_value::<Vec<Vector>>(result)
            .map(|samples| {
                samples
                    .into_iter()
                    .map(|one| InstantSample { labels: one.metric, value: one.value.1 })
                    .collect()
            })
            .map_err(|error| format!("a sample is not a number with labels: {error}")),
        Some("scalar") => serde_json::from_value::<(f64, String)>(result)
            .map(|(_, value)| vec![InstantSample { labels: BTreeMap::new(), value }])
            .map_err(|error| error.to_string()),
        Some(other) => Err(format!("the result is a {other}; a query has to return a vector or a scalar")),
        None => Err("the result has no type".to_owned()),
    }
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
    fn a_matrix_is_not_a_result() {
        let data = serde_json::json!({"resultType": "matrix", "result": []});
        assert!(samples_of(&data).unwrap_err().contains("matrix"));
    }
}
