//! The state: one SQLite file.
//!
//! 1. Whatever changes the state appends to the ledger in the same transaction ([`record`]).
//! 2. The head of the ledger is read under the write lock, so that two writers cannot fork the chain.
//! 3. The file and its sidecars are readable by their owner only, and belong to the user that opens them.
//! 4. A file of a later mainstay is refused before anything in it is touched.

mod alerts;
mod apply;
mod entries;
mod error;
pub mod holder;
mod open;
mod record;
mod runs;
mod schedule;
mod schema;
mod silences;
mod times;

use rusqlite::Connection;

pub use entries::{EntryFilter, Head, Recorded};
pub use error::{StartError, StateError};
pub use open::Access;
pub use record::NewRun;
pub use runs::{RunFilter, TaskHistory};
pub use schedule::{Missed, Refusal};
pub use silences::OpenSilence;

use crate::world::clock::Clock;

/// An open state file.
#[derive(Debug)]
pub struct State {
    conn: Connection,
    clock: Clock,
    who: String,
    host: String,
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use super::*;
    use crate::model::{Event, OccurrenceId, Origin, Outcome, RunId};

    fn open(folder: &Path) -> State {
        State::open(&folder.join("s/state.db"), Access::ReadWrite, Clock::new(None)).unwrap()
    }

    fn new_run(task: &str, occurrence: Option<&str>, target: &str) -> NewRun {
        NewRun {
            task: task.to_owned(),
            occurrence: occurrence.map(|id| OccurrenceId(id.to_owned())),
            origin: Origin::Due,
            due: None,
            plan_digest: String::new(),
            targets: vec![target.to_owned()],
            holder: holder::current(),
        }
    }

    #[test]
    fn the_file_and_its_sidecars_are_the_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let _state = open(folder.path());
        let mut names = Vec::new();
        for entry in std::fs::read_dir(folder.path().join("s")).unwrap() {
            let entry = entry.unwrap();
            assert_eq!(
                entry.metadata().unwrap().permissions().mode() & 0o777,
                0o600,
                "{:?}",
                entry.file_name()
            );
            names.push(entry.file_name().into_string().unwrap());
        }
        names.sort();
        assert_eq!(names, ["state.db", "state.db-shm", "state.db-wal"]);
    }

    #[test]
    fn an_occurrence_is_started_once_and_a_target_is_in_work_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut state = open(folder.path());
        let (first, _) = state.start_run(new_run("a", Some("a#1"), "host1")).unwrap();
        let again = state.start_run(new_run("a", Some("a#1"), "host1")).unwrap_err();
        assert!(matches!(again, StartError::AlreadyStarted { run, .. } if run == first));
        let same_task = state.start_run(new_run("a", Some("a#2"), "host2")).unwrap_err();
        assert!(matches!(same_task, StartError::TaskRunning { .. }));
        let same_target = state.start_run(new_run("b", None, "host1")).unwrap_err();
        assert!(matches!(same_target, StartError::TargetBusy { .. }));
        state.record(&Event::RunEnded { run: first, outcome: Outcome::Succeeded, reason: None }).unwrap();
        assert_eq!(state.start_run(new_run("b", None, "host1")).unwrap().0, RunId(2));
        let history = &state.history().unwrap()["a"];
        assert_eq!((history.ended_runs, history.last_outcome), (1, Some(Outcome::Succeeded)));
    }

    #[test]
    fn the_ledger_refuses_to_be_changed() {
        let folder = tempfile::tempdir().unwrap();
        let state = open(folder.path());
        for sql in ["DELETE FROM ledger", "UPDATE ledger SET line = ''"] {
            let error = state.conn.execute(sql, []).unwrap_err();
            assert!(error.to_string().contains("append-only"), "{error}");
        }
    }
}
