//! Facts of a monitoring system at one moment.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::world::World;
use crate::world::prometheus::{PeerError, Prometheus, PrometheusAlert, RuleGroup, ScrapeTarget};

/// What is held against what was: kept in the ledger as it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// Prometheus' version.
    pub version: String,
    /// When it started.
    pub started: DateTime<Utc>,
    /// SHA-256 of the configuration that it read last, in hexadecimal.
    pub config_digest: String,
    /// Whether its last reload went well.
    pub reload_ok: bool,
    /// The health of each scrape target, by scrape pool and labels.
    pub targets: BTreeMap<String, String>,
    /// The number of series of each job in its targets' last scrapes.
    pub series: BTreeMap<String, f64>,
    /// The health of each rule, by group and name.
    pub rules: BTreeMap<String, String>,
    /// The alerts that fire, by their labels.
    pub firing: BTreeSet<String>,
    /// The silences in force that are not mainstay's own, by id, with their end.
    pub silences: BTreeMap<String, DateTime<Utc>>,
    /// When this was asked, by the real clock.
    pub at: DateTime<Utc>,
    /// The longest scrape interval, in seconds.
    pub scrape_interval: f64,
    /// The longest interval of a rule group, in seconds; 0 without rules.
    #[serde(default)]
    pub evaluation_interval: f64,
    /// The corruptions of its WAL that were found at its start: the next start says 0 again.
    #[serde(default)]
    pub corruptions: u64,
}

/// What one question of a baseline may take.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);

/// Captures the facts as they are now.
///
/// # Errors
/// [`PeerError`] of the first question that has no answer.
pub fn capture(prometheus: &Prometheus, world: &World) -> Result<Facts, PeerError> {
    let targets = prometheus.targets(TIMEOUT)?;
    let rules = prometheus.rules(TIMEOUT)?;
    facts(prometheus, world, &targets, &rules)
}

/// The facts around `targets` and `rules` that have just been asked for.
pub(super) fn facts(
    prometheus: &Prometheus,
    world: &World,
    targets: &[ScrapeTarget],
    rules: &[RuleGroup],
) -> Result<Facts, PeerError> {
    let runtime = prometheus.runtime_info(TIMEOUT)?;
    let scrape_interval =
        targets.iter().filter_map(|target| seconds(&target.scrape_interval)).fold(1.0, f64::max);
    Ok(Facts {
        version: prometheus.version(TIMEOUT)?,
        started: runtime.start_time,
        config_digest: format!("{:x}", Sha256::digest(prometheus.config(TIMEOUT)?)),
        reload_ok: runtime.reload_config_success,
        targets: targets.iter().map(|target| (name_of(target), target.health.clone())).collect(),
        series: series_by_job(prometheus, scrape_interval, runtime.start_time)?,
        rules: rules.iter().flat_map(rules_of).collect(),
        firing: prometheus
            .alerts(TIMEOUT)?
            .iter()
            .filter(|alert| alert.state == "firing")
            .map(alert_name)
            .collect(),
        silences: silences(world)?,
        at: Utc::now(),
        scrape_interval,
        evaluation_interval: rules.iter().map(|group| group.interval).fold(0.0, f64::max),
        corruptions: runtime.corruption_count,
    })
}

/// A target's name that survives a restart: its scrape pool and its labels.
pub(super) fn name_of(target: &ScrapeTarget) -> String {
    format!("{} {}", target.scrape_pool, in_braces(&target.labels))
}

fn in_braces(labels: &BTreeMap<String, String>) -> String {
    let pairs: Vec<_> = labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    format!("{{{}}}", pairs.join(","))
}

/// The rules of a group by their names, with their health.
pub(super) fn rules_of(group: &RuleGroup) -> impl Iterator<Item = (String, String)> {
    group.rules.iter().map(|rule| (format!("{}/{}", group.name, rule.name), rule.health.clone()))
}

fn alert_name(alert: &PrometheusAlert) -> String {
    in_braces(&alert.labels)
}

/// Counts the samples of each target's last scrape, within two intervals: a longer look would count what was
/// before the work. Prometheus keeps this count per scrape, so the question costs as much for a million
/// series as for ten.
///
/// Prometheus as its own target is left out: it makes series as its API is first used, also by the questions
/// that are asked here, and a restart forgets them.
fn series_by_job(
    prometheus: &Prometheus,
    interval: f64,
    started: DateTime<Utc>,
) -> Result<BTreeMap<String, f64>, PeerError> {
    let within = (2.0 * interval).max(5.0).ceil();
    let started = started.timestamp();
    let query = format!(
        "sum by (job) (last_over_time(scrape_samples_post_metric_relabeling[{within}s])
         unless on (job, instance) (prometheus_build_info
             and on (job, instance) (abs(process_start_time_seconds - {started}) < 2)))"
    );
    let answered = prometheus.query(&query, TIMEOUT)?;
    let job = |labels: &BTreeMap<String, String>| labels.get("job").cloned().unwrap_or_default();
    Ok(answered.samples.iter().map(|sample| (job(&sample.labels), sample.number())).collect())
}

/// Mainstay's own come and go with their runs, and change their ids when they are renewed.
fn silences(world: &World) -> Result<BTreeMap<String, DateTime<Utc>>, PeerError> {
    let Some(alertmanager) = &world.alertmanager else { return Ok(BTreeMap::new()) };
    let all = alertmanager.silences(TIMEOUT)?.into_iter();
    let others =
        all.filter(|silence| silence.status.state == "active" && !silence.comment.contains("[mainstay:"));
    Ok(others.map(|silence| (silence.id, silence.ends_at)).collect())
}

/// Reads Prometheus' durations: `1m30s`, `15s`, `500ms`.
fn seconds(text: &str) -> Option<f64> {
    let mut total = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: f64 = rest[..digits].parse().ok()?;
        let unit_end =
            rest[digits..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |end| digits + end);
        total += number
            * match &rest[digits..unit_end] {
                "ms" => 0.001,
                "s" => 1.0,
                "m" => 60.0,
                "h" => 3_600.0,
                "d" => 86_400.0,
                "w" => 604_800.0,
                "y" => 31_536_000.0,
                _ => return None,
            };
        rest = &rest[unit_end..];
    }
    Some(total).filter(|total| *total > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_of_prometheus_are_read() {
        assert_eq!(seconds("1m30s"), Some(90.0));
        assert_eq!(seconds("500ms"), Some(0.5));
        assert_eq!(seconds(""), None);
        assert_eq!(seconds("ten"), None);
    }
}
