//! The tables, as steps that only go forward.

use rusqlite::Connection;
use rusqlite_migration::{M, Migrations};

use super::StateError;

/// Schema steps, oldest first; after step *n* the file says `user_version = n`. A released step is history: the
/// next change is a new step.
const STEPS: &[&str] = &[
    // 1: the ledger, and what is derived from its events so that questions are quick.
    "
    CREATE TABLE ledger (
        seq INTEGER PRIMARY KEY,
        line TEXT NOT NULL,
        digest TEXT NOT NULL UNIQUE,
        prev TEXT NOT NULL UNIQUE,
        at TEXT NOT NULL,
        kind TEXT NOT NULL,
        task TEXT,
        run INTEGER
    ) STRICT;
    CREATE INDEX ledger_by_run ON ledger (run) WHERE run IS NOT NULL;
    CREATE TRIGGER ledger_keeps_entries BEFORE DELETE ON ledger
        BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
    CREATE TRIGGER ledger_keeps_lines BEFORE UPDATE ON ledger
        BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;

    CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

    CREATE TABLE revision (
        number INTEGER PRIMARY KEY,
        published_at TEXT NOT NULL,
        digest TEXT NOT NULL,
        schedule TEXT NOT NULL
    ) STRICT;

    -- When each task was first seen: calendar instants before that are no business of ours.
    CREATE TABLE seen_task (task TEXT PRIMARY KEY, since TEXT NOT NULL) STRICT;

    CREATE TABLE run (
        id INTEGER PRIMARY KEY,
        task TEXT NOT NULL,
        occurrence TEXT UNIQUE,
        origin TEXT NOT NULL,
        due TEXT,
        started TEXT NOT NULL,
        ended TEXT,
        outcome TEXT,
        reason TEXT,
        plan_digest TEXT NOT NULL,
        targets TEXT NOT NULL,
        holder TEXT NOT NULL
    ) STRICT;
    CREATE INDEX run_by_task ON run (task, id);
    CREATE INDEX run_unfinished ON run (id) WHERE ended IS NULL;

    CREATE TABLE step (
        run INTEGER NOT NULL REFERENCES run (id),
        ordinal INTEGER NOT NULL,
        phase TEXT NOT NULL,
        target TEXT NOT NULL,
        name TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        started TEXT NOT NULL,
        ended TEXT,
        outcome TEXT,
        exit_code INTEGER,
        message TEXT,
        output TEXT,
        PRIMARY KEY (run, ordinal)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE missed (
        occurrence TEXT PRIMARY KEY,
        task TEXT NOT NULL,
        release TEXT NOT NULL,
        reason TEXT NOT NULL,
        at TEXT NOT NULL
    ) STRICT;
    CREATE INDEX missed_by_task ON missed (task, release);

    -- The last refusal of each task, so that the same one is not recorded at every tick.
    CREATE TABLE refusal (task TEXT PRIMARY KEY, occurrence TEXT, reason TEXT NOT NULL, at TEXT NOT NULL) STRICT;

    CREATE TABLE silence (
        tag TEXT PRIMARY KEY,
        run INTEGER NOT NULL REFERENCES run (id),
        alertmanager TEXT NOT NULL,
        matchers TEXT NOT NULL,
        id TEXT,
        until TEXT,
        expired TEXT
    ) STRICT;
    CREATE INDEX silence_open ON silence (tag) WHERE expired IS NULL;

    CREATE TABLE baseline (run INTEGER PRIMARY KEY REFERENCES run (id), at TEXT NOT NULL, facts TEXT NOT NULL) STRICT;

    CREATE TABLE alert (
        name TEXT NOT NULL,
        labels TEXT NOT NULL,
        state TEXT NOT NULL,
        since TEXT NOT NULL,
        value TEXT NOT NULL,
        delivered TEXT,
        PRIMARY KEY (name, labels)
    ) STRICT, WITHOUT ROWID;
    ",
];

fn migrations() -> Migrations<'static> {
    Migrations::new(STEPS.iter().map(|step| M::up(step)).collect())
}

/// The schema that this mainstay writes.
pub fn known() -> i64 {
    i64::try_from(STEPS.len()).unwrap_or(i64::MAX)
}

/// The schema of the file; 0 for a new one.
pub fn found(conn: &Connection) -> rusqlite::Result<i64> {
    conn.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Takes the steps that the file lacks, in one transaction.
pub fn migrate(conn: &mut Connection) -> Result<(), StateError> {
    migrations().to_latest(conn).map_err(|error| match error {
        rusqlite_migration::Error::RusqliteError { err, .. } => err.into(),
        other => StateError::Sqlite(rusqlite::Error::ToSqlConversionFailure(Box::new(other))),
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_step_can_be_taken() {
        super::migrations().validate().unwrap();
    }
}
