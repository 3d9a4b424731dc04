//! Prometheus is not stopped in the middle of its WAL replay: it would begin that anew, and for ever if it is stopped again
//! and again because it does not get ready in time.

use std::time::{Duration, Instant};

use crate::executor::actions::Done;
use crate::validator::verifier::Patience;
use crate::world::cancel::Cancel;
use crate::world::prometheus::Prometheus;

/// A replay that gets no further for so long may well be what a restart is to mend.
const STANDSTILL: Duration = Duration::from_mins(5);
/// How often it is looked how far it is.
const LOOK: Duration = Duration::from_millis(500);
/// What one such look may take.
const ANSWER: Duration = Duration::from_secs(5);

/// Waits until Prometheus may be stopped: a replay that is going has come to its end, or gets no further. One that does not
/// answer replays nothing that is known of.
///
/// Returns how the step ends that is to restart it, when it may not: somebody stopped the run, or the replay goes on and on.
pub(super) fn objection(prometheus: &Prometheus, cancel: &Cancel) -> Option<Done> {
    let mut patience = Patience::new(STANDSTILL, Instant::now());
    while let (Ok(false), Ok(replay)) = (prometheus.is_ready(ANSWER), prometheus.wal_replay(ANSWER)) {
        let now = Instant::now();
        patience.saw_replay(replay, now);
        let words = patience.of_replay(replay, now);
        if patience.is_at_cap(now) {
            return Some(Done::failed(format!("not restarted in the middle of its start: {words}")));
        }
        if patience.is_over(now) {
            return None;
        }
        if cancel.wait(LOOK) {
            return Some(Done::interrupted(format!("stopped while {words}")));
        }
    }
    None
}
