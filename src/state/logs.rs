//! The logs of steps, beside the state file.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{Access, State, StateError};
use crate::model::RunId;
use crate::world::clock::Clock;
use crate::world::output::log::{Limits, Logs};

impl State {
    /// What steps printed, whole: in the folder `logs` beside `state.db`, or `NAME-logs` beside a state file of another
    /// name. Logs of runs that go on, or that somebody still has to settle, stay.
    pub fn logs(&self) -> Logs {
        let path = self.path().to_owned();
        Logs::new(folder_beside(&path, "logs"), Limits::default(), move || kept(&path).ok())
    }
}

/// The folder for `what` beside a state file: of that name beside `state.db`, else `NAME-what`.
pub(super) fn folder_beside(state: &Path, what: &str) -> PathBuf {
    let name = state.file_name().unwrap_or_default();
    if name == "state.db" {
        return state.with_file_name(what);
    }
    let mut folder = name.to_owned();
    folder.push(format!("-{what}"));
    state.with_file_name(folder)
}

/// Asked when there is no more room: other processes may have started runs meanwhile.
fn kept(state: &Path) -> Result<BTreeSet<RunId>, StateError> {
    let state = State::open(state, Access::ReadOnly, Clock::new(None))?;
    let runs = [state.unfinished_runs()?, state.interrupted_runs()?, state.unclean_runs()?].concat();
    Ok(runs.into_iter().map(|run| run.id).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_file_has_a_folder_of_logs_of_its_own() {
        let check = |state: &str, folder: &str| {
            assert_eq!(folder_beside(Path::new(state), "logs"), Path::new(folder));
        };
        check("/x/.mainstay/state.db", "/x/.mainstay/logs");
        check("/x/other.db", "/x/other.db-logs");
    }
}
