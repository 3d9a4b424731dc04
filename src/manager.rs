//! The manager opens a plan file and a state file and offers the pipelines; it is the one module that knows
//! all of them.

mod add;
mod approve;
mod approved;
mod debt;
mod import;
mod live;
mod monitor;
mod recorded;
mod report;
mod silences;
mod standing;
mod validate;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use crate::executor::history_of;
use crate::model::{Change, Placed, PlanFile, Schedule};
use crate::planfile::{self, LoadError};
use crate::scheduler::History;
use crate::scheduler::blind::BlindTimes;
use crate::state::{Access, Published, State, StateError, TaskHistory, WITHDRAWAL};
use crate::validator::checker::{self, Checked};
use crate::world::clock::Clock;

pub use add::{Failure, Looked};
pub use approve::{ApproveError, Asked, Draft, Recorded, Subject};
pub use import::{Added, ImportError, Imported, NewCheck, fragment};
pub use live::{LiveError, LiveQuestion};
pub use recorded::{AskedRuns, RecordedError, Which};
pub use silences::Silences;
pub use standing::StandingError;
pub use validate::{Fix, Mended, Question, ValidateError};

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
    /// How long monitoring was away after recent runs.
    pub blind_times: BlindTimes,
    /// The same past as the state file has it, to see whether it is still the same.
    recorded: BTreeMap<String, TaskHistory>,
}

/// A schedule was not published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The plan file is another by now.
    #[error("the plan file was changed while this schedule was made; plan again")]
    PlanFile,
    /// The plan file cannot be read any more.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The state file refuses it, or cannot be written.
    #[error(transparent)]
    State(#[from] StateError),
}

/// The state file's place beside the plan file.
const DEFAULT_STATE: &str = ".mainstay/state.db";

impl Manager {
    /// Knows where things are; opens nothing.
    pub fn new(file: &Path, state_file: Option<&Path>, pretended: Option<DateTime<Utc>>) -> Self {
        let beside = || planfile::folder_of(file).join(DEFAULT_STATE);
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
    pub fn existing_state(&self) -> Result<Option<State>, StateError> {
        match self.state(Access::ReadOnly) {
            Err(StateError::Missing { .. }) => Ok(None),
            opened => opened.map(Some),
        }
    }

    /// What the state file knows of the tasks of `plan`; nothing when there is no state file, and none is made.
    ///
    /// # Errors
    /// [`StateError`] when there is a state file that cannot be read.
    pub fn past(&self, plan: &PlanFile) -> Result<Past, StateError> {
        let Some(state) = self.existing_state()? else { return Ok(Past::default()) };
        let recorded = state.history()?;
        Ok(Past {
            history: history_of(&recorded, plan),
            published: state.published()?,
            blind_times: BlindTimes { settled: state.settle_times()?, gaps: state.blind_times()? },
            recorded,
        })
    }

    /// What a mainstay that was killed left running, a sentence for each run.
    ///
    /// # Errors
    /// [`StateError`] when there is a state file that cannot be read.
    pub fn still_running(&self) -> Result<Vec<String>, StateError> {
        self.existing_state()?
            .as_ref()
            .map_or_else(|| Ok(Vec::new()), crate::executor::recovery::still_running)
    }

    /// What was published within the [`WITHDRAWAL`] before `now` and is planned no longer, though it never ran: whoever
    /// has it in a calendar has to hear of it.
    ///
    /// # Errors
    /// [`StateError`] when there is a state file that cannot be read.
    pub fn withdrawn(&self, history: &History, now: DateTime<Utc>) -> Result<Vec<Placed>, StateError> {
        let Some(state) = self.existing_state()? else { return Ok(Vec::new()) };
        let mut withdrawn = state.withdrawn(now - WITHDRAWAL)?;
        withdrawn.retain(|placed| {
            let occurrence = &placed.occurrence;
            !history.of(&occurrence.task).is_settled(&occurrence.id)
        });
        Ok(withdrawn)
    }

    /// Makes `schedule`, which was made from `past`, the one in force and returns it with its revision.
    ///
    /// # Errors
    /// [`PublishError`] when the plan file, the schedule in force or the past of a task has changed meanwhile, or why
    /// it cannot be written; then nothing was.
    pub fn publish(
        &self,
        schedule: &Schedule,
        past: &Past,
        changes: &[Change],
    ) -> Result<Schedule, PublishError> {
        if planfile::load(&self.file)?.digest != schedule.plan_digest {
            return Err(PublishError::PlanFile);
        }
        let count = |is: fn(&Change) -> bool| changes.iter().filter(|change| is(change)).count();
        let counts = Published {
            added: count(|change| matches!(change, Change::Added { .. })),
            moved: count(|change| matches!(change, Change::Moved { .. })),
            dropped: count(|change| matches!(change, Change::Dropped { .. })),
        };
        let base = past.published.as_ref().map_or(0, |published| published.revision);
        let state = self.state(Access::ReadWrite)?;
        let revision = state.publish(schedule.clone(), base, &past.recorded, counts)?;
        Ok(Schedule { revision, ..schedule.clone() })
    }

    /// Reads the plan file to work with it, and everything that is wrong with it.
    ///
    /// # Errors
    /// [`LoadError`] when there is nothing to judge, or nothing that may be trusted.
    pub fn plan_file(&self) -> Result<Checked, LoadError> {
        let text = planfile::load_for_work(&self.file)?;
        Ok(checker::check(text, planfile::folder_of(&self.file), self.clock().now()))
    }
}
