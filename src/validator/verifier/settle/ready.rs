//! What has to come first, before facts of after the work can be compared at all.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::validator::verifier::capture::{TIMEOUT, name_of};
use crate::validator::verifier::facts::Server;
use crate::world::prometheus::{PeerError, Prometheus, Rule, RuleGroup, ScrapeTarget};

/// How long Prometheus takes until targets that were discovered, or lost, are scraped, or not: until then it
/// looks as it did before.
pub(super) const DISCOVERY: Duration = Duration::from_secs(5);
/// Scrapes younger than the work that are seen before anything counts.
pub(super) const SCRAPES: f64 = 2.0;

/// Waits for the discovery and two scrapes since the work ended, or since Prometheus started if that was later.
pub(super) fn is_too_early(
    prometheus: &Prometheus,
    before: &Server,
    end_of_work: DateTime<Utc>,
) -> Result<Option<String>, PeerError> {
    let since = prometheus.runtime_info(TIMEOUT)?.start_time.max(end_of_work);
    let needed = DISCOVERY + Duration::from_secs_f64(SCRAPES * before.scrape_interval);
    let age = (Utc::now() - since).to_std().unwrap_or_default();
    Ok((age < needed)
        .then(|| format!("Prometheus may not have noticed yet what was changed {}s ago", age.as_secs())))
}

/// Names the first target that has not been scraped since the work ended.
pub(super) fn is_unscraped(
    before: &Server,
    targets: &[ScrapeTarget],
    end_of_work: DateTime<Utc>,
) -> Option<String> {
    if targets.is_empty() && !before.targets.is_empty() {
        return Some("Prometheus knows no target yet".to_owned());
    }
    let unscraped =
        targets.iter().find(|target| target.health == "unknown" || target.last_scrape <= end_of_work);
    unscraped.map(|target| format!("target {} has not been scraped since the work ended", name_of(target)))
}

/// Names the first rule that has not been evaluated since everything was scraped.
pub(super) fn is_unevaluated(groups: &[&RuleGroup], scraped: DateTime<Utc>) -> Option<String> {
    let mut rules = groups.iter().flat_map(|group| &group.rules);
    let is_old = |rule: &&Rule| rule.health == "unknown" || rule.last_evaluation <= scraped;
    rules.find(is_old).map(|rule| {
        format!("rule `{}` has not been evaluated since everything was scraped after the work", rule.name)
    })
}

/// Counts stored samples, not scrapes: a full disk scrapes well and stores nothing.
pub(super) fn too_few_scrapes(
    prometheus: &Prometheus,
    targets: &[ScrapeTarget],
    end_of_work: DateTime<Utc>,
) -> Result<Option<String>, PeerError> {
    let age = (Utc::now() - end_of_work).num_seconds();
    if age < 1 {
        return Ok(Some("the work has only just ended".to_owned()));
    }
    let answered = prometheus.query(&format!("count_over_time(up[{age}s])"), TIMEOUT)?;
    let instance = |labels: &BTreeMap<String, String>| {
        ["job", "instance"].map(|name| labels.get(name).cloned().unwrap_or_default())
    };
    let stored: BTreeMap<_, _> =
        answered.samples.iter().map(|sample| (instance(&sample.labels), sample.number())).collect();
    let lacking =
        targets.iter().find(|target| stored.get(&instance(&target.labels)).is_none_or(|n| *n < SCRAPES));
    Ok(lacking.map(|target| {
        format!("fewer than {SCRAPES} scrapes of {} are stored since the work ended", name_of(target))
    }))
}
