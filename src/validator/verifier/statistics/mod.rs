//! Did it change? A comparison of series before and after work that admits when there is too little to say.
//!
//! Made for operations: few points, many zeros, ties, gaps, and samples that follow each other closely. Samples are put
//! together in blocks until they are as good as independent; gauges are compared by an exact permutation test of their
//! ranks, counters with few events by an exact test of two rates; over all series the error of chance is held by Holm's
//! correction. Pure functions, without chance: the same numbers give the same bytes.
//!
//! 1. What is too little to ever say yes is [`Verdict::InsufficientData`], with how much would be needed: never a pass.
//! 2. Equal numbers are the same, however few there are.
//! 3. A difference counts when chance does not explain it *and* it is larger than what the operator bears.

mod effect;
mod normal;
pub mod points;
pub mod ranks;
pub mod rate;
#[cfg(test)]
mod tests;

pub use self::effect::{above, holm, median, shift};
use self::points::{Held, Side, as_f64, block_length, blocks, growth};
use crate::model::Tolerance;
pub use crate::model::{
    Direction, SeriesJudgement as Judgement, SeriesKind, SeriesTest as Test, SeriesVerdict as Verdict,
};

/// The error that is borne over all series together.
pub const ALPHA: f64 = 0.05;

/// With no more events than these a counter is compared by its rate.
const FEW_EVENTS: f64 = 100.0;

/// More events than these are no longer counted one by one in a float.
const MOST_EVENTS: f64 = 1e15;

/// One series before and after.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// What it is.
    pub kind: SeriesKind,
    /// Which change is bad.
    pub direction: Direction,
    /// The most change that is borne.
    pub within: Tolerance,
    /// Whether a series that is not there counts as zero: a counter of errors that never happened has no series.
    pub absent_is_zero: bool,
    /// Before the work.
    pub before: Side,
    /// After it.
    pub after: Side,
}

fn told(verdict: Verdict, note: impl Into<String>) -> Judgement {
    Judgement {
        verdict,
        test: Test::None,
        n: (0, 0),
        middles: (None, None),
        shift: None,
        above: None,
        p: None,
        p_of_all: None,
        needed: None,
        notes: vec![note.into()],
    }
}

impl Judgement {
    /// Twice as far from a half as `above`: -1 all below, 0 neither, 1 all above.
    pub fn rank_biserial(&self) -> Option<f64> {
        self.above.map(|above| 2.0 * above - 1.0)
    }
}

/// A series whose test is still to be judged beside the others.
struct Open {
    judgement: Judgement,
    p: f64,
    /// The least p that so much data can ever reach.
    least: f64,
    /// What it would take to reach a p, and what that is.
    needed: Box<dyn Fn(f64) -> u64>,
    unit: &'static str,
    is_borne: bool,
    is_bad: bool,
}

/// Compares series, all of them together.
pub fn compare(all: &[Series]) -> Vec<Judgement> {
    let mut looked: Vec<Result<Judgement, Box<Open>>> = all.iter().map(look).collect();
    let ps: Vec<f64> = looked.iter().filter_map(|one| one.as_ref().err()).map(|open| open.p).collect();
    // Whoever is to stand out among so many has to be so much less likely.
    let alpha = ALPHA / as_f64(ps.len()).max(1.0);
    let mut adjusted = holm(&ps).into_iter();
    let judged = looked.drain(..).map(|one| match one {
        Ok(judgement) => judgement,
        Err(open) => conclude(*open, adjusted.next().unwrap_or(1.0), alpha),
    });
    judged.collect()
}

fn conclude(open: Open, p_of_all: f64, alpha: f64) -> Judgement {
    let Open { mut judgement, p, least, needed, unit, is_borne, is_bad } = open;
    judgement.p = Some(p);
    judgement.p_of_all = Some(p_of_all);
    if alpha < least {
        let needed = needed(alpha);
        judgement.verdict = Verdict::InsufficientData;
        judgement.needed = Some(needed);
        judgement.notes.push(format!(
            "so little can never be told from chance (p is at least {least:.2}); it takes {needed} {unit}"
        ));
    } else if ALPHA < p_of_all || is_borne {
        judgement.verdict = Verdict::Same;
    } else {
        judgement.verdict = if is_bad { Verdict::Worse } else { Verdict::Better };
    }
    judgement
}

