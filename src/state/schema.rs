//! The schema of the state file, in steps that only go forward.
//!
//! Times are RFC 3339 in UTC with three decimals, so that text sorts as time does. What has parts of its own
//! and is only ever read whole is JSON.

use rusqlite::Connection;
use rusqlite_migration::{M, Migrations};

/// Marks the file as ours: `msty`.
pub(super) const APPLICATION_ID: i32 = 0x6d73_7479;

/// Schema steps, oldest first; after step *n* the file says `user_version = n`.
const STEPS: &[&str] = &[
    // 1: the ledger, and the tables that are made from it.
    "
    PRAGMA application_id = 0x6d737479;

    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

    CREATE TABLE ledger (
        seq INTEGER PRIMARY KEY,
        line TEXT NOT NULL,
        digest TEXT NOT NULL UNIQUE,
        prev TEXT NOT NULL UNIQUE
    ) STRICT;
    CREATE TRIGGER ledger_is_not_edited BEFORE UPDATE ON ledger
        BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
    CREATE TRIGGER ledger_is_not_cut BEFORE DELETE ON ledger
        BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
    -- Also against INSERT OR REPLACE, which deletes without firing the trigger above.
    CREATE TRIGGER ledger_grows_at_its_end BEFORE INSERT ON ledger
        WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM ledger)
        BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;

    CREATE TABLE revision (
        revision INTEGER PRIMARY KEY,
        published TEXT NOT NULL,
        digest TEXT NOT NULL,
        schedule TEXT NOT NULL
    ) STRICT;

    -- What every `run --due` asks of every task, kept up to date so that it is one scan.
    CREATE TABLE task (
        name TEXT PRIMARY KEY,
        first_known TEXT NOT NULL,
        last_success TEXT,
        last_end TEXT,
        last_outcome TEXT,
        ended_runs INTEGER NOT NULL DEFAULT 0,
        durations TEXT NOT NULL DEFAULT '[]'
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE run (
        id INTEGER PRIMARY KEY,
        task TEXT NOT NULL,
        occurrence TEXT,
        origin TEXT NOT NULL,
        due TEXT,
        plan_digest TEXT NOT NULL,
        targets TEXT NOT NULL,
        holder TEXT NOT NULL,
        started TEXT NOT NULL,
        ended TEXT,
        outcome TEXT,
        reason TEXT,
        abandoned INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE UNIQUE INDEX run_starts_an_occurrence_once ON run (occurrence) WHERE occurrence IS NOT NULL;
    CREATE INDEX run_by_task ON run (task, id, occurrence);
    CREATE INDEX run_unfinished ON run (id) WHERE ended IS NULL;
    CREATE INDEX run_by_start ON run (started);

    CREATE TABLE step (
        run INTEGER NOT NULL REFERENCES run (id),
        ordinal INTEGER NOT NULL,
        phase TEXT NOT NULL,
        target TEXT NOT NULL,
        name TEXT NOT NULL,
        action TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        started TEXT NOT NULL,
        ended TEXT,
        outcome TEXT,
        exit_code INTEGER,
        took_ms INTEGER,
        message TEXT,
        output TEXT,
        PRIMARY KEY (run, ordinal)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE missed (
        occurrence TEXT PRIMARY KEY,
        task TEXT NOT NULL,
        release TEXT NOT NULL,
        reason TEXT NOT NULL,
        recorded TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX missed_by_task ON missed (task);
    CREATE INDEX missed_by_time ON missed (recorded);

    -- Why each task was last refused since its last start, so that cron's next tick does not record it again.
    CREATE TABLE refusal (
        task TEXT PRIMARY KEY,
        occurrence TEXT,
        reason TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE silence (
        tag TEXT PRIMARY KEY,
        run INTEGER NOT NULL REFERENCES run (id),
        alertmanager TEXT NOT NULL,
        matchers TEXT NOT NULL,
        intended TEXT NOT NULL,
        id TEXT,
        until TEXT,
        silenced TEXT NOT NULL DEFAULT '[]',
        expired TEXT,
        reason TEXT
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX silence_open ON silence (intended) WHERE expired IS NULL;
    CREATE INDEX silence_by_run ON silence (run);

    CREATE TABLE baseline (
        run INTEGER PRIMARY KEY REFERENCES run (id),
        taken TEXT NOT NULL,
        facts TEXT NOT NULL,
        same INTEGER,
        differences TEXT,
        settled_ms INTEGER
    ) STRICT;

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
    // 2: approvals, and what each of them speaks of, so that a start finds its own among years of them.
    "
    CREATE TABLE approval (
        entry INTEGER PRIMARY KEY,
        recorded TEXT NOT NULL,
        statement TEXT NOT NULL,
        signature TEXT NOT NULL,
        -- The newest run at that time: a run on demand that is newer has used it up.
        after_run INTEGER NOT NULL
    ) STRICT;
    -- An empty occurrence: the next run on demand.
    CREATE TABLE approved (
        task TEXT NOT NULL,
        occurrence TEXT NOT NULL,
        entry INTEGER NOT NULL REFERENCES approval (entry),
        PRIMARY KEY (task, occurrence, entry)
    ) STRICT, WITHOUT ROWID;
    ",
    // 3: where the conditions of tasks stand (`schedule.when`), and what they made unnecessary; before, no work
    // could wait for a check.
    "
    CREATE TABLE condition (
        task TEXT PRIMARY KEY,
        check_name TEXT NOT NULL,
        stands TEXT NOT NULL,
        since TEXT NOT NULL,
        found TEXT NOT NULL,
        failures INTEGER NOT NULL DEFAULT 0
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE withdrawn (
        occurrence TEXT PRIMARY KEY,
        recorded TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    ",
    // 4: what a run was told to do and keeps from others, what its steps used, and what has to be looked at after it.
    "
    CREATE TABLE definition (digest TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT, WITHOUT ROWID;

    ALTER TABLE run ADD COLUMN definition TEXT;
    ALTER TABLE run ADD COLUMN holds TEXT NOT NULL DEFAULT '{}';
    ALTER TABLE run ADD COLUMN justification TEXT;
    CREATE INDEX run_by_end ON run (ended) WHERE ended IS NOT NULL;

    ALTER TABLE step ADD COLUMN place INTEGER;
    ALTER TABLE step ADD COLUMN process TEXT;
    ALTER TABLE step ADD COLUMN usage TEXT;
    ALTER TABLE step ADD COLUMN settled INTEGER;
    ALTER TABLE step ADD COLUMN retried INTEGER NOT NULL DEFAULT 0;

    CREATE TABLE review (
        run INTEGER PRIMARY KEY REFERENCES run (id),
        task TEXT NOT NULL,
        reason TEXT NOT NULL,
        opened TEXT NOT NULL,
        due TEXT NOT NULL,
        closed TEXT
    ) STRICT;
    CREATE INDEX review_open ON review (due) WHERE closed IS NULL;
    ",
    // 5: what has changed and what it means, and how long targets were not scraped; before, only sentences were kept.
    "
    ALTER TABLE baseline ADD COLUMN changes TEXT NOT NULL DEFAULT '[]';
    ALTER TABLE baseline ADD COLUMN compared TEXT NOT NULL DEFAULT '{}';
    ALTER TABLE baseline ADD COLUMN gaps TEXT NOT NULL DEFAULT '[]';
    ",
    // 6: series over a while before the work, and how they compared with those after it.
    "
    ALTER TABLE baseline ADD COLUMN series_before TEXT NOT NULL DEFAULT '[]';
    ALTER TABLE baseline ADD COLUMN series TEXT NOT NULL DEFAULT '[]';
    ",
];

/// The schema that this mainstay writes.
pub(super) const LATEST: i32 = 6;

fn steps() -> Migrations<'static> {
    Migrations::new(STEPS.iter().map(|step| M::up(step)).collect())
}

/// Runs the missing steps, all in one transaction.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), rusqlite_migration::Error> {
    steps().to_latest(connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steps_lead_from_an_empty_file_to_the_latest_schema() {
        assert_eq!(steps().validate(), Ok(()));
        assert_eq!(usize::try_from(LATEST), Ok(STEPS.len()));
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        let id: i32 = connection.query_row("PRAGMA application_id", [], |row| row.get(0)).unwrap();
        assert_eq!(id, APPLICATION_ID);
    }

    #[test]
    fn a_file_of_the_first_schema_keeps_its_runs_and_learns_of_approvals() {
        let mut connection = Connection::open_in_memory().unwrap();
        Migrations::new(vec![M::up(STEPS[0])]).to_latest(&mut connection).unwrap();
        let run = "INSERT INTO run (id, task, origin, plan_digest, targets, holder, started)
                   VALUES (7, 't', 'due', '', '[]', '{}', '2026-03-07T10:00:00.000Z')";
        connection.execute(run, []).unwrap();
        migrate(&mut connection).unwrap();
        let found = "SELECT (SELECT max(id) FROM run), (SELECT count(*) FROM approval), user_version
                     FROM pragma_user_version";
        let row = |row: &rusqlite::Row| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        assert_eq!(connection.query_row(found, [], row).unwrap(), (7, 0, LATEST));
    }
}
