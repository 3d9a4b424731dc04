//! What happened before a test begins.

use chrono::{DateTime, Utc};
use mainstay::model::{Event, OccurrenceId, Origin, Outcome, Output, Phase, RunId};
use mainstay::state::{Access, NewRun, State};
use mainstay::world::clock::Clock;
use mainstay::world::process_identity;

use super::Case;

/// Writes the past of a case through the library, at any time.
pub struct Past<'a>(pub &'a Case);

impl Past<'_> {
    /// Opens the state file at this time.
    pub fn at(&self, time: &str, work: impl FnOnce(&State)) -> &Self {
        let time: DateTime<Utc> = time.parse().unwrap();
        let path = self.0.path().join(".mainstay/state.db");
        work(&State::open(&path, Access::ReadWrite, Clock::new(Some(time))).unwrap());
        self
    }

    /// Begins a run of `task` with one step.
    pub fn begin(&self, time: &str, task: &str, occurrence: &str) -> &Self {
        self.at(time, |state| {
            let new = NewRun {
                task: task.to_owned(),
                occurrence: Some(OccurrenceId(occurrence.to_owned())),
                origin: Origin::Due,
                due: None,
                plan_digest: String::new(),
                targets: vec!["prom-1".to_owned()],
                holder: process_identity::current().unwrap(),
                approvals: Vec::new(),
                definition: None,
                holds: mainstay::model::Holds::default(),
                justification: None,
                partial: false,
            };
            let run = state.start_run(&new).unwrap();
            let step = Event::StepIntended {
                run,
                ordinal: 1,
                phase: Phase::Steps,
                target: "prom-1".to_owned(),
                name: "install".to_owned(),
                action: "apt-get install prometheus".to_owned(),
                attempt: 1,
                place: Some(0),
            };
            state.record(&step).unwrap();
        })
    }

    /// Ends its step and the run.
    pub fn end(&self, time: &str, run: i64, outcome: Outcome, printed: &str) -> &Self {
        self.at(time, |state| {
            let output = Output {
                head: printed.to_owned(),
                tail: String::new(),
                bytes: printed.len() as u64,
                dropped: 0,
                log: None,
            };
            let failed = outcome != Outcome::Succeeded;
            let step = Event::StepEnded {
                run: RunId(run),
                ordinal: 1,
                attempt: 1,
                outcome,
                retried: false,
                exit_code: Some(i32::from(failed)),
                took_ms: 1_000,
                message: failed.then(|| "exit code 1".to_owned()),
                output: Some(output),
                usage: None,
            };
            let reason = failed.then(|| "step `install` failed".to_owned());
            let end = Event::RunEnded { run: RunId(run), outcome, reason };
            state.record_all(&[step, end]).unwrap();
        })
    }
}
