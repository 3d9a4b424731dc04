//! Collector: our own metrics, and those that the plan file asks others for.
//!
//! Every peer is asked in a thread of its own and under a deadline of its own, so a peer that hangs delays
//! nothing but its own metric.

use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use std::time::{Duration, Instant};

use super::metrics::{self, Estate};
use crate::model::own_metric::PREFIX;
use crate::model::{HttpMetric, HttpValue, Metric, PlanFile, PromqlMetric, Sample};
use crate::world::http::{Client, HttpError, Request};
use crate::world::prometheus::Prometheus;

/// What one call collected.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Collected {
    /// All samples, by name and then by labels.
    pub samples: Vec<Sample>,
    /// Metrics of the plan file about which nothing is known, and why.
    pub unknown: BTreeMap<String, String>,
    /// What peers warned about, although they answered.
    pub warnings: Vec<String>,
}

/// The most that a query, or a request that names no time-out, may take.
const DEADLINE: Duration = Duration::from_secs(10);

/// The most of an answer's body that is read: only its coming matters.
const BODY_LIMIT: u64 = 10 << 20;

/// Collects our own metrics and those of the plan file.
pub fn collect(plan: &PlanFile, estate: &Estate, client: &Client) -> Collected {
    let mut collected = Collected { samples: metrics::own(estate), ..Collected::default() };
    let answers: Vec<_> = thread::scope(|scope| {
        let asked: Vec<_> = plan
            .metrics
            .iter()
            .map(|(name, metric)| (name, scope.spawn(|| ask(plan, name, metric, client))))
            .collect();
        asked
            .into_iter()
            .map(|(name, answer)| {
                (name.value.clone(), answer.join().unwrap_or_else(|_| Err("its collector broke".to_owned())))
            })
            .collect()
    });
    for (name, answer) in answers {
        let answer = answer.and_then(without_duplicates);
        collected.samples.push(metrics::collector_up(&name, answer.is_ok()));
        match answer {
            Ok(answer) => {
                let warned = answer.warnings.iter().map(|warning| format!("metric `{name}`: {warning}"));
                collected.warnings.extend(warned);
                if answer.samples.is_empty() {
                    collected.unknown.insert(name, NO_SAMPLES.to_owned());
                }
                collected.samples.extend(answer.samples);
            }
            Err(reason) => {
                collected.unknown.insert(name, reason);
            }
        }
    }
    collected.samples.sort_by(|a, b| (&a.name, &a.labels).cmp(&(&b.name, &b.labels)));
    collected
}

/// An answer without a sample says neither yes nor no.
const NO_SAMPLES: &str =
    "the answer has no samples; a query such as `count(...) or vector(0)` always has one";

/// What one peer answered.
struct Answer {
    samples: Vec<Sample>,
    warnings: Vec<String>,
}

fn ask(plan: &PlanFile, name: &str, metric: &Metric, client: &Client) -> Result<Answer, String> {
    if name.starts_with(PREFIX) {
        return Err(format!("names that begin with `{PREFIX}` are our own"));
    }
    match (&metric.promql, &metric.http) {
        (Some(promql), None) => ask_prometheus(plan, name, promql, client),
        (None, Some(http)) => ask_http(name, http, client),
        _ => Err("it has to have one collector, `promql` or `http`".to_owned()),
    }
}

fn ask_prometheus(
    plan: &PlanFile,
    name: &str,
    promql: &PromqlMetric,
    client: &Client,
) -> Result<Answer, String> {
    let connection = plan.connections.prometheus.as_ref().ok_or("there is no `connections.prometheus`")?;
    let answered = Prometheus::new(&connection.url, client)
        .query(&promql.query, DEADLINE)
        .map_err(|error| crate::in_words(&error))?;
    let samples = answered.samples.into_iter().map(|found| {
        let value = found.number();
        let mut labels = found.labels;
        labels.remove("__name__");
        Sample { name: name.to_owned(), labels, value }
    });
    Ok(Answer { samples: samples.collect(), warnings: answered.warnings })
}

fn ask_http(name: &str, metric: &HttpMetric, client: &Client) -> Result<Answer, String> {
    let timeout = metric.timeout.as_ref().map_or(DEADLINE, |timeout| timeout.value.to_std());
    let started = Instant::now();
    let request = Request { body_limit: BODY_LIMIT, ..Request::new("GET", &metric.url, timeout) };
    let answer = match client.send(&request) {
        Err(error @ HttpError::BadRequest { .. }) => return Err(crate::in_words(&error)),
        other => other,
    };
    let took = started.elapsed();
    let value = match (metric.value.unwrap_or_default(), answer) {
        (HttpValue::Up, Ok(answer)) => f64::from(u8::from(is_expected(metric, answer.status))),
        (HttpValue::Up, Err(_)) => 0.0,
        (HttpValue::Seconds, Ok(_)) => took.as_secs_f64(),
        (HttpValue::Status, Ok(answer)) => f64::from(answer.status),
        (HttpValue::Seconds | HttpValue::Status, Err(error)) => return Err(crate::in_words(&error)),
    };
    let sample = Sample { name: name.to_owned(), labels: BTreeMap::new(), value };
    Ok(Answer { samples: vec![sample], warnings: Vec::new() })
}

/// The status that means up where the plan file names none.
const OK: u16 = 200;

fn is_expected(metric: &HttpMetric, status: u16) -> bool {
    metric.status.as_ref().map_or(status == OK, |expected| expected.matches(status))
}

/// Two samples with the same labels are two answers to one question.
fn without_duplicates(answer: Answer) -> Result<Answer, String> {
    let mut seen = BTreeSet::new();
    match answer.samples.iter().find(|sample| !seen.insert(&sample.labels)) {
        None => Ok(answer),
        Some(twice) => Err(format!("the answer has two samples with the same labels {:?}", twice.labels)),
    }
}
