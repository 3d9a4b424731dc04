//! Recording: an event changes the tables and becomes a ledger entry in one transaction, or neither.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, Transaction, TransactionBehavior, params};

use super::{StartError, State, StateError, apply, times};
use crate::ledger::chain::{GENESIS, digest_of, line_of};
use crate::model::{Entry, Event, Holder, OccurrenceId, Origin, RunId, Schedule};

/// A run that is to be started.
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
    /// Who works on it.
    pub holder: Holder,
}

/// What every entry says beside its event.
struct Writer<'a> {
    now: DateTime<Utc>,
    who: &'a str,
    host: &'a str,
}

impl State {
    /// Records `event`: durable when this returns.
    ///
    /// # Errors
    /// [`StateError`]; nothing has changed then.
    pub fn record(&mut self, event: &Event) -> Result<(), StateError> {
        self.record_all(std::slice::from_ref(event))
    }

    /// Records events together: all of them, or none.
    ///
    /// # Errors
    /// [`StateError`]; nothing has changed then.
    pub fn record_all(&mut self, events: &[Event]) -> Result<(), StateError> {
        self.write(|tx, writer| events.iter().try_for_each(|event| append(tx, writer, event)))
    }

    /// Starts a run and returns the event that says so. Of any number of callers, one gets the occurrence.
    ///
    /// # Errors
    /// [`StartError`]; nothing has changed then.
    pub fn start_run(&mut self, new: NewRun) -> Result<(RunId, Event), StartError> {
        let mut started = None;
        self.write(|tx, writer| {
            refuse_held_work(tx, &new)?;
            let last: i64 = tx.query_row("SELECT coalesce(max(id), 0) FROM run", [], |row| row.get(0))?;
            let run = RunId(last + 1);
            let event = Event::RunStarted {
                run,
                task: new.task.clone(),
                occurrence: new.occurrence.clone(),
                origin: new.origin,
                due: new.due,
                plan_digest: new.plan_digest.clone(),
                targets: new.targets.clone(),
                holder: new.holder.clone(),
            };
            append(tx, writer, &event)?;
            started = Some((run, event));
            Ok::<_, StartError>(())
        })?;
        // The closure has run to its end, or `?` has returned.
        started.ok_or(StartError::State(StateError::Sqlite(rusqlite::Error::QueryReturnedNoRows)))
    }

    /// Publishes `schedule`, which was computed when `base` was the published revision, and returns its revision.
    ///
    /// # Errors
    /// [`StateError::Stale`] when another one has been published meanwhile.
    pub fn publish(
        &mut self,
        mut schedule: Schedule,
        base: u64,
        digest: &str,
        (added, moved, dropped): (usize, usize, usize),
    ) -> Result<u64, StateError> {
        self.write(|tx, writer| {
            let found: i64 =
                tx.query_row("SELECT coalesce(max(number), 0) FROM revision", [], |row| row.get(0))?;
            let found = u64::try_from(found).unwrap_or(0);
            if found != base {
                return Err(StateError::Stale { expected: base, found });
            }
            schedule.revision = base + 1;
            let digest = digest.to_owned();
            let schedule = Box::new(schedule);
            append(tx, writer, &Event::SchedulePublished { digest, added, moved, dropped, schedule })
        })?;
        Ok(base + 1)
    }

    /// Takes the write lock, does `work`, and makes it durable.
    fn write<E: From<rusqlite::Error>>(
        &mut self,
        work: impl FnOnce(&Transaction, &Writer) -> Result<(), E>,
    ) -> Result<(), E> {
        let tx = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        work(&tx, &Writer { now: self.clock.now(), who: &self.who, host: &self.host })?;
        tx.commit()?;
        Ok(())
    }
}

/// Refuses work that has a run, or that something else is in the way of.
fn refuse_held_work(tx: &Transaction, new: &NewRun) -> Result<(), StartError> {
    if let Some(occurrence) = &new.occurrence {
        let by = tx
            .query_row("SELECT id, holder FROM run WHERE occurrence = ?1", [&occurrence.0], id_and_holder)
            .optional()?;
        if let Some((run, holder)) = by {
            return Err(StartError::AlreadyStarted { occurrence: occurrence.0.clone(), run, holder });
        }
    }
    let mut unfinished =
        tx.prepare("SELECT id, holder, task, targets FROM run WHERE ended IS NULL ORDER BY id")?;
    let mut rows = unfinished.query([])?;
    while let Some(row) = rows.next()? {
        let (run, holder) = id_and_holder(row)?;
        let task: String = row.get(2)?;
        if task == new.task {
            return Err(StartError::TaskRunning { task, run, holder });
        }
        let targets: Vec<String> = times::json(3, &row.get::<_, String>(3)?)?;
        if let Some(target) = new.targets.iter().find(|target| targets.contains(target)) {
            return Err(StartError::TargetBusy { target: target.clone(), task, run, holder });
        }
    }
    Ok(())
}

fn id_and_holder(row: &rusqlite::Row) -> rusqlite::Result<(RunId, Box<Holder>)> {
    Ok((RunId(row.get(0)?), Box::new(times::json(1, &row.get::<_, String>(1)?)?)))
}

/// Applies `event` to the tables and appends it; a clock that went back is recorded first.
fn append(tx: &Transaction, writer: &Writer, event: &Event) -> Result<(), StateError> {
    let head = head(tx)?;
    if let Some((_, _, last)) = &head
        && writer.now < *last
        && !matches!(event, Event::ClockStepped { .. })
    {
        append(tx, writer, &Event::ClockStepped { last: *last, now: writer.now })?;
        return append_to(tx, writer, event, self::head(tx)?);
    }
    append_to(tx, writer, event, head)
}

type LedgerHead = Option<(u64, String, DateTime<Utc>)>;

fn head(tx: &Transaction) -> rusqlite::Result<LedgerHead> {
    let sql = "SELECT seq, digest, at FROM ledger ORDER BY seq DESC LIMIT 1";
    let read = |row: &rusqlite::Row| {
        let seq: i64 = row.get(0)?;
        Ok((seq.unsigned_abs(), row.get(1)?, times::instant(2, &row.get::<_, String>(2)?)?))
    };
    tx.query_row(sql, [], read).optional()
}

fn append_to(tx: &Transaction, writer: &Writer, event: &Event, head: LedgerHead) -> Result<(), StateError> {
    let (seq, prev) = head.map_or((1, GENESIS.to_owned()), |(seq, digest, _)| (seq + 1, digest));
    apply::apply(tx, event, writer.now)?;
    let entry = Entry {
        seq,
        at: writer.now,
        who: writer.who.to_owned(),
        host: writer.host.to_owned(),
        by: concat!("mainstay ", env!("CARGO_PKG_VERSION")).to_owned(),
        prev,
        event: event.clone(),
    };
    let line = line_of(&entry)?;
    let (kind, task, run) = apply::subject(event);
    tx.prepare_cached(
        "INSERT INTO ledger (seq, line, digest, prev, at, kind, task, run) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        i64::try_from(seq).unwrap_or(i64::MAX),
        line,
        digest_of(&line),
        entry.prev,
        times::text(writer.now),
        kind,
        task,
        run.map(|run| run.0)
    ])?;
    Ok(())
}
