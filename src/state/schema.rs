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
    // 5: whether a run leaves out targets of its task: its success says nothing of those. And the ledger without an
    // index on digests. They come in no order, so each entry changed two pages anywhere in those indexes, which was
    // most of what a step wrote. That an entry follows the last one is asked directly now.
    "
    ALTER TABLE run ADD COLUMN partial INTEGER NOT NULL DEFAULT 0;

    DROP TRIGGER ledger_is_not_edited;
    DROP TRIGGER ledger_is_not_cut;
    DROP TRIGGER ledger_grows_at_its_end;
    CREATE TABLE entries (
        seq INTEGER PRIMARY KEY,
        line TEXT NOT NULL,
        digest TEXT NOT NULL,
        prev TEXT NOT NULL
    ) STRICT;
    INSERT INTO entries SELECT seq, line, digest, prev FROM ledger ORDER BY seq;
    DROP TABLE ledger;
    ALTER TABLE entries RENAME TO ledger;
    CREATE TRIGGER ledger_is_not_edited BEFORE UPDATE ON ledger
        BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
    CREATE TRIGGER ledger_is_not_cut BEFORE DELETE ON ledger
        BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
    -- Also against INSERT OR REPLACE, which deletes without firing the trigger above.
    CREATE TRIGGER ledger_grows_at_its_end BEFORE INSERT ON ledger
        WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM ledger)
            OR NEW.prev IS NOT coalesce((SELECT digest FROM ledger ORDER BY seq DESC LIMIT 1), NEW.prev)
        BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
    ",
    // 6: what a revision took back, so that a calendar is made without reading all revisions.
    "
    CREATE TABLE taken_back (
        occurrence TEXT PRIMARY KEY,
        recorded TEXT NOT NULL,
        -- Of a schedule: whole seconds, so that it is compared with nothing but its like.
        ends TEXT NOT NULL,
        placed TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

    INSERT INTO taken_back (occurrence, recorded, ends, placed)
        SELECT json_extract(placed, '$.occurrence.id'),
            (SELECT published FROM revision WHERE newest < revision ORDER BY revision LIMIT 1),
            json_extract(placed, '$.end'), placed
        FROM (
            SELECT this.value AS placed, max(revision.revision) AS newest
            FROM revision, json_each(revision.schedule, '$.placed') AS this
            GROUP BY json_extract(this.value, '$.occurrence.id')
        )
        WHERE newest < (SELECT max(revision) FROM revision);
    ",
    // 7: what has changed and what it means, and how long targets were not scraped; before, only sentences were kept.
    "
    ALTER TABLE baseline ADD COLUMN changes TEXT NOT NULL DEFAULT '[]';
    ALTER TABLE baseline ADD COLUMN compared TEXT NOT NULL DEFAULT '{}';
    ALTER TABLE baseline ADD COLUMN gaps TEXT NOT NULL DEFAULT '[]';
    ",
    // 8: series over a while before the work, and how they compared with those after it.
    "
    ALTER TABLE baseline ADD COLUMN series_before TEXT NOT NULL DEFAULT '[]';
    ALTER TABLE baseline ADD COLUMN series TEXT NOT NULL DEFAULT '[]';
    ",
];

/// The schema that this mainstay writes.
pub(super) const LATEST: i32 = 8;

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
    fn a_ledger_with_an_index_on_its_digests_keeps_its_entries_and_is_append_only_as_before() {
        let mut connection = Connection::open_in_memory().unwrap();
        Migrations::new(STEPS[..4].iter().map(|step| M::up(step)).collect())
            .to_latest(&mut connection)
            .unwrap();
        let insert = "INSERT INTO ledger VALUES (?1, 'line', ?2, ?3)";
        connection.execute(insert, (1, "a", "0")).unwrap();
        connection.execute(insert, (2, "b", "a")).unwrap();
        migrate(&mut connection).unwrap();
        let chain = "SELECT group_concat(seq || prev || digest, ' ') FROM ledger";
        let chain: String = connection.query_row(chain, [], |row| row.get(0)).unwrap();
        assert_eq!(chain, "10a 2ab");
        for (seq, prev) in [(3, "a"), (4, "b"), (2, "b")] {
            let error = connection.execute(insert, (seq, "c", prev)).unwrap_err().to_string();
            assert_eq!(error, "the ledger is append-only");
        }
        assert!(connection.execute("DELETE FROM ledger", []).is_err());
        assert!(connection.execute("UPDATE ledger SET line = ''", []).is_err());
        connection.execute(insert, (3, "c", "b")).unwrap();
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

    #[test]
    fn a_file_of_the_fourth_schema_learns_from_its_revisions_what_was_taken_back() {
        let mut connection = Connection::open_in_memory().unwrap();
        let earlier = STEPS[..4].iter().map(|step| M::up(step)).collect();
        Migrations::new(earlier).to_latest(&mut connection).unwrap();
        let placed =
            |id: &str| format!(r#"{{"occurrence":{{"id":"{id}"}},"end":"2026-03-0{id}T00:00:00Z"}}"#);
        for (revision, ids) in [(1, ["1", "2", "3"]), (2, ["3", "4", "5"]), (3, ["4", "2", "6"])] {
            let schedule = format!(r#"{{"placed":[{}]}}"#, ids.map(placed).join(","));
            let published = format!("2026-03-0{revision}T10:00:00.000Z");
            let sql = "INSERT INTO revision (revision, published, digest, schedule) VALUES (?1, ?2, '', ?3)";
            connection.execute(sql, (revision, published, schedule)).unwrap();
        }
        migrate(&mut connection).unwrap();
        let sql = "SELECT occurrence || ' ' || recorded || ' ' || ends FROM taken_back ORDER BY occurrence";
        let mut statement = connection.prepare(sql).unwrap();
        let found: Vec<String> =
            statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        assert_eq!(
            found,
            [
                "1 2026-03-02T10:00:00.000Z 2026-03-01T00:00:00Z",
                "3 2026-03-03T10:00:00.000Z 2026-03-03T00:00:00Z",
                "5 2026-03-03T10:00:00.000Z 2026-03-05T00:00:00Z",
            ]
        );
    }
}
