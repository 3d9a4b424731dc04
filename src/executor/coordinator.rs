//! The coordinator: takes work that may start now, starts each piece once, several at a time.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::thread;

use chrono::{DateTime, TimeDelta, Utc};

use super::controller::{self, GateAnswer};
use super::engine::{End, Work};
use super::journal::Journal;
use crate::calendar::Zone;
use crate::model::{Event, Holder, Holds, OccurrenceId, Origin, PlanFile, RunId, Task, WindowSpan};
use crate::scheduler::words::why_not;
use crate::security::approval::{self, Approvals};
use crate::security::secrets::Secrets;
use crate::state::{NewRun, StartError, StateError};
use crate::world::World;
use crate::world::signals::Interrupts;

/// One piece of work.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// The task's name.
    pub task: String,
    /// The occurrence; `None` on demand.
    pub occurrence: Option<OccurrenceId>,
    /// When it should have ended.
    pub due: Option<DateTime<Utc>>,
    /// The targets, in order.
    pub targets: Vec<String>,
    /// How long it will take.
    pub estimate: TimeDelta,
}

impl Assignment {
    /// The work, as approvals speak of it.
    pub fn work(&self) -> approval::Work<'_> {
        approval::Work { task: &self.task, occurrence: self.occurrence.as_ref(), targets: &self.targets }
    }
}

/// What became of one piece of work.
#[derive(Debug)]
pub struct Account {
    /// The task's name.
    pub task: String,
    /// The occurrence; `None` on demand.
    pub occurrence: Option<OccurrenceId>,
    /// What became of it.
    pub fate: Fate,
}

/// What became of a piece of work.
#[derive(Debug)]
pub enum Fate {
    /// A run was started and has ended.
    Ended(RunId, End),
    /// It was not started: not now.
    NotNow(String),
    /// It was not started, because it could not be found out whether it may.
    Unknown(String),
    /// Another mainstay holds it.
    Held(StartError),
    /// Somebody wanted mainstay to stop before it was started.
    NotBegun,
}

/// What all workers share.
#[derive(Debug)]
pub struct Crew<'a> {
    /// The plan file.
    pub plan: &'a PlanFile,
    /// SHA-256 of its bytes, in hexadecimal.
    pub plan_digest: &'a str,
    /// Its zone.
    pub zone: &'a Zone,
    /// Names the ledger.
    pub origin: &'a str,
    /// This process.
    pub holder: &'a Holder,
    /// What work reaches out to.
    pub world: &'a World,
    /// Who has agreed to what.
    pub approvals: &'a Approvals<'a>,
    /// Where it is recorded.
    pub journal: &'a Journal<'a>,
    /// Who may stop it.
    pub interrupts: &'a Interrupts,
}

