//! How a task spreads over its targets: batches, and how many failures are borne.

use chrono::TimeDelta;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Length, OneOrMany, Portion, Spanned, form};

/// How a task spreads over its targets.
///
/// The targets of a batch are worked on one after the other. Between two batches the checks of `verify` have to hold,
/// monitoring has to be as it was (`baseline`), and window and gate have to be open; else the rest is left out. A target
/// that fails goes its own way back at once; batches that were verified stay as they are.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rollout {
    /// Targets per batch: a number, a percentage of all targets (rounded down, at least 1), or a list of those for the
    /// first batches, whose last one holds for all others as well; default 1.
    #[serde(default)]
    pub serial: OneOrMany<Spanned<Portion>>,
    /// Targets in the first batch.
    #[schemars(with = "Option<form::Count>")]
    pub canary: Option<Spanned<u32>>,
    /// Waiting time between batches.
    pub pause: Option<Spanned<Length>>,
    /// Failed targets that are borne before the rest is left out: so many of the whole run, or a percentage of each batch
    /// by itself; default 0. A run with a failed target has failed all the same.
    pub max_failures: Option<Spanned<Portion>>,
}

impl Rollout {
    /// How many targets each batch has, when there are `n_targets`.
    pub fn batch_sizes(&self, n_targets: usize) -> Vec<usize> {
        let canary = self.canary.and_then(|canary| usize::try_from(canary.value).ok()).unwrap_or(0);
        let mut sizes = Vec::new();
        let mut left = n_targets;
        let mut add = |size: usize, left: &mut usize| {
            let size = size.min(*left);
            *left -= size;
            if 0 < size {
                sizes.push(size);
            }
        };
        add(canary, &mut left);
        let mut serial = self.serial.iter().map(|portion| portion.value.of(n_targets).max(1));
        let mut size = 1;
        while 0 < left {
            size = serial.next().unwrap_or(size);
            add(size, &mut left);
        }
        sizes
    }

    /// Whether so many failed targets are more than what is borne: of the run, and of the batch that has `n_batch`.
    pub fn is_too_much(&self, n_failed: usize, n_failed_in_batch: usize, n_batch: usize) -> bool {
        match self.max_failures.map_or(Portion::Count(0), |borne| borne.value) {
            Portion::Count(borne) => usize::try_from(borne).is_ok_and(|borne| borne < n_failed),
            // Exceeded, not equalled; without rounding.
            Portion::Percent(percent) => {
                u64::from(percent) * as_u64(n_batch) < 100 * as_u64(n_failed_in_batch)
            }
        }
    }

    /// How long is waited between two batches.
    pub fn pause(&self) -> TimeDelta {
        self.pause.map_or(TimeDelta::zero(), |pause| pause.value.0)
    }
}

/// How long the next `n_next` targets of a group have to wait, when work on others of it ended so long ago (`ages`), until
/// at most `max_down` of it are in work or not covered yet.
pub fn wait_for_cover(ages: &[TimeDelta], n_next: usize, max_down: u32, cover: TimeDelta) -> TimeDelta {
    let mut left: Vec<_> =
        ages.iter().map(|age| cover - *age).filter(|left| TimeDelta::zero() < *left).collect();
    left.sort_unstable();
    let room = usize::try_from(max_down).unwrap_or(usize::MAX).saturating_sub(n_next);
    let n_too_many = left.len().saturating_sub(room);
    n_too_many.checked_sub(1).map_or(TimeDelta::zero(), |last| left[last])
}

fn as_u64(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rollout(serial: &[&str], canary: u32, max_failures: &str) -> Rollout {
        let portion = |text: &str| Spanned::from(text.parse::<Portion>().expect("a portion"));
        Rollout {
            serial: OneOrMany(serial.iter().map(|text| portion(text)).collect()),
            canary: Some(Spanned::from(canary)),
            pause: None,
            max_failures: Some(portion(max_failures)),
        }
    }

    #[test]
    fn batches_are_numbers_percentages_and_lists_whose_last_item_repeats() {
        let check = |serial: &[&str], canary: u32, n: usize, expected: &[usize]| {
            assert_eq!(rollout(serial, canary, "0").batch_sizes(n), expected, "{serial:?} {canary} {n}");
        };
        check(&[], 0, 3, &[1, 1, 1]);
        check(&["2"], 1, 6, &[1, 2, 2, 1]);
        check(&["2"], 9, 6, &[6]);
        check(&["0"], 0, 2, &[1, 1]);
        check(&["30%"], 0, 10, &[3, 3, 3, 1]);
        check(&["10%"], 0, 5, &[1, 1, 1, 1, 1]);
        check(&["100%"], 0, 4, &[4]);
        check(&["1", "5", "20%"], 0, 20, &[1, 5, 4, 4, 4, 2]);
        check(&["1", "5"], 2, 0, &[]);
    }

    #[test]
    fn case_50_the_next_of_a_group_waits_until_enough_of_it_are_covered() {
        let minutes = TimeDelta::minutes;
        let check = |ages: &[i64], n_next: usize, max_down: u32, expected: i64| {
            let ages: Vec<_> = ages.iter().copied().map(minutes).collect();
            let wait = wait_for_cover(&ages, n_next, max_down, minutes(60));
            assert_eq!(wait, minutes(expected), "{ages:?} {n_next} {max_down}");
        };
        check(&[], 1, 1, 0);
        check(&[10], 1, 1, 50);
        check(&[60], 1, 1, 0);
        check(&[10, 30], 1, 1, 50);
        check(&[10, 30], 1, 2, 30);
        check(&[10, 30], 2, 3, 30);
        check(&[10, 30], 1, 3, 0);
    }

    #[test]
    fn case_44_a_threshold_has_to_be_exceeded_and_each_batch_counts_alone() {
        let check = |borne: &str, (all, of_batch, batch): (usize, usize, usize), expected: bool| {
            let found = rollout(&[], 0, borne).is_too_much(all, of_batch, batch);
            assert_eq!(found, expected, "{borne} {all} {of_batch} of {batch}");
        };
        check("50%", (1, 1, 2), false);
        check("50%", (2, 2, 2), true);
        check("50%", (3, 1, 2), false);
        check("0%", (1, 1, 100), true);
        check("50%", (1, 1, 1), true);
        check("33%", (1, 1, 3), true);
        check("34%", (1, 1, 3), false);
        check("100%", (3, 3, 3), false);
        check("0", (1, 1, 5), true);
        check("1", (1, 1, 1), false);
        check("1", (2, 1, 5), true);
    }
}
