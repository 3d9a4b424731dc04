//! The test of two rates: so many events in so much time before, so many after.

use super::normal;

/// With more events than these the distribution is approximated.
const MOST_EXACT: u64 = 10_000;

/// What the test says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tested {
    /// How likely the events fall at least so unevenly when the rates are the same, in either direction.
    pub p: f64,
    /// Whether it is exact.
    pub is_exact: bool,
}

/// Tests whether events come as often as before: given all of them, each falls into the time after by the share that it
/// has of the whole time.
///
/// `seconds` are above 0. Two-sided by the likelihood: every outcome counts that is no likelier than what was seen.
///
/// Source: Przyborowski and Wilenski 1940.
pub fn test((n_before, seconds_before): (u64, f64), (n_after, seconds_after): (u64, f64)) -> Tested {
    let (all, share) = (n_before + n_after, seconds_after / (seconds_before + seconds_after));
    if all == 0 {
        return Tested { p: 1.0, is_exact: true };
    }
    if all > MOST_EXACT {
        #[expect(clippy::cast_precision_loss, reason = "an approximation")]
        let (all, seen) = (all as f64, n_after as f64);
        let distance = ((seen - all * share).abs() - 0.5).max(0.0);
        let p = normal::two_sided(distance / (all * share * (1.0 - share)).sqrt());
        return Tested { p, is_exact: false };
    }
    Tested { p: binomial(n_after, all, share), is_exact: true }
}

/// The least p that so many events can ever reach: when all of them fall on one side.
pub fn least_p(all: u64, (seconds_before, seconds_after): (f64, f64)) -> f64 {
    let before = test((all, seconds_before), (0, seconds_after)).p;
    let after = test((0, seconds_before), (all, seconds_after)).p;
    before.min(after)
}

/// How many events it takes to reach `alpha`.
pub fn events_needed(alpha: f64, seconds: (f64, f64)) -> u64 {
    (1..1000).find(|all| least_p(*all, seconds) <= alpha).unwrap_or(1000)
}

fn binomial(seen: u64, all: u64, share: f64) -> f64 {
    let mut log_factorials = vec![0.0];
    for n in 1..=all {
        let last: f64 = log_factorials[log_factorials.len() - 1];
        #[expect(clippy::cast_precision_loss, reason = "no more than 10,000")]
        log_factorials.push(last + (n as f64).ln());
    }
    let at = |n: u64| log_factorials[usize::try_from(n).unwrap_or(0)];
    #[expect(clippy::cast_precision_loss, reason = "no more than 10,000")]
    let log_likelihood =
        |n: u64| at(all) - at(n) - at(all - n) + n as f64 * share.ln() + (all - n) as f64 * (-share).ln_1p();
    // What is as likely as what was seen counts, and logarithms are not exact.
    let most = log_likelihood(seen) + 1e-9;
    let p: f64 = (0..=all).map(log_likelihood).filter(|log| *log <= most).map(f64::exp).sum();
    p.clamp(f64::MIN_POSITIVE, 1.0)
}