impl Crew<'_> {
    /// Carries out `assignments`, `jobs` at a time, and gives an account of each.
    ///
    /// # Errors
    /// [`StateError`] when something could not be recorded; work under way was stopped then.
    pub fn carry_out(&self, assignments: Vec<Assignment>, jobs: usize) -> Result<Vec<Account>, StateError> {
        let n_workers = jobs.clamp(1, assignments.len().max(1));
        let queue: Mutex<VecDeque<_>> = Mutex::new(assignments.into());
        let take = || queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let work = || {
            let mut accounts = Vec::new();
            while let Some(assignment) = take() {
                let fate = self.carry_out_one(&assignment);
                if fate.is_err() {
                    // What cannot be recorded must not be done, by no worker.
                    self.interrupts.work.fire();
                }
                accounts.push(Account {
                    task: assignment.task,
                    occurrence: assignment.occurrence,
                    fate: fate?,
                });
            }
            Ok(accounts)
        };
        thread::scope(|scope| {
            let workers: Vec<_> = (0..n_workers).map(|_| scope.spawn(work)).collect();
            let mut accounts = Vec::new();
            let mut broken = None;
            for worker in workers {
                match worker.join() {
                    Ok(Ok(done)) => accounts.extend(done),
                    Ok(Err(error)) => broken = Some(error),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            broken.map_or(Ok(accounts), Err)
        })
    }

    fn carry_out_one(&self, assignment: &Assignment) -> Result<Fate, StateError> {
        if self.interrupts.work.is_fired() {
            return Ok(Fate::NotBegun);
        }
        let Some(task) = self.plan.tasks.get(&assignment.task) else { return Ok(Fate::NotBegun) };
        let window = match self.is_open(assignment, task)? {
            Ok(window) => window,
            Err(fate) => return Ok(fate),
        };
        let approvals = match self.is_approved(assignment)? {
            Ok(approvals) => approvals,
            Err(fate) => return Ok(fate),
        };
        let gate = match &task.gate {
            None => None,
            Some(gate) => match controller::ask_gate(gate, self.world) {
                GateAnswer::Open(found) => Some(found),
                GateAnswer::Closed(why) => {
                    return self.refuse(assignment, format!("its gate is closed: {why}"), Fate::NotNow);
                }
                GateAnswer::Unknown(why) => {
                    return self.refuse(
                        assignment,
                        format!("its gate cannot be asked: {why}"),
                        Fate::Unknown,
                    );
                }
            },
        };
        let secrets = match Secrets::new(self.plan, self.world).read_for(task, &self.interrupts.work) {
            Ok(secrets) => secrets,
            Err(_) if self.interrupts.work.is_fired() => return Ok(Fate::NotBegun),
            Err(error) => return self.refuse(assignment, crate::in_words(&error), Fate::Unknown),
        };
        let (run, started) = match self.start(assignment, approvals) {
            Ok(started) => started,
            Err(StartError::State(error)) => return Err(error),
            Err(used @ StartError::ApprovalUsed { .. }) => {
                return self.refuse(assignment, used.to_string(), Fate::NotNow);
            }
            Err(withdrawn @ StartError::Withdrawn { .. }) => return Ok(Fate::NotNow(withdrawn.to_string())),
            Err(held) => return Ok(Fate::Held(held)),
        };
        self.journal.tell(&started);
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
            origin: self.origin,
            secrets: &secrets,
            who: format!("{}@{}", self.holder.user, self.holder.host),
            world: self.world,
            journal: self.journal,
            interrupts: self.interrupts,
        };
        Ok(Fate::Ended(run, work.carry_out()?))
    }

    fn is_open(
        &self,
        assignment: &Assignment,
        task: &Task,
    ) -> Result<Result<Option<WindowSpan>, Fate>, StateError> {
        let now = self.world.clock.now();
        match controller::admit(self.plan, self.zone, task, assignment.estimate, now) {
            Ok(Ok(window)) => {
                let history = self.journal.state().history()?;
                match controller::unsound_ground(task, &history) {
                    None => Ok(Ok(window)),
                    Some(reason) => self.refuse(assignment, reason, Fate::NotNow).map(Err),
                }
            }
            Ok(Err(because)) => self.refuse(assignment, why_not(&because, self.zone), Fate::NotNow).map(Err),
            Err(error) => self.refuse(assignment, crate::in_words(&error), Fate::Unknown).map(Err),
        }
    }

    /// The approvals that the work rests on, by their places in the ledger; none when it needs none.
    fn is_approved(&self, assignment: &Assignment) -> Result<Result<Vec<u64>, Fate>, StateError> {
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

    /// A refusal is recorded once, not at every tick of cron.
    fn refuse(
        &self,
        assignment: &Assignment,
        reason: String,
        fate: fn(String) -> Fate,
    ) -> Result<Fate, StateError> {
        let reason = self.world.outputs.redactor.hide(&reason).into_owned();
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

    fn start(&self, assignment: &Assignment, approvals: Vec<u64>) -> Result<(RunId, Event), StartError> {
        let origin = if assignment.occurrence.is_some() { Origin::Due } else { Origin::OnDemand };
        let new = NewRun {
            task: assignment.task.clone(),
            occurrence: assignment.occurrence.clone(),
            origin,
            due: assignment.due,
            plan_digest: self.plan_digest.to_owned(),
            targets: assignment.targets.clone(),
            holder: self.holder.clone(),
            approvals,
            definition: None,
            holds: Holds::default(),
            justification: None,
        };
        let run = self.journal.state().start_run(&new)?;
        Ok((run, new.started_as(run)))
    }
}
