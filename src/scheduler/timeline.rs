//! How much of a resource is in use, when.

use std::collections::BTreeMap;
use std::ops::Bound;

/// The use of one resource over time, in seconds since 1970.
///
/// Neighbouring stretches with the same use are one, so that a resource that is always busy is looked through
/// in one step.
#[derive(Debug, Clone, Default)]
pub struct Timeline {
    /// From each key on, until the next, so much is in use; before the first, nothing.
    steps: BTreeMap<i64, u32>,
}

impl Timeline {
    /// Takes `amount` from `start` until `end`.
    pub fn take(&mut self, start: i64, end: i64, amount: u32) {
        self.change(start, end, |used| used.saturating_add(amount));
    }

    /// Gives back what was taken.
    pub fn give_back(&mut self, start: i64, end: i64, amount: u32) {
        self.change(start, end, |used| used.saturating_sub(amount));
    }

    /// The earliest time at or after `from` from which on, for `length`, at most `most` is in use.
    pub fn earliest(&self, from: i64, length: i64, most: u32) -> i64 {
        let mut free_since = (self.used_at(from) <= most).then_some(from);
        for (time, used) in self.steps.range((Bound::Excluded(from), Bound::Unbounded)) {
            if let Some(start) = free_since.filter(|start| length <= time - start) {
                return start;
            }
            free_since = (*used <= most).then(|| free_since.unwrap_or(*time));
        }
        // After the last step nothing is in use.
        free_since.unwrap_or(from)
    }

    fn used_at(&self, time: i64) -> u32 {
        self.steps.range(..=time).next_back().map_or(0, |(_, used)| *used)
    }

    fn change(&mut self, start: i64, end: i64, change: impl Fn(u32) -> u32) {
        if end <= start {
            return;
        }
        for edge in [start, end] {
            let used = self.used_at(edge);
            self.steps.entry(edge).or_insert(used);
        }
        for (_, used) in self.steps.range_mut(start..end) {
            *used = change(*used);
        }
        for edge in [start, end] {
            let before = self.steps.range(..edge).next_back().map_or(0, |(_, used)| *used);
            if self.steps.get(&edge) == Some(&before) {
                self.steps.remove(&edge);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_found_between_and_behind_what_is_taken() {
        let mut line = Timeline::default();
        assert_eq!(line.earliest(5, 10, 0), 5);
        line.take(10, 20, 1);
        line.take(20, 30, 1);
        line.take(40, 50, 2);
        assert_eq!(line.steps.len(), 4, "touching stretches are one");
        assert_eq!(line.earliest(0, 10, 0), 0);
        assert_eq!(line.earliest(1, 10, 0), 30);
        assert_eq!(line.earliest(1, 11, 0), 50);
        assert_eq!(line.earliest(1, 11, 1), 1);
        assert_eq!(line.earliest(25, 16, 1), 50);
        line.give_back(10, 20, 1);
        line.give_back(20, 30, 1);
        line.give_back(40, 50, 2);
        assert!(line.steps.is_empty());
    }
}
