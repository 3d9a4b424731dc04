//! Quality metrics: how well the work is made, in four numbers that rest on what is on record.
//!
//! | metric | what it is |
//! | --- | --- |
//! | success rate | runs that succeeded, of those that were begun and are over |
//! | rework | runs with a retry, a resumption, a way back, or that repeat one that failed |
//! | estimate error | how far a success was from its estimate, in parts of the estimate: the median |
//! | compliance | runs that were approved where they had to be, in their window and verified |
//!
//! 1. Whoever shows one of these numbers takes it from here.
//! 2. A share shows what it rests on; of nothing it is no number, never 0 % or 100 %.
//! 3. Fewer runs than [`LEAST`] are judged by nobody: one failure of two is no rate.

use chrono::TimeDelta;

use crate::model::{Outcome, Percent, Quality, Spanned};
pub use crate::reporter::Share;

/// With fewer runs than these nothing is said of a share or a median.
pub const LEAST: usize = 5;

/// A difference between estimate and truth that counts for nothing in each batch: estimates are written in minutes.
pub const GRAIN: TimeDelta = TimeDelta::minutes(1);

/// One run, as far as the metrics go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sample {
    /// How it ended; `None` while it goes on.
    pub outcome: Option<Outcome>,
    /// Whether any of its work was done more than once, or undone.
    pub is_rework: bool,
    /// How long it was to take.
    pub planned: Option<TimeDelta>,
    /// How many batches were planned; each has an estimate of its own.
    pub n_batches: i32,
    /// How long it took.
    pub took: Option<TimeDelta>,
    /// Whether it was approved, where it had to be.
    pub approved: Option<bool>,
    /// Whether it kept to its window, where it has one.
    pub in_window: Option<bool>,
    /// Whether its result was verified, where it says how.
    pub verified: Option<bool>,
}

/// The metrics of some runs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Measures {
    /// Runs that succeeded.
    pub success: Share,
    /// Runs with rework.
    pub rework: Share,
    /// The median distance of successes from their estimates, in parts of the estimate, and of how many.
    pub estimate_error: Option<(f64, usize)>,
    /// Runs of which everything holds that can be asked.
    pub compliance: Share,
}

/// Measures runs.
pub fn measure(samples: &[Sample]) -> Measures {
    let begun = |sample: &&Sample| {
        matches!(
            sample.outcome,
            Some(Outcome::Succeeded | Outcome::Failed | Outcome::RolledBack | Outcome::Interrupted)
        )
    };
    let over: Vec<_> = samples.iter().filter(begun).collect();
    let share = |is: &dyn Fn(&Sample) -> bool| Share {
        part: over.iter().filter(|sample| is(sample)).count(),
        whole: over.len(),
    };
    let errors = over.iter().filter(|sample| sample.outcome == Some(Outcome::Succeeded));
    let mut errors: Vec<_> = errors
        .filter_map(|sample| Some(estimate_error(sample.planned?, sample.took?, sample.n_batches)))
        .collect();
    errors.sort_by(f64::total_cmp);
    let asked = |sample: &Sample| [sample.approved, sample.in_window, sample.verified];
    let asked: Vec<_> =
        over.iter().map(|sample| asked(sample)).filter(|all| all.iter().any(Option::is_some)).collect();
    let complies = |all: &&[Option<bool>; 3]| all.iter().all(|one| *one != Some(false));
    Measures {
        success: share(&|sample| sample.outcome == Some(Outcome::Succeeded)),
        rework: share(&|sample| sample.is_rework),
        estimate_error: median(&errors).map(|median| (median, errors.len())),
        compliance: Share { part: asked.iter().filter(complies).count(), whole: asked.len() },
    }
}

/// How far the truth was from the estimate, in parts of the estimate.
///
/// Source: magnitude of relative error (Conte, Dunsmore and Shen 1986).
fn estimate_error(planned: TimeDelta, took: TimeDelta, n_batches: i32) -> f64 {
    let apart = (took - planned).abs();
    if apart <= GRAIN * n_batches.max(1) {
        return 0.0;
    }
    apart.as_seconds_f64() / planned.as_seconds_f64().max(1.0)
}

/// The middle of sorted numbers.
fn median(sorted: &[f64]) -> Option<f64> {
    let half = sorted.len() / 2;
    let upper = sorted.get(half)?;
    Some(if sorted.len() % 2 == 1 { *upper } else { f64::midpoint(sorted[half - 1], *upper) })
}

/// What a metric amounts to against its threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// It is as good as it has to be.
    Well,
    /// It is not.
    Badly,
    /// There are too few runs to say.
    TooFew,
}

/// What must be so, in percent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds {
    /// The least success rate.
    pub success: f64,
    /// The most rework.
    pub rework: f64,
    /// The most estimate error.
    pub estimate_error: f64,
    /// The least compliance.
    pub compliance: f64,
}

