//! Starting and taking over runs: who may work on what is decided inside one transaction.

use chrono::{DateTime, Utc};
use rusqlite::Connection;

use super::approvals;
use super::codec::{self, stamp};
use super::conditions;
use super::error::Fault;
use super::history::sane_until;
use super::holds::{self, Limits};
use super::reviews;
use super::runs::{self, unfinished};
use super::{StartError, State, StateError};
use crate::model::{Event, Holder, Holds, OccurrenceId, Origin, Outcome, Run, RunId};
use crate::world::process_identity;

/// A run that is about to begin.
#[derive(Debug, Clone)]
pub struct NewRun {
    /// Its task.
    pub task: String,
    /// Its occurrence; `None` on demand.
    pub occurrence: Option<OccurrenceId>,
    /// Why it is started.
    pub origin: Origin,
    /// When it should have ended.
    pub due: Option<DateTime<Utc>>,
    /// SHA-256 of the plan file, in hexadecimal.
    pub plan_digest: String,
    /// The targets, in order.
    pub targets: Vec<String>,
    /// Who will work on it.
    pub holder: Holder,
    /// The approvals that it rests on, by their places in the ledger.
    pub approvals: Vec<u64>,
    /// The text of its task: the digest of one that is recorded.
    pub definition: Option<String>,
    /// What it keeps from others while it goes on.
    pub holds: Holds,
    /// Why it passes windows, blackouts and approval.
    pub justification: Option<String>,
    /// Whether some of the task's targets are left out on purpose.
    pub partial: bool,
}

impl NewRun {
    /// What is recorded when the run begins.
    pub fn started_as(&self, run: RunId) -> Event {
        let new = self.clone();
        Event::RunStarted {
            run,
            task: new.task,
            occurrence: new.occurrence,
            origin: new.origin,
            due: new.due,
            plan_digest: new.plan_digest,
            targets: new.targets,
            holder: new.holder,
            approvals: new.approvals,
            definition: new.definition,
            holds: new.holds,
            justification: new.justification,
            partial: new.partial,
        }
    }
}

impl State {
    /// Begins a run: numbers it and records its start. From here on nobody else can start the same
    /// occurrence, another run of the task, work on one of its targets, or take what it holds.
    ///
    /// # Errors
    /// [`StartError`]; then nothing was recorded. A run whose process has died still holds what it held until its
    /// end is on record.
    pub fn start_run(&self, new: &NewRun) -> Result<RunId, StartError> {
        self.start_run_within(new, &Limits::default())
    }

    /// As [`start_run`](Self::start_run), within what there is of resources and what is allowed in groups.
    ///
    /// # Errors
    /// As [`start_run`](Self::start_run).
    pub fn start_run_within(&self, new: &NewRun, limits: &Limits) -> Result<RunId, StartError> {
        self.give_sign(&new.holder)?;
        let started = self.write(|writing| {
            if let Some(refusal) = refusal(writing.transaction, new, limits, self.clock.now())? {
                return Ok(Err(refusal));
            }
            let sql = "SELECT coalesce(max(id), 0) + 1 FROM run";
            let run = RunId(writing.transaction.query_row(sql, [], |row| row.get(0))?);
            writing.append(&new.started_as(run))?;
            if let Some(review) = reviews::opened_by(new, run, writing.now) {
                writing.append(&review)?;
            }
            Ok(Ok(run))
        });
        started?
    }

    /// Why a run could not begin now; `None` when it could. Changes nothing.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn would_refuse(&self, new: &NewRun, limits: &Limits) -> Result<Option<StartError>, StateError> {
        let now = self.clock.now();
        self.read(|connection| refusal(connection, new, limits, now))
    }

    /// Takes over a run that was interrupted. From here on nobody else can. `definition` is the text that its task has
    /// by now, when it goes on by that.
    ///
    /// # Errors
    /// [`StartError::Held`] as long as its process lives; [`StartError::Ended`] when nothing is left to do.
    pub fn resume_run(
        &self,
        run: RunId,
        holder: &Holder,
        definition: Option<&str>,
        limits: &Limits,
    ) -> Result<Run, StartError> {
        self.give_sign(holder)?;
        let resumed = self.write(|writing| {
            let Some(found) = runs::run(writing.transaction, run)? else {
                return Ok(Err(StartError::NoSuchRun { run }));
            };
            let sql = "SELECT abandoned FROM run WHERE id = ?1";
            let abandoned: bool = writing.transaction.query_row(sql, [run.0], |row| row.get(0))?;
            let over = found.outcome.is_some_and(|outcome| outcome != Outcome::Interrupted);
            if abandoned || over {
                return Ok(Err(StartError::Ended { run }));
            }
            if found.ended.is_none()
                && !found.holder.is_same_process(holder)
                && process_identity::is_alive(&found.holder)
            {
                return Ok(Err(StartError::Held { run, holder: Box::new(found.holder) }));
            }
            let mut others = unfinished(writing.transaction)?;
            others.retain(|other| other.id != run);
            let wanted = (found.task.as_str(), found.targets.as_slice(), &found.holds);
            if let Some(refusal) = holds::conflict_with(&others, wanted, limits) {
                return Ok(Err(refusal));
            }
            let definition = definition.map(str::to_owned);
            let event = Event::RunResumed {
                run,
                task: found.task.clone(),
                holder: holder.clone(),
                definition: definition.clone(),
            };
            writing.append(&event)?;
            let definition = definition.or_else(|| found.definition.clone());
            Ok(Ok(Run {
                holder: holder.clone(),
                outcome: None,
                ended: None,
                reason: None,
                definition,
                ..found
            }))
        });
        resumed?
    }
}

/// Why `new` may not begin.
fn refusal(
    connection: &Connection,
    new: &NewRun,
    limits: &Limits,
    now: DateTime<Utc>,
) -> Result<Option<StartError>, Fault> {
    if let Some(occurrence) = &new.occurrence {
        if let Some(by) = holds::starter_of(connection, &occurrence.0)? {
            return Ok(Some(StartError::AlreadyStarted { occurrence: occurrence.clone(), by }));
        }
        let sql = "SELECT 1 FROM missed WHERE occurrence = ?1 AND recorded <= ?2";
        let until = stamp(sane_until(now));
        if codec::first(connection, sql, (&occurrence.0, until), |_| Ok(()))?.is_some() {
            return Ok(Some(StartError::Missed { occurrence: occurrence.clone() }));
        }
        if conditions::is_withdrawn(connection, occurrence)? {
            return Ok(Some(StartError::Withdrawn { occurrence: occurrence.clone() }));
        }
    }
    if new.occurrence.is_none()
        && let Some(run) = approvals::used_by(connection, &new.task, &new.approvals)?
    {
        return Ok(Some(StartError::ApprovalUsed { task: new.task.clone(), run }));
    }
    holds::conflict(connection, new, limits, now)
}
