//! Group commit: what threads of this process record at once shares one transaction and one wait for the disk.
//!
//! What is to be written queues up in pieces. A thread that comes when nobody leads, leads: it takes what has queued
//! up, writes all of it in one transaction, tells each thread what became of its piece, and passes the lead on to the
//! first that has come meanwhile.
//!
//! 1. Pieces are written in the order in which they came, so those of one thread in its own order.
//! 2. One thread leads at a time, and as long as anybody waits, somebody does.
//! 3. A thread hears what is wrong with a piece that it did not wait for before it writes another.

use std::collections::VecDeque;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use super::StateError;
use crate::model::{Entry, Event};

/// What became of a piece: its entries, which are on disk, or why there are none.
pub(super) type Written = Result<Vec<Entry>, StateError>;

/// What is to be written, all or nothing of it.
#[derive(Debug)]
pub(super) enum Work {
    /// Events, by whoever leads.
    Events(Vec<Event>),
    /// What only the thread itself can do: it has to lead.
    Own,
}

/// The threads that write, and what they want to be written.
#[derive(Debug, Default)]
pub(super) struct Group(Mutex<Queue>);

#[derive(Debug, Default)]
struct Queue {
    pieces: VecDeque<Piece>,
    is_led: bool,
    /// What was wrong with pieces that nobody waited for.
    unheard: VecDeque<(ThreadId, StateError)>,
}

#[derive(Debug)]
struct Piece {
    by: ThreadId,
    work: Work,
    /// The thread, if it waits.
    waits: Option<Sender<Word>>,
}

/// What a thread that waits is told.
#[derive(Debug)]
enum Word {
    Lead,
    Written(Written),
}

impl Group {
    /// Queues what nobody waits for: it is written with the next piece that somebody waits for.
    pub(super) fn leave(&self, events: Vec<Event>) {
        self.queue().pieces.push_back(Piece { by: me(), work: Work::Events(events), waits: None });
    }

    /// Queues `work` and waits until it is written; `lead` is called when this thread has to write. `None` when the
    /// thread that was to write it has panicked.
    pub(super) fn join(&self, work: Work, lead: impl FnOnce(Batch)) -> Option<Written> {
        let words = self.enter(work);
        if let Word::Written(written) = words.recv().ok()? {
            return Some(written);
        }
        lead(Batch::of(self));
        match words.try_recv().ok()? {
            Word::Written(written) => Some(written),
            Word::Lead => None,
        }
    }

    fn enter(&self, work: Work) -> Receiver<Word> {
        let (waits, words) = mpsc::channel();
        let mut queue = self.queue();
        if !queue.is_led {
            queue.is_led = waits.send(Word::Lead).is_ok();
        }
        queue.pieces.push_back(Piece { by: me(), work, waits: Some(waits) });
        words
    }

    /// What was wrong with the first piece of which no thread has heard that.
    pub(super) fn first_unheard(&self) -> Option<StateError> {
        self.queue().unheard.pop_front().map(|(_, error)| error)
    }

    /// A thread that panics meanwhile leaves nothing half done.
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    /// Takes what the thread `by` has not heard yet.
    fn unheard_of(&mut self, by: ThreadId) -> Option<StateError> {
        let place = self.unheard.iter().position(|(thread, _)| *thread == by)?;
        self.unheard.remove(place).map(|(_, error)| error)
    }
}

fn me() -> ThreadId {
    thread::current().id()
}

/// What the thread that leads writes for all. When it is dropped, by a panic at the latest, the lead is passed on.
#[derive(Debug)]
pub(super) struct Batch<'g> {
    group: &'g Group,
    pieces: Vec<Piece>,
}

impl<'g> Batch<'g> {
    /// What has queued up, as far as this thread can write it.
    fn of(group: &'g Group) -> Self {
        let mut queue = group.queue();
        let is_ours = |piece: &&Piece| piece.by == me() || !matches!(piece.work, Work::Own);
        let n_ours = queue.pieces.iter().take_while(is_ours).count();
        let pieces = queue.pieces.drain(..n_ours).collect();
        Self { group, pieces }
    }

    /// Whether there is nothing to be written.
    pub(super) fn is_idle(&self) -> bool {
        self.pieces.iter().all(|piece| matches!(&piece.work, Work::Events(events) if events.is_empty()))
    }

    /// Does each piece with `one`, which says what becomes of it; but not those of a thread that has to hear first what
    /// was wrong with another.
    ///
    /// # Errors
    /// The first of `one` itself.
    pub(super) fn each<E>(
        &self,
        mut one: impl FnMut(&Work) -> Result<Written, E>,
    ) -> Result<Vec<Written>, E> {
        let mut stopped: Vec<_> = self.group.queue().unheard.iter().map(|(by, _)| *by).collect();
        let mut all_written = Vec::with_capacity(self.pieces.len());
        for piece in &self.pieces {
            let written = if stopped.contains(&piece.by) { Ok(Vec::new()) } else { one(&piece.work)? };
            if written.is_err() && piece.waits.is_none() {
                stopped.push(piece.by);
            }
            all_written.push(written);
        }
        Ok(all_written)
    }

    /// Tells each thread what became of its piece, now that it is on disk.
    pub(super) fn tell(mut self, all_written: Vec<Written>) {
        let mut queue = self.group.queue();
        for (piece, written) in self.pieces.drain(..).zip(all_written) {
            match (piece.waits, written) {
                (Some(waits), written) => {
                    let unheard = queue.unheard_of(piece.by);
                    // A thread that does not listen any more has panicked.
                    let _ = waits.send(Word::Written(unheard.map_or(written, Err)));
                }
                (None, Err(error)) => queue.unheard.push_back((piece.by, error)),
                (None, Ok(_)) => {}
            }
        }
    }

    /// Tells each thread that nothing was written. What nobody waits for stays in the queue.
    pub(super) fn fail(mut self, why: impl Fn() -> StateError) {
        let mut queue = self.group.queue();
        for piece in self.pieces.drain(..).rev() {
            match piece.waits {
                Some(waits) => _ = waits.send(Word::Written(Err(why()))),
                None => queue.pieces.push_front(piece),
            }
        }
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        let mut queue = self.group.queue();
        let mut waiting = queue.pieces.iter().filter_map(|piece| piece.waits.as_ref());
        queue.is_led = waiting.any(|waits| waits.send(Word::Lead).is_ok());
    }
}

#[cfg(test)]
mod tests;
