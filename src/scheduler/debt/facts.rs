//! What the debt is found in, as plain values, and which steps of a run are owed.

use chrono::{DateTime, Utc};

use crate::model::{Outcome, Phase, PlanFile, Run, RunId, Schedule, StepRecord, Task};
use crate::scheduler::History;

/// Everything that is known.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The plan file.
    pub plan: &'a PlanFile,
    /// The time.
    pub now: DateTime<Utc>,
    /// What was done.
    pub history: &'a History,
    /// The schedule in force.
    pub published: Option<&'a Schedule>,
    /// Runs that are not settled: interrupted ones, and those that did not clean up.
    pub runs: &'a [OpenRun],
    /// Silences that nobody has seen ending, though their run is over.
    pub silences: &'a [LeftSilence],
    /// Starts that are on record as missed: the task, and when it was released.
    pub missed: &'a [(String, DateTime<Utc>)],
    /// Emergencies that nobody has reviewed.
    pub reviews: &'a [OpenReview],
    /// Waivers that have ended.
    pub waivers: &'a [LeftWaiver],
}

/// A run that somebody has to see to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenRun {
    /// The run.
    pub run: Run,
    /// What it owes, in the words of [`owed_steps`].
    pub owed: Vec<String>,
}

/// A silence that outlived its run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftSilence {
    /// The run.
    pub run: RunId,
    /// Its task, when that is known.
    pub task: Option<String>,
    /// Where it is.
    pub alertmanager: String,
    /// When its run was over.
    pub since: DateTime<Utc>,
}

/// An emergency that has to be reviewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenReview {
    /// The run.
    pub run: RunId,
    /// Its task.
    pub task: String,
    /// Why it could not wait.
    pub reason: String,
    /// When it was opened.
    pub opened: DateTime<Utc>,
    /// When it has to be done.
    pub due: DateTime<Utc>,
}

/// A waiver that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftWaiver {
    /// What it waived.
    pub code: String,
    /// When it ended.
    pub ended: DateTime<Utc>,
}

/// What the end of a silence is called among the steps of a run: what it owes is the silence, not a step.
const END_OF_SILENCE: &str = "end the silence";

/// The steps of the way back and of `finally` that a run owes, such as ``rollback `restart` on prom-1``.
///
/// Those that failed or have no end are owed, and those that were not begun: of the way back once it was begun, of
/// `finally` when the run stopped before. What was not begun is known from `task`, which is that of the plan file
/// that the run worked by, or `None` when that is another one by now.
pub fn owed_steps(run: &Run, steps: &[StepRecord], task: Option<&Task>) -> Vec<String> {
    let words = |phase: Phase, name: &str, target: &str| {
        let on = if target.is_empty() { String::new() } else { format!(" on {target}") };
        format!("{phase} `{name}`{on}")
    };
    let of =
        |phase: Phase| steps.iter().filter(move |step| step.phase == phase && step.name != END_OF_SILENCE);
    let is_done_later = |step: &StepRecord| {
        let is_it = |again: &StepRecord| {
            step.ordinal < again.ordinal
                && (again.phase, again.place) == (step.phase, step.place)
                && (&again.target, &again.name) == (&step.target, &step.name)
        };
        step.settled == Some(true) || steps.iter().any(is_it)
    };
    let is_bad = |step: &&StepRecord| {
        matches!(step.outcome, None | Some(Outcome::Failed | Outcome::Interrupted | Outcome::Refused))
            && !is_done_later(step)
    };
    let mut touched: Vec<&str> = Vec::new();
    for step in of(Phase::Steps) {
        if !touched.contains(&step.target.as_str()) {
            touched.push(&step.target);
        }
    }
    let mut owed = Vec::new();
    for phase in [Phase::Rollback, Phase::Finally] {
        owed.extend(of(phase).filter(is_bad).map(|step| words(phase, &step.name, &step.target)));
        let is_begun = match phase {
            Phase::Rollback => of(phase).next().is_some(),
            _ => matches!(run.outcome, None | Some(Outcome::Interrupted)),
        };
        let Some(task) = task.filter(|_| is_begun) else { continue };
        let declared = if phase == Phase::Rollback { &task.rollback } else { &task.finally };
        for target in touched.iter().rev() {
            for step in declared.iter() {
                let label = step.label();
                if !of(phase).any(|done| done.name == label && done.target == *target) {
                    owed.push(words(phase, &label, target));
                }
            }
        }
    }
    owed
}
