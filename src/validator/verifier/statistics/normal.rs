//! The normal distribution, as far as it is needed.

use std::f64::consts::{PI, SQRT_2};

/// How likely a normal variable is at least so many deviations from its mean, in either direction; above 0.
pub fn two_sided(z: f64) -> f64 {
    complement(z.abs() / SQRT_2).clamp(f64::MIN_POSITIVE, 1.0)
}

/// The complementary error function for numbers of 0 and above.
///
/// Source: Abramowitz and Stegun, 7.1.6 (series) and 7.1.14 (continued fraction).
fn complement(x: f64) -> f64 {
    let scale = (-x * x).exp() / PI.sqrt();
    if x < 2.5 {
        let (mut term, mut sum, mut n) = (x, x, 1.0);
        while term > sum * 1e-17 {
            term *= 2.0 * x * x / (2.0 * n + 1.0);
            sum += term;
            n += 1.0;
        }
        return 1.0 - 2.0 * scale * sum;
    }
    let fraction = (1..=80).rev().fold(x, |rest, n| x + f64::from(n) / 2.0 / rest);
    scale / fraction
}
