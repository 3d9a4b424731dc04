//! The conditions of tasks: where they stand, and what becomes of that on record.

use std::collections::BTreeMap;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use rusqlite::{Connection, Row, Transaction, params_from_iter};

use super::codec::{self, stamp};
use super::error::Fault;
use super::{State, StateError};
use crate::model::{Condition, Event, OccurrenceId, Outcome, Stands};

/// An answer to the question whether the condition of a task holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// The task.
    pub task: String,
    /// The check that its `when` names.
    pub check: String,
    /// What the check asks, in one short line.
    pub asks: String,
    /// Whether it holds.
    pub holds: bool,
    /// What was found, for people.
    pub found: String,
    /// When the question was put.
    pub asked: DateTime<Utc>,
    /// The occurrence that waits to be started because the condition failed before.
    pub pending: Option<OccurrenceId>,
}

impl State {
    /// Where the condition of each task stands that was ever seen to fail.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn conditions(&self) -> Result<BTreeMap<String, Condition>, StateError> {
        self.read(|connection| Ok(rows(connection, None)?.into_iter().collect()))
    }

    /// Records what has changed, however many processes see it at once, and returns it. An answer that says nothing
    /// new leaves no entry, nor does one that was asked for before the last run of the task ended, or during a run.
    ///
    /// # Errors
    /// [`StateError`]; then nothing was recorded.
    pub fn record_conditions(&self, observed: &[Observed]) -> Result<Vec<Event>, StateError> {
        // Nothing is new at most ticks: they need not wait for those who write.
        let known = self.conditions()?;
        let is_new = |observed: &&Observed| changes(known.get(&observed.task), observed);
        let new: Vec<_> = observed.iter().filter(is_new).collect();
        if new.is_empty() {
            return Ok(Vec::new());
        }
        self.write(|writing| {
            let now = self.clock.now();
            let mut events = Vec::new();
            for observed in new {
                let tx = writing.transaction;
                let known = rows(tx, Some(&observed.task))?.pop().map(|(_, condition)| condition);
                if changes(known.as_ref(), observed) && !is_overtaken(tx, observed, now)? {
                    let event = event(tx, observed, known.as_ref(), now)?;
                    writing.append(&event)?;
                    events.push(event);
                }
            }
            Ok(events)
        })
    }
}

/// Whether an answer says something new.
fn changes(known: Option<&Condition>, observed: &Observed) -> bool {
    match known {
        None => !observed.holds,
        Some(known) if known.stands == Stands::Holds => !observed.holds,
        Some(known) => observed.holds || known.stands == Stands::Worked || known.check != observed.check,
    }
}

/// Whether a run of the task goes on, or has ended since the question was put.
fn is_overtaken(tx: &Transaction, observed: &Observed, now: DateTime<Utc>) -> Result<bool, Fault> {
    let sql = "SELECT EXISTS (SELECT 1 FROM run WHERE task = ?1 AND ended IS NULL)";
    let is_running: bool = tx.prepare_cached(sql)?.query_row([&observed.task], |row| row.get(0))?;
    let ended = last_end(tx, &observed.task, now)?;
    Ok(is_running || ended.is_some_and(|ended| observed.asked < ended))
}

/// The end of the last run; one that was recorded while the clock was ahead says nothing.
fn last_end(tx: &Transaction, task: &str, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, Fault> {
    let sql = "SELECT last_end FROM task WHERE name = ?1";
    let ended = codec::first(tx, sql, [task], |row| codec::opt_time(row, "last_end"))?.flatten();
    Ok(ended.filter(|ended| *ended <= now))
}

fn event(
    tx: &Transaction,
    observed: &Observed,
    known: Option<&Condition>,
    now: DateTime<Utc>,
) -> Result<Event, Fault> {
    let Observed { task, check, asks, found, pending, .. } = observed.clone();
    if !observed.holds {
        let mut since = now.trunc_subsecs(0);
        if last_end(tx, &task, now)?.is_some_and(|ended| since < ended) {
            since += TimeDelta::seconds(1);
        }
        // An occurrence is known by its second, and each is started once.
        while is_taken(tx, &OccurrenceId::at(&task, since))? {
            since += TimeDelta::seconds(1);
        }
        return Ok(Event::ConditionFailed { task, check, asks, found, since });
    }
    let is_failing = known.is_some_and(|known| known.stands == Stands::Fails);
    let withdrawn = match pending.filter(|_| is_failing) {
        Some(pending) if is_taken(tx, &pending)? => None,
        pending => pending,
    };
    Ok(Event::ConditionHeld { task, check, found, withdrawn })
}

fn is_taken(tx: &Transaction, occurrence: &OccurrenceId) -> Result<bool, Fault> {
    let sql = "SELECT EXISTS (SELECT 1 FROM run WHERE occurrence = ?1
               UNION ALL SELECT 1 FROM withdrawn WHERE occurrence = ?1)";
    Ok(tx.prepare_cached(sql)?.query_row([&occurrence.0], |row| row.get(0))?)
}

