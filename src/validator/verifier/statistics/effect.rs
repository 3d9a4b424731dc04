//! How much: shift, and how often one side lies above the other.

/// By how much `after` lies above `before`: the median of all differences, in the unit of the numbers.
///
/// Source: Hodges and Lehmann 1963.
pub fn shift(before: &[f64], after: &[f64]) -> f64 {
    let mut differences: Vec<f64> =
        after.iter().flat_map(|a| before.iter().map(move |b| difference(*a, *b))).collect();
    median(&mut differences)
}

/// Two infinite numbers of a sign are the same.
#[expect(clippy::float_cmp, reason = "infinite numbers are equal or not")]
fn difference(a: f64, b: f64) -> f64 {
    if a == b { 0.0 } else { a - b }
}

/// How often a number of `after` lies above one of `before`; a tie is half.
///
/// Source: common language effect size (McGraw and Wong 1992).
#[expect(clippy::float_cmp, reason = "ties are of equal numbers")]
pub fn above(before: &[f64], after: &[f64]) -> f64 {
    let one = |a: f64, b: f64| {
        if a > b {
            1.0
        } else if a == b {
            0.5
        } else {
            0.0
        }
    };
    let sum: f64 = after.iter().flat_map(|a| before.iter().map(move |b| one(*a, *b))).sum();
    sum / (super::points::as_f64(before.len()) * super::points::as_f64(after.len()))
}

/// The middle of numbers; NaN of none.
pub fn median(numbers: &mut [f64]) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let half = numbers.len() / 2;
    match numbers.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => numbers[half],
        _ => f64::midpoint(numbers[half - 1], numbers[half]),
    }
}

/// The same tests made many times find something by chance: each p as large as it has to be for that.
///
/// Source: Holm 1979.
pub fn holm(ps: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..ps.len()).collect();
    order.sort_by(|a, b| ps[*a].total_cmp(&ps[*b]));
    let (mut adjusted, mut largest) = (vec![0.0; ps.len()], 0.0_f64);
    for (n, at) in order.into_iter().enumerate() {
        largest = largest.max((ps[at] * super::points::as_f64(ps.len() - n)).min(1.0));
        adjusted[at] = largest;
    }
    adjusted
}
