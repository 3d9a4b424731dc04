//! The comparison with the baseline.

use chrono::Utc;

use super::steps::Progress;
use super::{End, Work};
use crate::executor::actions::Done;
use crate::model::{Baseline, ChangeVerdict, Event, Fact, FactChange, Outcome, Phase, ScrapeGap};
use crate::state::StateError;
use crate::validator::verifier::{self, DashboardError, Facts, Settled, Spec};

/// So many changes are kept, and so many gaps: the worst ones.
const MOST_CHANGES: usize = 200;
/// See [`MOST_CHANGES`].
const MOST_GAPS: usize = 20;
/// So many differences are told in the reason of a run.
const MOST_TOLD: usize = 10;

impl Work<'_> {
    /// What is held to be as before.
    pub(super) fn baseline_spec(&self) -> Result<Spec, DashboardError> {
        match &self.task.baseline {
            Some(baseline) => Spec::of(baseline, &self.world.folder),
            None => Ok(Spec::default()),
        }
    }

    /// Waits until monitoring is as it was before the work, or before the way back (`is_cleanup`).
    pub(super) fn compare(
        &self,
        progress: &Progress,
        before: &Facts,
        is_cleanup: bool,
    ) -> Result<End, StateError> {
        if !is_cleanup && let Some(done) = self.objection(progress, None) {
            return Ok(unlike_before(done));
        }
        let cancel = if is_cleanup { &self.interrupts.cleanup } else { &self.interrupts.work };
        let settle = self.task.baseline.as_ref().and_then(|baseline| baseline.settle);
        let patience = settle.map_or(Baseline::DEFAULT_SETTLE, |settle| settle.value).to_std();
        let earlier = self.journal.state().settle_times()?.remove(self.name).unwrap_or_default();
        let patience = verifier::allowance(patience, &earlier);
        let patience = progress.time_left(patience, if is_cleanup { Phase::Rollback } else { Phase::Verify });
        let mut found = None;
        let done = self.once(progress, Phase::Verify, "compare with the baseline", "compare", || {
            let spec = match self.baseline_spec() {
                Ok(spec) => spec,
                Err(error) => return Done::failed(crate::in_words(&error)),
            };
            let settled =
                verifier::settle(before, self.world, progress.end_of_work, (patience, &spec), cancel);
            let (gaps, over_budget) = self.gaps(before, &spec);
            let done = match settled.took {
                Some(took) => Done::well(in_short(took, &gaps)),
                None if cancel.is_fired() => Done::interrupted("stopped waiting for monitoring to come back"),
                None => Done::failed(told(&settled.differences)),
            };
            found = Some((settled, gaps, over_budget));
            done
        })?;
        if let Some((settled, gaps, over_budget)) = found {
            let blind: Vec<_> = over_budget.iter().map(FactChange::sentence).collect();
            progress.hold(self.compared(settled, gaps, over_budget));
            progress.blind.replace(blind);
        }
        Ok(unlike_before(done))
    }

    /// What is recorded of a comparison.
    fn compared(&self, settled: Settled, mut gaps: Vec<ScrapeGap>, over_budget: Vec<FactChange>) -> Event {
        let mut counts = settled.compared.counts;
        if !gaps.is_empty() {
            counts.insert(Fact::Gap, u64::try_from(gaps.len()).unwrap_or(u64::MAX));
        }
        let mut changes = over_budget;
        changes.extend(settled.compared.changes);
        changes.sort_by_key(|change| change.verdict);
        changes.truncate(MOST_CHANGES);
        gaps.truncate(MOST_GAPS);
        Event::BaselineCompared {
            run: self.run,
            same: settled.took.is_some(),
            differences: settled.differences,
            settled_ms: settled.took.map(|took| u64::try_from(took.as_millis()).unwrap_or(u64::MAX)),
            changes,
            compared: counts,
            gaps,
        }
    }

    /// The gaps in the scrapes since the baseline on every server, the longest first, and those over the budget.
    ///
    /// What could not be measured is over the budget, if there is one.
    fn gaps(&self, before: &Facts, spec: &Spec) -> (Vec<ScrapeGap>, Vec<FactChange>) {
        let span = (before.at, Utc::now());
        let (mut gaps, mut over) = (Vec::new(), Vec::new());
        for (n, prometheus) in self.world.each_prometheus().enumerate() {
            let server = (0 < n).then(|| prometheus.url());
            let Some(known) = before.server(server.as_deref()) else { continue };
            match verifier::measure_gaps(prometheus, known, span) {
                Ok(found) => {
                    gaps.extend(found.into_iter().map(|gap| ScrapeGap { server: server.clone(), ..gap }));
                }
                Err(error) if spec.gap.is_some() => over.push(FactChange {
                    verdict: ChangeVerdict::Unknown,
                    fact: Fact::Gap,
                    subject: "all targets".to_owned(),
                    server,
                    before: None,
                    after: None,
                    message: format!("gaps could not be measured: {}", crate::in_words(&error)),
                }),
                Err(_) => {}
            }
        }
        gaps.sort_by_key(|gap| std::cmp::Reverse(gap.longest_ms));
        if let Some(budget) = spec.gap {
            over.extend(gaps.iter().filter_map(|gap| verifier::over_budget(gap, budget, spec)));
        }
        (gaps, over)
    }
}

fn in_short(took: std::time::Duration, gaps: &[ScrapeGap]) -> String {
    let came_back = format!("monitoring is as it was, after {:.1}s", took.as_secs_f32());
    match gaps {
        [] => came_back,
        [longest, others @ ..] => {
            let others = match others.len() {
                0 => String::new(),
                n => format!("; {} for no longer", crate::counted(n, "other target")),
            };
            format!("{came_back}; {}{others}", verifier::gap_in_words(longest))
        }
    }
}

/// The differences in one text, the first ones of very many.
fn told(differences: &[String]) -> String {
    let shown = differences.iter().take(MOST_TOLD).cloned().collect::<Vec<_>>().join("; ");
    match differences.len().saturating_sub(MOST_TOLD) {
        0 => shown,
        n => format!("{shown}; and {n} more"),
    }
}

/// How a run ends after its comparison with the baseline.
pub(super) fn unlike_before(done: Done) -> End {
    match done.outcome {
        Outcome::Succeeded => End { outcome: Outcome::Succeeded, reason: None },
        Outcome::Interrupted => End { outcome: Outcome::Interrupted, reason: done.message },
        _ => End::new(
            Outcome::Failed,
            format!("monitoring did not come back as it was: {}", done.message.unwrap_or_default()),
        ),
    }
}
