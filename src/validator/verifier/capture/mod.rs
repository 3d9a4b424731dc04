//! Asks a monitoring system for its facts.
//!
//! 1. A question looks back over two intervals only, and after work never beyond its end: an instant query would answer
//!    with what was, for five minutes.
//! 2. Every question is bounded: few moments, and none over all series where there are very many.

mod alertmanager;
mod counts;
mod history;
mod names;
mod probes;
mod remote_write;
mod signals;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::Spec;
use super::facts::{Alert, Facts, Group, More, Peer, Server};
use crate::promql;
use crate::text::shortened;
use crate::world::http::without_password;
use crate::world::prometheus::{PeerError, Prometheus, PrometheusAlert, RuleGroup, ScrapeTarget, Warnings};
use crate::world::{World, ask_at_once};

pub(super) use alertmanager::member;
use names::alert_name;
pub(super) use names::{in_braces, name_of, rules_of};
pub(super) use signals::labels_of;

/// What one question of a baseline may take.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);
/// No more of a reason is kept, in characters.
const MOST_SAID: usize = 300;

/// Its own counters of damage and of the way to Alertmanager.
///
/// Source: Prometheus' mixin of alerts about itself, and what its storage counts as failed.
pub(super) const COUNTERS: [&str; 11] = [
    "prometheus_tsdb_wal_writes_failed_total",
    "prometheus_tsdb_wal_corruptions_total",
    "prometheus_tsdb_reloads_failures_total",
    "prometheus_tsdb_compactions_failed_total",
    "prometheus_tsdb_head_truncations_failed_total",
    "prometheus_rule_evaluation_failures_total",
    "prometheus_rule_group_iterations_missed_total",
    "prometheus_notifications_dropped_total",
    "prometheus_notifications_errors_total",
    "prometheus_notifications_queue_length",
    "prometheus_sd_file_read_errors_total",
];
/// What it says of the blocks of its storage.
const OTHERS: [&str; 3] = [
    "prometheus_tsdb_lowest_timestamp_seconds",
    "prometheus_tsdb_blocks_loaded",
    "prometheus_tsdb_storage_blocks_bytes",
];

/// How facts are asked for.
pub(super) struct Asking<'a> {
    pub(super) prometheus: &'a Prometheus,
    pub(super) spec: &'a Spec,
    /// No sample before this counts; `None` before the work.
    pub(super) since: Option<DateTime<Utc>>,
    pub(super) started: DateTime<Utc>,
    pub(super) scrape_interval: f64,
}

impl Asking<'_> {
    /// How far a question about something that comes every so many seconds looks back: two of them, in whole seconds.
    fn window(&self, interval: f64) -> u64 {
        let two = (2.0 * interval).max(5.0).ceil();
        let most = self.since.map_or(f64::INFINITY, |since| (Utc::now() - since).as_seconds_f64().floor());
        whole(two.min(most).max(1.0))
    }

    /// Prometheus as its own target: it makes series as its API is first used, also by the questions that are asked here,
    /// and a restart forgets them.
    fn itself(&self) -> String {
        let started = self.started.timestamp();
        format!(
            "(prometheus_build_info and on (job, instance) (abs(process_start_time_seconds - {started}) < 2))"
        )
    }
}

/// Captures the facts as they are now.
///
/// # Errors
/// [`PeerError`] of the first question to the first Prometheus that has no answer, or when no member of Alertmanager
/// answers; the others are kept as not known.
pub fn capture(prometheus: &Prometheus, world: &World, spec: &Spec) -> Result<Facts, PeerError> {
    let targets = prometheus.targets(TIMEOUT)?;
    let rules = prometheus.rules(TIMEOUT)?;
    let first = server(prometheus, spec, (&targets, &rules), None)?;
    let replicas =
        world.replicas.iter().map(|replica| (replica.url(), Peer::of(whole_server(replica, spec))));
    let replicas = replicas.collect();
    facts(first, replicas, world)
}