/// Judges what needs no test; else says what there is to test.
fn look(series: &Series) -> Result<Judgement, Box<Open>> {
    let [before, after] = [&series.before, &series.after].map(|side| with_zeros(side, series.absent_is_zero));
    let notes = match (before.held(), after.held()) {
        (Held::NoSeries, Held::NoSeries) => {
            return Ok(told(Verdict::InsufficientData, "there is no such series, before or after"));
        }
        (Held::NoSeries, _) => {
            let note = "there was no such series before; it has appeared";
            return Ok(told(Verdict::InsufficientData, note));
        }
        (_, Held::NoSeries) => {
            let last = before
                .last_number()
                .map(|at| format!("; its last number is from {}", at.format("%Y-%m-%d %H:%M:%S UTC")));
            let note = format!("the series has vanished{}", last.unwrap_or_default());
            return Ok(told(Verdict::Worse, note));
        }
        (Held::NoNumber(counts), _) => {
            let note = format!("no number before: {}", counts.in_words());
            return Ok(told(Verdict::InsufficientData, note));
        }
        (_, Held::NoNumber(counts)) => {
            let note = format!("no number after: {}", counts.in_words());
            return Ok(told(Verdict::InsufficientData, note));
        }
        (Held::Numbers(before), Held::Numbers(after)) => {
            let of = |counts: points::Counts, when| {
                let words = counts.in_words();
                (!words.is_empty()).then(|| format!("left out {when}: {words}"))
            };
            [of(before, "before"), of(after, "after")].into_iter().flatten().collect()
        }
    };
    match series.kind {
        SeriesKind::Gauge => ranked(series, (&before.numbers(), &after.numbers()), (1, 1.0), notes),
        SeriesKind::Counter => counted(series, (&before, &after), notes),
    }
}

/// A side whose series is not there, as one of zeros.
fn with_zeros(side: &Side, absent_is_zero: bool) -> Side {
    if side.is_there || !absent_is_zero {
        return side.clone();
    }
    let values = vec![points::Value::Number(0.0); side.at.len()];
    Side { is_there: !values.is_empty(), values, at: side.at.clone() }
}

/// Whether both sides hold the same numbers, however often.
fn are_alike(before: &[f64], after: &[f64]) -> bool {
    let sorted = |numbers: &[f64]| {
        let mut numbers: Vec<f64> = numbers.iter().map(|number| number + 0.0).collect();
        numbers.sort_by(f64::total_cmp);
        numbers
    };
    let (before, after) = (sorted(before), sorted(after));
    let is_one = |numbers: &[f64]| {
        numbers.first().map(|first| first.to_bits()) == numbers.last().map(|last| last.to_bits())
    };
    before == after || (is_one(&before) && is_one(&after) && before.first() == after.first())
}

/// Compares numbers by their ranks.
fn ranked(
    series: &Series,
    (before, after): (&[f64], &[f64]),
    (least_block, scale): (usize, f64),
    mut notes: Vec<String>,
) -> Result<Judgement, Box<Open>> {
    let length = block_length(&[before, after]).max(least_block);
    if length > 1 {
        notes.push(format!(
            "{length} samples that follow each other count as one, since each says much the same"
        ));
    }
    let (before, after) = (blocks(before, length), blocks(after, length));
    let middle = |numbers: &[f64]| (!numbers.is_empty()).then(|| median(&mut numbers.to_vec()) * scale);
    let mut judgement = Judgement {
        verdict: Verdict::Same,
        test: Test::None,
        n: (before.len() as u64, after.len() as u64),
        middles: (middle(&before), middle(&after)),
        shift: None,
        above: None,
        p: None,
        p_of_all: None,
        needed: None,
        notes,
    };
    if before.is_empty() || after.is_empty() {
        judgement.verdict = Verdict::InsufficientData;
        judgement.needed = Some((ranks::points_needed(ALPHA) * length) as u64);
        judgement.notes.push("not one block of samples on a side".to_owned());
        return Ok(judgement);
    }
    let by = shift(&before, &after);
    judgement.shift = Some(by * scale);
    judgement.above = Some(above(&before, &after));
    if are_alike(&before, &after) {
        judgement.notes.push("both hold the same numbers".to_owned());
        return Ok(judgement);
    }
    let tested = ranks::test(&before, &after);
    judgement.test = if tested.is_exact { Test::ExactRanks } else { Test::NormalRanks };
    if !tested.is_exact {
        let most = ranks::MOST_EXACT;
        judgement.notes.push(format!("with more than {most} points on a side p is approximated"));
    }
    let reference = judgement.middles.0.unwrap_or_default();
    Err(Box::new(Open {
        p: tested.p,
        least: ranks::least_p(before.len(), after.len()),
        needed: Box::new(move |alpha| (ranks::points_needed(alpha) * length) as u64),
        unit: "samples on each side",
        is_borne: is_borne(series.within, reference, by * scale),
        is_bad: is_bad(series.direction, by),
        judgement,
    }))
}

