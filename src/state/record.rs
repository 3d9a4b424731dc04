//! Recording: in one transaction an event changes the tables and becomes an entry of the ledger.

use chrono::{DateTime, SubsecRound, Utc};
use rusqlite::Transaction;
use serde::Deserialize;

use super::apply::apply;
use super::codec;
use super::error::Fault;
use super::{State, StateError};
use crate::ledger::chain;
use crate::model::{Entry, Event};

/// Who writes, in every entry.
const BY: &str = concat!("mainstay ", env!("CARGO_PKG_VERSION"));

impl State {
    /// Records what happened. When this returns, it is on disk.
    ///
    /// # Errors
    /// [`StateError`]; then nothing was recorded.
    pub fn record(&self, event: &Event) -> Result<Entry, StateError> {
        self.write(|writing| writing.append(event))
    }

    /// Records several things that happened, all or none of them, at the price of one.
    ///
    /// # Errors
    /// [`StateError`]; then nothing was recorded.
    pub fn record_all(&self, events: &[Event]) -> Result<Vec<Entry>, StateError> {
        self.write(|writing| events.iter().map(|event| writing.append(event)).collect())
    }

    /// Makes the first entry, unless there is one.
    pub(super) fn begin_ledger(&self) -> Result<(), StateError> {
        const IS_EMPTY: &str = "SELECT NOT EXISTS (SELECT 1 FROM ledger)";
        let is_empty = |connection: &rusqlite::Connection| -> Result<bool, Fault> {
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

    /// Does everything in `work` or nothing, while nobody else writes.
    pub(super) fn write<T>(
        &self,
        work: impl FnOnce(&mut Writing) -> Result<T, Fault>,
    ) -> Result<T, StateError> {
        self.in_transaction(|transaction| {
            let mut writing = Writing {
                transaction,
                state: self,
                // Read under the lock, so that entries of several processes are in order of time.
                now: self.clock.now().trunc_subsecs(3),
                head: head(transaction)?,
            };
            work(&mut writing)
        })
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
struct Tip {
    seq: u64,
    digest: String,
    at: Option<DateTime<Utc>>,
}

impl Writing<'_> {
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

fn head(transaction: &Transaction) -> Result<Tip, Fault> {
    let sql = "SELECT seq, digest, line FROM ledger ORDER BY seq DESC LIMIT 1";
    let last = codec::first(transaction, sql, [], |row| {
        // An entry that somebody spoiled does not stop the work; `audit verify` will tell.
        let timed = row.get_ref("line")?.as_str().ok().and_then(|line| codec::parse::<Timed>(line).ok());
        Ok(Tip {
            seq: codec::natural(row, "seq")?,
            digest: row.get("digest")?,
            at: timed.map(|timed| timed.at),
        })
    })?;
    Ok(last.unwrap_or(Tip { seq: 0, digest: chain::NO_DIGEST.to_owned(), at: None }))
}