/// Whether nobody has to start it any more.
pub(super) fn is_withdrawn(connection: &Connection, occurrence: &OccurrenceId) -> Result<bool, Fault> {
    let sql = "SELECT 1 FROM withdrawn WHERE occurrence = ?1";
    Ok(codec::first(connection, sql, [&occurrence.0], |_| Ok(()))?.is_some())
}

/// The conditions of all tasks, or of one.
pub(super) fn rows(connection: &Connection, task: Option<&str>) -> Result<Vec<(String, Condition)>, Fault> {
    let only = if task.is_some() { "WHERE task = ?1" } else { "" };
    let sql = format!("SELECT * FROM condition {only}");
    codec::rows(connection, &sql, params_from_iter(task), |row| Ok((row.get("task")?, from_row(row)?)))
}

fn from_row(row: &Row) -> Result<Condition, Fault> {
    let stands: String = row.get("stands")?;
    let known = Stands::ALL.into_iter().find(|known| known.as_str() == stands);
    let unknown = || Fault::Unreadable("a condition", format!("it stands at `{stands}`").into());
    Ok(Condition {
        check: row.get("check_name")?,
        stands: known.ok_or_else(unknown)?,
        since: codec::time(row, "since")?,
        found: row.get("found")?,
        failures: row.get("failures")?,
    })
}

/// Notes where a condition stands.
pub(super) fn note(
    tx: &Transaction,
    task: &str,
    check: &str,
    stands: Stands,
    since: DateTime<Utc>,
    found: &str,
) -> Result<(), Fault> {
    let sql = "INSERT OR REPLACE INTO condition (task, check_name, stands, since, found)
               VALUES (?1, ?2, ?3, ?4, ?5)";
    tx.prepare_cached(sql)?.execute((task, check, stands.as_str(), stamp(since), found))?;
    Ok(())
}

pub(super) fn withdraw(tx: &Transaction, occurrence: &OccurrenceId, at: &str) -> Result<(), Fault> {
    let sql = "INSERT OR IGNORE INTO withdrawn (occurrence, recorded) VALUES (?1, ?2)";
    tx.prepare_cached(sql)?.execute((&occurrence.0, at))?;
    Ok(())
}

/// After a success the check has to be asked anew; after anything else it still fails.
pub(super) fn note_end(
    tx: &Transaction,
    task: &str,
    ended: DateTime<Utc>,
    outcome: Outcome,
) -> Result<(), Fault> {
    if outcome == Outcome::Succeeded {
        let sql = "UPDATE condition SET stands = 'worked', since = ?2 WHERE task = ?1 AND stands = 'fails'";
        tx.prepare_cached(sql)?.execute((task, stamp(ended)))?;
    } else {
        let sql = "UPDATE condition SET failures = failures + 1 WHERE task = ?1 AND stands = 'fails'";
        tx.prepare_cached(sql)?.execute([task])?;
    }
    Ok(())
}