fn whole_server(prometheus: &Prometheus, spec: &Spec) -> Result<Server, PeerError> {
    let targets = prometheus.targets(TIMEOUT)?;
    let rules = prometheus.rules(TIMEOUT)?;
    server(prometheus, spec, (&targets, &rules), None)
}

/// The facts of all servers and members together.
pub(super) fn facts(
    first: Server,
    replicas: BTreeMap<String, Peer<Server>>,
    world: &World,
) -> Result<Facts, PeerError> {
    let cluster: Vec<_> = world.each_alertmanager().collect();
    let (mut members, mut silences, mut unanswered) = (BTreeMap::new(), None, None);
    for (member, found) in cluster.iter().zip(ask_at_once(&cluster, |member| alertmanager::member(member))) {
        let known = match found {
            Ok(facts) => {
                // Silences are told to all members, so that any of them knows them.
                silences.get_or_insert_with(|| facts.silences.clone());
                Peer::Known(Box::new(facts))
            }
            Err(error) => {
                let why = crate::in_words(&error);
                unanswered.get_or_insert(error);
                Peer::Unknown(why)
            }
        };
        members.insert(member.url(), known);
    }
    let silences = match (silences, unanswered) {
        (Some(silences), _) => silences,
        (None, None) => BTreeMap::new(),
        (None, Some(error)) => return Err(error),
    };
    Ok(Facts { first, silences, at: Utc::now(), replicas, members, left_out: BTreeMap::new() })
}

/// The facts around `targets` and `rules` that have just been asked for. After the work only samples since then count, and
/// the questions about the past are those of before.
pub(super) fn server(
    prometheus: &Prometheus,
    spec: &Spec,
    (targets, rules): (&[ScrapeTarget], &[RuleGroup]),
    work: Option<(DateTime<Utc>, &Server)>,
) -> Result<Server, PeerError> {
    let warnings = Warnings::default();
    let prometheus = &prometheus.heard_by(&warnings);
    let runtime = prometheus.runtime_info(TIMEOUT)?;
    let scrape_interval =
        targets.iter().filter_map(|target| seconds(&target.scrape_interval)).fold(1.0, f64::max);
    let since = work.map(|(since, _)| since.max(runtime.start_time));
    let asking = Asking { prometheus, spec, since, started: runtime.start_time, scrape_interval };
    let alerts = prometheus.alerts(TIMEOUT)?;
    let firing = alerts.iter().filter(|alert| alert.state == "firing").map(alert_name).collect();
    let (signals, unread) = signals::signals(&asking, rules)?;
    let page = prometheus.own_page(TIMEOUT)?;
    let own = page.sums(&[COUNTERS.as_slice(), OTHERS.as_slice()].concat());
    let more = More {
        flags: flags(prometheus)?,
        retention: runtime.storage_retention,
        jobs: jobs(targets),
        metrics: counts::metrics(&asking)?,
        signals,
        unread,
        groups: rules.iter().map(group).collect(),
        alerts: alerts.iter().map(|alert| (alert_name(alert), alert_of(alert, rules))).collect(),
        reasons: reasons(targets, rules),
        counters: counters(&own),
        remote_write_lag: remote_write::lag(&page, runtime.start_time),
        is_remote_write_unsent: remote_write::is_unsent(&page),
        history: match work {
            None => history::ask(prometheus)?,
            Some((_, before)) => {
                let asked = before.more.iter().flat_map(|more| &more.history);
                asked.map(|stretch| history::again(prometheus, stretch)).collect::<Result<_, _>>()?
            }
        },
        probes: probes::probes(&asking)?,
        pushed: probes::times(&asking, "push_time_seconds")?,
        textfiles: probes::times(&asking, "node_textfile_mtime_seconds")?,
        warnings: warnings.heard().into_iter().map(|warning| warning.text).collect(),
    };
    Ok(Server {
        version: prometheus.version(TIMEOUT)?,
        started: runtime.start_time,
        config_digest: digest(&prometheus.config(TIMEOUT)?),
        reload_ok: runtime.reload_config_success,
        targets: targets.iter().map(|target| (name_of(target), target.health.clone())).collect(),
        series: counts::series_by_job(&asking)?,
        rules: rules.iter().flat_map(rules_of).collect(),
        firing,
        scrape_interval,
        evaluation_interval: rules.iter().map(|group| group.interval).fold(0.0, f64::max),
        corruptions: runtime.corruption_count,
        more: Some(more),
    })
}

