//! One step of a run: its attempts, its checks, and the record of each before and after.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use super::past::{self, Standing};
use super::record::Intent;
use super::replay;
use super::rollout::Rolled;
use super::{Work, short};
use crate::executor::actions::{self, Context, Done, NotNow};
use crate::executor::lease::Lease;
use crate::model::script::{Part, Unit};
use crate::model::{EnvValue, Event, Outcome, Phase, RunId, Step};
use crate::state::StateError;
use crate::validator::checks::{self, Answer};
use crate::world::cancel::Cancel;
use crate::world::output::lines::Whose;
use crate::world::output::log::LogName;
use crate::world::process::{OnStart, Started};
use crate::world::secret_env::SecretEnv;
use crate::world::stragglers::TAG;

/// What the message of a step ends with that could have been tried again, if the cutoff had not come before.
pub(super) const OUT_OF_WINDOW: &str = "; no attempt is left before the cutoff";

/// The tag that finds the processes of one attempt again.
pub fn step_tag(origin: &str, run: RunId, ordinal: u32, attempt: u32) -> String {
    format!("{}:{run}:{ordinal}:{attempt}", short(origin))
}

/// Where a run stands.
pub(super) struct Progress<'s> {
    /// The number of the last step.
    ordinal: Cell<u32>,
    /// When the run as a whole has taken too long.
    deadline: Option<Instant>,
    /// What a step has started on, in order.
    pub(super) touched: Vec<&'s Part<'s>>,
    /// Why targets were left out, a sentence each: their first steps said "not now".
    pub(super) left_out: Vec<String>,
    /// When the last step of the work ended, by the real clock.
    pub(super) end_of_work: DateTime<Utc>,
    /// Where a rollout stands.
    pub(super) rolled: Rolled<'s>,
    /// Whether more of the work, or of the way back, was done than is on record from before.
    pub(super) has_worked: Cell<bool>,
    /// The gaps in the scrapes that are longer than they may be, a sentence each.
    pub(super) blind: RefCell<Vec<String>>,
    /// The silence of the run, once it is in force.
    pub(super) silence: Option<Arc<Lease<'s>>>,
    /// What happened and is recorded together with what happens next.
    held: RefCell<Vec<Event>>,
}

impl<'s> Progress<'s> {
    /// Nothing was done yet but what is on record up to `ordinal`, and the rest may take `timeout`.
    pub(super) fn new(timeout: Option<Duration>, ordinal: u32) -> Self {
        Self {
            ordinal: Cell::new(ordinal),
            has_worked: Cell::new(false),
            deadline: timeout.map(|timeout| Instant::now() + timeout),
            touched: Vec::new(),
            left_out: Vec::new(),
            end_of_work: Utc::now(),
            rolled: Rolled::default(),
            blind: RefCell::default(),
            silence: None,
            held: RefCell::default(),
        }
    }

    /// Notes that a step starts on a target.
    pub(super) fn touch(&mut self, part: &'s Part<'s>) {
        if self.touched.iter().all(|touched| touched.target != part.target) {
            self.touched.push(part);
        }
    }

    /// Notes that the step that started on a target left it as it was, and why.
    pub(super) fn leave_out(&mut self, part: &'s Part<'s>, why: String) {
        self.touched.retain(|touched| touched.target != part.target);
        self.left_out.push(why);
    }

    /// Keeps what happened until the next record; only where nothing that takes time comes between.
    pub(super) fn hold(&self, event: Event) {
        self.held.borrow_mut().push(event);
    }

    /// What is held; none of it from now on.
    pub(super) fn held(&self) -> Vec<Event> {
        self.held.take()
    }

    /// `timeout`, or what is left of the run's own if that is less: it bounds the work; cleaning up has its own
    /// timeouts only.
    pub(super) fn time_left(&self, timeout: Duration, phase: Phase) -> Duration {
        match (self.deadline, phase) {
            (_, Phase::Rollback | Phase::Finally) | (None, _) => timeout,
            (Some(deadline), _) => timeout.min(deadline.saturating_duration_since(Instant::now())),
        }
    }

    /// The number of the last step that was begun.
    pub(super) fn n_steps(&self) -> u32 {
        self.ordinal.get()
    }

    /// Numbers the next step.
    pub(super) fn next(&self) -> u32 {
        self.ordinal.set(self.ordinal.get() + 1);
        self.ordinal.get()
    }
}

