//! Waiting for a condition.

use std::thread;
use std::time::{Duration, Instant};

/// Polls `holds` until it is true, and panics with `what` when it is not within `timeout`.
///
/// A fixed sleep is too short on a busy machine and too long on an idle one; a condition is neither.
#[track_caller]
pub fn wait_until(what: &str, timeout: Duration, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < timeout, "waited {timeout:?} in vain until {what}");
        thread::sleep(Duration::from_millis(50));
    }
}
