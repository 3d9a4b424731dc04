//! The execution monitor: what is going on, folded from events.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use chrono::TimeDelta;

use super::whole_length;
use crate::model::{Event, Outcome, Phase, PlanFile, RunId};
use crate::state::TaskHistory;

/// How long a run takes, as far as anybody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// The middle one of its last successes.
    Usually(TimeDelta),
    /// What the plan file says; it has not succeeded often enough to know better.
    Planned(TimeDelta),
}

/// What is known of a task before it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// How many steps its work has on each target.
    pub n_steps: usize,
    /// How long a run takes.
    pub takes: Takes,
}

/// Fewer successes than this say nothing of the next one.
const ENOUGH: usize = 3;

/// What is known of every task of `plan`, by its past.
pub fn expected(plan: &PlanFile, past: &BTreeMap<String, TaskHistory>) -> BTreeMap<String, Expected> {
    let of_task = |(name, task): (&crate::model::Spanned<String>, &crate::model::Task)| {
        let mut durations = past.get(&name.value).map(|past| past.durations.clone()).unwrap_or_default();
        durations.sort_unstable();
        let takes = if durations.len() < ENOUGH {
            Takes::Planned(whole_length(plan, task))
        } else {
            Takes::Usually(durations[durations.len() / 2])
        };
        (name.value.clone(), Expected { n_steps: task.steps.len(), takes })
    };
    plan.tasks.iter().map(of_task).collect()
}

/// A step that is going.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AtWork {
    /// The part of the run.
    pub phase: Phase,
    /// What people call it.
    pub name: String,
    /// Where; empty when it belongs to no single target.
    pub target: String,
    /// Which attempt at it this is.
    pub attempt: u32,
    /// When its first attempt began.
    pub since: Instant,
}

/// What one run is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The task.
    pub task: String,
    /// Its targets.
    pub targets: Vec<String>,
    /// When it began.
    pub since: Instant,
    /// How long it takes; `None` for a task that is in no plan file.
    pub takes: Option<Takes>,
    /// The part of the run.
    pub phase: Phase,
    /// Steps of the work that have begun, and have ended.
    pub n_begun: usize,
    /// See `n_begun`.
    pub n_ended: usize,
    /// How many steps the work has, on all targets.
    pub n_steps: usize,
    /// The steps that are going, by their places in the run.
    pub at_work: BTreeMap<u32, AtWork>,
    /// The steps that have begun.
    seen: BTreeSet<u32>,
}

#[cfg(test)]
impl Standing {
    /// A run in the middle of `step`, the `n`th of `of`.
    pub fn example(
        task: &str,
        targets: &[&str],
        since: Instant,
        (n, of): (usize, usize),
        step: AtWork,
    ) -> Self {
        Self {
            task: task.to_owned(),
            targets: targets.iter().map(|target| (*target).to_owned()).collect(),
            since,
            takes: None,
            phase: step.phase,
            n_begun: n,
            n_ended: n.saturating_sub(1),
            n_steps: of,
            at_work: BTreeMap::from([(1, step)]),
            seen: BTreeSet::new(),
        }
    }
}

impl Standing {
    /// The step that has been going for longest.
    pub fn oldest(&self) -> Option<&AtWork> {
        self.at_work.values().min_by_key(|step| step.since)
    }

    /// How much of the work is done: 0 to 1. What comes after the work counts as nothing left.
    pub fn fraction(&self) -> f64 {
        match self.phase {
            Phase::Gate | Phase::Preconditions | Phase::Baseline | Phase::Silence if self.n_ended == 0 => 0.0,
            Phase::Verify | Phase::Rollback | Phase::Finally => 1.0,
            _ => of(self.n_ended, self.n_steps),
        }
    }
}

fn of(n: usize, all: usize) -> f64 {
    let as_float = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    (as_float(n) / as_float(all.max(1))).min(1.0)
}

/// What all runs of this process are doing.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    /// The runs that are going.
    pub runs: BTreeMap<RunId, Standing>,
    /// How many have ended.
    pub n_ended: usize,
    /// How many of them did not succeed.
    pub n_not_well: usize,
    expected: BTreeMap<String, Expected>,
    resumed: BTreeMap<RunId, Resumed>,
}

/// How far a run came that is gone on with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resumed {
    /// Its targets.
    pub targets: Vec<String>,
    /// How many steps its work has, on all targets.
    pub n_steps: usize,
    /// How many of them are done.
    pub n_done: usize,
}

impl Progress {
    /// Nothing is going yet.
    pub fn new(expected: BTreeMap<String, Expected>) -> Self {
        Self { expected, ..Self::default() }
    }

    /// Learns how far a run came before it is gone on with.
    pub fn resumes(&mut self, run: RunId, resumed: Resumed) {
        self.resumed.insert(run, resumed);
    }

    /// Takes in what happened at `now`.
    pub fn hear(&mut self, event: &Event, now: Instant) {
        match event {
            Event::RunStarted { run, task, targets, .. } => {
                let expected = self.expected.get(task);
                let standing = Standing {
                    task: task.clone(),
                    targets: targets.clone(),
                    since: now,
                    takes: expected.map(|expected| expected.takes),
                    phase: Phase::Gate,
                    n_begun: 0,
                    n_ended: 0,
                    n_steps: expected.map_or(0, |expected| expected.n_steps) * targets.len(),
                    at_work: BTreeMap::new(),
                    seen: BTreeSet::new(),
                };
                self.runs.insert(*run, standing);
            }
            Event::RunResumed { run, task, .. } => {
                let Resumed { targets, n_steps, n_done } = self.resumed.remove(run).unwrap_or_default();
                let standing = Standing {
                    task: task.clone(),
                    targets,
                    since: now,
                    takes: None,
                    phase: Phase::Steps,
                    n_begun: n_done,
                    n_ended: n_done,
                    n_steps,
                    at_work: BTreeMap::new(),
                    seen: BTreeSet::new(),
                };
                self.runs.insert(*run, standing);
            }
            Event::StepIntended { run, ordinal, phase, target, name, attempt, .. } => {
                let Some(standing) = self.runs.get_mut(run) else { return };
                standing.phase = *phase;
                if standing.seen.insert(*ordinal) && *phase == Phase::Steps {
                    standing.n_begun += 1;
                }
                let begun = || AtWork {
                    phase: *phase,
                    name: name.clone(),
                    target: target.clone(),
                    attempt: *attempt,
                    since: now,
                };
                standing.at_work.entry(*ordinal).or_insert_with(begun).attempt = *attempt;
            }
            Event::StepEnded { run, ordinal, retried: false, .. } => {
                let Some(standing) = self.runs.get_mut(run) else { return };
                if standing.at_work.remove(ordinal).is_some_and(|step| step.phase == Phase::Steps) {
                    standing.n_ended += 1;
                }
            }
            Event::RunEnded { run, outcome, .. } if self.runs.remove(run).is_some() => {
                self.n_ended += 1;
                self.n_not_well += usize::from(*outcome != Outcome::Succeeded);
            }
            _ => {}
        }
    }
}

/// A length of time as progress tells it: `0s`, `42s`, `2m 10s`, `3h 4m`.
pub fn elapsed(length: Duration) -> String {
    crate::text::roughly(TimeDelta::from_std(length).unwrap_or(TimeDelta::MAX))
}

impl Takes {
    /// `usually 4m`, `planned 20m`.
    pub fn in_words(self) -> String {
        match self {
            Self::Usually(length) => format!("usually {}", crate::text::roughly(length)),
            Self::Planned(length) => format!("planned {}", crate::text::roughly(length)),
        }
    }
}
