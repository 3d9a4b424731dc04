//! How long each target was not scraped while work went on: the damage itself.
//!
//! Counted are stored samples, not scrapes: a full disk scrapes well and stores nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::Spec;
use super::capture::{TIMEOUT, seconds, whole};
use super::expect::{labels_in, speaks_of};
use super::facts::Server;
use super::read::quoted;
use crate::model::{ChangeVerdict, Fact, FactChange, Length, ScrapeGap};
use crate::world::prometheus::{PeerError, Prometheus};

/// The samples of so many targets are looked at one by one: of those that miss the most.
const MOST_TARGETS: usize = 50;
/// A time from one sample to the next is a gap when it is longer than so many intervals: a scrape may be late.
const LATE: f64 = 1.5;

/// A target by its job and instance.
type Instance = (String, String);

/// The targets that were known `before`, are known now, and miss scrapes since then; the longest gap first.
///
/// # Errors
/// [`PeerError`].
pub fn measure(
    prometheus: &Prometheus,
    before: &Server,
    (since, until): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Vec<ScrapeGap>, PeerError> {
    let known: std::collections::BTreeSet<Instance> =
        before.targets.keys().map(|target| instance(&labels_in(target))).collect();
    let mut intervals: BTreeMap<Instance, f64> = BTreeMap::new();
    for target in prometheus.targets(TIMEOUT)? {
        let (of, interval) = (instance(&target.labels), seconds(&target.scrape_interval));
        if known.contains(&of) {
            intervals.insert(of, interval.unwrap_or(before.scrape_interval));
        }
    }
    let longest = intervals.values().copied().fold(1.0, f64::max);
    // The last scrape before is needed to know how long the first gap is.
    let seconds = (until - since).num_seconds().max(1) + i64::try_from(whole(longest)).unwrap_or(60) + 1;
    let lacking = lacking(prometheus, &intervals, seconds)?;
    let mut gaps = Vec::new();
    for of in lacking {
        let interval = intervals.get(&of).copied().unwrap_or(longest);
        let selector = format!("up{{job={},instance={}}}[{seconds}s]", quoted(&of.0), quoted(&of.1));
        let series = prometheus.raw_samples(&selector, TIMEOUT)?;
        let samples = series.iter().flat_map(|one| &one.samples).map(|(at, _)| *at).collect();
        let span = (since.timestamp_millis(), until.timestamp_millis());
        if let Some((longest_ms, lost)) = holes(samples, span, interval) {
            let target = format!("{{instance={:?},job={:?}}}", of.1, of.0);
            gaps.push(ScrapeGap {
                target,
                server: None,
                longest_ms,
                lost,
                interval_ms: whole(interval * 1000.0),
            });
        }
    }
    gaps.sort_by(|a, b| b.longest_ms.cmp(&a.longest_ms).then_with(|| a.target.cmp(&b.target)));
    Ok(gaps)
}

fn instance(labels: &BTreeMap<String, String>) -> Instance {
    let label = |name: &str| labels.get(name).cloned().unwrap_or_default();
    (label("job"), label("instance"))
}

/// The targets that have fewer samples than there should be, those that miss the most first.
fn lacking(
    prometheus: &Prometheus,
    intervals: &BTreeMap<Instance, f64>,
    seconds: i64,
) -> Result<Vec<Instance>, PeerError> {
    let answered = prometheus.query(&format!("count_over_time(up[{seconds}s])"), TIMEOUT)?;
    let found: BTreeMap<Instance, f64> =
        answered.samples.iter().map(|sample| (instance(&sample.labels), sample.number())).collect();
    #[expect(clippy::cast_precision_loss, reason = "seconds of a run")]
    let missing =
        |of: &Instance, interval: f64| seconds as f64 / interval - found.get(of).copied().unwrap_or(0.0);
    let mut lacking: Vec<_> = intervals
        .iter()
        .map(|(of, interval)| (missing(of, *interval), of))
        .filter(|(missing, _)| 0.5 < *missing)
        .collect();
    lacking.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    Ok(lacking.into_iter().take(MOST_TARGETS).map(|(_, of)| of.clone()).collect())
}

/// The longest time from one sample to the next, in milliseconds, and how many samples are missing in all; `None` when
/// none is.
#[expect(clippy::cast_precision_loss, reason = "milliseconds of a run")]
fn holes(mut samples: Vec<i64>, (since, until): (i64, i64), interval: f64) -> Option<(u64, u64)> {
    let interval = interval * 1000.0;
    samples.sort_unstable();
    let first = samples.first().copied().filter(|first| *first <= since).unwrap_or(since);
    let all = std::iter::once(first).chain(samples.iter().copied().filter(|at| *at > first));
    let mut all: Vec<_> = all.collect();
    all.push(until.max(all.last().copied().unwrap_or(until)));
    let gaps = all.windows(2).map(|pair| (pair[1] - pair[0]) as f64).filter(|gap| LATE * interval < *gap);
    let (mut longest, mut lost) = (0.0_f64, 0.0);
    for gap in gaps {
        longest = longest.max(gap);
        lost += (gap / interval).round() - 1.0;
    }
    (lost >= 1.0).then(|| (whole(longest), whole(lost)))
}

/// What a gap is that is longer than `budget`; `None` when it is not.
pub fn over_budget(gap: &ScrapeGap, budget: Duration, spec: &Spec) -> Option<FactChange> {
    let allowed = Length::seconds(i64::try_from(budget.as_secs()).unwrap_or(i64::MAX));
    if u128::from(gap.longest_ms) <= budget.as_millis() {
        return None;
    }
    let is_expected =
        spec.expect.iter().flatten().any(|expected| speaks_of(expected, Fact::Gap, &gap.target));
    Some(FactChange {
        verdict: if is_expected { ChangeVerdict::Expected } else { ChangeVerdict::Worse },
        fact: Fact::Gap,
        subject: gap.target.clone(),
        server: gap.server.clone(),
        before: Some(format!("{allowed} allowed")),
        after: Some(format!("{:.1}s", Duration::from_millis(gap.longest_ms).as_secs_f64())),
        message: format!("{} (allowed: {allowed})", in_words(gap)),
    })
}

/// In words: `target {...} was not scraped for 7s, 6 scrapes are missing`.
pub fn in_words(gap: &ScrapeGap) -> String {
    let length = Length::seconds(i64::try_from((gap.longest_ms + 500) / 1000).unwrap_or(i64::MAX));
    let lost = crate::counted(usize::try_from(gap.lost).unwrap_or(usize::MAX), "scrape");
    let verb = if gap.lost == 1 { "is" } else { "are" };
    format!("target {} was not scraped for {length}, {lost} {verb} missing", gap.target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_are_found_between_samples_and_at_both_ends() {
        let seconds = |all: &[i64]| all.iter().map(|at| at * 1000).collect::<Vec<_>>();
        let check = |samples: &[i64], expected| {
            assert_eq!(holes(seconds(samples), (10_000, 40_000), 5.0), expected, "{samples:?}");
        };
        check(&[8, 13, 18, 23, 28, 33, 38], None);
        check(&[8, 13, 18, 33, 38], Some((15_000, 2)));
        check(&[8, 13, 23, 28, 38], Some((10_000, 2)));
        check(&[], Some((30_000, 5)));
        check(&[8, 13, 18], Some((22_000, 3)));
        // A scrape that is late is none that is missing.
        check(&[8, 14, 18, 23, 30, 33, 38], None);
    }

    #[test]
    fn a_gap_is_told_in_scrapes_and_seconds() {
        let gap = ScrapeGap {
            target: "{instance=\"a\",job=\"node\"}".to_owned(),
            server: None,
            longest_ms: 75_200,
            lost: 4,
            interval_ms: 15_000,
        };
        assert_eq!(
            in_words(&gap),
            "target {instance=\"a\",job=\"node\"} was not scraped for 1m15s, 4 scrapes are missing"
        );
        assert_eq!(gap.blind_ms(), 60_200);
    }
}
