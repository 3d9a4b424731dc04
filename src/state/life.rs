//! Signs of life of the processes that work, beside the state file.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use rusqlite::Connection;

use super::error::StateError;
use super::logs::folder_beside;
use super::open::State;
use crate::model::{Holder, Run};
use crate::world::life_sign::{self, DeadSign};

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

    /// Takes the sign of life of this process away, unless a run of it has no end on record: of that it shall be known
    /// that it is dead.
    pub(super) fn withdraw_sign(&self) {
        let given = self.sign_of_life.lock().unwrap_or_else(PoisonError::into_inner).take();
        if given.is_some() {
            drop(given);
            // What stays is swept away by whoever works next, and so is the folder as long as others have signs there.
            let _ = self.sweep_signs();
            let _ = std::fs::remove_dir(folder_of(self.path()));
        }
    }

    /// Removes signs of processes that have died, and work on nothing that has no end on record.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn sweep_signs(&self) -> Result<(), StateError> {
        let folder = folder_of(self.path());
        let dead = life_sign::of_the_dead(&folder).map_err(|source| StateError::Reach {
            what: "read",
            path: folder,
            source,
        })?;
        // Read after they were found dead: what they worked on is on record by then.
        let unfinished: HashSet<String> =
            self.unfinished_runs()?.iter().map(|run| name_of(&run.holder)).collect();
        let is_removed = |sign: &DeadSign| sign.name().is_some_and(|name| !unfinished.contains(name));
        dead.into_iter().filter(is_removed).for_each(DeadSign::remove);
        Ok(())
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
