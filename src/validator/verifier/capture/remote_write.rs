//! How far the copy in another storage lags behind.

use chrono::{DateTime, Utc};

use crate::world::prometheus::OwnPage;

/// The newest sample that is stored, in seconds since 1970.
const STORED: &str = "prometheus_remote_storage_highest_timestamp_in_seconds";
/// The newest sample that each queue has sent; not there until it has sent one.
const SENT: &str = "prometheus_remote_storage_queue_highest_sent_timestamp_seconds";
/// Each queue has it from its start on.
const QUEUES: &str = "prometheus_remote_storage_shards";

/// From the newest sample that is stored to the newest one that the slowest queue has sent, in seconds; `None` without
/// remote write. Of a queue that has sent nothing so far, since the server started.
pub(super) fn lag(page: &OwnPage, started: DateTime<Utc>) -> Option<f64> {
    let stored = page.sums(&[STORED]).get(STORED).copied().filter(|stored| 0.0 < *stored)?;
    #[expect(clippy::cast_precision_loss, reason = "seconds of our time")]
    let started = started.timestamp() as f64;
    let unsent = is_unsent(page).then_some(started);
    let slowest = page.values(SENT).into_iter().chain(unsent).reduce(f64::min)?;
    Some((stored - slowest.max(started)).max(0.0))
}

/// Whether there is a queue that has sent nothing since the server started.
pub(super) fn is_unsent(page: &OwnPage) -> bool {
    page.values(SENT).into_iter().filter(|sent| 0.0 < *sent).count() < page.values(QUEUES).len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lag_of_remote_write_is_that_of_its_slowest_queue() {
        let at = 1_700_000_000_i64;
        let started = DateTime::from_timestamp(at - 100, 0).unwrap();
        let page = |sent: &[i64]| {
            let queue = |(n, sent): (usize, &i64)| {
                let sent = if *sent == 0 { String::new() } else { format!("{SENT}{{url=\"{n}\"}} {sent}\n") };
                format!("{QUEUES}{{url=\"{n}\"}} 1\n{sent}")
            };
            let queues: Vec<_> = sent.iter().enumerate().map(queue).collect();
            OwnPage::new(format!("{STORED} {at}\n{}", queues.concat()))
        };
        assert_eq!(lag(&page(&[]), started), None);
        assert_eq!(lag(&page(&[at - 30]), started), Some(30.0));
        assert_eq!(lag(&page(&[at, at - 30, at - 1]), started), Some(30.0));
        assert_eq!(lag(&page(&[at + 1]), started), Some(0.0));
        assert_eq!(lag(&page(&[at, 0]), started), Some(100.0));
        assert_eq!(lag(&page(&[0]), started), Some(100.0));
        assert_eq!(
            [page(&[at, 0]), page(&[at]), page(&[])].map(|page| is_unsent(&page)),
            [true, false, false]
        );
    }
}
