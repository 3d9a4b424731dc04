//! Approvals, as they were signed.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Transaction};

use super::codec::{self, count, stamp};
use super::error::Fault;
use super::{State, StateError};
use crate::model::{ApprovalStatement, Entry, Event, InForce, OccurrenceId, RunId};

/// An approval as it was recorded: nothing is said here about whether it is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedApproval {
    /// Its place in the ledger.
    pub entry: u64,
    /// When it was recorded.
    pub recorded: DateTime<Utc>,
    /// What was signed, without its line feed.
    pub statement: String,
    /// The armored signature.
    pub signature: String,
}

impl State {
    /// Records an approval that speaks of the published revision `base` (0: it speaks of none).
    ///
    /// # Errors
    /// [`StateError::Stale`] when another revision has been published meanwhile; then nothing was recorded.
    pub fn approve(&self, approval: &Event, base: u64) -> Result<Entry, StateError> {
        self.write(|writing| {
            let sql = "SELECT coalesce(max(revision), 0) FROM revision";
            let published: i64 = writing.transaction.query_row(sql, [], |row| row.get(0))?;
            let published = u64::try_from(published).unwrap_or_default();
            if published != base {
                return Err(StateError::Stale { base, published }.into());
            }
            writing.append(approval)
        })
    }

    /// The revision that is in force, with its digest.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn in_force(&self) -> Result<Option<InForce>, StateError> {
        let sql = "SELECT revision, digest FROM revision ORDER BY revision DESC LIMIT 1";
        self.read(|connection| {
            codec::first(connection, sql, [], |row| {
                Ok(InForce { revision: codec::natural(row, "revision")?, digest: row.get("digest")? })
            })
        })
    }

    /// The approvals that speak of an occurrence, or of the next run of a task on demand, by their places in the
    /// ledger, oldest first.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn approvals_of(
        &self,
        task: &str,
        occurrence: Option<&OccurrenceId>,
    ) -> Result<Vec<u64>, StateError> {
        let sql = "SELECT entry FROM approved WHERE task = ?1 AND occurrence = ?2 ORDER BY entry";
        let occurrence = occurrence.map_or("", |occurrence| occurrence.0.as_str());
        self.read(|connection| {
            codec::rows(connection, sql, (task, occurrence), |row| codec::natural(row, "entry"))
        })
    }

    /// One approval.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn approval(&self, entry: u64) -> Result<Option<RecordedApproval>, StateError> {
        let sql = "SELECT * FROM approval WHERE entry = ?1";
        self.read(|connection| {
            codec::first(connection, sql, [count(entry)?], |row| {
                Ok(RecordedApproval {
                    entry: codec::natural(row, "entry")?,
                    recorded: codec::time(row, "recorded")?,
                    statement: row.get("statement")?,
                    signature: row.get("signature")?,
                })
            })
        })
    }

    /// The run on demand of a task that has used up an approval; `None` when there has been none since.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn approval_used_by(&self, task: &str, entry: u64) -> Result<Option<RunId>, StateError> {
        self.read(|connection| used_by(connection, task, &[entry]))
    }
}

/// The first run on demand of a task that began after one of the approvals was recorded.
pub(super) fn used_by(
    connection: &Connection,
    task: &str,
    approvals: &[u64],
) -> Result<Option<RunId>, Fault> {
    let sql = "SELECT min(run.id) AS id FROM run, approval WHERE run.task = ?1 AND run.occurrence IS NULL
               AND approval.entry = ?2 AND run.id > approval.after_run HAVING min(run.id) IS NOT NULL";
    for entry in approvals {
        let run = codec::first(connection, sql, (task, count(*entry)?), |row| Ok(RunId(row.get("id")?)))?;
        if run.is_some() {
            return Ok(run);
        }
    }
    Ok(None)
}

/// Notes an approval, and what it speaks of.
pub(super) fn note(tx: &Transaction, entry: &Entry, statement: &str, signature: &str) -> Result<(), Fault> {
    let said: ApprovalStatement = codec::parse(statement)?;
    // Who records the same words again revives nothing that was used up meanwhile.
    let sql = "INSERT INTO approval (entry, recorded, statement, signature, after_run)
               VALUES (?1, ?2, ?3, ?4, (SELECT coalesce(
                   (SELECT min(after_run) FROM approval WHERE statement = ?3), (SELECT max(id) FROM run), 0)))";
    tx.execute(sql, (count(entry.seq)?, stamp(entry.at), statement, signature))?;
    let mut add =
        tx.prepare_cached("INSERT OR IGNORE INTO approved (task, occurrence, entry) VALUES (?1, ?2, ?3)")?;
    for approved in &said.occurrences {
        add.execute((&approved.task, &approved.id.0, count(entry.seq)?))?;
    }
    for run in &said.on_demand {
        add.execute((&run.task, "", count(entry.seq)?))?;
    }
    Ok(())
}
