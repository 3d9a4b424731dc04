//! The manager opens a plan file and a state file and offers the pipelines; it is the one module that knows
//! all of them.

mod monitor;
mod report;
mod standing;

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use crate::planfile;
use crate::state::{Access, State, StateError};
use crate::world::clock::Clock;

pub use standing::StandingError;

/// One plan file with its state file.
#[derive(Debug)]
pub struct Manager {
    /// Where the plan file is, as the caller named it.
    pub file: PathBuf,
    /// Where the state file is.
    pub state_file: PathBuf,
    /// The time that the caller pretends it is.
    pub pretended: Option<DateTime<Utc>>,
}

/// The state file's place beside the plan file.
const DEFAULT_STATE: &str = ".mainstay/state.db";

impl Manager {
    /// Knows where things are; opens nothing.
    pub fn new(file: &Path, state_file: Option<&Path>, pretended: Option<DateTime<Utc>>) -> Self {
        let beside = || file.parent().unwrap_or(Path::new("")).join(DEFAULT_STATE);
        Self { file: file.to_owned(), state_file: state_file.map_or_else(beside, Path::to_owned), pretended }
    }

    /// The clock that the caller asked for. Call it once a command: a pretended time starts to run here.
    pub fn clock(&self) -> Clock {
        Clock::new(self.pretended)
    }

    /// Opens the state file.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn state(&self, access: Access) -> Result<State, StateError> {
        State::open(&self.state_file, access, self.clock())
    }

    /// Opens the state file to read it; `None` when there is none yet.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn past(&self) -> Result<Option<State>, StateError> {
        match self.state(Access::ReadOnly) {
            Err(StateError::Missing(_)) => Ok(None),
            opened => opened.map(Some),
        }
    }

    /// Reads the plan file and everything that is wrong with it.
    ///
    /// # Errors
    /// [`planfile::LoadError`] when there is nothing to judge.
    pub fn plan_file(&self) -> Result<planfile::Loaded, planfile::LoadError> {
        planfile::load(&self.file)
    }
}
