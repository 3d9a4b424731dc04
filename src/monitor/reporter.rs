//! Reporter: one call's result for people, for programs, and for node_exporter's textfile collector.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use prometheus::TextEncoder;
use prometheus::proto::{Counter, Gauge, LabelPair, Metric, MetricFamily, MetricType};
use serde::Serialize;

use super::alerter::Delivery;
use super::metrics::legacy_name;
use super::{Analysis, Collected};
use crate::counted;
use crate::executor::conditions::Standing;
use crate::model::own_metric::{Kind, OWN};
use crate::model::{AlertInstance, AlertState, PlanFile, Sample};
use crate::table::{Screen, Tone, table};

/// Everything that one call found out.
#[derive(Debug, Clone, PartialEq)]
pub struct Monitored {
    /// When.
    pub now: DateTime<Utc>,
    /// What was collected.
    pub collected: Collected,
    /// What it means.
    pub analysis: Analysis,
    /// Who was told.
    pub delivery: Delivery,
    /// Where the conditions of tasks stand (`schedule.when`).
    pub conditions: Vec<Standing>,
    /// Whether the plan file has neither tasks nor metrics.
    pub is_empty: bool,
}

/// What one call amounts to; of several that hold, the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Alertmanager has to be told something and was not.
    Undelivered,
    /// An alert fires.
    Firing,
    /// Something could not be found out.
    Unknown,
    /// All was found out, and nothing fires.
    Quiet,
}

impl Monitored {
    /// What it amounts to.
    pub fn verdict(&self) -> Verdict {
        if matches!(self.delivery, Delivery::Owed { .. }) {
            Verdict::Undelivered
        } else if self.analysis.firing().next().is_some() {
            Verdict::Firing
        } else if self.collected.unknown.is_empty()
            && self.analysis.unknown.is_empty()
            && self.unknown_conditions().next().is_none()
            && !self.is_empty
        {
            Verdict::Quiet
        } else {
            Verdict::Unknown
        }
    }

    fn unknown_conditions(&self) -> impl Iterator<Item = &Standing> {
        self.conditions.iter().filter(|condition| condition.stands == "unknown")
    }

    /// What could not be found out or done, a sentence each.
    pub fn troubles(&self) -> Vec<String> {
        let metrics = self.collected.unknown.iter();
        let metrics = metrics.map(|(metric, reason)| format!("metric `{metric}` is unknown: {reason}"));
        let rules =
            self.analysis.unknown.iter().filter(|rule| !self.collected.unknown.contains_key(&rule.metric));
        let rules = rules.map(|rule| format!("alert `{}` is unknown: {}", rule.rule, rule.reason));
        let conditions = self.unknown_conditions().map(|Standing { task, check, found, .. }| {
            let why = found.as_deref().unwrap_or_default();
            format!("the condition `{check}` of task `{task}` is unknown: {why}")
        });
        let mut troubles: Vec<_> = metrics.chain(rules).chain(conditions).collect();
        if self.is_empty {
            troubles.push("nothing to evaluate: the plan file has no tasks and no metrics".to_owned());
        }
        if let Delivery::Owed { alerts, error } = &self.delivery {
            let alerts = counted(*alerts, "alert");
            troubles.push(format!("Alertmanager did not take {alerts}, the next call tries again: {error}"));
        }
        troubles
    }
}

/// The alerts for people; nothing when there are none.
pub fn alerts(monitored: &Monitored, screen: Screen) -> String {
    if monitored.analysis.alerts.is_empty() {
        return String::new();
    }
    let rows = monitored.analysis.alerts.iter().map(|alert| alert_row(alert, monitored.now));
    table(["ALERT", "STATE", "FOR", "VALUE", "LABELS"], rows, &[3], screen)
}

/// The result for people: alerts first, then metrics.
pub fn text(monitored: &Monitored, screen: Screen) -> String {
    let mut text = alerts(monitored, screen);
    if text.is_empty() {
        text.push_str("no alert is pending or firing\n");
    }
    text.push('\n');
    let rows = monitored.collected.samples.iter().map(|sample| {
        [sample.name.clone(), shown_labels(&sample.labels), number(sample.value)]
            .map(|cell| (cell, Tone::Plain))
            .to_vec()
    });
    text.push_str(&table(["METRIC", "LABELS", "VALUE"], rows, &[2], screen));
    text
}

fn alert_row(alert: &AlertInstance, now: DateTime<Utc>) -> Vec<(String, Tone)> {
    let tone = match alert.state {
        AlertState::Pending => Tone::Warning,
        AlertState::Firing => Tone::Bad,
        AlertState::Resolved => Tone::Good,
    };
    let plain = |text: String| (text, Tone::Plain);
    vec![
        plain(alert.name.clone()),
        (alert.state.to_string(), tone),
        plain(crate::text::roughly(now - alert.since)),
        plain(number(alert.value)),
        plain(shown_labels(&alert.labels)),
    ]
}

fn shown_labels(labels: &BTreeMap<String, String>) -> String {
    let shown: Vec<_> = labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    shown.join(" ")
}

/// A value as Prometheus writes it.
fn number(value: f64) -> String {
    if value.is_infinite() {
        return if value < 0.0 { "-Inf" } else { "+Inf" }.to_owned();
    }
    value.to_string()
}