impl<'a> Work<'a> {
    /// One step on one target, with its attempts; how it went, when it is on record.
    pub(super) fn step(&self, progress: &Progress, unit: &Unit) -> Result<Done, StateError> {
        let mut attempt = match self.on_record(progress, unit) {
            Ok(done) => return Ok(done),
            Err(attempt) => attempt,
        };
        progress.has_worked.set(progress.has_worked.get() || unit.phase != Phase::Finally);
        let step = unit.step;
        let attempts = step.retry.as_ref().map_or(1, |retry| retry.attempts.value);
        let ordinal = progress.next();
        loop {
            let mut pause = None;
            // An attempt that failed may have done half of the work.
            let not_now = NotNow::to(unit.phase, unit.place == 0 && attempt == 1);
            let done = self.try_once(progress, unit, (ordinal, attempt), |done| {
                let done = not_now.applied_to(done);
                let may_retry = attempt < attempts && done.outcome == Outcome::Failed;
                if !may_retry || self.cancel_of(unit.phase).is_fired() {
                    return (done, false);
                }
                let backoff = backoff(step, attempt);
                if unit.phase == Phase::Steps && self.is_past_cutoff(backoff) {
                    let why = done.message.clone().unwrap_or_default();
                    let message = Some(format!("{why}{OUT_OF_WINDOW}"));
                    return (Done { message, ..done }, false);
                }
                pause = Some(backoff);
                (done, true)
            })?;
            let Some(pause) = pause else { return Ok(done) };
            attempt += 1;
            if self.cancel_of(unit.phase).wait(pause) {
                let why = done.message.unwrap_or_default();
                return Ok(Done::interrupted(format!("stopped before attempt {attempt}: {why}")));
            }
        }
    }

    /// How a step went before; else the attempt that comes next.
    ///
    /// Whoever resumed the run has settled every step that was interrupted. One that nobody did is not touched.
    fn on_record(&self, progress: &Progress, unit: &Unit) -> Result<Done, u32> {
        let is_void = unit.phase == Phase::Finally && progress.has_worked.get();
        let Some(record) = self.past.record(unit).filter(|_| !is_void) else { return Err(1) };
        match past::standing_of(record) {
            Standing::NotStarted | Standing::NotDone => Err(1),
            Standing::Again(attempts) => Err(attempts + 1),
            Standing::Done | Standing::Failed => Ok(past::done_of(record)),
            Standing::Interrupted => Ok(Done::interrupted("nobody has said what became of it")),
        }
    }

    fn try_once(
        &self,
        progress: &Progress,
        unit: &Unit,
        (ordinal, attempt): (u32, u32),
        judge: impl FnOnce(Done) -> (Done, bool),
    ) -> Result<Done, StateError> {
        let (label, action) = (unit.step.label(), unit.step.action_in_short());
        let Unit { phase, target, place, .. } = *unit;
        let intent =
            Intent { ordinal, attempt, phase, target, place: Some(place), name: &label, action: &action };
        let cancel = self.cancel_of(phase);
        let body = || {
            if cancel.is_fired() {
                return Done::interrupted(past::NOT_BEGUN);
            }
            self.attempt(progress, unit, (ordinal, attempt), cancel)
        };
        self.recorded(progress, intent, body, judge)
    }

    fn attempt(
        &self,
        progress: &Progress,
        unit: &Unit,
        (ordinal, attempt): (u32, u32),
        cancel: &Cancel,
    ) -> Done {
        let Unit { phase, target, step, .. } = *unit;
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
        if let Some(prometheus) = self.world.prometheus.as_ref().filter(|_| step.restarts(&["prometheus"]))
            && let Some(done) = replay::objection(prometheus, cancel)
        {
            return done;
        }
        let log = LogName { run: self.run, ordinal, attempt, copy: 1 };
        let whose = Whose { task: self.name.to_owned(), target: target.to_owned() };
        let tell = |started: Started| self.note_start(progress, (ordinal, attempt), started);
        let context = Context {
            work: self,
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
            on_start: Some(OnStart(&tell)),
        };
        if context.timeout.is_zero() {
            return Done::failed("the run's timeout is over");
        }
        actions::carry_out(step, &context)
    }

    /// Records the process of a step: while it goes on at once, else together with its end, at the price of one.
    fn note_start(&self, progress: &Progress, (ordinal, attempt): (u32, u32), started: Started) {
        let Started { pid, started_ticks, is_going } = started;
        progress.hold(Event::StepStarted { run: self.run, ordinal, attempt, pid, started_ticks });
        if is_going {
            // It goes on to its end: if that can be recorded, this is not missed; if not, the work stops.
            let _ = self.flush(progress);
        }
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

    /// Cleaning up is not interrupted by the request that stopped the work.
    pub(super) fn cancel_of(&self, phase: Phase) -> &'a Cancel {
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

/// The time before the attempt after this one: doubled before each.
fn backoff(step: &Step, attempt: u32) -> Duration {
    let first = step.retry.as_ref().and_then(|retry| retry.backoff).map_or(Duration::ZERO, |b| b.to_std());
    first.saturating_mul(1 << (attempt - 1).min(16))
}
