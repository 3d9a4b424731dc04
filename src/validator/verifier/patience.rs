//! How long monitoring is waited for: what is allowed, what was learned, and as long as a WAL replay gets on.

use std::time::{Duration, Instant};

use chrono::TimeDelta;

use crate::model::Length;
use crate::world::prometheus::WalReplay;

/// WAL replay that makes progress extends the patience, up to this many times.
const MOST_EXTENSIONS: u32 = 20;
/// The allowance that is learned is this many times the longest time that monitoring took to come back lately.
const LEARNED: u32 = 2;

/// The patience for the next time: what the plan file allows, or what earlier times teach if that is more.
///
/// `earlier` are the times that monitoring took to come back after the newest runs of the same task.
pub fn allowance(configured: Duration, earlier: &[TimeDelta]) -> Duration {
    let longest = earlier.iter().filter_map(|took| took.to_std().ok()).max().unwrap_or_default();
    configured.max(longest.saturating_mul(LEARNED))
}

/// A deadline that a WAL replay's progress moves, up to a cap.
#[derive(Debug)]
pub struct Patience {
    /// As long as nothing gets on.
    pub each: Duration,
    until: Instant,
    cap: Instant,
    seen: Option<WalReplay>,
}

impl Patience {
    /// From `now` on, `each` as long as nothing gets on.
    pub fn new(each: Duration, now: Instant) -> Self {
        let cap = now + each.saturating_mul(MOST_EXTENSIONS);
        Self { each, until: now + each, cap, seen: None }
    }

    /// Takes in how far the replay is.
    pub fn saw_replay(&mut self, replay: WalReplay, now: Instant) {
        if self.seen != Some(replay) {
            self.seen = Some(replay);
            self.until = self.cap.min(now + self.each);
        }
    }

    /// Whether nothing got on for as long as is waited, or all that is waited has gone by.
    pub fn is_over(&self, now: Instant) -> bool {
        self.until <= now
    }

    /// Whether all that is waited has gone by, though it got on.
    pub fn is_at_cap(&self, now: Instant) -> bool {
        self.cap <= now
    }

    /// Where the replay stands, and why it is given up if it is.
    pub fn of_replay(&self, replay: WalReplay, now: Instant) -> String {
        let words = format!("Prometheus replays its WAL, segment {} of {}", replay.current, replay.max);
        let each = Length::seconds(self.each.as_secs().try_into().unwrap_or(i64::MAX));
        if !self.is_over(now) {
            words
        } else if self.is_at_cap(now) {
            format!("{words}; {MOST_EXTENSIONS} times {each} are the most that is waited for it")
        } else {
            format!("{words}, and has got no further for {each}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    fn segment(current: i64) -> WalReplay {
        WalReplay { max: 1000, current }
    }

    #[test]
    fn case_47_a_replay_of_40_minutes_is_not_given_up_after_15() {
        let began = Instant::now();
        let mut patience = Patience::new(15 * MINUTE, began);
        for minute in 0..=40 {
            let now = began + minute * MINUTE;
            assert!(!patience.is_over(now), "minute {minute}");
            patience.saw_replay(segment(minute.into()), now);
            assert_eq!(
                patience.of_replay(segment(minute.into()), now),
                format!("Prometheus replays its WAL, segment {minute} of 1000")
            );
        }
        // Replayed: what is left to come has its 15 minutes from here.
        assert!(!patience.is_over(began + 54 * MINUTE) && patience.is_over(began + 55 * MINUTE));
    }

    #[test]
    fn a_replay_that_stands_still_or_never_ends_is_given_up_and_that_is_told() {
        let began = Instant::now();
        let mut patience = Patience::new(2 * MINUTE, began);
        for minute in 0..5 {
            patience.saw_replay(segment(7), began + minute * MINUTE);
        }
        let now = began + 2 * MINUTE;
        assert!(patience.is_over(now));
        let told = "Prometheus replays its WAL, segment 7 of 1000, and has got no further for 2m";
        assert_eq!(patience.of_replay(segment(7), now), told);

        let mut patience = Patience::new(2 * MINUTE, began);
        for minute in 0..40 {
            assert!(!patience.is_over(began + minute * MINUTE), "minute {minute}");
            patience.saw_replay(segment(minute.into()), began + minute * MINUTE);
        }
        let now = began + 40 * MINUTE;
        assert!(patience.is_over(now));
        let told =
            "Prometheus replays its WAL, segment 40 of 1000; 20 times 2m are the most that is waited for it";
        assert_eq!(patience.of_replay(segment(40), now), told);
    }

    #[test]
    fn the_allowance_is_what_is_allowed_or_what_was_learned() {
        let seconds = |all: &[i64]| all.iter().map(|one| TimeDelta::seconds(*one)).collect::<Vec<_>>();
        assert_eq!(allowance(2 * MINUTE, &[]), 2 * MINUTE);
        assert_eq!(allowance(2 * MINUTE, &seconds(&[8, 50])), 2 * MINUTE);
        assert_eq!(allowance(2 * MINUTE, &seconds(&[8, 100, 20])), Duration::from_secs(200));
    }
}
