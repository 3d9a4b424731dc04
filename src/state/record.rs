//! Recording: in one transaction an event changes the tables and becomes an entry of the ledger.

use std::sync::{MutexGuard, PoisonError};

use chrono::{DateTime, SubsecRound, Utc};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};
use serde::Deserialize;

use super::apply::apply;
use super::codec;
use super::crash::{self, Side};
use super::error::{Fault, copy_of, of_sqlite};
use super::group::{Work, Written};
use super::{State, StateError};
use crate::ledger::chain;
use crate::model::{Entry, Event};

/// Who writes, in every entry.
const BY: &str = concat!("mainstay ", env!("CARGO_PKG_VERSION"));

impl State {
    /// Records what happened. When this returns, it is on disk.
    ///
    /// # Errors
    /// [`StateError`]; then nothing was recorded. It may be about what this thread recorded before with
    /// [`State::record_soon`].
    pub fn record(&self, event: &Event) -> Result<Entry, StateError> {
        let mut entries = self.record_all(std::slice::from_ref(event))?;
        entries.pop().ok_or_else(|| self.deserted())
    }

    /// Records several things that happened, all or none of them, at the price of one.
    ///
    /// # Errors
    /// As [`State::record`].
    pub fn record_all(&self, events: &[Event]) -> Result<Vec<Entry>, StateError> {
        self.share(Work::Events(events.to_vec()), &mut |_| Ok(()))
    }

    /// Records what happened in its order, without waiting for the disk: it is there at the latest when the next
    /// `record` of this process has returned.
    ///
    /// What is wrong with it, the next `record` of this thread says instead of recording anything, or else
    /// [`State::flush`]. A state that is dropped writes what is left.
    pub fn record_soon(&self, event: &Event) {
        self.group.leave(vec![event.clone()]);
    }

    /// Waits until all is on disk that any thread has recorded.
    ///
    /// # Errors
    /// What could not be recorded, if its thread has not heard of it.
    pub fn flush(&self) -> Result<(), StateError> {
        self.record_all(&[])?;
        self.group.first_unheard().map_or(Ok(()), Err)
    }

    /// Makes the first entry, unless there is one.
    pub(super) fn begin_ledger(&self) -> Result<(), StateError> {
        const IS_EMPTY: &str = "SELECT NOT EXISTS (SELECT 1 FROM ledger)";
        let is_empty = |connection: &Connection| -> Result<bool, Fault> {
            Ok(connection.query_row(IS_EMPTY, [], |row| row.get(0))?)
        };
        if !self.read(is_empty)? {
            return Ok(());
        }
        self.write(|writing| {
            if is_empty(writing.transaction)? {
                let random = "SELECT lower(hex(randomblob(16)))";
                let origin = writing.transaction.query_row(random, [], |row| row.get(0))?;
                writing.append(&Event::StateCreated { origin })?;
            }
            Ok(())
        })
    }

    /// Does everything in `work` or nothing, while nobody else writes. When this returns, it is on disk.
    pub(super) fn write<T>(
        &self,
        work: impl FnOnce(&mut Writing) -> Result<T, Fault>,
    ) -> Result<T, StateError> {
        let (mut work, mut result) = (Some(work), None);
        self.share(Work::Own, &mut |writing| {
            result = work.take().map(|work| work(writing)).transpose()?;
            Ok(())
        })?;
        result.ok_or_else(|| self.deserted())
    }

    /// Writes together with other threads; `own` does [`Work::Own`].
    fn share(&self, work: Work, own: &mut dyn FnMut(&mut Writing) -> Result<(), Fault>) -> Written {
        let written = self.group.join(work, |batch| {
            let written = if batch.is_idle() {
                batch.each(|_| Ok(Ok(Vec::new())))
            } else {
                self.in_transaction(|writing| batch.each(|work| writing.whole(work, own)))
            };
            match written {
                Ok(written) => batch.tell(written),
                Err(error) => batch.fail(|| of_sqlite(copy_of(&error), self.path())),
            }
        });
        written.unwrap_or_else(|| Err(self.deserted()))
    }

    fn in_transaction<T>(
        &self,
        work: impl FnOnce(&mut Writing) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        let connection = self.connection();
        // Immediate: a transaction that reads first and writes later fails when another one wrote in between, whatever
        // the busy timeout says.
        let transaction = Transaction::new_unchecked(&connection, TransactionBehavior::Immediate)?;
        let version = data_version(&transaction)?;
        let known = self.tip().take().filter(|(of, _)| *of == version);
        let head = known.map_or_else(|| head(&transaction), |(_, tip)| Ok(tip))?;
        let mut writing = Writing { transaction: &transaction, state: self, now: self.now(), head };
        let result = work(&mut writing)?;
        let head = writing.head;
        crash::point(Side::Before);
        transaction.commit()?;
        crash::point(Side::After);
        *self.tip() = Some((version, head));
        Ok(result)
    }

