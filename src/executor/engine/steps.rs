//! One step of a run: its attempts, its checks, and the record of each before and after.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use super::{Work, short};
use crate::executor::actions::{self, Context, Done};
use crate::model::{Check, EnvValue, Event, Outcome, Phase, RunId, Step};
use crate::state::StateError;
use crate::validator::checks::{self, Answer};
use crate::world::cancel::Cancel;
use crate::world::output::lines::Whose;
use crate::world::output::log::LogName;
use crate::world::secret_env::SecretEnv;
use crate::world::stragglers::TAG;

/// The tag that finds the processes of one attempt again.
pub fn step_tag(origin: &str, run: RunId, ordinal: u32, attempt: u32) -> String {
    format!("{}:{run}:{ordinal}:{attempt}", short(origin))
}

/// Where a run stands.
pub(super) struct Progress {
    /// The number of the last step.
    pub(super) ordinal: Cell<u32>,
    /// When the run as a whole has taken too long.
    pub(super) deadline: Option<Instant>,
    /// The targets that a step has started on, in order.
    pub(super) touched: Vec<String>,
    /// When the last step of the work ended, by the real clock.
    pub(super) end_of_work: DateTime<Utc>,
}

impl Progress {
    /// `timeout`, or what is left of the run's own if that is less: it bounds the work; cleaning up has its own
    /// timeouts only.
    pub(super) fn time_left(&self, timeout: Duration, phase: Phase) -> Duration {
        match (self.deadline, phase) {
            (_, Phase::Rollback | Phase::Finally) | (None, _) => timeout,
            (Some(deadline), _) => timeout.min(deadline.saturating_duration_since(Instant::now())),
        }
    }

    /// Numbers the next step.
    fn next(&self) -> u32 {
        self.ordinal.set(self.ordinal.get() + 1);
        self.ordinal.get()
    }
}

impl<'a> Work<'a> {
    /// One step on one target, with its attempts.
    pub(super) fn step(
        &self,
        progress: &Progress,
        phase: Phase,
        target: &str,
        step: &Step,
    ) -> Result<Done, StateError> {
        let cancel = self.cancel_of(phase);
        let attempts = step.retry.as_ref().map_or(1, |retry| retry.attempts.value);
        let backoff =
            step.retry.as_ref().and_then(|retry| retry.backoff).map_or(Duration::ZERO, |b| b.to_std());
        let (label, action) = (step.label(), step.action_in_short());
        let ordinal = progress.next();
        for attempt in 1..=attempts {
            let pause =
                if attempt > 1 { backoff.saturating_mul(1 << (attempt - 2).min(16)) } else { Duration::ZERO };
            let may_retry = |done: &Done| attempt < attempts && done.outcome == Outcome::Failed;
            let done = self.recorded(
                (ordinal, attempt),
                (phase, target),
                (&label, &action),
                || {
                    if cancel.wait(pause) {
                        return Done::interrupted("not begun");
                    }
                    self.attempt(progress, phase, target, step, (ordinal, attempt), cancel)
                },
                may_retry,
            )?;
            let next_pause = backoff.saturating_mul(1 << (attempt - 1).min(16));
            if !may_retry(&done) || cancel.is_fired() {
                return Ok(done);
            }
            if phase == Phase::Steps && self.is_past_cutoff(next_pause) {
                let why = done.message.clone().unwrap_or_default();
                let message = Some(format!("{why}; no attempt is left before the cutoff"));
                return Ok(Done { message, ..done });
            }
        }
        Ok(Done::failed("no attempt was allowed"))
    }

    fn attempt(
        &self,
        progress: &Progress,
        phase: Phase,
        target: &str,
        step: &Step,
        (ordinal, attempt): (u32, u32),
        cancel: &Cancel,
    ) -> Done {
        if let Some(only_if) = &step.only_if {
            match checks::ask(only_if, self.world, cancel) {
                Answer::Yes { .. } => {}
                Answer::No { found, .. } => return Done::skipped(format!("left out: {found}")),
                Answer::Unknown { why } => {
                    return Done::failed(format!("`only_if` could not be found out: {why}"));
                }
            }
        }
        let secrets = match self.secrets_of(step) {
            Ok(secrets) => secrets,
            Err(why) => return Done::failed(why),
        };
        let log = LogName { run: self.run, ordinal, attempt, copy: 1 };
        let whose = Whose { task: self.name.to_owned(), target: target.to_owned() };
        let context = Context {
            world: self.world,
            env: self.variables(target, step),
            secrets,
            recording: self.world.outputs.of_step(log, whose),
            folder: step
                .cwd
                .as_ref()
                .map_or_else(|| self.world.folder.clone(), |cwd| self.world.folder.join(&cwd.value)),
            tag: step_tag(self.origin, self.run, ordinal, attempt),
            timeout: progress.time_left(step.timeout().to_std(), phase),
            cancel,
        };
        if context.timeout.is_zero() {
            return Done::failed("the run's timeout is over");
        }
        actions::carry_out(step, &context)
    }

