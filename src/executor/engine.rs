//! The execution engine: one run from its first phase to its last.
//!
//! Phases: gate -> preconditions -> baseline -> silence -> steps -> verify -> rollback -> finally.
//!
//! 1. Every step's start is recorded before it starts, and its end before the next one starts.
//! 2. Until the first step has started, nothing is touched: whatever fails before refuses the run.
//! 3. What lets a run start is asked again just before each destructive step.
//! 4. A run that touched something ends by verifying it, or by going the way back; `finally` and the end of the
//!    silence come in any case.

mod recheck;
mod steps;

use std::cell::Cell;
use std::thread;
use std::time::Instant;

use chrono::Utc;

use self::steps::Progress;
pub use self::steps::step_tag;
use super::actions::Done;
use super::baseline::{self, Facts};
use super::journal::Journal;
use super::lease::{Lease, LeaseError, Purpose, Terms};
use crate::calendar::Zone;
use crate::model::{
    Baseline, Event, OccurrenceId, Outcome, Phase, PlanFile, RunId, SilenceSpec, Step, Task, WindowSpan,
};
use crate::planfile::matchers;
use crate::security::secrets::Values;
use crate::state::StateError;
use crate::world::World;
use crate::world::alertmanager::SilenceMatcher;
use crate::world::cancel::Cancel;
use crate::world::signals::Interrupts;

/// One run: everything that it needs to know.
#[derive(Debug)]
pub struct Work<'a> {
    /// Its number.
    pub run: RunId,
    /// The task's name.
    pub name: &'a str,
    /// The task.
    pub task: &'a Task,
    /// Its occurrence; `None` on demand.
    pub occurrence: Option<&'a OccurrenceId>,
    /// The targets, in order.
    pub targets: &'a [String],
    /// The window that it runs in: no attempt starts after its cutoff.
    pub window: Option<&'a WindowSpan>,
    /// The plan file, for what is asked again before a destructive step.
    pub plan: &'a PlanFile,
    /// Its zone.
    pub zone: &'a Zone,
    /// What the gate said when it was asked.
    pub gate: Option<String>,
    /// Names the ledger in tags.
    pub origin: &'a str,
    /// `user@host`, for silences.
    pub who: String,
    /// The values of the secrets that its steps need, read just before it began.
    pub secrets: &'a Values,
    /// What it reaches out to.
    pub world: &'a World,
    /// Where it is recorded.
    pub journal: &'a Journal<'a>,
    /// Who may stop it.
    pub interrupts: &'a Interrupts,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// How it went.
    pub outcome: Outcome,
    /// What people should know.
    pub reason: Option<String>,
}

impl End {
    fn new(outcome: Outcome, reason: impl Into<String>) -> Self {
        Self { outcome, reason: Some(reason.into()) }
    }
}

/// The tag that finds the silence of a run again.
pub fn silence_tag(origin: &str, run: RunId) -> String {
    format!("mainstay:{}:{run}", short(origin))
}

/// Twelve of the origin's random digits tell ledgers apart as well as all of them.
fn short(origin: &str) -> &str {
    origin.get(..12).unwrap_or(origin)
}

