//! The coordinator: starts each piece of work once, several at a time, as soon as what it comes after is over and what
//! it shares with others is free.
//!
//! What pieces of one process hold they know from each other ([`Queue`]); what other processes hold is said by the
//! state file, when a run is recorded as started.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};

use super::engine::End;
use super::journal::Journal;
use super::needs;
use super::orders::Orders;
use super::queue::{Entry, Next, Queue};
use super::waiting::{POLL, Waiting};
use crate::calendar::Zone;
use crate::model::{Holder, OccurrenceId, Outcome, PlanFile, RunId};
use crate::planfile::Source;
use crate::security::approval::{self, Approvals};
use crate::state::{StartError, StateError};
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

/// One piece of work among others.
#[derive(Debug, Clone)]
pub struct Piece {
    /// What is to be done.
    pub assignment: Assignment,
    /// The places of the pieces that it comes after.
    pub after: Vec<usize>,
    /// The higher the earlier, when several could be started.
    pub priority: u8,
    /// By the schedule it starts later, when the pieces before it have ended: unless it can be started then, there is
    /// nothing to tell of it.
    pub is_early: bool,
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

impl Fate {
    /// Whether a run was started and did all that it should.
    pub fn has_succeeded(&self) -> bool {
        matches!(self, Self::Ended(_, end) if end.outcome == Outcome::Succeeded)
    }
}

/// What all workers share.
#[derive(Debug)]
pub struct Crew<'a> {
    /// The plan file.
    pub plan: &'a PlanFile,
    /// SHA-256 of its bytes, in hexadecimal.
    pub plan_digest: &'a str,
    /// Its text.
    pub source: &'a Source,
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
    /// How it is to be started.
    pub orders: &'a Orders<'a>,
}

/// Where workers take their pieces from, and leave what became of them.
struct Floor<'p> {
    pieces: &'p [Piece],
    inner: Mutex<Inner>,
    changed: Condvar,
}

struct Inner {
    queue: Queue,
    fates: Vec<Option<Fate>>,
    waiting: Waiting,
}

