//! The state file as its callers see it.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::thread;

use chrono::{DateTime, TimeDelta, Utc};

use super::*;
use crate::ledger::{Anchor, Verdict, Verification, Verifier};
use crate::model::{
    AlertState, Event, Holder, Occurrence, OccurrenceId, Origin, Outcome, Output, Phase, Placed, RunId,
    Schedule,
};
use crate::world::clock::Clock;
use crate::world::process_identity;

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("folder").join("state.db")
    }

    fn open(&self) -> State {
        State::open(&self.path(), Access::ReadWrite, Clock::new(None)).unwrap()
    }

    fn open_at(&self, time: &str) -> State {
        State::open(&self.path(), Access::ReadWrite, Clock::new(Some(instant(time)))).unwrap()
    }
}

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn new_run(task: &str, occurrence: Option<&str>) -> NewRun {
    NewRun {
        task: task.to_owned(),
        occurrence: occurrence.map(|id| OccurrenceId(id.to_owned())),
        origin: Origin::Due,
        due: Some(instant("2026-03-07T06:00:00Z")),
        plan_digest: "ab".repeat(32),
        targets: vec![format!("host-of-{task}")],
        holder: process_identity::current().unwrap(),
    }
}

fn ended(run: RunId, outcome: Outcome) -> Event {
    Event::RunEnded { run, outcome, reason: None }
}

fn refused(n: usize) -> Event {
    Event::RunRefused { task: "t".to_owned(), occurrence: None, reason: format!("reason {n}") }
}

fn verify(state: &State, anchors: Vec<Anchor>) -> Verification {
    let mut verifier = Verifier::new(anchors);
    state
        .for_each_line(&mut |row| {
            verifier.line(row);
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    verifier.finish()
}

fn anchor(state: &State) -> Anchor {
    let Head { entries, digest } = state.ledger_head().unwrap();
    Anchor { entries, root: digest }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn a_run_is_recorded_from_start_to_end() {
    let place = Place::new();
    let state = place.open();
    let run = state.start_run(new_run("upgrade", Some("upgrade#1"))).unwrap();
    assert_eq!(run, RunId(1));
    let step = |attempt| Event::StepStarted {
        run,
        ordinal: 1,
        phase: Phase::Steps,
        target: "host".to_owned(),
        name: "install".to_owned(),
        action: "apt-get install".to_owned(),
        attempt,
    };
    let end = |attempt, outcome, retried| Event::StepEnded {
        run,
        ordinal: 1,
        attempt,
        outcome,
        retried,
        exit_code: Some(0),
        took_ms: 12,
        message: None,
        output: Some(Output { head: "done\n".to_owned(), bytes: 5, ..Output::default() }),
    };
    state.record(&step(1)).unwrap();
    assert_eq!(state.steps(run).unwrap()[0].outcome, None);
    state.record_all(&[end(1, Outcome::Failed, true), step(2)]).unwrap();
    let steps = state.steps(run).unwrap();
    assert_eq!((steps[0].outcome, steps[0].attempts, &steps[0].output), (None, 2, &None));
    assert_eq!(state.unfinished_runs().unwrap().len(), 1);
    state.record_all(&[end(2, Outcome::Succeeded, false), ended(run, Outcome::Succeeded)]).unwrap();

    let steps = state.steps(run).unwrap();
    assert_eq!(steps.len(), 1);
    assert_eq!(steps[0].outcome, Some(Outcome::Succeeded));
    assert_eq!(steps[0].output.as_ref().unwrap().head, "done\n");
    let found = state.run(run).unwrap().unwrap();
    assert_eq!(found.outcome, Some(Outcome::Succeeded));
    assert_eq!(found.due, Some(instant("2026-03-07T06:00:00Z")));
    assert_eq!(state.last_run("upgrade").unwrap().unwrap().id, run);
    assert_eq!(state.unfinished_runs().unwrap(), []);
    let history = state.task_history("upgrade").unwrap();
    assert_eq!(history.last_success, found.ended);
    assert_eq!(history.ended_runs, 1);
    assert_eq!(history.durations.len(), 1);
    assert_eq!(history.first_known, Some(found.started));
    assert!(history.started.contains(&OccurrenceId("upgrade#1".to_owned())));
    assert_eq!(state.all_history().unwrap()["upgrade"], history);
    assert_eq!(verify(&state, vec![]).verdict, Verdict::Unanchored);
    assert_eq!(verify(&state, vec![anchor(&state)]).verdict, Verdict::Intact);
}
