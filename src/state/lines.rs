//! The ledger as it stands in the file: its head, its lines, and the newest of them for people.

use std::collections::{BTreeSet, VecDeque};
use std::ops::ControlFlow;

use chrono::{DateTime, Utc};
use rusqlite::Row;

use super::codec;
use super::error::Fault;
use super::{State, StateError};
use crate::ledger::{Row as Line, chain};
use crate::model::{ApprovalStatement, Entry, Event, RunId};

/// How long the ledger is, and the digest that stands for all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// How many entries there are.
    pub entries: u64,
    /// The digest of the last one; 64 zeros when there is none.
    pub root: String,
}

/// Which entries; all of them by default.
#[derive(Debug, Clone, Default)]
pub struct LogFilter {
    /// Only what was written at this time or later.
    pub since: Option<DateTime<Utc>>,
    /// Only what was written before this time.
    pub until: Option<DateTime<Utc>>,
    /// Only what is about this task or its runs.
    pub task: Option<String>,
    /// Only what is about this run.
    pub run: Option<RunId>,
    /// The newest so many.
    pub limit: Option<usize>,
}

impl LogFilter {
    fn passes_all(&self) -> bool {
        self.since.is_none() && self.until.is_none() && self.task.is_none() && self.run.is_none()
    }
}

/// Entries that pass a filter, newest last.
#[derive(Debug, Clone, Default)]
pub struct Log {
    /// The newest ones.
    pub entries: Vec<Logged>,
    /// How many more pass the filter.
    pub left_out: u64,
}

/// One entry as it stands in the ledger.
#[derive(Debug, Clone, PartialEq)]
pub enum Logged {
    /// An entry.
    Entry(Box<Entry>),
    /// A line that this mainstay does not understand: a newer one wrote it, or somebody spoiled it.
    Raw {
        /// Its place.
        seq: i64,
        /// What stands there.
        line: String,
    },
}

impl State {
    /// The end of the ledger.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn ledger_head(&self) -> Result<Head, StateError> {
        let sql = "SELECT seq, digest FROM ledger ORDER BY seq DESC LIMIT 1";
        let head = self.read(|connection| {
            codec::first(connection, sql, [], |row| {
                Ok(Head { entries: codec::natural(row, "seq")?, root: row.get("digest")? })
            })
        })?;
        Ok(head.unwrap_or(Head { entries: 0, root: chain::NO_DIGEST.to_owned() }))
    }

    /// Names this ledger among all others.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn origin(&self) -> Result<Option<String>, StateError> {
        let sql = "SELECT value FROM meta WHERE key = 'origin'";
        self.read(|connection| codec::first(connection, sql, [], |row| Ok(row.get(0)?)))
    }

    /// Shows every line of the ledger to `visit`, in order and as of one moment, until it breaks off.
    ///
    /// `visit` must not ask this state anything: it is busy with the lines.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn for_each_line(&self, visit: &mut dyn FnMut(&Line) -> ControlFlow<()>) -> Result<(), StateError> {
        // Nothing lawful stands below 1, but what does has to be seen.
        self.for_each_line_from(i64::MIN, visit)
    }

    fn for_each_line_from(
        &self,
        seq: i64,
        visit: &mut dyn FnMut(&Line) -> ControlFlow<()>,
    ) -> Result<(), StateError> {
        let sql = "SELECT seq, line, digest, prev FROM ledger WHERE seq >= ?1 ORDER BY seq";
        self.read(|connection| {
            let mut statement = connection.prepare_cached(sql)?;
            let mut rows = statement.query([seq])?;
            while let Some(row) = rows.next()? {
                let line = Line {
                    seq: row.get(0)?,
                    line: bytes(row, 1)?,
                    digest: Some(bytes(row, 2)?),
                    prev: Some(bytes(row, 3)?),
                };
                if visit(&line).is_break() {
                    break;
                }
            }
            Ok(())
        })
    }

    /// The newest entries that pass `filter`.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn log(&self, filter: &LogFilter) -> Result<Log, StateError> {
        let limit = filter.limit.unwrap_or(usize::MAX);
        let mut newest = VecDeque::new();
        let mut left_out = 0;
        let mut thread = Thread::new(filter);
        let mut from = i64::MIN;
        if let (Some(limit), true) = (filter.limit, filter.passes_all()) {
            // All but the newest can be left out unread.
            left_out = self.ledger_head()?.entries.saturating_sub(limit as u64);
            from = i64::try_from(left_out + 1).unwrap_or(i64::MAX);
        }
        self.for_each_line_from(from, &mut |row| {
            let logged = match serde_json::from_slice::<Entry>(row.line) {
                Ok(entry) if thread.passes(&entry) => Logged::Entry(Box::new(entry)),
                Ok(_) => return ControlFlow::Continue(()),
                // What cannot be understood might be about anything.
                Err(_) => Logged::Raw { seq: row.seq, line: String::from_utf8_lossy(row.line).into_owned() },
            };
            newest.push_back(logged);
            if newest.len() > limit {
                newest.pop_front();
                left_out += 1;
            }
            ControlFlow::Continue(())
        })?;
        Ok(Log { entries: newest.into(), left_out })
    }
}

