//! The execution monitor: what is going on, folded from events.

use std::collections::BTreeMap;

use crate::model::{Event, Phase, RunId};

/// What one run is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The task.
    pub task: String,
    /// The part of the run.
    pub phase: Phase,
    /// The step that is going, or went last.
    pub step: String,
    /// Which attempt at it this is.
    pub attempt: u32,
    /// Steps that have ended.
    pub n_done: u32,
}

/// What all runs of this process are doing.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    /// The runs that are going.
    pub runs: BTreeMap<RunId, Standing>,
}

impl Progress {
    /// Takes in what happened.
    pub fn hear(&mut self, event: &Event) {
        match event {
            Event::RunStarted { run, task, .. } => {
                let standing = Standing {
                    task: task.clone(),
                    phase: Phase::Gate,
                    step: String::new(),
                    attempt: 1,
                    n_done: 0,
                };
                self.runs.insert(*run, standing);
            }
            // Its task is on record; who resumed it has just read its name.
            Event::RunResumed { run, .. } => {
                let task = format!("run {run}");
                let standing =
                    Standing { task, phase: Phase::Steps, step: String::new(), attempt: 1, n_done: 0 };
                self.runs.insert(*run, standing);
            }
            Event::StepIntended { run, phase, name, attempt, .. } => {
                if let Some(standing) = self.runs.get_mut(run) {
                    (standing.phase, standing.attempt) = (*phase, *attempt);
                    standing.step.clone_from(name);
                }
            }
            Event::StepEnded { run, retried: false, .. } => {
                if let Some(standing) = self.runs.get_mut(run) {
                    standing.n_done += 1;
                }
            }
            Event::RunEnded { run, .. } => {
                self.runs.remove(run);
            }
            _ => {}
        }
    }
}
