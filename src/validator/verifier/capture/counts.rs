//! How many series each job and each metric has.

use std::collections::BTreeMap;

use super::{Asking, TIMEOUT, whole};
use crate::validator::verifier::facts::Metrics;
use crate::world::prometheus::PeerError;

/// Of more series than this none are counted by name: that would cost the server too much.
const MOST_SERIES: u64 = 2_000_000;

/// Counts the samples of each target's last scrape. Prometheus keeps this count per scrape, so the question costs as
/// much for a million series as for ten.
pub(super) fn series_by_job(asking: &Asking) -> Result<BTreeMap<String, f64>, PeerError> {
    let (within, itself) = (asking.window(asking.scrape_interval), asking.itself());
    let query = format!(
        "sum by (job) (last_over_time(scrape_samples_post_metric_relabeling[{within}s])
         unless on (job, instance) {itself})"
    );
    let answered = asking.prometheus.query(&query, TIMEOUT)?;
    let job = |labels: &BTreeMap<String, String>| labels.get("job").cloned().unwrap_or_default();
    Ok(answered.samples.iter().map(|sample| (job(&sample.labels), sample.number())).collect())
}

/// Counts the series of each metric, but for those of Prometheus itself; not where there are very many.
pub(super) fn metrics(asking: &Asking) -> Result<Option<Metrics>, PeerError> {
    if MOST_SERIES < asking.prometheus.n_head_series(TIMEOUT)? {
        return Ok(None);
    }
    let (within, itself) = (asking.window(asking.scrape_interval), asking.itself());
    let query = format!(
        "count by (__name__) (last_over_time({{__name__=~\".+\"}}[{within}s]) unless on (job, instance) {itself})"
    );
    let answered = asking.prometheus.query(&query, TIMEOUT)?;
    let named = answered
        .samples
        .iter()
        .filter_map(|sample| Some((sample.labels.get("__name__")?.clone(), whole(sample.number()))));
    Ok(Some(Metrics { series: named.collect(), others: 0 }))
}
