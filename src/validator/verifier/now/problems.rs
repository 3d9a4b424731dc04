//! What is wrong with the storage of a server and with its way to Alertmanager.

use std::collections::BTreeMap;

use super::Seen;
use crate::validator::codes::Code;
use crate::validator::codes::monitoring as codes;
use crate::validator::verifier::capture::{self, TIMEOUT};
use crate::validator::verifier::compare::DAMAGE;
use crate::validator::verifier::facts::More;
use crate::world::prometheus::{PeerError, Prometheus, ScrapeTarget};

/// So many targets and rules that are not well are told one by one.
const MOST: usize = 20;
/// A sample that is older than so many intervals was not stored in time.
const LATE: f64 = 3.0;
/// How many failed writes there were.
const WRITES: &str = "prometheus_tsdb_wal_writes_failed_total";

/// The first target that is up and of which nothing was stored for a while.
pub(super) fn unstored(
    prometheus: &Prometheus,
    targets: &[ScrapeTarget],
) -> Result<Option<(String, Option<f64>)>, PeerError> {
    let instance = |labels: &BTreeMap<String, String>| {
        ["job", "instance"].map(|name| labels.get(name).cloned().unwrap_or_default())
    };
    let ages = prometheus.query("time() - timestamp(up)", TIMEOUT)?;
    let ages: BTreeMap<_, _> =
        ages.samples.iter().map(|sample| (instance(&sample.labels), sample.number())).collect();
    for target in targets.iter().filter(|target| target.health == "up") {
        let patience = LATE * capture::seconds(&target.scrape_interval).unwrap_or(60.0);
        match ages.get(&instance(&target.labels)) {
            Some(age) if *age <= patience => {}
            age => return Ok(Some((capture::name_of(target), age.copied()))),
        }
    }
    Ok(None)
}

pub(super) fn storage(url: &str, seen: &Seen, more: &More) -> Vec<(&'static Code, String)> {
    let mut problems = Vec::new();
    if let Some((target, age)) = &seen.unstored {
        let since =
            age.map_or_else(|| "that is up".to_owned(), |age| format!("for {age:.0}s, although it is up"));
        problems.push((&codes::NOT_STORED, format!("{url} has stored no sample of {target} {since}")));
    }
    let counted = |name: &str| more.counters.get(name).copied().filter(|n| 0.0 < *n);
    if let Some(n) = counted(WRITES) {
        let message = format!(
            "{n} writes to the WAL of {url} have failed: all since then is lost with the next restart"
        );
        problems.push((&codes::WRITES_FAILED, message));
    }
    for (name, what) in DAMAGE.iter().filter(|(name, _)| *name != WRITES) {
        if let Some(n) = counted(name) {
            problems.push((&codes::DAMAGED, format!("{url} counts {what}: {n} since its start")));
        }
    }
    problems
}

pub(super) fn notifications(url: &str, seen: &Seen, more: &More) -> Vec<(&'static Code, String)> {
    let mut problems = Vec::new();
    let has_alerts = seen.groups.iter().flat_map(|group| &group.rules).any(|rule| rule.kind == "alerting");
    if has_alerts && seen.alertmanagers == 0 {
        problems.push((&codes::NO_ALERTMANAGER, format!("{url} has alerts, and knows no Alertmanager")));
    }
    let waiting = more.counters.get("prometheus_notifications_queue_length").copied().unwrap_or(0.0);
    if 0.0 < waiting {
        problems.push((&codes::QUEUE, format!("alerts that wait at {url} for Alertmanager: {waiting}")));
    }
    problems
}

/// The first ones, with how many others there are.
pub(super) fn first_of(
    mut problems: Vec<(&'static Code, String)>,
    code: &'static Code,
    what: &str,
) -> Vec<(&'static Code, String)> {
    let more = problems.len().saturating_sub(MOST);
    problems.truncate(MOST);
    if 0 < more {
        problems.push((code, format!("{} more", crate::counted(more, what))));
    }
    problems
}