/// Compares a counter: few events by their rate, many by how it grew from sample to sample.
fn counted(
    series: &Series,
    (before, after): (&Side, &Side),
    mut notes: Vec<String>,
) -> Result<Judgement, Box<Open>> {
    let (before, after) = (growth(before), growth(after));
    for (growth, when) in [(&before, "before"), (&after, "after")] {
        if let Some(first) = growth.resets.first() {
            let n = crate::counted(growth.resets.len(), "time");
            let first = first.format("%Y-%m-%d %H:%M:%S UTC");
            notes.push(format!("it began anew {n} {when}, first at {first}; that is no drop"));
        }
    }
    if before.seconds <= 0.0 || after.seconds <= 0.0 {
        let mut judgement =
            told(Verdict::InsufficientData, "it takes two samples on a side to see a counter grow");
        judgement.needed = Some(2);
        judgement.notes.splice(0..0, notes);
        return Ok(judgement);
    }
    let events = before.increase + after.increase;
    let is_whole = before.increase.fract() == 0.0 && after.increase.fract() == 0.0;
    let n_points = (before.rates.len(), after.rates.len());
    let is_short = ALPHA < ranks::least_p(n_points.0, n_points.1);
    if !is_whole || MOST_EVENTS < events || (FEW_EVENTS < events && !is_short) {
        return ranked(series, (&before.rates, &after.rates), (1, 1.0), notes);
    }
    let rates = (before.increase / before.seconds, after.increase / after.seconds);
    // Whole and not negative: a counter grows.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole, finite and not negative"
    )]
    let (n_before, n_after) = (before.increase as u64, after.increase as u64);
    let by = rates.1 - rates.0;
    let judgement = Judgement {
        verdict: Verdict::Same,
        test: Test::None,
        n: (n_before, n_after),
        middles: (Some(rates.0), Some(rates.1)),
        shift: Some(by),
        above: None,
        p: None,
        p_of_all: None,
        needed: None,
        notes,
    };
    if n_before + n_after == 0 {
        return Ok(Judgement {
            notes: [judgement.notes, vec!["no event, before or after".to_owned()]].concat(),
            ..judgement
        });
    }
    #[expect(clippy::float_cmp, reason = "the same events in the same time")]
    if rates.0 == rates.1 {
        return Ok(Judgement {
            notes: [judgement.notes, vec!["as often as before".to_owned()]].concat(),
            ..judgement
        });
    }
    let seconds = (before.seconds, after.seconds);
    let tested = rate::test((n_before, seconds.0), (n_after, seconds.1));
    let test = if tested.is_exact { Test::ExactRate } else { Test::NormalRate };
    Err(Box::new(Open {
        p: tested.p,
        least: rate::least_p(n_before + n_after, seconds),
        needed: Box::new(move |alpha| rate::events_needed(alpha, seconds)),
        unit: "events in all",
        is_borne: is_borne(series.within, rates.0, by),
        is_bad: is_bad(series.direction, by),
        judgement: Judgement { test, ..judgement },
    }))
}

/// Whether a change is small enough to be borne; of nothing before, no share is.
fn is_borne(within: Tolerance, before: f64, by: f64) -> bool {
    within.admits(before, before + by)
}

fn is_bad(direction: Direction, by: f64) -> bool {
    match direction {
        Direction::Increase => by > 0.0,
        Direction::Decrease => by < 0.0,
        Direction::Either => true,
    }
}
