//! Metrics that rules and dashboards read and that are gone, with what has probably taken their place.

use std::collections::BTreeMap;

use super::capture::labels_of;
use super::compare::lost_signals;
use super::facts::More;
use super::read::metric_of;
use super::replacement::{Candidate, Shape, likely, matched};
use crate::model::{Fact, FactChange};
use crate::world::prometheus::{PeerError, Prometheus};

/// Of so many lost metrics the place is looked for.
const MOST: usize = 50;

/// What has probably taken the place of each lost metric.
///
/// # Errors
/// [`PeerError`].
pub(super) fn replacements(
    prometheus: &Prometheus,
    had: &More,
    has: &More,
) -> Result<BTreeMap<String, Candidate>, PeerError> {
    let shape =
        |signal: &super::facts::Signal| Shape { series: signal.series, labels: signal.labels.clone() };
    let lost: BTreeMap<String, Shape> = lost_signals(had, has)
        .into_iter()
        .take(MOST)
        .map(|(metric, signal)| (metric.to_owned(), shape(signal)))
        .collect();
    let (Some(were), Some(are)) = (&had.metrics, &has.metrics) else { return Ok(BTreeMap::new()) };
    let is_new = |(metric, _): &(&String, &u64)| !were.series.contains_key(*metric);
    let new: BTreeMap<String, u64> =
        are.series.iter().filter(is_new).map(|(metric, series)| (metric.clone(), *series)).collect();
    let mut known: BTreeMap<&str, Shape> = BTreeMap::new();
    let mut candidates = BTreeMap::new();
    for (metric, likely) in likely(&lost, &new) {
        let mut shapes = Vec::new();
        for other in likely {
            if !known.contains_key(other) {
                let series = new.get(other).copied().unwrap_or(0);
                // The labels of very many series are too much to ask for.
                let labels = if series <= 1_000 { labels_of(prometheus, other)? } else { BTreeMap::new() };
                known.insert(other, Shape { series, labels });
            }
            shapes.push((other.to_owned(), known[other].clone()));
        }
        candidates.insert(metric, shapes);
    }
    Ok(matched(&lost, &candidates))
}

/// Says of each lost signal what has probably taken its place.
pub(super) fn tell(changes: &mut [FactChange], replacements: &BTreeMap<String, Candidate>) {
    for change in changes.iter_mut().filter(|change| change.fact == Fact::Signal) {
        let Some(candidate) = metric_of(&change.subject).and_then(|metric| replacements.get(metric)) else {
            continue;
        };
        change.after = Some(format!("0, probably {}", candidate.metric));
        change.message = format!(
            "{}; `{}` has probably taken its place ({} series, {:.0}% alike)",
            change.message,
            candidate.metric,
            candidate.series,
            candidate.alike * 100.0
        );
    }
}