impl Thresholds {
    /// What the plan file says, and what is usual for the rest.
    pub fn of(said: &Quality) -> Self {
        let or = |percent: Option<Spanned<Percent>>, usual: Percent| {
            f64::from(percent.map_or(usual, |percent| percent.value).0)
        };
        Self {
            success: or(said.success, Quality::DEFAULT_SUCCESS),
            rework: or(said.rework, Quality::DEFAULT_REWORK),
            estimate_error: or(said.estimate_error, Quality::DEFAULT_ESTIMATE_ERROR),
            compliance: or(said.compliance, Quality::DEFAULT_COMPLIANCE),
        }
    }
}

/// Whether a share is at least so many percent.
pub fn at_least(share: Share, percent: f64) -> Held {
    hold(share.whole, percent_of(share) >= percent)
}

/// Whether a share is at most so many percent.
pub fn at_most(share: Share, percent: f64) -> Held {
    hold(share.whole, percent_of(share) <= percent)
}

/// Whether a median of so many is at most so many percent.
pub fn error_at_most(error: Option<(f64, usize)>, percent: f64) -> Held {
    let (error, n) = error.unwrap_or_default();
    hold(n, error * 100.0 <= percent)
}

fn hold(n: usize, is_well: bool) -> Held {
    match is_well {
        _ if n < LEAST => Held::TooFew,
        true => Held::Well,
        false => Held::Badly,
    }
}

fn percent_of(share: Share) -> f64 {
    let number = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    if share.whole == 0 { 0.0 } else { number(share.part) * 100.0 / number(share.whole) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(outcome: Outcome, planned: i64, took: i64) -> Sample {
        Sample {
            outcome: Some(outcome),
            planned: Some(TimeDelta::minutes(planned)),
            took: Some(TimeDelta::minutes(took)),
            ..Sample::default()
        }
    }

    #[test]
    fn what_was_not_begun_or_is_not_over_counts_for_nothing() {
        let samples = [
            sample(Outcome::Succeeded, 10, 10),
            sample(Outcome::Skipped, 10, 0),
            sample(Outcome::Refused, 10, 0),
            Sample::default(),
            sample(Outcome::RolledBack, 10, 90),
        ];
        let measures = measure(&samples);
        assert_eq!(measures.success, Share { part: 1, whole: 2 });
        assert_eq!(measures.estimate_error, Some((0.0, 1)), "only successes say how long work takes");
        assert_eq!(measures.compliance, Share::default(), "nothing could be asked");
        assert_eq!(at_least(measures.success, 90.0), Held::TooFew);
    }

    #[test]
    fn an_estimate_is_wrong_in_both_directions_and_a_minute_is_nothing() {
        let check = |planned: i64, seconds: i64, expected: f64| {
            let error = estimate_error(TimeDelta::minutes(planned), TimeDelta::seconds(seconds), 1);
            assert!((error - expected).abs() < 1e-9, "{planned}m {seconds}s: {error}");
        };
        check(1, 1, 0.0);
        check(1, 120, 0.0);
        check(1, 121, 61.0 / 60.0);
        check(1, 180, 2.0);
        check(10, 300, 0.5);
        check(10, 900, 0.5);
        let samples: Vec<_> = [10, 12, 20, 40].map(|took| sample(Outcome::Succeeded, 10, took)).into();
        assert_eq!(measure(&samples).estimate_error, Some((0.6, 4)), "the median of 0, 0.2, 1 and 3");
    }

    #[test]
    fn compliance_is_of_runs_that_could_be_asked_and_one_no_is_a_no() {
        let of = |approved, in_window, verified| Sample {
            outcome: Some(Outcome::Succeeded),
            approved,
            in_window,
            verified,
            ..Sample::default()
        };
        let samples = [
            of(Some(true), None, None),
            of(Some(true), Some(false), Some(true)),
            of(None, None, None),
            of(Some(true), Some(true), Some(true)),
        ];
        assert_eq!(measure(&samples).compliance, Share { part: 2, whole: 3 });
    }

    #[test]
    fn a_threshold_is_met_exactly() {
        let share = Share { part: 9, whole: 10 };
        assert_eq!(at_least(share, 90.0), Held::Well);
        assert_eq!(at_least(share, 90.1), Held::Badly);
        assert_eq!(at_most(share, 90.0), Held::Well);
        assert_eq!(at_most(Share { part: 0, whole: 5 }, 0.0), Held::Well);
        assert_eq!(error_at_most(Some((0.5, 5)), 50.0), Held::Well);
        assert_eq!(error_at_most(Some((0.51, 5)), 50.0), Held::Badly);
        assert_eq!(error_at_most(None, 50.0), Held::TooFew);
    }
}
