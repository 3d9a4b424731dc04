//! `restore`: a snapshot opened in a scratch Prometheus answers the same range queries as the server does.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use super::{Answer, NO_PROMETHEUS};
use crate::model::{RestoreCheck, Tolerance};
use crate::world::World;
use crate::world::cancel::Cancel;
use crate::world::prometheus::{PeerError, Prometheus, RangeSeries, TimeRange};
use crate::world::scratch::{self, Scratch};
use crate::world::tsdb::{Block, Tsdb};

/// So much of the end of a snapshot is left out, or a quarter of it if that is less: scrapes that were going on when
/// it was taken came into the server after it.
const MARGIN: TimeDelta = TimeDelta::minutes(1);
/// So much of a snapshot is looked at.
const LONGEST: TimeDelta = TimeDelta::hours(1);
/// In about so many steps.
const STEPS: i32 = 100;
/// Sums of the same numbers in another order differ by less than this share of them.
const ROUNDING: f64 = 1e-12;

pub fn ask(check: &RestoreCheck, world: &World, timeout: Duration, cancel: &Cancel) -> Answer {
    let Some(server) = &world.prometheus else { return Answer::unknown(NO_PROMETHEUS) };
    let deadline = Instant::now() + timeout;
    let folder = match find(check.snapshot(), server, world, timeout) {
        Ok(folder) => folder,
        Err(why) => return Answer::unknown(why),
    };
    let blocks = match Tsdb::at(&folder).blocks() {
        Ok(blocks) => blocks,
        Err(error) => return Answer::unknown(format!("{} cannot be read: {error}", folder.display())),
    };
    let Some(range) = range_in(&blocks) else {
        return Answer::no("a snapshot with data", format!("no block in {}", folder.display()));
    };
    let queries = check.queries();
    let left = || deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
    let expected = match answers(server, &queries, range, &left) {
        Ok(expected) => expected,
        Err(error) => return Answer::unknown(crate::in_words(&error)),
    };
    if let Some((query, _)) = queries.iter().zip(&expected).find(|(_, series)| series.is_empty()) {
        let (from, until) = in_words(range);
        return Answer::unknown(format!("`{query}` returns nothing from {from} to {until}"));
    }
    // What decides how far an instant looks back has to be the same.
    let flags = server.flags(left()).unwrap_or_default();
    let alike = flags.into_iter().filter(|(name, _)| name == "query.lookback-delta").collect();
    let scratch = Scratch { blocks: &blocks, folder: &world.folder, flags: alike, timeout: left() };
    let found =
        scratch::with_blocks(&scratch, &world.client, cancel, |it| answers(it, &queries, range, &left));
    let found = match found {
        Ok(Ok(found)) => found,
        Ok(Err(error)) => {
            return Answer::unknown(format!("the scratch Prometheus: {}", crate::in_words(&error)));
        }
        Err(scratch::ScratchError::Ended { said }) => {
            return Answer::no(
                format!("a Prometheus that opens {}", folder.display()),
                format!("one that ended: {said}"),
            );
        }
        Err(error) => return Answer::unknown(crate::in_words(&error)),
    };
    let within = check.within.map_or(Tolerance::Absolute(0.0), |within| within.value);
    let differing = queries.iter().zip(expected.iter().zip(&found)).find_map(|(query, (expected, found))| {
        difference(expected, found, within).map(|(expected, found)| {
            Answer::no(format!("{expected} of `{query}`"), format!("{found} in the snapshot"))
        })
    });
    differing.unwrap_or_else(|| Answer::Yes { found: evidence(&folder, &blocks, &expected, range) })
}

/// The folder of a snapshot.
fn find(snapshot: &str, server: &Prometheus, world: &World, timeout: Duration) -> Result<PathBuf, String> {
    if snapshot.contains('/') {
        return Ok(world.folder.join(snapshot));
    }
    let tsdb = Tsdb::of(server, timeout).map_err(|why| {
        format!("its snapshots cannot be found: {why}; a copy can be named by a path with a `/`")
    })?;
    if snapshot != RestoreCheck::LATEST {
        return Ok(tsdb.snapshot(snapshot));
    }
    let snapshots = tsdb.snapshots();
    let snapshots = snapshots.map_err(|error| format!("its snapshots cannot be read: {error}"))?;
    let latest = snapshots
        .last()
        .ok_or_else(|| format!("there is no snapshot in {}", tsdb.path().join("snapshots").display()))?;
    Ok(tsdb.snapshot(latest))
}

/// The last hour of the blocks, without their very end.
fn range_in(blocks: &[Block]) -> Option<TimeRange> {
    let first = DateTime::from_timestamp_millis(blocks.iter().map(|block| block.min_time).min()?)?;
    let last = DateTime::from_timestamp_millis(blocks.iter().map(|block| block.max_time).max()?)?;
    let end = last - MARGIN.min((last - first) / 4);
    let start = first.max(end - LONGEST);
    let step = ((end - start) / STEPS).max(TimeDelta::seconds(1));
    Some(TimeRange { start, end, step })
}

