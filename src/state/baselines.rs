//! What monitoring looked like before a run, and how it compared after it.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::codec;
use super::{State, StateError};
use crate::model::{Fact, FactChange, RunId, ScrapeGap, SeriesResult, TakenSeries};

/// The facts of before, and the comparison with those of after.
#[derive(Debug, Clone, PartialEq)]
pub struct Baseline {
    /// When they were captured.
    pub taken: DateTime<Utc>,
    /// The facts; `validator::verifier` owns their form.
    pub facts: serde_json::Value,
    /// The series of before, as far as any were taken.
    pub series: Vec<TakenSeries>,
    /// The comparison; `None` as long as there was none.
    pub compared: Option<Comparison>,
}

/// How monitoring came back.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Whether it came back as it was.
    pub same: bool,
    /// What differs, a sentence each.
    pub differences: Vec<String>,
    /// How long it took to come back, in milliseconds; `None` when it did not.
    pub settled_ms: Option<u64>,
    /// What has changed and what it means, the worst first.
    pub changes: Vec<FactChange>,
    /// How many facts of each kind were held against each other.
    pub compared: BTreeMap<Fact, u64>,
    /// The targets with the longest times without a scrape, the longest first.
    pub gaps: Vec<ScrapeGap>,
    /// How series compared with those of before; none as long as they were not.
    pub series: Vec<SeriesResult>,
}

/// So many times are kept of each task.
const MAX_TIMES: u32 = 20;

impl State {
    /// How long monitoring took to come back after the newest twenty runs of each task that it came back after; newest
    /// first.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn settle_times(&self) -> Result<BTreeMap<String, Vec<TimeDelta>>, StateError> {
        let sql = "SELECT task, settled_ms FROM (
                       SELECT run.task, settled_ms, run.id,
                              row_number() OVER (PARTITION BY run.task ORDER BY run.id DESC) AS n
                       FROM baseline JOIN run ON run.id = baseline.run WHERE settled_ms IS NOT NULL)
                   WHERE n <= ?1 ORDER BY task, id DESC";
        let found = self.read(|connection| {
            codec::rows(connection, sql, [MAX_TIMES], |row| {
                let milliseconds: i64 = row.get("settled_ms")?;
                Ok((row.get::<_, String>("task")?, TimeDelta::milliseconds(milliseconds)))
            })
        })?;
        let mut times: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (task, time) in found {
            times.entry(task).or_default().push(time);
        }
        Ok(times)
    }

    /// The longest time in which a target was not scraped that should have been, of the newest twenty runs of each task
    /// whose comparison measured gaps; newest first. It is zero where no scrape was lost.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn blind_times(&self) -> Result<BTreeMap<String, Vec<TimeDelta>>, StateError> {
        let sql = "SELECT task, gaps FROM (
                       SELECT run.task, gaps, run.id,
                              row_number() OVER (PARTITION BY run.task ORDER BY run.id DESC) AS n
                       FROM baseline JOIN run ON run.id = baseline.run
                       WHERE settled_ms IS NOT NULL AND compared <> '{}')
                   WHERE n <= ?1 ORDER BY task, id DESC";
        let found = self.read(|connection| {
            codec::rows(connection, sql, [MAX_TIMES], |row| {
                let gaps: Vec<ScrapeGap> = codec::from_json(row, "gaps")?;
                let longest = gaps.iter().map(ScrapeGap::blind_ms).max().unwrap_or(0);
                let longest = TimeDelta::milliseconds(longest.try_into().unwrap_or(i64::MAX / 1_000_000));
                Ok((row.get::<_, String>("task")?, longest))
            })
        })?;
        let mut times: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (task, time) in found {
            times.entry(task).or_default().push(time);
        }
        Ok(times)
    }

    /// The baseline of a run.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn baseline(&self, run: RunId) -> Result<Option<Baseline>, StateError> {
        let sql = "SELECT * FROM baseline WHERE run = ?1";
        self.read(|connection| {
            codec::first(connection, sql, [run.0], |row| {
                let compared = match row.get("same")? {
                    Some(same) => Some(Comparison {
                        same,
                        differences: codec::from_json(row, "differences")?,
                        settled_ms: row
                            .get::<_, Option<i64>>("settled_ms")?
                            .and_then(|milliseconds| milliseconds.try_into().ok()),
                        changes: codec::from_json(row, "changes")?,
                        compared: codec::from_json(row, "compared")?,
                        gaps: codec::from_json(row, "gaps")?,
                        series: codec::from_json(row, "series")?,
                    }),
                    None => None,
                };
                let facts = codec::from_json(row, "facts")?;
                let series = codec::from_json(row, "series_before")?;
                Ok(Baseline { taken: codec::time(row, "taken")?, facts, series, compared })
            })
        })
    }
}
