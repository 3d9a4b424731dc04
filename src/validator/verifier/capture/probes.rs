//! Probes, what was pushed, and the files of the textfile collector.
//!
//! A probe that hangs, a certificate that has expired and a file that is broken have no sample at all: an alert on their
//! value says nothing, or that all is well again.

use std::collections::BTreeMap;

use super::{Asking, TIMEOUT, in_braces};
use crate::validator::verifier::facts::Probe;
use crate::world::prometheus::{InstantSample, PeerError};

pub(super) fn probes(asking: &Asking) -> Result<BTreeMap<String, Probe>, PeerError> {
    let mut probes: BTreeMap<String, Probe> = BTreeMap::new();
    for sample in newest(asking, "probe_success")? {
        probes.entry(name_of(&sample)).or_default().success = Some(sample.number() > 0.0);
    }
    for sample in newest(asking, "probe_ssl_earliest_cert_expiry")? {
        let expiry = Some(sample.number()).filter(|expiry| expiry.is_finite());
        probes.entry(name_of(&sample)).or_default().certificate = expiry;
    }
    Ok(probes)
}

/// The value of each series of a metric that is a time in seconds since 1970.
pub(super) fn times(asking: &Asking, metric: &str) -> Result<BTreeMap<String, f64>, PeerError> {
    let samples = newest(asking, metric)?.into_iter();
    Ok(samples
        .map(|sample| (name_of(&sample), sample.number()))
        .filter(|(_, value)| value.is_finite())
        .collect())
}

fn newest(asking: &Asking, metric: &str) -> Result<Vec<InstantSample>, PeerError> {
    let within = asking.window(asking.scrape_interval);
    Ok(asking.prometheus.query(&format!("last_over_time({metric}[{within}s])"), TIMEOUT)?.samples)
}

fn name_of(sample: &InstantSample) -> String {
    let mut labels = sample.labels.clone();
    labels.remove("__name__");
    in_braces(&labels)
}
