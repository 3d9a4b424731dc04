//! The reporter pipeline up to the result.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::Manager;
use super::standing::{Known, StandingError, known};
use crate::model::{Outcome, PlanFile};
use crate::reporter::{Facts, LedgerStatus, MissedStatus, Period, SilenceStatus, StatusReport, generate};
use crate::state::{RunFilter, State};
use crate::validator::checker::Checked;

/// More runs than any period has that a person reads about; they bound memory.
const MOST_RUNS: usize = 100_000;

impl Manager {
    /// Reports where things stand, and what happened in the `length` before now. Changes nothing.
    ///
    /// # Errors
    /// [`StandingError`] when the state file cannot be used; without one there is no past.
    pub fn status(
        &self,
        plan: &PlanFile,
        checked: &Checked,
        length: TimeDelta,
    ) -> Result<StatusReport, StandingError> {
        let now = self.clock().now();
        let period = Period { from: now - length, until: now };
        let state = self.existing_state()?;
        let state = state.as_ref();
        let Known { tasks, interrupted, slept_through } = known(plan, &checked.digest, state, now)?;
        let past = self.past(plan)?;
        let debt = self.debt(plan, checked, (&past.history, past.published.as_ref()), now)?;
        let filter = RunFilter {
            since: Some(period.from),
            until: Some(period.until),
            limit: Some(MOST_RUNS),
            ..RunFilter::default()
        };
        let runs = state.map(|state| state.runs(&filter)).transpose()?.unwrap_or_default();
        let mut steps = BTreeMap::new();
        for run in runs.iter().filter(|run| run.outcome != Some(Outcome::Succeeded)) {
            if let Some(state) = state {
                steps.insert(run.id, state.steps(run.id)?);
            }
        }
        let missed = state.map(|state| state.missed(Some(period.from))).transpose()?.unwrap_or_default();
        let on_record = missed.into_iter().map(|missed| MissedStatus {
            task: missed.miss.task,
            occurrence: missed.miss.occurrence,
            release: missed.miss.release,
            reason: missed.miss.reason,
        });
        let not_yet = slept_through.into_iter().map(|missed| MissedStatus {
            task: missed.task,
            occurrence: missed.occurrence,
            release: missed.release,
            reason: "nothing started it: no `run --due` came in time".to_owned(),
        });
        let mut missed: Vec<_> = on_record
            .chain(not_yet)
            .filter(|missed| period.from <= missed.release && missed.release < period.until)
            .collect();
        missed.sort_by(|a, b| (a.release, &a.occurrence).cmp(&(b.release, &b.occurrence)));
        let silences = state.map(State::open_silences).transpose()?.unwrap_or_default().into_iter();
        let silences: Vec<_> = silences
            .map(|silence| SilenceStatus {
                tag: silence.tag,
                run: silence.run,
                alertmanager: silence.alertmanager,
                id: silence.id,
            })
            .collect();
        let head = state.map(State::ledger_head).transpose()?;
        let ledger = head.map(|head| LedgerStatus { entries: head.entries, root: head.root });
        Ok(generate(&Facts {
            plan,
            plan_digest: &checked.digest,
            period,
            now,
            standings: &tasks,
            runs: &runs,
            steps: &steps,
            interrupted: &interrupted,
            missed: &missed,
            debt: &debt,
            alerts: &state.map(State::alerts).transpose()?.unwrap_or_default(),
            silences: &silences,
            ledger: ledger.unwrap_or_default(),
        }))
    }
}
