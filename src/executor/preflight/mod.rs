//! A dry run: everything that a run would do, looked at without touching anything, and how much each look is worth.
//!
//! 1. Nothing is written, no program of the plan file is run, and no request that could change something is sent.
//! 2. What is said to be wrong would end the real run as [`Ending`] says; nothing else would, as far as can be known.
//! 3. Things are looked at in the order in which the real run meets them: the first that is wrong is where it ends.

mod checks;
mod gates;
mod peers;
mod place;
mod program;
mod secrets;
mod steps;

use std::time::Duration;

use chrono::{DateTime, Utc};

pub use self::checks::conditions;
pub use self::place::{Place, place};
use crate::calendar::Zone;
use crate::model::{Holder, OccurrenceId, Phase, PlanFile, Task};
use crate::security::approval::{Approvals, Work};
use crate::state::{State, StateError};
use crate::world::World;

/// What one question of a dry run may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// How much a line of a dry run is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// It was looked at, and it is so.
    Verified,
    /// It was looked at as far as can be without doing it; the rest is taken to be well.
    Assumed,
    /// It depends on what happens in the run.
    CannotKnow,
    /// It was looked at, and the real run would end here, like this.
    Wrong(Ending),
}

/// How a run ends that meets what is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    /// It does not start now, and would later.
    NotNow,
    /// Another mainstay holds what it needs.
    Held,
    /// It does not start, because something could not be found out.
    Unknown,
    /// It is refused, or it fails.
    Failed,
}

impl Certainty {
    /// Its name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Assumed => "assumed",
            Self::CannotKnow => "cannot_know",
            Self::Wrong(_) => "wrong",
        }
    }
}

/// One thing that the real run would do or need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The part of the run.
    pub phase: Phase,
    /// What it is.
    pub name: String,
    /// How much is known.
    pub certainty: Certainty,
    /// What is known.
    pub note: String,
}

impl Item {
    fn new(phase: Phase, name: &str, (certainty, note): Found) -> Self {
        Self { phase, name: name.to_owned(), certainty, note }
    }

    /// How the run ends here, if it does.
    pub fn ending(&self) -> Option<Ending> {
        match self.certainty {
            Certainty::Wrong(ending) => Some(ending),
            _ => None,
        }
    }
}

/// What one look came to.
type Found = (Certainty, String);

fn verified(note: impl Into<String>) -> Found {
    (Certainty::Verified, note.into())
}

fn assumed(note: impl Into<String>) -> Found {
    (Certainty::Assumed, note.into())
}

fn cannot_know(note: impl Into<String>) -> Found {
    (Certainty::CannotKnow, note.into())
}

fn wrong(ending: Ending, note: impl Into<String>) -> Found {
    (Certainty::Wrong(ending), note.into())
}

/// Several looks at one thing: as good as the worst of them.
fn together(looks: Vec<Found>) -> Found {
    let worst = looks.iter().map(|(certainty, _)| *certainty).max().unwrap_or(Certainty::Verified);
    // What is wrong is told alone.
    let is_told = |certainty: Certainty| !matches!(worst, Certainty::Wrong(_)) || certainty == worst;
    let told = looks.into_iter().filter(|(certainty, note)| is_told(*certainty) && !note.is_empty());
    (worst, told.map(|(_, note)| note).collect::<Vec<_>>().join("; "))
}

/// What every look needs.
#[derive(Debug, Clone, Copy)]
pub struct Ahead<'a> {
    /// The plan file.
    pub plan: &'a PlanFile,
    /// SHA-256 of its bytes, in hexadecimal.
    pub plan_digest: &'a str,
    /// Its zone.
    pub zone: &'a Zone,
    /// What is looked at.
    pub world: &'a World,
    /// Who has agreed to what.
    pub approvals: &'a Approvals<'a>,
    /// What is on record, or why it cannot be read; nothing when there is no state file yet.
    pub past: Result<Option<&'a State>, &'a str>,
    /// This process.
    pub holder: &'a Holder,
    /// Whether it passes windows, blackouts and approval.
    pub is_emergency: bool,
    /// Whether it would wait for what others hold.
    pub waits: bool,
    /// Tasks that the same command runs before.
    pub before: &'a [String],
    /// The time.
    pub now: DateTime<Utc>,
}

/// The work that is looked at.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    /// The task's name.
    pub name: &'a str,
    /// The task.
    pub task: &'a Task,
    /// Its occurrence; `None` on demand.
    pub occurrence: Option<&'a OccurrenceId>,
    /// The targets, in order.
    pub targets: Vec<String>,
}

impl Wanted<'_> {
    fn work(&self) -> Work<'_> {
        Work { task: self.name, occurrence: self.occurrence, targets: &self.targets }
    }
}

/// Looks at everything that a run would do.
///
/// # Errors
/// [`StateError`] when the state file, which could be opened, cannot be read.
pub fn look_ahead(ahead: &Ahead, wanted: &Wanted) -> Result<Vec<Item>, StateError> {
    let task = wanted.task;
    let mut items = gates::look(ahead, wanted)?;
    items.extend(task.preconditions.iter().map(|check| checks::precondition(check, ahead.world)));
    items.extend(task.baseline.as_ref().map(|baseline| peers::baseline(baseline, ahead.world)));
    items.extend(task.baseline.as_ref().and_then(|baseline| peers::series(baseline, ahead.world)));
    items.extend(
        task.silence.as_ref().map(|spec| peers::silence(spec, ahead.plan, &wanted.targets, ahead.world)),
    );
    let work: Vec<_> = task.steps.iter().map(|step| &step.value).collect();
    let look = |phase, list: &[&_]| -> Vec<Item> {
        let of_step = |(n, step): (usize, &&_)| {
            let earlier = if phase == Phase::Steps { Vec::new() } else { work.clone() };
            let earlier: Vec<_> = earlier.into_iter().chain(list[..n].iter().copied()).collect();
            steps::look(ahead, phase, step, &earlier)
        };
        list.iter().enumerate().map(of_step).collect()
    };
    items.extend(look(Phase::Steps, &work));
    items.extend(task.verify.iter().map(|check| checks::verification(check, ahead.world)));
    for (phase, list) in [(Phase::Rollback, &task.rollback), (Phase::Finally, &task.finally)] {
        let list: Vec<_> = list.iter().map(|step| &step.value).collect();
        items.extend(look(phase, &list));
    }
    Ok(items)
}