fn digest(text: &str) -> String {
    format!("{:x}", Sha256::digest(text))
}

fn flags(prometheus: &Prometheus) -> Result<BTreeMap<String, String>, PeerError> {
    let flags = prometheus.flags(TIMEOUT)?.into_iter();
    Ok(flags.map(|(name, value)| (name, without_password(&value))).collect())
}

fn jobs(targets: &[ScrapeTarget]) -> BTreeMap<String, BTreeMap<String, u64>> {
    let mut jobs: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
    for target in targets {
        let job = target.labels.get("job").cloned().unwrap_or_default();
        *jobs.entry(job).or_default().entry(target.health.clone()).or_default() += 1;
    }
    jobs
}

/// Why targets are not up and rules fail: whether nobody listens or nobody answers is half of finding the cause.
fn reasons(targets: &[ScrapeTarget], groups: &[RuleGroup]) -> BTreeMap<String, String> {
    let down = targets.iter().filter(|target| target.health != "up");
    let down = down.map(|target| (name_of(target), &target.last_error));
    let rules = groups.iter().flat_map(|group| group.rules.iter().map(move |rule| (group, rule)));
    let failing = rules.filter(|(_, rule)| rule.health == "err");
    let failing = failing.map(|(group, rule)| (format!("{}/{}", group.name, rule.name), &rule.last_error));
    let said = down.chain(failing).filter(|(_, error)| !error.is_empty());
    said.map(|(name, error)| (name, shortened(error, MOST_SAID))).collect()
}

fn counters(own: &BTreeMap<&'static str, f64>) -> BTreeMap<String, f64> {
    own.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect()
}

fn group(group: &RuleGroup) -> (String, Group) {
    // One that was never evaluated says the year 1: it has only just been loaded.
    let last = group.last_evaluation.filter(|last| DateTime::UNIX_EPOCH < *last);
    let age = last.map_or(0.0, |last| (Utc::now() - last).as_seconds_f64());
    let lag = (age - group.interval).max(0.0);
    let rules = u64::try_from(group.rules.len()).unwrap_or(u64::MAX);
    (format!("{};{}", group.file, group.name), Group { interval: group.interval, rules, lag })
}

fn alert_of(alert: &PrometheusAlert, groups: &[RuleGroup]) -> Alert {
    let name = alert.labels.get("alertname");
    let mut found = Alert {
        state: alert.state.clone(),
        active_at: alert.active_at,
        rule: String::new(),
        hold: 0.0,
        keep: 0.0,
        interval: 0.0,
    };
    for group in groups {
        let is_its =
            |rule: &&crate::world::prometheus::Rule| rule.kind == "alerting" && Some(&rule.name) == name;
        if let Some(rule) = group.rules.iter().find(is_its) {
            found.rule = format!("{}/{}", group.name, rule.name);
            (found.hold, found.keep, found.interval) = (rule.duration, rule.keep_firing_for, group.interval);
            break;
        }
    }
    found
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
pub(super) fn whole(number: f64) -> u64 {
    if number.is_finite() { number.max(0.0) as u64 } else { 0 }
}

/// The values of a label, to compare labels by.
pub(super) type Values = BTreeMap<String, BTreeSet<String>>;

/// The seconds of a length as Prometheus writes it, when that is above zero.
pub(super) fn seconds(text: &str) -> Option<f64> {
    let seconds = promql::length(text).ok()?.as_seconds_f64();
    (0.0 < seconds).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_in_seconds_and_never_zero() {
        assert_eq!(
            ["1m30s", "500ms", "0s", "", "ten"].map(seconds),
            [Some(90.0), Some(0.5), None, None, None]
        );
    }
}
