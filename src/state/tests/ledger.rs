//! The ledger within it.

use super::*;

#[test]
fn the_ledger_cannot_be_edited_through_sql() {
    let place = Place::new();
    let state = place.open();
    state.record_all(&[refused(1), refused(2)]).unwrap();
    let before = state.ledger_head().unwrap();
    let sqlite = rusqlite::Connection::open(place.path()).unwrap();
    for sql in [
        "UPDATE ledger SET line = 'x' WHERE seq = 2",
        "DELETE FROM ledger WHERE seq = 3",
        "DELETE FROM ledger",
        "INSERT OR REPLACE INTO ledger VALUES (2, 'x', 'y', 'z')",
        "REPLACE INTO ledger VALUES (3, 'x', 'y', 'z')",
        "INSERT INTO ledger VALUES (7, 'x', 'y', 'z')",
        "INSERT INTO ledger (line, digest, prev) VALUES ('x', 'y', 'z')",
    ] {
        let error = sqlite.execute(sql, []).unwrap_err().to_string();
        assert!(error.contains("the ledger is append-only"), "{sql}: {error}");
    }
    assert_eq!(state.ledger_head().unwrap(), before);
}

#[test]
fn an_edit_is_found_and_named() {
    // What an attacker with the file does first.
    const UNLOCK: &str = "DROP TRIGGER ledger_is_not_edited; DROP TRIGGER ledger_is_not_cut;
                          DROP TRIGGER ledger_grows_at_its_end;";
    let check = |sql: &str, verdict: Verdict, seq: Option<u64>, what: &str| {
        let place = Place::new();
        let state = place.open();
        state.record_all(&(0..9).map(refused).collect::<Vec<_>>()).unwrap();
        let anchor = anchor(&state);
        let sqlite = rusqlite::Connection::open(place.path()).unwrap();
        sqlite.execute_batch(&format!("{UNLOCK}{sql}")).unwrap();
        if sql.contains("-- and the digest") {
            let line: String =
                sqlite.query_row("SELECT line FROM ledger WHERE seq = 5", [], |row| row.get(0)).unwrap();
            let digest = crate::ledger::chain::digest(line.as_bytes());
            sqlite.execute("UPDATE ledger SET digest = ?1 WHERE seq = 5", [digest]).unwrap();
        }
        let found = verify(&state, vec![anchor]);
        assert_eq!(found.verdict, verdict, "{sql}: {found:?}");
        let bad = found.first_bad.unwrap();
        assert_eq!(Some(bad.seq), seq, "{sql}: {bad:?}");
        assert!(bad.what.contains(what), "{sql}: {bad:?}");
    };
    let edit = "UPDATE ledger SET line = replace(line, 'reason 3', 'reason x') WHERE seq = 5;";
    check(edit, Verdict::Tampered, Some(5), "not the one that its digest was made of");
    let consistently = format!("{edit} -- and the digest");
    check(&consistently, Verdict::Tampered, Some(6), "does not follow the one before");
    check("DELETE FROM ledger WHERE seq = 5;", Verdict::Tampered, Some(5), "without gaps");
    check("DELETE FROM ledger WHERE seq = 1;", Verdict::Tampered, Some(1), "without gaps");
    check("DELETE FROM ledger WHERE seq > 8;", Verdict::RolledBack, Some(9), "shorter");
    check("DELETE FROM ledger;", Verdict::RolledBack, Some(1), "shorter");
    let swap = "UPDATE ledger SET seq = 0 WHERE seq = 5; UPDATE ledger SET seq = 5 WHERE seq = 6;
                UPDATE ledger SET seq = 6 WHERE seq = 0;";
    check(swap, Verdict::Tampered, Some(5), "another number");
    let link = format!("UPDATE ledger SET prev = '{}' WHERE seq = 5;", "0f".repeat(32));
    check(&link, Verdict::Tampered, Some(5), "link");
    check("UPDATE ledger SET line = 'x' WHERE seq = 10;", Verdict::Tampered, Some(10), "digest");
}

#[test]
fn a_ledger_that_was_written_anew_does_not_match_its_anchor() {
    let (old, new) = (Place::new(), Place::new());
    let (old, new) = (old.open(), new.open());
    let events: Vec<_> = (0..5).map(refused).collect();
    old.record_all(&events).unwrap();
    new.record_all(&events).unwrap();
    new.record(&refused(6)).unwrap();
    let found = verify(&new, vec![anchor(&old)]);
    assert_eq!(found.verdict, Verdict::Tampered);
    assert_eq!(found.first_bad.unwrap().seq, 6);
    assert_eq!(verify(&new, vec![]).verdict, Verdict::Unanchored);
}

#[test]
fn threads_that_record_at_once_make_one_chain() {
    const THREADS: usize = 8;
    const EACH: usize = 200;
    let place = Place::new();
    // Not even the making of the file waits for anybody.
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let state = place.open();
                (0..EACH).for_each(|n| _ = state.record(&refused(n)).unwrap());
            });
        }
    });
    let state = place.open();
    let found = verify(&state, vec![anchor(&state)]);
    assert_eq!((found.verdict, found.entries), (Verdict::Intact, 1 + (THREADS * EACH) as u64));
}

#[test]
fn what_a_newer_mainstay_wrote_is_verified_and_named() {
    let place = Place::new();
    let state = place.open();
    let mut value = serde_json::to_value(state.record(&refused(1)).unwrap()).unwrap();
    let head = state.ledger_head().unwrap();
    value["seq"] = 3.into();
    value["prev"] = head.root.clone().into();
    value["event"] = serde_json::json!({"kind": "checkpoint_signed", "by_whom": "auditor"});
    let line = crate::ledger::chain::canonical(&value).unwrap();
    let digest = crate::ledger::chain::digest(line.as_bytes());
    let insert = "INSERT INTO ledger VALUES (3, ?1, ?2, ?3)";
    let newer = rusqlite::Connection::open(place.path()).unwrap();
    newer.execute(insert, (&line, &digest, &head.root)).unwrap();
    let found = verify(&state, vec![anchor(&state)]);
    assert_eq!(found.verdict, Verdict::Intact);
    assert_eq!(found.unknown_kinds, [("checkpoint_signed".to_owned(), 1)].into());
    let log = state.log(&LogFilter::default()).unwrap();
    assert_eq!(log.entries[2], Logged::Raw { seq: 3, line });
    state.record(&refused(4)).unwrap();
    assert_eq!(verify(&state, vec![anchor(&state)]).verdict, Verdict::Intact);
}
