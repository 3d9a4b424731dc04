//! The published schedule.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use rusqlite::{Row, Transaction};

use super::codec::{self, stamp};
use super::error::Fault;
use super::history::{TaskHistory, histories_in};
use super::{State, StateError};
use crate::ledger::chain;
use crate::model::{Event, Placed, Schedule};

/// How a schedule differs from the one published before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Published {
    /// Occurrences that are new.
    pub added: usize,
    /// Occurrences that start at another time.
    pub moved: usize,
    /// Occurrences that are gone.
    pub dropped: usize,
}

/// So long a calendar says that something is cancelled; programs that subscribe to one read it at least daily, and
/// people are on holiday.
pub const WITHDRAWAL: TimeDelta = TimeDelta::days(30);

const CURRENT: &str = "SELECT coalesce(max(revision), 0) AS revision FROM revision";

impl State {
    /// The schedule that holds now.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn published(&self) -> Result<Option<Schedule>, StateError> {
        let sql = "SELECT schedule FROM revision ORDER BY revision DESC LIMIT 1";
        self.read(|connection| codec::first(connection, sql, [], |row| codec::from_json(row, "schedule")))
    }

    /// What a revision took back that was published at `since` or later, each as it stood last, by start; without what
    /// would have ended before `since`, or is planned again.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn withdrawn(&self, since: DateTime<Utc>) -> Result<Vec<Placed>, StateError> {
        let sql = "SELECT placed FROM taken_back WHERE recorded >= ?1 AND ends >= ?2
                   ORDER BY json_extract(placed, '$.start'), occurrence";
        self.read(|connection| {
            codec::rows(connection, sql, (stamp(since), whole(since)), |row| codec::from_json(row, "placed"))
        })
    }

    /// Records that the schedule of `revision` is outdated, unless that is on record. Says whether it was not.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn record_outdated(&self, revision: u64, reason: &str) -> Result<bool, StateError> {
        let sql = "SELECT 1 FROM meta WHERE key = 'outdated' AND value = ?1";
        let is_known = |connection: &rusqlite::Connection| {
            let known = codec::first(connection, sql, [revision.to_string()], |_| Ok(()))?;
            Ok::<_, super::error::Fault>(known.is_some())
        };
        if self.read(is_known)? {
            return Ok(false);
        }
        self.write(|writing| {
            if is_known(writing.transaction)? {
                return Ok(false);
            }
            writing.append(&Event::ScheduleOutdated { revision, reason: reason.to_owned() })?;
            Ok(true)
        })
    }

    /// Makes `schedule` the one that holds, and returns its revision.
    ///
    /// # Errors
    /// [`StateError::Stale`] when the published revision is not `base` any more (0: none was published), and
    /// [`StateError::Moved`] when the past of a task is not what it was; then nothing was recorded.
    pub fn publish(
        &self,
        mut schedule: Schedule,
        base: u64,
        past: &BTreeMap<String, TaskHistory>,
        counts: Published,
    ) -> Result<u64, StateError> {
        self.write(|writing| {
            let published: i64 = writing.transaction.query_row(CURRENT, [], |row| row.get(0))?;
            let published = u64::try_from(published).unwrap_or_default();
            if published != base {
                return Err(StateError::Stale { base, published }.into());
            }
            if let Some(task) = first_moved(past, &histories_in(writing.transaction, None, writing.now)?) {
                return Err(StateError::Moved { task }.into());
            }
            schedule.revision = base + 1;
            let revision = schedule.revision;
            let digest = chain::sha256(chain::canonical(&schedule)?.as_bytes());
            let Published { added, moved, dropped } = counts;
            let schedule = Box::new(schedule);
            writing.append(&Event::SchedulePublished { digest, added, moved, dropped, schedule })?;
            Ok(revision)
        })
    }
}

/// Times of schedules are whole seconds in UTC, so that text sorts as time does.
fn whole(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Notes what the revision before `schedule`, which is published `at` a time, had and it has not. What ended too long
/// before that is forgotten.
pub(super) fn take_back(tx: &Transaction, at: DateTime<Utc>, schedule: &Schedule) -> Result<(), Fault> {
    tx.execute("DELETE FROM taken_back WHERE ends < ?1", [whole(at - WITHDRAWAL)])?;
    let planned: HashSet<_> = schedule.placed.iter().map(|placed| &placed.occurrence.id).collect();
    let mut again = tx.prepare_cached("DELETE FROM taken_back WHERE occurrence = ?1")?;
    for occurrence in &planned {
        again.execute([&occurrence.0])?;
    }
    let sql = "SELECT schedule FROM revision WHERE revision < ?1 ORDER BY revision DESC LIMIT 1";
    let before = |row: &Row| codec::from_json::<Schedule>(row, "schedule");
    let Some(before) = codec::first(tx, sql, [codec::count(schedule.revision)?], before)? else {
        return Ok(());
    };
    let sql =
        "INSERT OR REPLACE INTO taken_back (occurrence, recorded, ends, placed) VALUES (?1, ?2, ?3, ?4)";
    let mut note = tx.prepare_cached(sql)?;
    for placed in before.placed.iter().filter(|placed| !planned.contains(&placed.occurrence.id)) {
        note.execute((&placed.occurrence.id.0, stamp(at), whole(placed.end), codec::json(placed)?))?;
    }
    Ok(())
}

/// The first task that has another past.
fn first_moved(then: &BTreeMap<String, TaskHistory>, now: &BTreeMap<String, TaskHistory>) -> Option<String> {
    let mut tasks = then.keys().chain(now.keys());
    tasks.find(|task| then.get(*task) != now.get(*task)).cloned()
}
