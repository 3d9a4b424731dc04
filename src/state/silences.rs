//! Questions about silences and baselines.

use rusqlite::OptionalExtension;

use super::{State, StateError, times};
use crate::model::RunId;

/// A silence that was intended or created, and whose end is not on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenSilence {
    /// Stands in its comment.
    pub tag: String,
    /// Its run.
    pub run: RunId,
    /// Where it is.
    pub alertmanager: String,
    /// Its id; `None` when we died before it was known.
    pub id: Option<String>,
}

impl State {
    /// The silences whose end is not on record, by run.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn open_silences(&self) -> Result<Vec<OpenSilence>, StateError> {
        let sql = "SELECT tag, run, alertmanager, id FROM silence WHERE expired IS NULL ORDER BY run, tag";
        let mut statement = self.conn.prepare(sql)?;
        let rows = statement.query_map([], |row| {
            Ok(OpenSilence {
                tag: row.get(0)?,
                run: RunId(row.get(1)?),
                alertmanager: row.get(2)?,
                id: row.get(3)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The baseline of a run, as `executor::baseline` wrote it.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn baseline(&self, run: RunId) -> Result<Option<serde_json::Value>, StateError> {
        let read = |row: &rusqlite::Row| times::json(0, &row.get::<_, String>(0)?);
        Ok(self.conn.query_row("SELECT facts FROM baseline WHERE run = ?1", [run.0], read).optional()?)
    }
}