impl Crew<'_> {
    /// Carries out `pieces`, `jobs` at a time, and gives an account of each, in their order.
    ///
    /// # Errors
    /// [`StateError`] when something could not be recorded; work under way was stopped then.
    pub fn carry_out(&self, pieces: &[Piece], jobs: usize) -> Result<Vec<Account>, StateError> {
        let floor = Floor::new(self.plan, pieces);
        let n_workers = jobs.clamp(1, pieces.len().max(1));
        thread::scope(|scope| {
            let workers: Vec<_> = (0..n_workers).map(|_| scope.spawn(|| self.work(&floor))).collect();
            let mut broken = None;
            for worker in workers {
                match worker.join() {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => broken = Some(error),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            broken.map_or(Ok(()), Err)
        })?;
        let inner = floor.inner.into_inner().unwrap_or_else(PoisonError::into_inner);
        let account = |(piece, fate): (&Piece, Option<Fate>)| {
            let Assignment { task, occurrence, .. } = piece.assignment.clone();
            Some(Account { task, occurrence, fate: fate? })
        };
        Ok(pieces.iter().zip(inner.fates).filter_map(account).collect())
    }

    /// Takes pieces as long as there are any.
    fn work(&self, floor: &Floor) -> Result<(), StateError> {
        while let Some(next) = self.next(floor)? {
            let (Next::Start(place) | Next::Blocked(place, _)) = next else { continue };
            let mut taken = Taken { floor, place, fate: None, is_parked: false };
            let fate = match next {
                Next::Blocked(_, before) => {
                    self.blocked(&floor.pieces[place], &floor.pieces[before].assignment)
                }
                _ => self.carry_out_one(&floor.pieces[place]),
            };
            match fate {
                // What cannot be recorded must not be done, by no worker.
                Err(error) => {
                    self.interrupts.work.fire();
                    return Err(error);
                }
                Ok(Some(Fate::Held(held))) if self.waits_for(floor, place, &held) => taken.is_parked = true,
                Ok(fate) => taken.fate = fate,
            }
        }
        Ok(())
    }

    /// The next piece that is ready; waits until there is one, or none is left.
    fn next(&self, floor: &Floor) -> Result<Option<Next>, StateError> {
        let mut inner = floor.lock();
        loop {
            match inner.queue.hand_out() {
                Next::Over => return Ok(None),
                Next::Wait if inner.waiting.is_empty() => {
                    inner = floor.changed.wait(inner).unwrap_or_else(PoisonError::into_inner);
                }
                Next::Wait => {
                    let woken = floor.changed.wait_timeout(inner, POLL);
                    inner = woken.unwrap_or_else(PoisonError::into_inner).0;
                    self.look_elsewhere(&mut inner)?;
                }
                next => return Ok(Some(next)),
            }
        }
    }

    /// What became of `piece`, because `before` did not succeed.
    fn blocked(&self, piece: &Piece, before: &Assignment) -> Result<Option<Fate>, StateError> {
        if self.interrupts.work.is_fired() {
            return Ok(Some(Fate::NotBegun));
        }
        if piece.is_early {
            return Ok(None);
        }
        let reason = format!("it comes after `{}`, which did not succeed", before.task);
        self.refuse(&piece.assignment, reason, Fate::NotNow).map(Some)
    }

    /// Whether the piece at `place` waits for what another process holds; then it is told.
    fn waits_for(&self, floor: &Floor, place: usize, held: &StartError) -> bool {
        let Some(by) = held.held_by().filter(|_| !self.interrupts.work.is_fired()) else { return false };
        let mut inner = floor.lock();
        let piece = &floor.pieces[place];
        if !inner.waiting.begin(place, by, self.orders.wait, Instant::now()) {
            return false;
        }
        let patience = crate::text::roughly(TimeDelta::from_std(self.orders.wait).unwrap_or(TimeDelta::MAX));
        (self.orders.say)(&format!("`{}` waits, for {patience} at most: {held}", piece.assignment.task));
        inner.queue.park(place);
        floor.changed.notify_all();
        true
    }

    /// Looks whether what pieces wait for is free by now, or no longer waited for.
    fn look_elsewhere(&self, inner: &mut Inner) -> Result<(), StateError> {
        if self.interrupts.work.is_fired() {
            inner.waiting.clear();
        } else {
            inner.waiting.look(self, Instant::now())?;
        }
        let parked: Vec<_> = inner.queue.parked().collect();
        for place in parked.into_iter().filter(|place| !inner.waiting.has(*place)) {
            inner.queue.recall(place);
        }
        Ok(())
    }
}

impl<'p> Floor<'p> {
    fn new(plan: &PlanFile, pieces: &'p [Piece]) -> Self {
        let entry = |piece: &'p Piece| {
            let Assignment { task: name, targets, due, .. } = &piece.assignment;
            let task = plan.tasks.get(name);
            let (holds, limits) = task.map(|task| needs::of(plan, task, targets)).unwrap_or_default();
            let (due, priority) = (*due, piece.priority);
            Entry { task: name, targets, holds, limits, after: &piece.after, priority, due }
        };
        let queue = Queue::new(&pieces.iter().map(entry).collect::<Vec<_>>());
        let fates = pieces.iter().map(|_| None).collect();
        let inner = Inner { queue, fates, waiting: Waiting::default() };
        Self { pieces, inner: Mutex::new(inner), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A piece that a worker has taken: whatever becomes of it, a panic included, the others must hear that it is over.
struct Taken<'f, 'p> {
    floor: &'f Floor<'p>,
    place: usize,
    fate: Option<Fate>,
    /// It waits for another process and will be taken again.
    is_parked: bool,
}

impl Drop for Taken<'_, '_> {
    fn drop(&mut self) {
        if self.is_parked {
            return;
        }
        let fate = self.fate.take();
        let mut inner = self.floor.lock();
        inner.queue.settle(self.place, fate.as_ref().is_some_and(Fate::has_succeeded));
        inner.fates[self.place] = fate;
        drop(inner);
        self.floor.changed.notify_all();
    }
}