/// `mainstay/monitor/v1`.
#[derive(Serialize)]
struct MonitorJson<'a> {
    schema: &'static str,
    at: String,
    verdict: Verdict,
    metrics: Vec<MetricJson<'a>>,
    alerts: Vec<AlertJson<'a>>,
    unknown: Vec<UnknownJson<'a>>,
    conditions: Vec<ConditionJson<'a>>,
    delivery: DeliveryJson<'a>,
}

#[derive(Serialize)]
struct MetricJson<'a> {
    name: &'a str,
    labels: &'a BTreeMap<String, String>,
    value: NumberJson,
}

/// JSON has no name for what is not finite: that is a string, as in Prometheus' API.
#[derive(Serialize)]
#[serde(untagged)]
enum NumberJson {
    Finite(f64),
    Other(String),
}

#[derive(Serialize)]
struct AlertJson<'a> {
    name: &'a str,
    labels: &'a BTreeMap<String, String>,
    state: AlertState,
    since: String,
    value: NumberJson,
}

/// A metric about which nothing is known, or a rule that could not be evaluated.
#[derive(Serialize)]
struct UnknownJson<'a> {
    metric: &'a str,
    alert: Option<&'a str>,
    reason: &'a str,
}

/// The check that a task waits for.
#[derive(Serialize)]
struct ConditionJson<'a> {
    task: &'a str,
    check: &'a str,
    state: &'a str,
    since: Option<String>,
    found: Option<&'a str>,
}

#[derive(Serialize)]
struct DeliveryJson<'a> {
    taken: usize,
    owed: usize,
    error: Option<&'a str>,
}

/// The result for programs.
///
/// # Errors
/// When it cannot be serialized.
pub fn json(monitored: &Monitored) -> Result<String, serde_json::Error> {
    let number = |value: f64| {
        if value.is_finite() { NumberJson::Finite(value) } else { NumberJson::Other(number(value)) }
    };
    let time = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::AutoSi, true);
    let metrics = monitored.collected.samples.iter().map(|sample| MetricJson {
        name: &sample.name,
        labels: &sample.labels,
        value: number(sample.value),
    });
    let alerts = monitored.analysis.alerts.iter().map(|alert| AlertJson {
        name: &alert.name,
        labels: &alert.labels,
        state: alert.state,
        since: time(alert.since),
        value: number(alert.value),
    });
    let unknown_metrics = monitored.collected.unknown.iter();
    let unknown_metrics = unknown_metrics.map(|(metric, reason)| UnknownJson { metric, alert: None, reason });
    let unknown_rules = monitored.analysis.unknown.iter().map(|rule| UnknownJson {
        metric: &rule.metric,
        alert: Some(&rule.rule),
        reason: &rule.reason,
    });
    let conditions = monitored.conditions.iter().map(|condition| ConditionJson {
        task: &condition.task,
        check: &condition.check,
        state: condition.stands,
        since: condition.since.map(time),
        found: condition.found.as_deref(),
    });
    let delivery = match &monitored.delivery {
        Delivery::Nothing => DeliveryJson { taken: 0, owed: 0, error: None },
        Delivery::Taken(taken) => DeliveryJson { taken: *taken, owed: 0, error: None },
        Delivery::Owed { alerts, error } => DeliveryJson { taken: 0, owed: *alerts, error: Some(error) },
    };
    let result = MonitorJson {
        schema: "mainstay/monitor/v1",
        at: time(monitored.now),
        verdict: monitored.verdict(),
        metrics: metrics.collect(),
        alerts: alerts.collect(),
        unknown: unknown_metrics.chain(unknown_rules).collect(),
        conditions: conditions.collect(),
        delivery,
    };
    Ok(serde_json::to_string_pretty(&result)? + "\n")
}

/// The metrics as node_exporter's textfile collector reads them: no timestamps, help and type of every one.
///
/// # Errors
/// When they cannot be encoded.
pub fn textfile(monitored: &Monitored, plan: &PlanFile) -> Result<String, prometheus::Error> {
    let mut families: BTreeMap<String, MetricFamily> = BTreeMap::new();
    for sample in &monitored.collected.samples {
        let own = OWN.iter().find(|own| own.name == sample.name);
        let kind = own.map_or(Kind::Gauge, |own| own.kind);
        let family = families.entry(legacy_name(&sample.name)).or_insert_with_key(|name| {
            let of_plan_file = plan.metrics.get(&sample.name).and_then(|metric| metric.help.clone());
            let help = own.map(|own| own.help.to_owned()).or(of_plan_file);
            let mut family = MetricFamily::default();
            family.set_name(name.clone());
            family
                .set_help(help.unwrap_or_else(|| format!("The metric `{}` of the plan file.", sample.name)));
            family.set_field_type(match kind {
                Kind::Counter => MetricType::COUNTER,
                Kind::Gauge => MetricType::GAUGE,
            });
            family
        });
        family.mut_metric().push(metric(kind, sample));
    }
    let families: Vec<_> = families.into_values().collect();
    TextEncoder::new().encode_to_string(&families)
}

fn metric(kind: Kind, sample: &Sample) -> Metric {
    let labels = sample.labels.iter().map(|(name, value)| {
        let mut label = LabelPair::default();
        label.set_name(legacy_name(name));
        label.set_value(value.clone());
        label
    });
    let mut metric = Metric::from_label(labels.collect());
    match kind {
        Kind::Counter => {
            let mut counter = Counter::default();
            counter.set_value(sample.value);
            metric.set_counter(counter);
        }
        Kind::Gauge => {
            let mut gauge = Gauge::default();
            gauge.set_value(sample.value);
            metric.set_gauge(gauge);
        }
    }
    metric
}
