//! Queries, series and samples.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::Deserialize;

use super::{PeerError, Prometheus, percent_encoded, warnings};
use crate::world::http::Request;

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
    /// What Prometheus warns of, although it answered.
    pub warnings: Vec<String>,
}

impl Answered {
    /// What it warns of, to stand behind what its samples come to; empty without a warning.
    pub fn warnings_in_words(&self) -> String {
        warnings::in_words(self.warnings.iter().cloned())
    }
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

impl Prometheus {
    /// Evaluates `promql` now.
    ///
    /// # Errors
    /// [`PeerError`]; also when the result is neither a vector nor a scalar.
    pub fn query(&self, promql: &str, timeout: Duration) -> Result<Answered, PeerError> {
        self.instant(promql, format!("query={}", percent_encoded(promql)), timeout)
    }

    /// Evaluates `promql` at one moment.
    ///
    /// # Errors
    /// [`PeerError`]; also when the result is neither a vector nor a scalar.
    pub fn query_at(
        &self,
        promql: &str,
        at: DateTime<Utc>,
        timeout: Duration,
    ) -> Result<Answered, PeerError> {
        self.instant(promql, format!("query={}&time={}", percent_encoded(promql), time(at)), timeout)
    }

    fn instant(&self, promql: &str, form: String, timeout: Duration) -> Result<Answered, PeerError> {
        let path = "/api/v1/query";
        let url = format!("{}{path}", self.base);
        let request = Request::new("POST", &url, timeout).body("application/x-www-form-urlencoded", form);
        let answer = self.client.send(&request)?;
        let frame = self.frame(path, &answer, promql)?;
        let samples = samples_of(&frame.data).map_err(|reason| self.malformed(path, reason))?;
        Ok(Answered { samples, warnings: frame.warnings })
    }

    /// The values that a label has in the series that `selector` selects.
    ///
    /// # Errors
    /// [`PeerError`].
    pub fn label_values(
        &self,
        label: &str,
        selector: &str,
        timeout: Duration,
    ) -> Result<Vec<String>, PeerError> {
        self.get(&format!("/api/v1/label/{label}/values?match[]={}", percent_encoded(selector)), timeout)
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
            (path, selector),
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
        let form = format!(
            "query={}&start={}&end={}&step={}",
            percent_encoded(promql),
            time(range.start),
            time(range.end),
            range.step.as_seconds_f64(),
        );
        let url = format!("{}{path}", self.base);
        self.matrix(
            (path, promql),
            &Request::new("POST", &url, timeout).body("application/x-www-form-urlencoded", form),
        )
    }

    fn matrix(&self, (path, asked): (&str, &str), request: &Request) -> Result<Vec<RangeSeries>, PeerError> {
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
        let frame = self.frame(path, &answer, asked)?;
        let matrix: Matrix = self.data(path, frame)?;
        Ok(matrix.result.into_iter().map(|one| series_of(one.metric, &one.values)).collect())
    }

    /// The labels of the series that have samples between two moments and that `selector` selects.
    ///
    /// # Errors
    /// [`PeerError`].
    pub fn series(
        &self,
        selector: &str,
        (start, end): (DateTime<Utc>, DateTime<Utc>),
        timeout: Duration,
    ) -> Result<Vec<BTreeMap<String, String>>, PeerError> {
        let path = "/api/v1/series";
        let url = format!("{}{path}", self.base);
        let form = selection(&[selector], Some(start), end);
        let request = Request::new("POST", &url, timeout).body("application/x-www-form-urlencoded", form);
        let answer = self.client.send(&request)?;
        let frame = self.frame(path, &answer, selector)?;
        self.data(path, frame)
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
        let frame = self.frame(path, &answer, &selectors.join(", "))?;
        self.data(path, frame).map(|series: Vec<serde::de::IgnoredAny>| series.len())
    }
}

/// A moment in a form.
fn time(time: DateTime<Utc>) -> String {
    percent_encoded(&time.to_rfc3339_opts(SecondsFormat::Millis, true))
}

pub(super) fn selection(selectors: &[&str], start: Option<DateTime<Utc>>, end: DateTime<Utc>) -> String {
    let mut form: Vec<_> = selectors.iter().map(|one| format!("match[]={}", percent_encoded(one))).collect();
    form.extend(start.map(|start| format!("start={}", time(start))));
    form.push(format!("end={}", time(end)));
    form.join("&")
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
        value: Option<(f64, String)>,
        #[serde(default)]
        histogram: Option<serde::de::IgnoredAny>,
    }
    let result = data.get("result").cloned().unwrap_or_default();
    match data.get("resultType").and_then(serde_json::Value::as_str) {
        Some("vector") => serde_json::from_value::<Vec<Vector>>(result)
            .map_err(|error| format!("a sample is not a number with labels: {error}"))?
            .into_iter()
            .map(|one| match (one.value, one.histogram) {
                (Some((_, value)), _) => Ok(InstantSample { labels: one.metric, value }),
                (None, Some(_)) => Err("a sample is a native histogram, which is no number; \
                                        `histogram_quantile` or `histogram_count` makes one of it"
                    .to_owned()),
                (None, None) => Err("a sample has no value".to_owned()),
            })
            .collect(),
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
    fn case_14_a_native_histogram_is_named_and_never_read_as_0() {
        let data = serde_json::json!({"resultType": "vector", "result": [
            {"metric": {"__name__": "latency"}, "histogram": [1.0, {"count": "1", "sum": "1", "buckets": []}]}
        ]});
        assert!(samples_of(&data).unwrap_err().contains("native histogram"));
    }

    #[test]
    fn case_12_names_with_dots_are_labels_and_the_same_label_set_twice_is_two_samples() {
        let sample = |value: &str| serde_json::json!({"metric": {"__name__": "http.server.duration", "a.b": "ü\n\""}, "value": [1.0, value]});
        let data = serde_json::json!({"resultType": "vector", "result": [sample("1"), sample("2")]});
        let read = samples_of(&data).unwrap();
        assert_eq!(read.iter().map(|one| one.value.as_str()).collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(
            (read[0].labels["__name__"].as_str(), read[0].labels["a.b"].as_str()),
            ("http.server.duration", "ü\n\"")
        );
    }

    #[test]
    fn case_7_special_values_stay_as_they_are() {
        let sample = |value| serde_json::json!({"metric": {}, "value": [1.0, value]});
        let all = ["NaN", "+Inf", "-Inf", "0"].map(sample);
        let read = samples_of(&serde_json::json!({"resultType": "vector", "result": all})).unwrap();
        let values: Vec<_> = read.iter().map(|sample| sample.value.as_str()).collect();
        assert_eq!(values, ["NaN", "+Inf", "-Inf", "0"]);
        assert!(read[0].number().is_nan() && read[1].number() == f64::INFINITY);
    }

    #[test]
    fn a_matrix_is_not_a_result() {
        let data = serde_json::json!({"resultType": "matrix", "result": []});
        assert!(samples_of(&data).unwrap_err().contains("matrix"));
    }
}
