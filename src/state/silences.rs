//! Silences that were not recorded as expired.

use chrono::{DateTime, Utc};

use super::codec;
use super::{State, StateError};
use crate::model::RunId;

/// A silence that is in force, or may be: the id is unknown between intent and answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenSilence {
    /// The run that it belongs to.
    pub run: RunId,
    /// Stands in its comment.
    pub tag: String,
    /// Where.
    pub alertmanager: String,
    /// The matchers.
    pub matchers: Vec<String>,
    /// When it was intended.
    pub intended: DateTime<Utc>,
    /// Its id; `None` when we do not know whether it was created.
    pub id: Option<String>,
    /// When it ends unless it is renewed.
    pub until: Option<DateTime<Utc>>,
    /// The alerts that it silenced when it was created.
    pub silenced: Vec<String>,
}

/// What is on record of a silence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedSilence {
    /// The run that it belongs to.
    pub run: RunId,
    /// When it ends unless it is renewed.
    pub until: Option<DateTime<Utc>>,
    /// Whether its creation is on record; else it was intended, and mainstay ended before the answer came.
    pub is_created: bool,
    /// The alerts that it silenced when it was created.
    pub silenced: Vec<String>,
    /// When it was recorded as ended.
    pub expired: Option<DateTime<Utc>>,
    /// The ledger's entry about its creation, or the intent.
    pub seq: Option<u64>,
}

impl State {
    /// Silences that were intended and not recorded as expired, oldest first.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn open_silences(&self) -> Result<Vec<OpenSilence>, StateError> {
        let sql = "SELECT * FROM silence WHERE expired IS NULL ORDER BY intended, tag";
        self.read(|connection| {
            codec::rows(connection, sql, [], |row| {
                Ok(OpenSilence {
                    run: RunId(row.get("run")?),
                    tag: row.get("tag")?,
                    alertmanager: row.get("alertmanager")?,
                    matchers: codec::from_json(row, "matchers")?,
                    intended: codec::time(row, "intended")?,
                    id: row.get("id")?,
                    until: codec::opt_time(row, "until")?,
                    silenced: codec::from_json(row, "silenced")?,
                })
            })
        })
    }

    /// What is on record of the silence with this tag, whether it has ended or not.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn silence_of_tag(&self, tag: &str) -> Result<Option<RecordedSilence>, StateError> {
        // Digits, hexadecimal and the name of a silence: nothing that JSON writes otherwise.
        let seq = "SELECT max(seq) FROM ledger WHERE instr(line, '\"tag\":\"' || tag || '\"')
                   AND (instr(line, '\"kind\":\"silence_created\"') OR instr(line, '\"kind\":\"silence_intended\"'))";
        let sql = format!("SELECT *, ({seq}) AS seq FROM silence WHERE tag = ?1");
        self.read(|connection| {
            codec::first(connection, &sql, [tag], |row| {
                Ok(RecordedSilence {
                    run: RunId(row.get("run")?),
                    until: codec::opt_time(row, "until")?,
                    is_created: row.get::<_, Option<String>>("id")?.is_some(),
                    silenced: codec::from_json(row, "silenced")?,
                    expired: codec::opt_time(row, "expired")?,
                    seq: row.get::<_, Option<i64>>("seq")?.and_then(|seq| seq.try_into().ok()),
                })
            })
        })
    }

    /// When the silence whose tag begins and ends like this, and that was intended last, was recorded as ended;
    /// `None` when there was none, `Some(None)` while it is open.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn last_silence(
        &self,
        beginning: &str,
        end: &str,
    ) -> Result<Option<Option<DateTime<Utc>>>, StateError> {
        let sql = "SELECT expired FROM silence
                   WHERE substr(tag, 1, length(?1)) = ?1 AND substr(tag, -length(?2)) = ?2
                   ORDER BY intended DESC, run DESC LIMIT 1";
        self.read(|connection| {
            codec::first(connection, sql, [beginning, end], |row| codec::opt_time(row, "expired"))
        })
    }
}
