//! The state file as its callers see it.

mod facts;
mod file;
mod ledger;
mod runs;

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
        approvals: Vec::new(),
        definition: None,
        holds: crate::model::Holds::default(),
        justification: None,
        partial: false,
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
    let Head { entries, root: digest } = state.ledger_head().unwrap();
    Anchor { entries, root: digest }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}
