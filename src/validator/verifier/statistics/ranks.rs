//! The permutation test on ranks: exact for few points, a normal approximation for many.
//!
//! 1. Nothing is drawn by chance: the same numbers give the same bytes.
//! 2. Ties are counted as they are: the distribution is that of these very numbers, dealt to both sides in every way.

use std::cmp::Ordering;

use super::points::as_f64;

/// With more points than these on a side the distribution is approximated.
pub const MOST_EXACT: usize = 20;

/// What the test says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tested {
    /// How likely both sides differ at least so much in their ranks when nothing changed, in either direction.
    pub p: f64,
    /// Whether every way of dealing was counted.
    pub is_exact: bool,
}

/// Tests whether `after` lies elsewhere than `before`; both have a number at least, and none is NaN.
///
/// Source: Mann and Whitney 1947; with ties the permutation distribution of the midranks (Lehmann, Nonparametrics, 1.4);
/// two-sided by the distance from the mean.
pub fn test(before: &[f64], after: &[f64]) -> Tested {
    let ranks = doubled_midranks(before, after);
    let sum: u64 = ranks[..before.len()].iter().sum();
    if before.len() <= MOST_EXACT && after.len() <= MOST_EXACT {
        Tested { p: exact(&ranks, before.len(), sum), is_exact: true }
    } else {
        Tested { p: approximate(&ranks, before.len(), sum), is_exact: false }
    }
}

/// The least p that so many points on each side can ever reach: when all of one side lie above all of the other.
pub fn least_p(n_before: usize, n_after: usize) -> f64 {
    (2.0 / choose(n_before + n_after, n_before)).min(1.0)
}

/// How many points on each side it takes to reach `alpha`.
pub fn points_needed(alpha: f64) -> usize {
    (1..500).find(|n| least_p(*n, *n) <= alpha).unwrap_or(500)
}

fn choose(n: usize, k: usize) -> f64 {
    let k = k.min(n - k);
    (1..=k).fold(1.0, |product, i| product * as_f64(n - k + i) / as_f64(i))
}

/// Twice the rank of every number among all, in the order `before`, `after`; equal numbers share the middle of their
/// ranks, which is why they are doubled: all are whole.
fn doubled_midranks(before: &[f64], after: &[f64]) -> Vec<u64> {
    let all: Vec<f64> = before.iter().chain(after).copied().collect();
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by(|a, b| compare(all[*a], all[*b]));
    let mut ranks = vec![0; all.len()];
    let mut from = 0;
    while from < order.len() {
        let is_tied = |at: &usize| compare(all[order[*at]], all[order[from]]) == Ordering::Equal;
        let to = (from..order.len()).take_while(is_tied).last().unwrap_or(from);
        for at in from..=to {
            // First rank from + 1, last rank to + 1: twice their middle.
            ranks[order[at]] = (from + to + 2) as u64;
        }
        from = to + 1;
    }
    ranks
}

/// By value: 0 and -0 are the same.
fn compare(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or(Ordering::Equal)
}

/// Counts every way of choosing `n` of the ranks by its sum.
fn exact(ranks: &[u64], n: usize, sum: u64) -> f64 {
    let most = usize::try_from(ranks.iter().sum::<u64>()).unwrap_or(0);
    // ways[k][s]: ways of choosing k ranks whose sum is s. C(40, 20) fits 64 bits many times over.
    let mut ways = vec![vec![0_u64; most + 1]; n + 1];
    ways[0][0] = 1;
    for rank in ranks {
        let rank = usize::try_from(*rank).unwrap_or(0);
        for k in (1..=n).rev() {
            let (fewer, these) = ways.split_at_mut(k);
            let from = &fewer[k - 1];
            for s in (rank..=most).rev() {
                these[0][s] += from[s - rank];
            }
        }
    }
    // Twice the mean of the doubled sums, so that it is whole.
    let mean = 2 * n as u64 * (ranks.len() as u64 + 1) / 2;
    let distance = sum.abs_diff(mean);
    let (mut extreme, mut all) = (0_u64, 0_u64);
    for (s, count) in ways[n].iter().enumerate() {
        all += count;
        if distance <= (s as u64).abs_diff(mean) {
            extreme += count;
        }
    }
    // Both are below 2^53 for 20 points a side.
    #[expect(clippy::cast_precision_loss, reason = "C(40, 20) is far below 2^53")]
    let p = extreme as f64 / all as f64;
    p
}

/// With the correction for continuity and for ties.
fn approximate(ranks: &[u64], n: usize, sum: u64) -> f64 {
    let (m, k) = (as_f64(n), as_f64(ranks.len() - n));
    let total = m + k;
    let mut sorted = ranks.to_vec();
    sorted.sort_unstable();
    let ties: f64 =
        sorted.chunk_by(|a, b| a == b).map(|tied| as_f64(tied.len())).map(|t| t.powi(3) - t).sum();
    let variance = m * k / 12.0 * (total + 1.0 - ties / (total * (total - 1.0)));
    if variance <= 0.0 {
        return 1.0;
    }
    #[expect(clippy::cast_precision_loss, reason = "sums of ranks of no more points than memory holds")]
    let sum = sum as f64 / 2.0;
    let distance = ((sum - m * (total + 1.0) / 2.0).abs() - 0.5).max(0.0);
    super::normal::two_sided(distance / variance.sqrt())
}
