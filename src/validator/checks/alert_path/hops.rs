//! How long each part of the way took.

use std::fmt;
use std::time::{Duration, Instant};

/// The parts of the way so far, each with the time that it took.
#[derive(Debug)]
pub(super) struct Hops {
    last: Instant,
    parts: Vec<(&'static str, Duration)>,
}

impl Hops {
    /// Nothing has been reached since `posted`.
    pub(super) fn from(posted: Instant) -> Self {
        Self { last: posted, parts: Vec::new() }
    }

    /// It has come so far just now.
    pub(super) fn reached(&mut self, what: &'static str) {
        self.reached_at(what, Instant::now());
    }

    /// It came so far at this instant.
    pub(super) fn reached_at(&mut self, what: &'static str, at: Instant) {
        self.parts.push((what, at.saturating_duration_since(self.last)));
        self.last = at.max(self.last);
    }
}

impl fmt::Display for Hops {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("posted")?;
        self.parts.iter().try_for_each(|(what, took)| write!(f, ", {what} after {}", seconds(*took)))
    }
}

/// `1.2s`, `5m 3s`.
pub(super) fn seconds(duration: Duration) -> String {
    let whole = duration.as_secs();
    if whole < 60 {
        format!("{:.1}s", duration.as_secs_f64())
    } else {
        format!("{}m {}s", whole / 60, whole % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_is_told_with_its_own_time() {
        let posted = Instant::now();
        let mut hops = Hops::from(posted);
        hops.reached_at("active", posted + Duration::from_millis(120));
        hops.reached_at("notified", posted + Duration::from_millis(1320));
        hops.reached_at("resolved", posted + Duration::from_secs(302));
        assert_eq!(hops.to_string(), "posted, active after 0.1s, notified after 1.2s, resolved after 5m 0s");
    }
}
