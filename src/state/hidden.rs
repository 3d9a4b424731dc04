//! No secret gets into the ledger: every event passes here on its way.

use super::State;
use crate::model::{Event, Output};
use crate::world::output::redactor::Redactor;

impl State {
    /// Hides the secrets that `redactor` knows, or comes to know, from everything that is recorded from now on.
    pub fn hide_with(&self, redactor: &Redactor) {
        // Whoever opened the state says this once.
        let _ = self.redactor.set(redactor.clone());
    }

    pub(super) fn without_secrets(&self, event: &Event) -> Event {
        let mut event = event.clone();
        if let Some(redactor) = self.redactor.get().filter(|redactor| !redactor.is_empty()) {
            hide(&mut event, redactor);
        }
        event
    }
}

/// Takes secrets out of all that is said for people. Names stay: they are the plan file's own, and hold the ledger
/// together.
fn hide(event: &mut Event, redactor: &Redactor) {
    let all = |texts: &mut [&mut String]| {
        for text in texts {
            redactor.hide_in(text);
        }
    };
    match event {
        Event::ScheduleOutdated { reason, .. }
        | Event::OccurrenceMissed { reason, .. }
        | Event::ReviewOpened { reason, .. }
        | Event::RunRefused { reason, .. }
        | Event::RunAbandoned { reason, .. }
        | Event::SilenceEndangered { reason, .. }
        | Event::SilenceExpired { reason, .. }
        | Event::ReviewClosed { note: reason, .. }
        | Event::StepSettled { how: reason, .. }
        | Event::ConditionHeld { found: reason, .. } => all(&mut [reason]),
        Event::ConditionFailed { asks, found, .. } => all(&mut [asks, found]),
        Event::StepIntended { name, action, .. } => all(&mut [name, action]),
        Event::RunStarted { justification: Some(text), .. }
        | Event::RunEnded { reason: Some(text), .. }
        | Event::AlertsDelivered { error: Some(text), .. } => all(&mut [text]),
        Event::BaselineCompared { differences, changes, gaps, .. } => {
            for text in differences {
                redactor.hide_in(text);
            }
            for change in changes {
                let states = change.before.iter_mut().chain(&mut change.after).chain(&mut change.server);
                for text in states.chain([&mut change.subject, &mut change.message]) {
                    redactor.hide_in(text);
                }
            }
            for gap in gaps {
                redactor.hide_in(&mut gap.target);
            }
        }
        Event::SilenceCreated { silenced, .. } => {
            for text in silenced {
                redactor.hide_in(text);
            }
        }
        Event::SeriesCompared { series, .. } => {
            for text in series.iter_mut().flat_map(|one| &mut one.judgement.notes) {
                redactor.hide_in(text);
            }
        }
        Event::BaselineTaken { facts, .. } => redactor.hide_in_json(facts),
        Event::StepEnded { message, output, .. } => {
            if let Some(message) = message {
                redactor.hide_in(message);
            }
            if let Some(Output { head, tail, .. }) = output {
                all(&mut [head, tail]);
            }
        }
        Event::RunStarted { .. }
        | Event::RunEnded { .. }
        | Event::AlertsDelivered { .. }
        | Event::StateCreated { .. }
        | Event::TasksSeen { .. }
        | Event::SchedulePublished { .. }
        | Event::ApprovalGiven { .. }
        | Event::DefinitionSeen { .. }
        | Event::RunResumed { .. }
        | Event::StepStarted { .. }
        | Event::SilenceIntended { .. }
        | Event::SeriesTaken { .. }
        | Event::SilenceRenewed { .. }
        | Event::AlertChanged { .. }
        | Event::ReportWritten { .. }
        | Event::ClockStepped { .. } => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Outcome, RunId};
    use crate::state::Access;
    use crate::world::clock::Clock;

    #[test]
    fn what_people_are_told_is_recorded_without_secrets_and_names_stay() {
        let folder = tempfile::tempdir().unwrap();
        let state =
            State::open(&folder.path().join("state.db"), Access::ReadWrite, Clock::new(None)).unwrap();
        let redactor = Redactor::default();
        state.hide_with(&redactor);
        redactor.add("db", &"hunter2".into()).unwrap();
        let refused = Event::RunRefused {
            task: "hunter2".to_owned(),
            occurrence: None,
            reason: "login with hunter2 failed".to_owned(),
        };

        let entry = state.record(&refused).unwrap();

        let Event::RunRefused { task, reason, .. } = &entry.event else { panic!("{entry:?}") };
        assert_eq!((task.as_str(), reason.as_str()), ("hunter2", "login with [secret db] failed"));
        let refusal = state.refusal("hunter2").unwrap().unwrap();
        assert_eq!(refusal.reason, *reason, "the tables have what the ledger has");
    }

    #[test]
    fn the_output_and_the_outcome_of_a_step_hold_no_secret() {
        let redactor = Redactor::default();
        redactor.add("db", &"hunter2".into()).unwrap();
        let output = Output { head: "a hunter2".to_owned(), tail: "hunter2".to_owned(), ..Output::default() };
        let mut event = Event::StepEnded {
            run: RunId(1),
            ordinal: 1,
            attempt: 1,
            outcome: Outcome::Failed,
            retried: false,
            exit_code: None,
            took_ms: 0,
            message: Some("hunter2".to_owned()),
            output: Some(output),
            usage: None,
        };

        hide(&mut event, &redactor);

        let json = serde_json::to_string(&event).unwrap();
        assert!(!json.contains("hunter2") && json.contains("a [secret db]"), "{json}");
    }
}
