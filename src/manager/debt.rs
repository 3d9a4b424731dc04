//! What is owed: what the state file and the plan file know of it, for `scheduler::debt`.

use chrono::{DateTime, Utc};

use super::Manager;
use super::standing::{StandingError, unsettled};
use crate::model::silence_tag;
use crate::model::{PlanFile, Run, Schedule};
use crate::scheduler::History;
use crate::scheduler::debt::{self, Debt, Facts, LeftSilence, LeftWaiver, OpenReview, OpenRun, owed_steps};
use crate::state::{OpenSilence, Review, State, StateError};
use crate::validator::checker::Checked;

impl Manager {
    /// Finds everything that is owed at `now`, offline. Changes nothing.
    ///
    /// `checked` is where `plan` came from.
    ///
    /// # Errors
    /// [`StandingError`] when the state file cannot be used.
    pub fn debt(
        &self,
        plan: &PlanFile,
        checked: &Checked,
        (history, published): (&History, Option<&Schedule>),
        now: DateTime<Utc>,
    ) -> Result<Debt, StandingError> {
        let state = self.existing_state()?;
        let (runs, silences, missed, reviews) = match &state {
            Some(state) => (
                open_runs(state, plan, &checked.digest)?,
                left_silences(state)?,
                missed(state)?,
                open_reviews(state)?,
            ),
            None => Default::default(),
        };
        let waivers = checked.ended_waivers.iter();
        let waivers: Vec<_> =
            waivers.map(|ended| LeftWaiver { code: ended.code.clone(), ended: ended.at }).collect();
        let facts = Facts {
            plan,
            now,
            history,
            published,
            runs: &runs,
            silences: &silences,
            missed: &missed,
            reviews: &reviews,
            waivers: &waivers,
        };
        Ok(debt::debt(&facts)?)
    }
}

/// The runs that somebody has to see to, with the steps that they owe.
fn open_runs(state: &State, plan: &PlanFile, digest: &str) -> Result<Vec<OpenRun>, StateError> {
    let (_, mut runs) = unsettled(state)?;
    runs.extend(state.unclean_runs()?);
    let open = |run: Run| {
        let task = plan.tasks.get(&run.task).filter(|_| run.plan_digest == digest);
        let owed = owed_steps(&run, &state.steps(run.id)?, task);
        Ok(OpenRun { run, owed })
    };
    runs.into_iter().map(open).collect()
}

fn left_silences(state: &State) -> Result<Vec<LeftSilence>, StateError> {
    let (running, _) = unsettled(state)?;
    let silences = state.open_silences()?.into_iter();
    // What a step made for a time of its own is meant to outlive its run.
    let is_meant = |silence: &OpenSilence| {
        silence_tag::is_named(&silence.tag) && silence.until.is_some_and(|until| Utc::now() < until)
    };
    let silences = silences.filter(|silence| !is_meant(silence));
    let left = silences.filter(|silence| running.iter().all(|run| run.id != silence.run));
    left.map(|silence| {
        let run = state.run(silence.run)?;
        Ok(LeftSilence {
            run: silence.run,
            since: run.as_ref().and_then(|run| run.ended).unwrap_or(silence.intended),
            task: run.map(|run| run.task),
            alertmanager: silence.alertmanager,
        })
    })
    .collect()
}

fn open_reviews(state: &State) -> Result<Vec<OpenReview>, StateError> {
    let reviews = state.open_reviews()?.into_iter();
    let open = reviews.map(|Review { run, task, reason, opened, due, .. }| OpenReview {
        run,
        task,
        reason,
        opened,
        due,
    });
    Ok(open.collect())
}

fn missed(state: &State) -> Result<Vec<(String, DateTime<Utc>)>, StateError> {
    let missed = state.missed(None)?.into_iter();
    Ok(missed.map(|missed| (missed.miss.task, missed.miss.release)).collect())
}
