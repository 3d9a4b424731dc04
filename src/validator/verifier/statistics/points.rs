//! Samples of a series, and what becomes of them before anything is tested.
//!
//! 1. NaN, a stale marker, a sample that is not there, a zero and a series that is not there are five different things.
//! 2. What follows another sample closely says much the same: samples are put together in blocks until they do not.

use chrono::{DateTime, Utc};

/// One place where a sample should be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// A number; it may be infinite.
    Number(f64),
    /// Not a number: the query could not say one.
    Nan,
    /// The series was marked as ended.
    Stale,
    /// There is no sample.
    Missing,
}

impl Value {
    /// What a float of Prometheus means. A stale marker is a NaN of its own.
    pub fn of(number: f64) -> Self {
        /// Source: Prometheus, `model/value`.
        const STALE: u64 = 0x7ff0_0000_0000_0002;
        match number {
            stale if stale.to_bits() == STALE => Self::Stale,
            nan if nan.is_nan() => Self::Nan,
            number => Self::Number(number),
        }
    }
}

/// One series in a stretch of time: a value for each step, in order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Side {
    /// When each value is from.
    pub at: Vec<DateTime<Utc>>,
    /// The values; as many as times.
    pub values: Vec<Value>,
    /// Whether there is such a series at all in that time.
    pub is_there: bool,
}

/// What a side holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Held {
    /// No series: the query matched nothing.
    NoSeries,
    /// A series, and no number in it: so many of each kind.
    NoNumber(Counts),
    /// Numbers.
    Numbers(Counts),
}

/// How many values there are of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Numbers.
    pub numbers: usize,
    /// NaN.
    pub nan: usize,
    /// Stale markers.
    pub stale: usize,
    /// Samples that are not there.
    pub missing: usize,
}

impl Counts {
    /// What is no number, in words; empty when all are.
    pub fn in_words(&self) -> String {
        let of = |n: usize, what: &str| (n > 0).then(|| format!("{n} {what}"));
        let words = [of(self.nan, "NaN"), of(self.stale, "stale"), of(self.missing, "missing")];
        words.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

impl Side {
    /// A side with a number at each second; for whoever has no times.
    pub fn of_numbers(numbers: &[f64]) -> Self {
        let second =
            |n: usize| DateTime::from_timestamp(i64::try_from(n).unwrap_or(0), 0).unwrap_or_default();
        Self {
            at: (0..numbers.len()).map(second).collect(),
            values: numbers.iter().map(|number| Value::of(*number)).collect(),
            is_there: !numbers.is_empty(),
        }
    }

    /// What it holds.
    pub fn held(&self) -> Held {
        if !self.is_there {
            return Held::NoSeries;
        }
        let mut counts = Counts::default();
        for value in &self.values {
            match value {
                Value::Number(_) => counts.numbers += 1,
                Value::Nan => counts.nan += 1,
                Value::Stale => counts.stale += 1,
                Value::Missing => counts.missing += 1,
            }
        }
        if counts.numbers == 0 { Held::NoNumber(counts) } else { Held::Numbers(counts) }
    }

    /// The numbers, in order.
    pub fn numbers(&self) -> Vec<f64> {
        let number = |value: &Value| match value {
            Value::Number(number) => Some(*number),
            Value::Nan | Value::Stale | Value::Missing => None,
        };
        self.values.iter().filter_map(number).collect()
    }

    /// When the last number is from.
    pub fn last_number(&self) -> Option<DateTime<Utc>> {
        let mut values = self.at.iter().zip(&self.values).rev();
        values.find(|(_, value)| matches!(value, Value::Number(_))).map(|(at, _)| *at)
    }
}

/// What a counter did in a stretch of time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Growth {
    /// How much it grew, resets understood.
    pub increase: f64,
    /// How long that took, in seconds: between the first and the last number.
    pub seconds: f64,
    /// When it began anew.
    pub resets: Vec<DateTime<Utc>>,
    /// How much it grew from each number to the next, by the second.
    pub rates: Vec<f64>,
}

/// How much a counter grew. A number below the one before is a new beginning from zero, not a drop.
pub fn growth(side: &Side) -> Growth {
    let mut growth = Growth::default();
    let mut before: Option<(DateTime<Utc>, f64)> = None;
    for (at, value) in side.at.iter().zip(&side.values) {
        let Value::Number(number) = *value else { continue };
        if let Some((then, last)) = before {
            let grown = if number < last {
                growth.resets.push(*at);
                number
            } else {
                number - last
            };
            if !grown.is_finite() {
                before = Some((*at, number));
                continue;
            }
            let seconds = (*at - then).as_seconds_f64();
            growth.increase += grown;
            growth.seconds += seconds;
            if seconds > 0.0 {
                growth.rates.push(grown / seconds);
            }
        }
        before = Some((*at, number));
    }
    growth
}

/// How many samples have to be put together so that what is left is as good as independent; at least 1.
///
/// By the lag-1 autocorrelation of both sides, each about its own mean, when it is more than chance makes.
///
/// Source: effective sample size of an AR(1) process, n (1 - r) / (1 + r); the bound of chance is Bartlett's 2 / sqrt(n).
pub fn block_length(sides: &[&[f64]]) -> usize {
    let (mut products, mut squares, mut n) = (0.0, 0.0, 0_usize);
    for numbers in sides.iter().filter(|numbers| numbers.len() > 1) {
        let mean = mean(numbers);
        products += numbers.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum::<f64>();
        squares += numbers.iter().map(|number| (number - mean).powi(2)).sum::<f64>();
        n += numbers.len();
    }
    if n < 2 || !squares.is_finite() || squares <= 0.0 {
        return 1;
    }
    let correlation = (products / squares).min(0.95);
    if correlation <= 2.0 / as_f64(n).sqrt() {
        return 1;
    }
    let length = ((1.0 + correlation) / (1.0 - correlation)).ceil();
    // At most 39 by the bound above.
    (1..=39).find(|n| length <= as_f64(*n)).unwrap_or(39)
}

/// The means of blocks of so many numbers, in order; what is left at the end and fills no block is left out.
pub fn blocks(numbers: &[f64], length: usize) -> Vec<f64> {
    numbers.chunks_exact(length.max(1)).map(mean).collect()
}

pub(super) fn mean(numbers: &[f64]) -> f64 {
    numbers.iter().sum::<f64>() / as_f64(numbers.len()).max(1.0)
}

/// Exact up to four billion, which no window holds.
pub(super) fn as_f64(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}