/// Text, whatever its encoding; other types cannot stand in these columns.
fn bytes<'a>(row: &'a Row, column: usize) -> Result<&'a [u8], Fault> {
    Ok(row.get_ref(column)?.as_bytes().map_err(rusqlite::Error::from)?)
}

/// Follows tasks and runs through the ledger: later entries name a run, or only the tag of its silence.
struct Thread<'a> {
    filter: &'a LogFilter,
    runs: BTreeSet<RunId>,
    tags: BTreeSet<String>,
}

impl<'a> Thread<'a> {
    fn new(filter: &'a LogFilter) -> Self {
        Self { filter, runs: BTreeSet::new(), tags: BTreeSet::new() }
    }

    fn passes(&mut self, entry: &Entry) -> bool {
        let filter = self.filter;
        let about = match (&filter.task, filter.run) {
            (None, None) => true,
            (task, run) => self.is_about(&entry.event, task.as_deref(), run),
        };
        about
            && filter.since.is_none_or(|since| since <= entry.at)
            && filter.until.is_none_or(|until| entry.at < until)
    }

    fn is_about(&mut self, event: &Event, wanted: Option<&str>, only: Option<RunId>) -> bool {
        match event {
            Event::RunStarted { run, task, .. } => {
                // `--task` and `--run` together: the run, if it is one of the task.
                let is_wanted = wanted.is_none_or(|wanted| wanted == task);
                if only.is_none_or(|only| only == *run) && is_wanted {
                    self.runs.insert(*run);
                }
                self.runs.contains(run)
            }
            Event::OccurrenceMissed { task, .. }
            | Event::ConditionFailed { task, .. }
            | Event::ConditionHeld { task, .. }
            | Event::RunRefused { task, .. } => only.is_none() && wanted == Some(task),
            Event::SilenceIntended { run, tag, .. } => {
                let is_ours = self.runs.contains(run);
                if is_ours {
                    self.tags.insert(tag.clone());
                }
                is_ours
            }
            Event::SilenceRenewed { tag, .. }
            | Event::SilenceEndangered { tag, .. }
            | Event::SilenceExpired { tag, .. } => self.tags.contains(tag),
            Event::RunResumed { run, .. }
            | Event::StepIntended { run, .. }
            | Event::StepStarted { run, .. }
            | Event::StepSettled { run, .. }
            | Event::ReviewOpened { run, .. }
            | Event::ReviewClosed { run, .. }
            | Event::StepEnded { run, .. }
            | Event::BaselineTaken { run, .. }
            | Event::BaselineCompared { run, .. }
            | Event::SeriesTaken { run, .. }
            | Event::SeriesCompared { run, .. }
            | Event::SilenceCreated { run, .. }
            | Event::RunEnded { run, .. }
            | Event::RunAbandoned { run, .. } => self.runs.contains(run),
            Event::ApprovalGiven { statement, .. } => {
                let speaks_of = |task: &str| {
                    serde_json::from_str::<ApprovalStatement>(statement).is_ok_and(|it| it.speaks_of(task))
                };
                only.is_none() && wanted.is_some_and(speaks_of)
            }
            Event::TasksSeen { tasks } => only.is_none() && tasks.iter().any(|task| wanted == Some(task)),
            Event::StateCreated { .. }
            | Event::SchedulePublished { .. }
            | Event::DefinitionSeen { .. }
            | Event::ScheduleOutdated { .. }
            | Event::AlertChanged { .. }
            | Event::AlertsDelivered { .. }
            | Event::ReportWritten { .. }
            | Event::ClockStepped { .. } => false,
        }
    }
}
