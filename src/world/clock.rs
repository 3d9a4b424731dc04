//! The clock: wall time for records, monotonic time for durations.

use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};

/// Tells the time, or a time that the caller pretends it is and that goes on from there.
#[derive(Debug, Clone)]
pub struct Clock {
    pretended: Option<(DateTime<Utc>, Instant)>,
}

impl Clock {
    /// The clock of the machine, or one that starts now at `pretended`.
    pub fn new(pretended: Option<DateTime<Utc>>) -> Self {
        Self { pretended: pretended.map(|start| (start, Instant::now())) }
    }

    /// The wall time, in UTC.
    pub fn now(&self) -> DateTime<Utc> {
        match self.pretended {
            Some((start, since)) => start + TimeDelta::from_std(since.elapsed()).unwrap_or_default(),
            None => Utc::now(),
        }
    }
}