impl Work<'_> {
    /// Carries out the run and records its end.
    ///
    /// # Errors
    /// [`StateError`] when something could not be recorded: the work has stopped there, and a silence is
    /// expired. The run then counts as interrupted at the next start.
    pub fn carry_out(&self) -> Result<End, StateError> {
        let end = self.all_phases()?;
        self.journal.record(&Event::RunEnded {
            run: self.run,
            outcome: end.outcome,
            reason: end.reason.clone(),
        })?;
        Ok(end)
    }

    fn all_phases(&self) -> Result<End, StateError> {
        let deadline = self.task.timeout.map(|timeout| Instant::now() + timeout.to_std());
        let mut progress =
            Progress { ordinal: Cell::new(0), deadline, touched: Vec::new(), end_of_work: Utc::now() };
        let before = match self.prepare(&progress)? {
            Ok(before) => before,
            Err(end) => return Ok(end),
        };
        let Some(spec) = &self.task.silence else { return self.work(&mut progress, before.as_ref()) };
        let over = match Cancel::new() {
            Ok(over) => over,
            Err(error) => return Ok(End::new(Outcome::Refused, format!("cannot watch a silence: {error}"))),
        };
        let lease = match self.silence(&progress, spec, over.clone())? {
            Ok(lease) => lease,
            Err(end) => return Ok(end),
        };
        thread::scope(|scope| {
            lease.keep(scope);
            // Whatever happens, a panic included, the thread that renews must hear that it is over.
            let _over = FireOnDrop(&over);
            let end = self.work(&mut progress, before.as_ref());
            let unsilenced = self.end_silence(&progress, &lease, end.is_ok());
            let (mut end, unsilenced) = (end?, unsilenced?);
            if let Some(problem) = unsilenced {
                end.reason =
                    Some(end.reason.map_or(problem.clone(), |reason| format!("{reason}; {problem}")));
            }
            Ok(end)
        })
    }

    /// Gate, preconditions and baseline: nothing is touched yet.
    fn prepare(&self, progress: &Progress) -> Result<Result<Option<Facts>, End>, StateError> {
        if let (Some(gate), Some(found)) = (&self.task.gate, &self.gate) {
            self.once(progress, Phase::Gate, "gate", &gate.promql, || Done::well(found.clone()))?;
        }
        for check in self.task.preconditions.iter() {
            let done = self.check(progress, Phase::Preconditions, check)?;
            if done.outcome == Outcome::Interrupted {
                return Ok(Err(End::new(Outcome::Interrupted, "stopped before anything was touched")));
            }
            if !done.is_well() {
                let why = done.message.unwrap_or_default();
                let reason = format!("precondition `{}` does not hold: {why}", check.in_short());
                return Ok(Err(End::new(Outcome::Refused, reason)));
            }
        }
        match &self.task.baseline {
            Some(_) => Ok(self.take_baseline(progress)?.map(Some)),
            None => Ok(Ok(None)),
        }
    }

    fn take_baseline(&self, progress: &Progress) -> Result<Result<Facts, End>, StateError> {
        let mut facts = None;
        let done = self.once(progress, Phase::Baseline, "capture the baseline", "capture", || {
            let Some(prometheus) = &self.world.prometheus else {
                return Done::failed("there is no Prometheus");
            };
            match baseline::capture(prometheus, self.world) {
                Ok(taken) => {
                    let message = format!(
                        "{}, {}, {}",
                        crate::counted(taken.targets.len(), "target"),
                        crate::counted(taken.rules.len(), "rule"),
                        crate::counted(taken.firing.len(), "firing alert"),
                    );
                    facts = Some(taken);
                    Done::well(message)
                }
                Err(error) => Done::failed(crate::in_words(&error)),
            }
        })?;
        let Some(facts) = facts else {
            let why = done.message.unwrap_or_default();
            return Ok(Err(End::new(
                Outcome::Refused,
                format!("there is no baseline to come back to: {why}"),
            )));
        };
        if facts.targets.is_empty() {
            let reason = "the baseline is empty: Prometheus has no target, so nothing could be proved";
            return Ok(Err(End::new(Outcome::Refused, reason)));
        }
        self.journal.record(&Event::BaselineTaken {
            run: self.run,
            at: self.world.clock.now(),
            facts: serde_json::to_value(&facts).unwrap_or_default(),
        })?;
        Ok(Ok(facts))
    }

    fn silence(
        &self,
        progress: &Progress,
        spec: &SilenceSpec,
        over: Cancel,
    ) -> Result<Result<Lease<'_>, End>, StateError> {
        let Some(alertmanager) = &self.world.alertmanager else {
            return Ok(Err(End::new(Outcome::Refused, "there is no Alertmanager to hold the silence")));
        };
        let purpose = Purpose {
            run: self.run,
            tag: silence_tag(self.origin, self.run),
            created_by: format!("mainstay ({})", self.who),
            comment: format!("{}, run {}", self.task.title_or(self.name), self.run),
            matchers: silence_matchers(spec),
        };
        let mut lease = None;
        let mut broken = None;
        let done =
            self.once(progress, Phase::Silence, "silence alerts", &words_of(&purpose.matchers), || {
                match Lease::begin(alertmanager, self.journal, purpose.clone(), Terms::default(), over) {
                    Ok((begun, silenced)) => {
                        lease = Some(begun);
                        Done::well(match silenced.as_slice() {
                            [] => "matches no alert now".to_owned(),
                            names => format!("matches now: {}", names.join(", ")),
                        })
                    }
                    Err(LeaseError::Peer(error)) => Done::failed(crate::in_words(&error)),
                    Err(LeaseError::State(error)) => {
                        let done = Done::failed(crate::in_words(&error));
                        broken = Some(error);
                        done
                    }
                }
            })?;
        match (lease, broken) {
            (_, Some(error)) => Err(error),
            (Some(lease), None) => Ok(Ok(lease)),
            (None, None) => {
                let why = done.message.unwrap_or_default();
                Ok(Err(End::new(Outcome::Refused, format!("alerts could not be silenced: {why}"))))
            }
        }
    }

    /// Ends the silence; returns what is wrong with that, if anything.
    fn end_silence(
        &self,
        progress: &Progress,
        lease: &Lease,
        recorded: bool,
    ) -> Result<Option<String>, StateError> {
        if !recorded {
            // Nothing can be recorded any more; the silence still has to go.
            let _ = lease.end("the run could not be recorded any more");
            return Ok(None);
        }
        let done = self.once(progress, Phase::Finally, "end the silence", "expire", || {
            match lease.end("the run ended") {
                Ok(note) => Done::well(note),
                Err(error) => Done::failed(crate::in_words(&error)),
            }
        })?;
        let problem = || {
            format!(
                "the silence could not be ended and ends by itself within 5m: {}",
                done.message.unwrap_or_default()
            )
        };
        Ok((done.outcome != Outcome::Succeeded).then(problem))
    }

    /// Steps and verification, the way back when they fail, and `finally`.
    fn work(&self, progress: &mut Progress, before: Option<&Facts>) -> Result<End, StateError> {
        let mut end = self.steps_and_verify(progress, before)?;
        if end.outcome != Outcome::Succeeded && !progress.touched.is_empty() && !self.task.rollback.is_empty()
        {
            end = self.roll_back(progress, before, end)?;
        }
        if let Some(problem) = self.finally(progress)?
            && end.outcome == Outcome::Succeeded
        {
            end = End::new(Outcome::Failed, problem);
        }
        Ok(end)
    }

    fn steps_and_verify(&self, progress: &mut Progress, before: Option<&Facts>) -> Result<End, StateError> {
        for target in self.targets {
            for (n, step) in self.task.steps.iter().enumerate() {
                if self.interrupts.work.is_fired() {
                    let of = self.task.steps.len();
                    let reason = format!("stopped before step {} of {of}, `{}`", n + 1, step.label());
                    return Ok(End::new(Outcome::Interrupted, reason));
                }
                if let Err(end) = self.recheck(progress, target, (n, step))? {
                    return Ok(end);
                }
                if !progress.touched.contains(target) {
                    progress.touched.push(target.clone());
                }
                let done = self.step(progress, Phase::Steps, target, step)?;
                progress.end_of_work = Utc::now();
                if !done.is_well() {
                    return Ok(self.failed_at(target, (n, step), &done));
                }
            }
        }
        // First the baseline: right after a restart every check of monitoring finds nothing.
        if let Some(before) = before {
            let end = self.compare(progress, before, false)?;
            if end.outcome != Outcome::Succeeded {
                return Ok(end);
            }
        }
        for check in self.task.verify.iter() {
            let done = self.check(progress, Phase::Verify, check)?;
            if !done.is_well() {
                let why = done.message.unwrap_or_default();
                let outcome =
                    if done.outcome == Outcome::Interrupted { done.outcome } else { Outcome::Failed };
                return Ok(End::new(outcome, format!("verification `{}`: {why}", check.in_short())));
            }
        }
        Ok(End { outcome: Outcome::Succeeded, reason: None })
    }

    fn failed_at(&self, target: &str, (n, step): (usize, &Step), done: &Done) -> End {
        let on = if self.targets.len() > 1 { format!(" on {target}") } else { String::new() };
        let why = done.message.clone().unwrap_or_default();
        let outcome = if done.outcome == Outcome::Interrupted { done.outcome } else { Outcome::Failed };
        let of = self.task.steps.len();
        End::new(outcome, format!("step {} of {of}, `{}`{on}: {why}", n + 1, step.label()))
    }

    /// Waits until monitoring is as it was before the work, or before the way back (`is_cleanup`).
    fn compare(&self, progress: &Progress, before: &Facts, is_cleanup: bool) -> Result<End, StateError> {
        let cancel = if is_cleanup { &self.interrupts.cleanup } else { &self.interrupts.work };
        let spec = self.task.baseline.as_ref().map(|spec| spec.value.clone()).unwrap_or_default();
        let within = spec.within.map_or(Baseline::DEFAULT_WITHIN, |within| within.value);
        let patience = spec.settle.map_or(Baseline::DEFAULT_SETTLE, |settle| settle.value).to_std();
        let patience = progress.time_left(patience, if is_cleanup { Phase::Rollback } else { Phase::Verify });
        let mut settled = None;
        let done = self.once(progress, Phase::Verify, "compare with the baseline", "compare", || {
            let found =
                baseline::settle(before, self.world, progress.end_of_work, (patience, within), cancel);
            let done = match found.took {
                Some(took) => {
                    Done::well(format!("monitoring is as it was, after {:.1}s", took.as_secs_f32()))
                }
                None if cancel.is_fired() => Done::interrupted("stopped waiting for monitoring to come back"),
                None => Done::failed(found.differences.join("; ")),
            };
            settled = Some(found);
            done
        })?;
        if let Some(settled) = settled {
            self.journal.record(&Event::BaselineCompared {
                run: self.run,
                same: settled.took.is_some(),
                differences: settled.differences,
                settled_ms: settled.took.map(|took| u64::try_from(took.as_millis()).unwrap_or(u64::MAX)),
            })?;
        }
        Ok(match done.outcome {
            Outcome::Succeeded => End { outcome: Outcome::Succeeded, reason: None },
            Outcome::Interrupted => End { outcome: Outcome::Interrupted, reason: done.message },
            _ => End::new(
                Outcome::Failed,
                format!("monitoring did not come back as it was: {}", done.message.unwrap_or_default()),
            ),
        })
    }

    /// Goes the way back on every target that was touched, the last one first.
    fn roll_back(
        &self,
        progress: &mut Progress,
        before: Option<&Facts>,
        cause: End,
    ) -> Result<End, StateError> {
        let cause_text = cause.reason.unwrap_or_default();
        for target in progress.touched.clone().iter().rev() {
            for step in self.task.rollback.iter() {
                let done = self.step(progress, Phase::Rollback, target, step)?;
                progress.end_of_work = Utc::now();
                if !done.is_well() {
                    let why = done.message.unwrap_or_default();
                    let reason = format!("{cause_text}; the rollback failed at `{}`: {why}", step.label());
                    return Ok(End::new(Outcome::Failed, reason));
                }
            }
        }
        if let Some(before) = before {
            let back = self.compare(progress, before, true)?;
            if back.outcome != Outcome::Succeeded {
                let why = back.reason.unwrap_or_default();
                return Ok(End::new(Outcome::Failed, format!("{cause_text}; rolled back, but {why}")));
            }
        }
        let outcome =
            if cause.outcome == Outcome::Interrupted { Outcome::Interrupted } else { Outcome::RolledBack };
        let note = if outcome == Outcome::Interrupted { "; rolled back" } else { "" };
        Ok(End::new(outcome, format!("{cause_text}{note}")))
    }

    /// Runs every `finally` step, whatever becomes of the one before; returns the first problem.
    fn finally(&self, progress: &Progress) -> Result<Option<String>, StateError> {
        let mut problem = None;
        for target in &progress.touched {
            for step in self.task.finally.iter() {
                let done = self.step(progress, Phase::Finally, target, step)?;
                if !done.is_well() && problem.is_none() {
                    let why = done.message.unwrap_or_default();
                    problem = Some(format!("finally step `{}`: {why}", step.label()));
                }
            }
        }
        Ok(problem)
    }
}

/// Fires when it goes out of scope.
struct FireOnDrop<'a>(&'a Cancel);

impl Drop for FireOnDrop<'_> {
    fn drop(&mut self) {
        self.0.fire();
    }
}

/// The matchers of a silence; the plan file's reader has refused what is none.
pub(super) fn silence_matchers(spec: &SilenceSpec) -> Vec<SilenceMatcher> {
    let parsed = spec.matchers.iter().filter_map(|text| matchers::parse(text).ok());
    parsed
        .map(|one| SilenceMatcher {
            name: one.name,
            value: one.value,
            is_regex: one.is_regex,
            is_equal: one.is_equal,
        })
        .collect()
}

fn words_of(matchers: &[SilenceMatcher]) -> String {
    matchers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
