//! What rules and dashboards read, and how many series are there for it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{TimeDelta, Utc};

use super::names::bounded;
use super::{Asking, TIMEOUT, Values, whole};
use crate::validator::verifier::facts::{MOST_READERS, MOST_SIGNALS, MOST_VALUES, Signal};
use crate::validator::verifier::read::{self, Reading};
use crate::world::prometheus::{PeerError, Prometheus, RuleGroup};

/// So many selectors are counted by one query.
const BATCH: usize = 20;
/// The labels of a selector with more series than this are not looked at.
const MOST_SERIES: u64 = 1_000;
/// The labels of so many selectors are looked at, those with readers first.
const MOST_LABELLED: usize = 200;

/// The signals by their selectors, and the queries that are not understood.
pub(super) fn signals(
    asking: &Asking,
    groups: &[RuleGroup],
) -> Result<(BTreeMap<String, Signal>, Vec<String>), PeerError> {
    let mut reading = read::by_rules(groups);
    reading.add(asking.spec.dashboards.clone());
    let recorded = recorded(groups);
    let Reading { mut selectors, unread } = reading;
    // Whether a metric is there at all is asked as well: what is only not selected may come back.
    let bare: Vec<_> =
        selectors.keys().filter_map(|selector| read::metric_of(selector)).map(str::to_owned).collect();
    for metric in bare {
        selectors.entry(metric).or_default();
    }
    let mut signals: BTreeMap<String, Signal> = BTreeMap::new();
    let all: Vec<_> = selectors.into_iter().take(MOST_SIGNALS).collect();
    for batch in all.chunks(BATCH) {
        let windows = batch.iter().map(|(selector, _)| {
            let name = read::metric_of(selector).unwrap_or_default();
            asking.window(recorded.get(name).copied().unwrap_or(asking.scrape_interval))
        });
        let windows: Vec<_> = windows.collect();
        let counts = count(asking, batch.iter().map(|(selector, _)| selector.as_str()).zip(windows))?;
        for (n, (selector, readers)) in batch.iter().enumerate() {
            let (series, own) = counts.get(&n).copied().unwrap_or_default();
            let readers = readers.iter().take(MOST_READERS).cloned().collect();
            signals.insert(selector.clone(), Signal { series, own, readers, labels: Values::new() });
        }
    }
    // Labels say what a lost signal was like: they are of use in what was before only.
    if asking.since.is_none() {
        let few = signals.iter_mut().filter(|(selector, signal)| {
            read::metric_of(selector) == Some(selector) && (1..=MOST_SERIES).contains(&signal.series)
        });
        for (selector, signal) in few.take(MOST_LABELLED) {
            signal.labels = labels_of(asking.prometheus, selector)?;
        }
    }
    Ok((signals, unread))
}

/// The interval of the group that records each metric, in seconds.
fn recorded(groups: &[RuleGroup]) -> BTreeMap<&str, f64> {
    let of_group = |group: &'_ RuleGroup| group.interval;
    groups
        .iter()
        .flat_map(|group| group.rules.iter().map(move |rule| (rule, of_group(group))))
        .filter(|(rule, _)| rule.kind == "recording")
        .map(|(rule, interval)| (rule.name.as_str(), interval))
        .collect()
}

/// How many series each selector has, and how many of them are Prometheus' own; by the place of the selector.
fn count<'s>(
    asking: &Asking,
    selectors: impl Iterator<Item = (&'s str, u64)>,
) -> Result<BTreeMap<usize, (u64, u64)>, PeerError> {
    let itself = asking.itself();
    let part = |(n, (selector, within)): (usize, (&str, u64))| {
        let newest = format!("last_over_time({selector}[{within}s])");
        let named = |counted: &str, kind: &str| {
            format!(
                "label_replace(label_replace(count({counted}), \"place\", \"{n}\", \"\", \"\"), \"kind\", \"{kind}\", \"\", \"\")"
            )
        };
        format!(
            "{} or {}",
            named(&newest, "all"),
            named(&format!("{newest} and on (job, instance) {itself}"), "own")
        )
    };
    let parts: Vec<_> = selectors.enumerate().map(part).collect();
    let mut counts: BTreeMap<usize, (u64, u64)> = BTreeMap::new();
    if parts.is_empty() {
        return Ok(counts);
    }
    for sample in asking.prometheus.query(&parts.join(" or "), TIMEOUT)?.samples {
        let place = sample.labels.get("place").and_then(|place| place.parse().ok());
        let Some(place) = place else { continue };
        let (all, own) = counts.entry(place).or_default();
        let is_own = sample.labels.get("kind").is_some_and(|kind| kind == "own");
        *(if is_own { own } else { all }) = whole(sample.number());
    }
    Ok(counts)
}

/// The labels that the series of `selector` have, with the first few values of each.
pub(in crate::validator::verifier) fn labels_of(
    prometheus: &Prometheus,
    selector: &str,
) -> Result<Values, PeerError> {
    let now = Utc::now();
    let mut labels: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for series in prometheus.series(selector, (now - TimeDelta::minutes(5), now), TIMEOUT)? {
        for (name, value) in series.into_iter().filter(|(name, _)| name != "__name__") {
            labels.entry(name).or_default().insert(bounded(&value).into_owned());
        }
    }
    for values in labels.values_mut() {
        if let Some(first_left_out) = values.iter().nth(MOST_VALUES).cloned() {
            values.split_off(&first_left_out);
        }
    }
    Ok(labels)
}
