//! Series before the work and after it.
//!
//! 1. What is compared was taken before anything was touched, and is on record from then on.
//! 2. How long is waited for the samples after the work is bounded by the longest window, and told.
//! 3. Too little data is told and fails only what is required; it is never a pass.

use std::time::{Duration, Instant};

use chrono::Utc;

use super::steps::Progress;
use super::{End, Work};
use crate::executor::actions::Done;
use crate::model::{Event, Length, Outcome, Phase, SeriesSpec, SeriesVerdict, Spanned, TakenSeries};
use crate::state::StateError;
use crate::validator::verifier::{Facts, series};
use crate::world::prometheus::Warnings;

impl Work<'_> {
    fn series_specs(&self) -> &[Spanned<SeriesSpec>] {
        self.task.baseline.as_ref().map_or(&[], |baseline| &baseline.series)
    }

    /// Takes the series of before; if that cannot be done, how the run ends: nothing is touched yet.
    pub(super) fn take_series(
        &self,
        progress: &Progress,
        facts: &Facts,
    ) -> Result<Result<(), End>, StateError> {
        let specs = self.series_specs();
        if specs.is_empty() {
            return Ok(Ok(()));
        }
        let mut taken = None;
        let done = self.once(progress, Phase::Baseline, "take series", "take series", || {
            let Some(prometheus) = &self.world.prometheus else {
                return Done::failed("there is no Prometheus");
            };
            let warnings = Warnings::default();
            let prometheus = prometheus.heard_by(&warnings);
            match series::take(&prometheus, specs, Utc::now(), pace(facts)) {
                Ok(found) => {
                    let n: usize = found.iter().map(|one| one.series.len()).sum();
                    taken = Some(found);
                    Done::well(format!("{n} series{}", warnings.in_words()))
                }
                Err(error) => Done::failed(crate::in_words(&error)),
            }
        })?;
        let Some(series) = taken else {
            let why = done.message.unwrap_or_default();
            return Ok(Err(End::new(
                Outcome::Refused,
                format!("there are no series to compare with: {why}"),
            )));
        };
        progress.hold(Event::SeriesTaken { run: self.run, series });
        self.flush(progress)?;
        Ok(Ok(()))
    }

    /// Waits for the samples after the work, and compares them with those of before.
    pub(super) fn compare_series(
        &self,
        progress: &Progress,
        facts: Option<&Facts>,
    ) -> Result<End, StateError> {
        let well = End { outcome: Outcome::Succeeded, reason: None };
        let specs = self.series_specs();
        let (Some(facts), false) = (facts, specs.is_empty()) else { return Ok(well) };
        let before = self.series_on_record(progress)?;
        let longest = specs.iter().map(|spec| spec.window()).max().unwrap_or(Length::seconds(0));
        let began = Instant::now();
        let mut results = Vec::new();
        let action = format!("wait {longest} for samples, compare");
        let done = self.once(progress, Phase::Verify, "compare series", &action, || {
            let Some(prometheus) = &self.world.prometheus else {
                return Done::failed("there is no Prometheus");
            };
            // The first moment that counts is one scrape after monitoring came back.
            let wait = longest.to_std() + interval(facts);
            let left = progress.time_left(wait, Phase::Verify);
            if left < wait {
                return Done::failed(format!(
                    "the run's timeout leaves no {longest} for the samples after the work"
                ));
            }
            if self.interrupts.work.wait(wait) {
                return Done::interrupted("stopped while it waited for samples after the work");
            }
            let warnings = Warnings::default();
            let after = match series::take(&prometheus.heard_by(&warnings), specs, Utc::now(), pace(facts)) {
                Ok(after) => after,
                Err(error) => return Done::failed(crate::in_words(&error)),
            };
            results = series::judge(specs, &before, &after);
            let words: Vec<_> = results.iter().map(series::in_words).collect();
            let words = words.join(" / ") + &warnings.in_words();
            if results.iter().any(|result| result.fails) { Done::failed(words) } else { Done::well(words) }
        })?;
        let failing: Vec<_> = results.iter().filter(|result| result.fails).map(series::in_words).collect();
        let untold: Vec<_> = results
            .iter()
            .filter(|result| !result.fails && result.judgement.verdict == SeriesVerdict::InsufficientData)
            .map(|result| result.name.clone())
            .collect();
        if !results.is_empty() {
            let waited_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            progress.hold(Event::SeriesCompared { run: self.run, series: results, waited_ms });
        }
        Ok(match done.outcome {
            Outcome::Succeeded if untold.is_empty() => well,
            Outcome::Succeeded => {
                let reason = format!("insufficient data to compare: {}", untold.join(", "));
                End { outcome: Outcome::Succeeded, reason: Some(reason) }
            }
            Outcome::Interrupted => End { outcome: Outcome::Interrupted, reason: done.message },
            _ if failing.is_empty() => {
                let why = done.message.unwrap_or_default();
                End::new(Outcome::Failed, format!("series could not be compared: {why}"))
            }
            _ => End::new(Outcome::Failed, format!("series are not as before: {}", failing.join("; "))),
        })
    }

    /// What was taken before the work, by the record: also when the run was taken up again since.
    fn series_on_record(&self, progress: &Progress) -> Result<Vec<TakenSeries>, StateError> {
        self.flush(progress)?;
        let taken = self.journal.state().baseline(self.run)?;
        Ok(taken.map(|baseline| baseline.series).unwrap_or_default())
    }
}

fn interval(facts: &Facts) -> Duration {
    pace(facts).scrape
}

fn pace(facts: &Facts) -> series::Pace {
    let scrape = Duration::try_from_secs_f64(facts.first.scrape_interval).unwrap_or(Duration::from_secs(15));
    let evaluation = Duration::try_from_secs_f64(facts.first.evaluation_interval).unwrap_or(scrape);
    series::Pace { scrape, evaluation }
}