fn answers(
    prometheus: &Prometheus,
    queries: &[&str],
    range: TimeRange,
    left: &impl Fn() -> Duration,
) -> Result<Vec<Vec<RangeSeries>>, PeerError> {
    queries.iter().map(|query| prometheus.query_range(query, range, left())).collect()
}

/// The first difference: what the server says, and what the snapshot says.
fn difference(
    expected: &[RangeSeries],
    found: &[RangeSeries],
    within: Tolerance,
) -> Option<(String, String)> {
    let by_labels = |series: &[RangeSeries]| -> BTreeMap<String, BTreeMap<i64, f64>> {
        let samples = |one: &RangeSeries| one.samples.iter().copied().collect();
        series.iter().map(|one| (labels_of(one), samples(one))).collect()
    };
    let (expected, found) = (by_labels(expected), by_labels(found));
    if let Some(labels) = found.keys().find(|labels| !expected.contains_key(*labels)) {
        return Some((format!("no series {labels}"), "one".to_owned()));
    }
    for (labels, samples) in &expected {
        let Some(others) = found.get(labels) else {
            return Some((format!("series {labels}"), "none".to_owned()));
        };
        let times = samples.keys().chain(others.keys());
        for time in times {
            let at = DateTime::from_timestamp_millis(*time).unwrap_or_default();
            let at = at.to_rfc3339_opts(SecondsFormat::Millis, true);
            match (samples.get(time), others.get(time)) {
                (Some(is), Some(other)) if is_alike(*is, *other, within) => {}
                (is, other) => {
                    let words = |value: Option<&f64>| value.map_or("nothing".to_owned(), f64::to_string);
                    return Some((format!("{} at {at} for {labels}", words(is)), words(other)));
                }
            }
        }
    }
    None
}

fn is_alike(is: f64, other: f64, within: Tolerance) -> bool {
    is.to_bits() == other.to_bits()
        || (is.is_nan() && other.is_nan())
        || within.admits(is, other)
        || (is - other).abs() <= ROUNDING * is.abs()
}

fn labels_of(series: &RangeSeries) -> String {
    let labels: Vec<_> = series.labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    format!("{{{}}}", labels.join(","))
}

fn in_words(range: TimeRange) -> (String, String) {
    let words = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Secs, true);
    (words(range.start), words(range.end))
}

fn evidence(
    folder: &std::path::Path,
    blocks: &[Block],
    answers: &[Vec<RangeSeries>],
    range: TimeRange,
) -> String {
    let n_series: usize = answers.iter().map(Vec::len).sum();
    let n_samples: usize = answers.iter().flatten().map(|series| series.samples.len()).sum();
    let (from, until) = in_words(range);
    format!(
        "{}, opened from {}, answers {} alike from {from} to {until}: {n_series} series, {}",
        folder.file_name().unwrap_or_default().to_string_lossy(),
        crate::counted(blocks.len(), "block"),
        match answers.len() {
            1 => "1 query".to_owned(),
            n => format!("{n} queries"),
        },
        crate::counted(n_samples, "sample"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(job: &str, samples: &[(i64, f64)]) -> RangeSeries {
        RangeSeries { labels: [("job".to_owned(), job.to_owned())].into(), samples: samples.to_vec() }
    }

    #[test]
    fn every_difference_is_found_whichever_side_lacks_something() {
        let whole = [series("a", &[(1000, 1.0), (2000, f64::NAN)])];
        let check = |found: &[RangeSeries], within, expected: Option<(&str, &str)>| {
            let expected = expected.map(|(a, b)| (a.to_owned(), b.to_owned()));
            assert_eq!(difference(&whole, found, within), expected);
        };
        let exact = Tolerance::Absolute(0.0);
        check(&whole, exact, None);
        check(&[], exact, Some(("series {job=\"a\"}", "none")));
        check(&[whole[0].clone(), series("b", &[])], exact, Some(("no series {job=\"b\"}", "one")));
        let at = "1970-01-01T00:00:02.000Z for {job=\"a\"}";
        check(&[series("a", &[(1000, 1.0)])], exact, Some((&format!("NaN at {at}"), "nothing")));
        let more = [series("a", &[(1000, 1.0), (2000, f64::NAN), (3000, 1.0)])];
        let at = "1970-01-01T00:00:03.000Z for {job=\"a\"}";
        check(&more, exact, Some((&format!("nothing at {at}"), "1")));
        let near = [series("a", &[(1000, 1.01), (2000, f64::NAN)])];
        let at = "1970-01-01T00:00:01.000Z for {job=\"a\"}";
        check(&near, exact, Some((&format!("1 at {at}"), "1.01")));
        check(&near, Tolerance::Percent(2.0), None);
        // The same sum in another order.
        check(&[series("a", &[(1000, 1.0 + f64::EPSILON), (2000, f64::NAN)])], exact, None);
    }
}