    /// `MAINSTAY_RUN`, `MAINSTAY_TASK`, `MAINSTAY_TARGET`, `MAINSTAY_OCCURRENCE`, and the step's own.
    fn variables(&self, target: &str, step: &Step) -> BTreeMap<String, String> {
        let mut variables = BTreeMap::from([
            ("MAINSTAY_RUN".to_owned(), self.run.to_string()),
            ("MAINSTAY_TASK".to_owned(), self.name.to_owned()),
            ("MAINSTAY_TARGET".to_owned(), target.to_owned()),
        ]);
        if let Some(occurrence) = self.occurrence {
            variables.insert("MAINSTAY_OCCURRENCE".to_owned(), occurrence.to_string());
        }
        for (name, value) in &step.env {
            if let EnvValue::Text(text) = value
                && name != TAG
            {
                variables.insert(name.clone(), text.clone());
            }
        }
        variables
    }

    /// The variables of a step whose values are secret; if one is not known, why not.
    fn secrets_of(&self, step: &Step) -> Result<SecretEnv, String> {
        let mut variables = SecretEnv::default();
        for (name, value) in &step.env {
            let EnvValue::Secret(secret) = value else { continue };
            let value = self.secrets.get(&secret.value);
            let value =
                value.ok_or_else(|| format!("secret `{}` was not read before the run", secret.value))?;
            if name != TAG {
                variables.set(name, value.clone());
            }
        }
        Ok(variables)
    }

    /// One check, on this machine.
    pub(super) fn check(&self, progress: &Progress, phase: Phase, check: &Check) -> Result<Done, StateError> {
        let cancel = self.cancel_of(phase);
        let name = check.in_short();
        self.once(progress, phase, &name, &name, || {
            if cancel.is_fired() {
                return Done::interrupted("not begun");
            }
            let answer = checks::ask(check, self.world, cancel);
            let words = answer.in_words();
            match answer {
                Answer::Yes { .. } => Done::well(words),
                _ if cancel.is_fired() => Done::interrupted("stopped"),
                Answer::No { .. } | Answer::Unknown { .. } => Done::failed(words),
            }
        })
    }

    /// Something that is tried once and belongs to no single target.
    pub(super) fn once(
        &self,
        progress: &Progress,
        phase: Phase,
        name: &str,
        action: &str,
        body: impl FnOnce() -> Done,
    ) -> Result<Done, StateError> {
        let target = self.targets.first().map_or("", String::as_str);
        let target = if self.targets.len() == 1 { target } else { "" };
        self.recorded((progress.next(), 1), (phase, target), (name, action), body, |_| false)
    }

    /// Records the start, does it, records the end.
    fn recorded(
        &self,
        (ordinal, attempt): (u32, u32),
        (phase, target): (Phase, &str),
        (name, action): (&str, &str),
        body: impl FnOnce() -> Done,
        is_retried: impl Fn(&Done) -> bool,
    ) -> Result<Done, StateError> {
        self.journal.record(&Event::StepIntended {
            run: self.run,
            ordinal,
            phase,
            target: target.to_owned(),
            name: name.to_owned(),
            action: action.to_owned(),
            attempt,
            place: None,
        })?;
        let began = Instant::now();
        let done = body();
        self.journal.record(&Event::StepEnded {
            run: self.run,
            ordinal,
            attempt,
            outcome: done.outcome,
            retried: is_retried(&done),
            exit_code: done.exit_code,
            took_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            message: done.message.clone(),
            output: done.output.clone(),
            usage: None,
        })?;
        Ok(done)
    }

    /// Cleaning up is not interrupted by the request that stopped the work.
    fn cancel_of(&self, phase: Phase) -> &'a Cancel {
        match phase {
            Phase::Rollback | Phase::Finally => &self.interrupts.cleanup,
            _ => &self.interrupts.work,
        }
    }

    fn is_past_cutoff(&self, pause: Duration) -> bool {
        let next = self.world.clock.now() + chrono::TimeDelta::from_std(pause).unwrap_or_default();
        self.window.is_some_and(|window| window.cutoff <= next)
    }
}
