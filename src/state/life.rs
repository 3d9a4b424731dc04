//! Signs of life of the processes that work, beside the state file.

use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use rusqlite::Connection;

use super::error::StateError;
use super::logs::folder_beside;
use super::open::State;
use crate::model::{Holder, Run};
use crate::world::life_sign;

impl State {
    /// Gives the sign of life of this process, `holder`, before others can see that it works.
    pub(super) fn give_sign(&self, holder: &Holder) -> Result<(), StateError> {
        let mut given = self.sign_of_life.lock().unwrap_or_else(PoisonError::into_inner);
        if given.is_none() {
            let path = folder_of(self.path()).join(name_of(holder));
            let sign = life_sign::give(&path);
            *given = Some(sign.map_err(|source| StateError::Reach { what: "lock", path, source })?);
        }
        Ok(())
    }

    /// Removes signs of processes that have died, and work on nothing that has no end on record.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn sweep_signs(&self) -> Result<(), StateError> {
        let unfinished = self.unfinished_runs()?;
        let is_kept = |name: &str| unfinished.iter().any(|run| name_of(&run.holder) == name);
        let folder = folder_of(self.path());
        life_sign::sweep(&folder, is_kept).map_err(|source| StateError::Reach {
            what: "read",
            path: folder,
            source,
        })
    }
}

/// `run` with the place of its holder's sign of life, as `connection` finds the state file.
pub(super) fn located(connection: &Connection, mut run: Run) -> Run {
    let state = connection.path().map(Path::new);
    run.holder.sign_of_life = state.map(|state| folder_of(state).join(name_of(&run.holder)));
    run
}

fn folder_of(state: &Path) -> PathBuf {
    folder_beside(state, "alive")
}

fn name_of(holder: &Holder) -> String {
    format!("{}-{}-{}", holder.pid_namespace.unwrap_or(0), holder.pid, holder.started_ticks)
}
