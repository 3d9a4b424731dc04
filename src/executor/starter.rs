//! Starting one piece of work: everything that says whether it may, asked in order, and then the run.

use super::actions;
use super::controller::{self, GateAnswer};
use super::coordinator::{Assignment, Crew, Fate, Piece};
use super::engine::Work;
use super::engine::past::Past;
use super::{cover, needs, overlap};
use crate::model::{Event, Holds, Origin, Overlap, RunId, Task, WindowSpan};
use crate::planfile;
use crate::scheduler::words::why_not;
use crate::security::secrets::{Secrets, Values};
use crate::state::{Limits, NewRun, StartError, StateError};
use crate::world::process_identity;

/// A refusal is a fate; what may start goes on.
type Answer<T> = Result<Result<T, Fate>, StateError>;

/// A run whose start is on record.
struct Begun {
    run: RunId,
    window: Option<WindowSpan>,
    gate: Option<String>,
    secrets: Values,
}

impl Crew<'_> {
    /// Starts a run of `piece` and carries it out; `None` when there is nothing to tell.
    pub(super) fn carry_out_one(&self, piece: &Piece) -> Result<Option<Fate>, StateError> {
        let assignment = &piece.assignment;
        if self.interrupts.work.is_fired() {
            return Ok(Some(Fate::NotBegun));
        }
        let Some(task) = self.plan.tasks.get(&assignment.task) else { return Ok(Some(Fate::NotBegun)) };
        if piece.is_early && !self.is_in_time(assignment, task) {
            return Ok(None);
        }
        let Begun { run, window, gate, secrets } = match self.begin(assignment, task)? {
            Ok(begun) => begun,
            Err(Fate::Held(_)) if piece.is_early => return Ok(None),
            Err(fate) => return Ok(Some(fate)),
        };
        let work = Work {
            run,
            name: &assignment.task,
            task,
            occurrence: assignment.occurrence.as_ref(),
            targets: &assignment.targets,
            window: window.as_ref(),
            plan: self.plan,
            zone: self.zone,
            gate,
            emergency: self.orders.emergency.as_deref(),
            origin: self.origin,
            secrets,
            who: format!("{}@{}", self.holder.user, self.holder.host),
            world: self.world,
            journal: self.journal,
            interrupts: self.interrupts,
            past: Past::default(),
        };
        Ok(Some(Fate::Ended(run, work.carry_out()?)))
    }

    /// Whether windows and blackouts allow now what the schedule has for later.
    fn is_in_time(&self, assignment: &Assignment, task: &Task) -> bool {
        let now = self.world.clock.now();
        matches!(controller::admit(self.plan, self.zone, task, assignment.estimate, now), Ok(Ok(_)))
    }

    /// Asks everything, and records the start of the run.
    fn begin(&self, assignment: &Assignment, task: &Task) -> Answer<Begun> {
        let window = match self.is_open(assignment, task)? {
            Ok(window) => window,
            Err(fate) => return Ok(Err(fate)),
        };
        let steps = task.steps.iter().chain(task.rollback.iter()).chain(task.finally.iter());
        let steps = steps.map(|step| &step.value);
        if let Some(why) = actions::needs_a_person(steps, self.world) {
            return self.refuse(assignment, why, Fate::NotNow).map(Err);
        }
        let approvals = match self.is_approved(assignment)? {
            Ok(approvals) => approvals,
            Err(fate) => return Ok(Err(fate)),
        };
        let gate = match self.ask_gate(assignment, task)? {
            Ok(gate) => gate,
            Err(fate) => return Ok(Err(fate)),
        };
        let secrets = match self.read_secrets(assignment, task)? {
            Ok(secrets) => secrets,
            Err(fate) => return Ok(Err(fate)),
        };
        let (holds, limits) = match self.needs(assignment, task)? {
            Ok(needs) => needs,
            Err(fate) => return Ok(Err(fate)),
        };
        let mut started = self.start(assignment, task, (&holds, &limits), approvals.clone());
        if let Err(StartError::TaskRunning { by, .. }) = &started
            && overlap::policy(task) == Overlap::Replace
            && process_identity::is_alive(&by.holder)
        {
            match self.replace(by)? {
                Ok(()) => started = self.start(assignment, task, (&holds, &limits), approvals),
                Err(why) => return self.refuse(assignment, why, Fate::NotNow).map(Err),
            }
        }
        match started {
            Ok((run, started)) => {
                self.journal.tell(&started);
                Ok(Ok(Begun { run, window, gate, secrets }))
            }
            Err(error) => self.not_started(assignment, error).map(Err),
        }
    }

    fn is_open(&self, assignment: &Assignment, task: &Task) -> Answer<Option<WindowSpan>> {
        let now = self.world.clock.now();
        let window = match controller::admit(self.plan, self.zone, task, assignment.estimate, now) {
            // No cutoff stops it half-way either.
            _ if self.orders.emergency.is_some() => None,
            Ok(Ok(window)) => window,
            Ok(Err(because)) => {
                return self.refuse(assignment, why_not(&because, self.zone), Fate::NotNow).map(Err);
            }
            Err(error) => return self.refuse(assignment, crate::in_words(&error), Fate::Unknown).map(Err),
        };
        for before in task.after.iter() {
            let last = self.journal.state().last_outcome(&before.value)?;
            if let Some(reason) = controller::unsound_ground(&before.value, last) {
                return self.refuse(assignment, reason, Fate::NotNow).map(Err);
            }
        }
        Ok(Ok(window))
    }

    /// The approvals that the work rests on, by their places in the ledger; none when it needs none.
    fn is_approved(&self, assignment: &Assignment) -> Answer<Vec<u64>> {
        if self.orders.emergency.is_some() {
            return Ok(Ok(Vec::new()));
        }
        let (state, now) = (self.journal.state(), self.world.clock.now());
        match self.approvals.standing(Some(state), &assignment.work(), now)? {
            None => Ok(Ok(Vec::new())),
            Some(standing) if standing.is_given() => {
                Ok(Ok(standing.by.iter().map(|given| given.entry).collect()))
            }
            Some(standing) => {
                let fate = if standing.unknown.is_some() { Fate::Unknown } else { Fate::NotNow };
                let reason = controller::waits_for(self.plan, &assignment.work(), &standing);
                self.refuse(assignment, reason, fate).map(Err)
            }
        }
    }

    /// What the gate says that lets the work in; `None` without one.
    fn ask_gate(&self, assignment: &Assignment, task: &Task) -> Answer<Option<String>> {
        let Some(gate) = &task.gate else { return Ok(Ok(None)) };
        match controller::ask_gate(gate, self.world) {
            GateAnswer::Open(found) => Ok(Ok(Some(found))),
            GateAnswer::Closed(why) => {
                self.refuse(assignment, format!("its gate is closed: {why}"), Fate::NotNow).map(Err)
            }
            GateAnswer::Unknown(why) if self.orders.emergency.is_some() => {
                Ok(Ok(Some(controller::open_in_emergency(&why))))
            }
            GateAnswer::Unknown(why) => {
                self.refuse(assignment, format!("its gate cannot be asked: {why}"), Fate::Unknown).map(Err)
            }
        }
    }

    /// What the work needs to know and nobody may see; without it nothing starts.
    fn read_secrets(&self, assignment: &Assignment, task: &Task) -> Answer<Values> {
        match Secrets::new(self.plan, self.world).read_for(task, &self.interrupts.work) {
            Ok(secrets) => Ok(Ok(secrets)),
            Err(_) if self.interrupts.work.is_fired() => Ok(Err(Fate::NotBegun)),
            Err(error) => self.refuse(assignment, crate::in_words(&error), Fate::Unknown).map(Err),
        }
    }

    /// What the run keeps from others, and how much there is of that by now.
    fn needs(&self, assignment: &Assignment, task: &Task) -> Answer<(Holds, Limits)> {
        let targets = &assignment.targets;
        let (holds, mut limits) = needs::of(self.plan, task, targets);
        let state = self.journal.state();
        match cover::extend(self.plan, self.world, state, (task, targets), &mut limits)? {
            Ok(()) => Ok(Ok((holds, limits))),
            Err(_) if self.orders.emergency.is_some() => Ok(Ok((holds, limits))),
            Err(why) => self.refuse(assignment, why, Fate::Unknown).map(Err),
        }
    }

    fn start(
        &self,
        assignment: &Assignment,
        task: &Task,
        (holds, limits): (&Holds, &Limits),
        approvals: Vec<u64>,
    ) -> Result<(RunId, Event), StartError> {
        let origin = match &self.orders.emergency {
            Some(_) => Origin::Emergency,
            None if assignment.occurrence.is_some() => Origin::Due,
            None => Origin::OnDemand,
        };
        let definition = planfile::definition(self.source, self.plan, &assignment.task);
        if let Some(definition) = &definition {
            self.journal.state().see_definition(&definition.digest, &definition.text)?;
        }
        let new = NewRun {
            task: assignment.task.clone(),
            occurrence: assignment.occurrence.clone(),
            origin,
            due: assignment.due,
            plan_digest: self.plan_digest.to_owned(),
            targets: assignment.targets.clone(),
            holder: self.holder.clone(),
            approvals,
            definition: definition.map(|definition| definition.digest),
            holds: holds.clone(),
            justification: self.orders.emergency.clone(),
            partial: !self.orders.limit.is_empty()
                && assignment.targets.len() < self.plan.targets_of(task).len(),
        };
        let run = self.journal.state().start_run_within(&new, limits)?;
        Ok((run, new.started_as(run)))
    }

    /// What it means that a run could not be started.
    fn not_started(&self, assignment: &Assignment, error: StartError) -> Result<Fate, StateError> {
        match error {
            StartError::State(error) => Err(error),
            StartError::ApprovalUsed { .. } | StartError::Uncovered { .. } | StartError::Beyond { .. } => {
                self.refuse(assignment, error.to_string(), Fate::NotNow)
            }
            StartError::Withdrawn { .. } => Ok(Fate::NotNow(error.to_string())),
            // Somebody else was faster and has ended: nothing is left to do, and nothing is held.
            over if over.held_by().is_some_and(|by| by.is_over) => Ok(Fate::NotNow(over.to_string())),
            held => Ok(Fate::Held(held)),
        }
    }

    /// A refusal is recorded once, not at every tick of cron.
    pub(super) fn refuse(
        &self,
        assignment: &Assignment,
        mut reason: String,
        fate: fn(String) -> Fate,
    ) -> Result<Fate, StateError> {
        self.world.outputs.redactor.hide_in(&mut reason);
        let last = self.journal.state().refusal(&assignment.task)?;
        let is_known =
            last.is_some_and(|last| last.occurrence == assignment.occurrence && last.reason == reason);
        if !is_known {
            self.journal.record(&Event::RunRefused {
                task: assignment.task.clone(),
                occurrence: assignment.occurrence.clone(),
                reason: reason.clone(),
            })?;
        }
        Ok(fate(reason))
    }
}