/// Takes back the end of a run that goes on after all.
pub(super) fn reopen(tx: &Transaction, task: &str) -> Result<(), Fault> {
    let sql = "UPDATE condition SET failures = failures - 1 WHERE task = ?1 AND failures > 0";
    tx.execute(sql, [task])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Origin;
    use crate::state::{Access, NewRun, StartError};
    use crate::world::clock::Clock;
    use crate::world::process_identity;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    /// A state file at 12:00:00.5, in which the condition of `t` failed when it began.
    fn failed() -> (tempfile::TempDir, State) {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::new(Some(utc("2026-03-10T12:00:00.5Z")));
        let state = State::open(&folder.path().join("state.db"), Access::ReadWrite, clock).unwrap();
        let [Event::ConditionFailed { since, .. }] = &state.record_conditions(&[seen(false)]).unwrap()[..]
        else {
            panic!("it failed")
        };
        assert_eq!(*since, utc("2026-03-10T12:00:00Z"));
        (folder, state)
    }

    fn seen(holds: bool) -> Observed {
        Observed {
            task: "t".to_owned(),
            check: "room".to_owned(),
            asks: "file room".to_owned(),
            holds,
            found: "nothing".to_owned(),
            asked: utc("2026-03-10T12:00:00.4Z"),
            pending: Some(first()),
        }
    }

    fn first() -> OccurrenceId {
        OccurrenceId("t@2026-03-10T12:00:00Z".to_owned())
    }

    fn start(state: &State) -> Result<crate::model::RunId, StartError> {
        state.start_run(&NewRun {
            task: "t".to_owned(),
            occurrence: Some(first()),
            origin: Origin::Due,
            due: None,
            plan_digest: String::new(),
            targets: Vec::new(),
            approvals: Vec::new(),
            definition: None,
            holds: crate::model::Holds::default(),
            justification: None,
            partial: false,
            holder: process_identity::current().unwrap(),
        })
    }

    fn end(state: &State, outcome: Outcome) {
        let run = start(state).unwrap();
        state.record(&Event::RunEnded { run, outcome, reason: None }).unwrap();
    }

    #[test]
    fn an_answer_that_a_run_has_overtaken_says_nothing() {
        let (_folder, state) = failed();
        let run = start(&state).unwrap();
        assert_eq!(state.record_conditions(&[seen(true)]).unwrap(), [], "while it goes on");
        state.record(&Event::RunEnded { run, outcome: Outcome::Succeeded, reason: None }).unwrap();
        assert_eq!(state.record_conditions(&[seen(false)]).unwrap(), [], "it was asked before the end");
        assert_eq!(state.conditions().unwrap()["t"].stands, Stands::Worked);
    }

    #[test]
    fn what_fails_again_in_the_same_second_is_another_occurrence() {
        let (_folder, state) = failed();
        end(&state, Outcome::Succeeded);
        let again = Observed { asked: state.clock.now(), ..seen(false) };
        state.record_conditions(&[again]).unwrap();
        let second = &state.conditions().unwrap()["t"];
        assert_eq!((second.stands, second.since), (Stands::Fails, utc("2026-03-10T12:00:01Z")));
    }

    #[test]
    fn runs_that_do_not_succeed_are_counted_until_the_check_is_asked_anew() {
        let (_folder, state) = failed();
        end(&state, Outcome::Failed);
        assert_eq!(state.task_history("t").unwrap().condition.unwrap().failures, 1);
        let later = Observed { asked: state.clock.now(), pending: None, ..seen(true) };
        state.record_conditions(&[later]).unwrap();
        let known = state.task_history("t").unwrap().condition.unwrap();
        assert_eq!((known.stands, known.failures), (Stands::Holds, 0));
    }

    #[test]
    fn what_was_withdrawn_cannot_be_started_any_more() {
        let (_folder, state) = failed();
        let events = state.record_conditions(&[seen(true)]).unwrap();
        let withdrawn = |event: &Event| matches!(event, Event::ConditionHeld { withdrawn: Some(_), .. });
        assert!(withdrawn(&events[0]), "{events:?}");
        assert!(matches!(start(&state), Err(StartError::Withdrawn { .. })));
    }

    #[test]
    fn a_check_of_another_name_is_another_condition() {
        let (_folder, state) = failed();
        let other = Observed { check: "peace".to_owned(), ..seen(false) };
        assert_eq!(state.record_conditions(&[other.clone(), other]).unwrap().len(), 1);
        assert_eq!(state.conditions().unwrap()["t"].check, "peace");
    }
}
