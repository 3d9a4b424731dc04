//! What is stored, as fixed questions about the past: the same question has the same answer afterwards.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};

use super::{TIMEOUT, whole};
use crate::validator::verifier::facts::Stretch;
use crate::world::prometheus::{PeerError, Prometheus, TimeRange};

/// Samples this young may be on their way.
const SETTLED: TimeDelta = TimeDelta::seconds(10);

/// Two stretches: the last week roughly, and the last hour sample by sample.
pub(super) fn ask(prometheus: &Prometheus) -> Result<Vec<Stretch>, PeerError> {
    let now = Utc::now() - SETTLED;
    let now = now.duration_trunc(TimeDelta::seconds(1)).unwrap_or(now);
    let week = stretch("count(up)", (now - TimeDelta::days(7), now - TimeDelta::hours(1)), 6 * 3_600);
    let hour = stretch("sum(count_over_time(up[1m]))", (now - TimeDelta::hours(1), now), 60);
    [week, hour].iter().map(|stretch| again(prometheus, stretch)).collect()
}

fn stretch(query: &str, (from, until): (DateTime<Utc>, DateTime<Utc>), step: i64) -> Stretch {
    Stretch { query: query.to_owned(), from, until, step, points: 0, sum: 0.0 }
}

/// Asks the same question again.
pub(super) fn again(prometheus: &Prometheus, stretch: &Stretch) -> Result<Stretch, PeerError> {
    let range =
        TimeRange { start: stretch.from, end: stretch.until, step: TimeDelta::seconds(stretch.step.max(1)) };
    let series = prometheus.query_range(&stretch.query, range, TIMEOUT)?;
    let values = || series.iter().flat_map(|one| &one.samples).map(|(_, value)| *value);
    let finite = || values().filter(|value| value.is_finite());
    Ok(Stretch { points: whole(finite().map(|_| 1.0).sum()), sum: finite().sum(), ..stretch.clone() })
}