    /// Read under the lock, so that entries of several processes are in order of time.
    fn now(&self) -> DateTime<Utc> {
        self.clock.now().trunc_subsecs(3)
    }

    fn tip(&self) -> MutexGuard<'_, Option<(i64, Tip)>> {
        self.tip.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn deserted(&self) -> StateError {
        StateError::Deserted { path: self.path().to_owned() }
    }
}

impl Drop for State {
    fn drop(&mut self) {
        // There is nobody left to tell.
        let _ = self.flush();
        self.withdraw_sign();
    }
}

/// A transaction that appends to the ledger.
pub(super) struct Writing<'a> {
    pub(super) transaction: &'a Transaction<'a>,
    state: &'a State,
    pub(super) now: DateTime<Utc>,
    head: Tip,
}

/// What the next entry is chained to.
#[derive(Debug, Clone)]
pub(super) struct Tip {
    seq: u64,
    digest: String,
    at: Option<DateTime<Utc>>,
}

impl Writing<'_> {
    /// Does all of a piece, or nothing of it.
    ///
    /// # Errors
    /// When it took the whole transaction with it.
    fn whole(
        &mut self,
        work: &Work,
        own: &mut dyn FnMut(&mut Writing) -> Result<(), Fault>,
    ) -> rusqlite::Result<Written> {
        let head = self.head.clone();
        self.now = self.state.now();
        self.execute("SAVEPOINT piece")?;
        let written = match work {
            Work::Events(events) => events.iter().map(|event| self.append(event)).collect(),
            Work::Own => own(self).map(|()| Vec::new()),
        };
        match written {
            // SQLite ends the transaction itself when the disk is full or fails.
            Err(Fault::Sql(error)) if self.transaction.is_autocommit() => return Err(error),
            Err(_) => {
                self.execute("ROLLBACK TO piece")?;
                self.head = head;
            }
            Ok(_) => {}
        }
        self.execute("RELEASE piece")?;
        Ok(written.map_err(|fault| fault.of(self.state.path())))
    }

    fn execute(&self, sql: &str) -> rusqlite::Result<()> {
        self.transaction.prepare_cached(sql)?.execute([]).map(|_| ())
    }

    /// Changes the tables and appends an entry; if the clock went back, an entry about that goes first.
    pub(super) fn append(&mut self, event: &Event) -> Result<Entry, Fault> {
        if let Some(last) = self.head.at.filter(|last| self.now < *last) {
            self.append_entry(&Event::ClockStepped { last, now: self.now })?;
        }
        self.append_entry(event)
    }

    fn append_entry(&mut self, event: &Event) -> Result<Entry, Fault> {
        let entry = Entry {
            seq: self.head.seq + 1,
            at: self.now,
            who: self.state.who.clone(),
            host: self.state.host.clone(),
            by: BY.to_owned(),
            prev: self.head.digest.clone(),
            event: self.state.without_secrets(event),
        };
        apply(self.transaction, &entry)?;
        let line = chain::line(&entry)?;
        let digest = chain::digest(line.as_bytes());
        self.transaction
            .prepare_cached("INSERT INTO ledger (seq, line, digest, prev) VALUES (?1, ?2, ?3, ?4)")?
            .execute((codec::count(entry.seq)?, line, &digest, &entry.prev))?;
        self.head = Tip { seq: entry.seq, digest, at: Some(entry.at) };
        Ok(entry)
    }
}

/// Just the time of an entry, whatever else it says.
#[derive(Deserialize)]
struct Timed {
    at: DateTime<Utc>,
}

/// Another number whenever somebody else has written.
///
/// Source: SQLite, PRAGMA data_version.
fn data_version(transaction: &Transaction) -> rusqlite::Result<i64> {
    transaction.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))
}

fn head(transaction: &Transaction) -> rusqlite::Result<Tip> {
    let sql = "SELECT seq, digest, line FROM ledger ORDER BY seq DESC LIMIT 1";
    let last = transaction.prepare_cached(sql)?.query_row([], |row| {
        // An entry that somebody spoiled does not stop the work; `audit verify` will tell.
        let timed = row.get_ref("line")?.as_str().ok().and_then(|line| codec::parse::<Timed>(line).ok());
        let seq: i64 = row.get("seq")?;
        let seq = u64::try_from(seq).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, seq))?;
        Ok(Tip { seq, digest: row.get("digest")?, at: timed.map(|timed| timed.at) })
    });
    let none = Tip { seq: 0, digest: chain::NO_DIGEST.to_owned(), at: None };
    Ok(last.optional()?.unwrap_or(none))
}
