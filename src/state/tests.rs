//! The state file as its callers see it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::thread;

use chrono::{DateTime, TimeDelta, Utc};

use super::*;
use crate::ledger::{Anchor, Verdict, Verification, Verifier};
use crate::model::{
    AlertState, Event, Holder, Occurrence, OccurrenceId, Origin, Outcome, Output, Phase, Placed, RunId,
    Schedule,
};
use crate::world::clock::Clock;
use crate::world::process_identity;

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("folder").join("state.db")
    }

    fn open(&self) -> State {
        State::open(&self.path(), Access::ReadWrite, Clock::new(None)).unwrap()
    }

    fn open_at(&self, time: &str) -> State {
        State::open(&self.path(), Access::ReadWrite, Clock::new(Some(instant(time)))).unwrap()
    }
}

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn new_run(task: &str, occurrence: Option<&str>) -> NewRun {
    NewRun {
        task: task.to_owned(),
        occurrence: occurrence.map(|id| OccurrenceId(id.to_owned())),
        origin: Origin::Due,
        due: Some(instant("2026-03-07T06:00:00Z")),
        plan_digest: "ab".repeat(32),
        targets: vec![format!("host-of-{task}")],
        holder: process_identity::current().unwrap(),
        approvals: Vec::new(),
        definition: None,
        holds: crate::model::Holds::default(),
        justification: None,
    }
}

fn ended(run: RunId, outcome: Outcome) -> Event {
    Event::RunEnded { run, outcome, reason: None }
}

fn refused(n: usize) -> Event {
    Event::RunRefused { task: "t".to_owned(), occurrence: None, reason: format!("reason {n}") }
}

fn verify(state: &State, anchors: Vec<Anchor>) -> Verification {
    let mut verifier = Verifier::new(anchors);
    state
        .for_each_line(&mut |row| {
            verifier.line(row);
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    verifier.finish()
}

fn anchor(state: &State) -> Anchor {
    let Head { entries, root: digest } = state.ledger_head().unwrap();
    Anchor { entries, root: digest }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn a_run_is_recorded_from_start_to_end() {
    let place = Place::new();
    let state = place.open();
    let run = state.start_run(&new_run("upgrade", Some("upgrade#1"))).unwrap();
    assert_eq!(run, RunId(1));
    let step = |attempt| Event::StepIntended {
        run,
        ordinal: 1,
        phase: Phase::Steps,
        target: "host".to_owned(),
        name: "install".to_owned(),
        action: "apt-get install".to_owned(),
        attempt,
        place: Some(0),
    };
    let end = |attempt, outcome, retried| Event::StepEnded {
        run,
        ordinal: 1,
        attempt,
        outcome,
        retried,
        exit_code: Some(0),
        took_ms: 12,
        message: None,
        output: Some(Output { head: "done\n".to_owned(), bytes: 5, ..Output::default() }),
        usage: None,
    };
    state.record(&step(1)).unwrap();
    assert_eq!(state.steps(run).unwrap()[0].outcome, None);
    state.record_all(&[end(1, Outcome::Failed, true), step(2)]).unwrap();
    let steps = state.steps(run).unwrap();
    assert_eq!((steps[0].outcome, steps[0].attempts, &steps[0].output), (None, 2, &None));
    assert_eq!(state.unfinished_runs().unwrap().len(), 1);
    state.record_all(&[end(2, Outcome::Succeeded, false), ended(run, Outcome::Succeeded)]).unwrap();

    let steps = state.steps(run).unwrap();
    assert_eq!(steps.len(), 1);
    assert_eq!(steps[0].outcome, Some(Outcome::Succeeded));
    assert_eq!(steps[0].output.as_ref().unwrap().head, "done\n");
    let found = state.run(run).unwrap().unwrap();
    assert_eq!(found.outcome, Some(Outcome::Succeeded));
    assert_eq!(found.due, Some(instant("2026-03-07T06:00:00Z")));
    assert_eq!(state.last_run("upgrade").unwrap().unwrap().id, run);
    assert_eq!(state.unfinished_runs().unwrap(), []);
    let history = state.task_history("upgrade").unwrap();
    assert_eq!(history.last_success, found.ended);
    assert_eq!(history.ended_runs, 1);
    assert_eq!(history.durations.len(), 1);
    assert_eq!(history.first_known, Some(found.started));
    assert!(history.started.contains(&OccurrenceId("upgrade#1".to_owned())));
    assert_eq!(state.history().unwrap()["upgrade"], history);
    assert_eq!(verify(&state, vec![]).verdict, Verdict::Unanchored);
    assert_eq!(verify(&state, vec![anchor(&state)]).verdict, Verdict::Intact);
}

#[test]
fn the_file_and_its_neighbours_are_for_their_owner_alone() {
    let place = Place::new();
    let state = place.open();
    state.record(&refused(1)).unwrap();
    for suffix in ["", "-wal", "-shm"] {
        let file = PathBuf::from(format!("{}{suffix}", place.path().display()));
        assert_eq!(mode(&file), 0o600, "{suffix}");
    }
    assert_eq!(mode(place.path().parent().unwrap()), 0o700);
}

#[test]
fn what_others_could_have_put_there_is_refused_and_left_alone() {
    fn check(prepare: impl Fn(&Path), expected: &str) {
        let place = Place::new();
        let path = place.path();
        drop(place.open());
        prepare(&path);
        let before = fs::read(&path).ok();
        let error = State::open(&path, Access::ReadWrite, Clock::new(None)).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert_eq!(fs::read(&path).ok(), before, "{expected}");
    }
    let set_mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    check(|path| set_mode(path, 0o644), "is open to others (mode 0644); run `chmod 600 /");
    check(|path| set_mode(path, 0o620), "is open to others (mode 0620)");
    check(
        |path| {
            fs::rename(path, path.with_extension("real")).unwrap();
            symlink("state.real", path).unwrap();
        },
        "is a symbolic link",
    );
    check(
        |path| {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
        },
        "is a folder, not a file",
    );
    check(
        |path| {
            fs::remove_file(path).unwrap();
            symlink("/nowhere", path).unwrap();
        },
        "is a symbolic link",
    );
    check(|path| set_mode(path.parent().unwrap(), 0o777), "can be written by anybody (mode 0777)");
    check(
        |path| symlink("/etc/passwd", format!("{}-wal", path.display())).unwrap(),
        "state.db-wal` is a symbolic link",
    );
    check(
        |path| fs::write(path, "no database, but long enough to be one".repeat(40)).unwrap(),
        "is not a state",
    );
    check(
        |path| {
            fs::remove_file(path).unwrap();
            rusqlite::Connection::open(path).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
            set_mode(path, 0o600);
        },
        "is not a state file of mainstay",
    );
    if rustix::process::geteuid().is_root() {
        check(
            |path| std::os::unix::fs::chown(path, Some(65534), None).unwrap(),
            "belongs to user 65534, and mainstay runs as user 0; run it as that user",
        );
    }
}

#[test]
fn a_pipe_in_its_place_is_refused_without_waiting() {
    let place = Place::new();
    fs::create_dir(place.path().parent().unwrap()).unwrap();
    let fifo = rustix::fs::FileType::Fifo;
    let owner_only = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, place.path(), fifo, owner_only, 0).unwrap();
    for access in [Access::ReadWrite, Access::ReadOnly] {
        let error = State::open(&place.path(), access, Clock::new(None)).unwrap_err();
        assert!(matches!(error, StateError::NotAFile { kind: "a pipe", .. }), "{error}");
    }
}

#[test]
fn the_file_of_a_newer_mainstay_is_refused_untouched() {
    for access in [Access::ReadWrite, Access::ReadOnly] {
        let place = Place::new();
        drop(place.open());
        let newer = rusqlite::Connection::open(place.path()).unwrap();
        newer.pragma_update(None, "user_version", 99).unwrap();
        drop(newer);
        let before = fs::read(place.path()).unwrap();
        let error = State::open(&place.path(), access, Clock::new(None)).unwrap_err();
        assert!(matches!(error, StateError::Newer { found: 99, known: schema::LATEST, .. }), "{error}");
        assert_eq!(fs::read(place.path()).unwrap(), before);
    }
}

#[test]
fn reading_needs_a_file_and_leaves_no_trace() {
    let place = Place::new();
    let read = || State::open(&place.path(), Access::ReadOnly, Clock::new(None));
    assert!(matches!(read().unwrap_err(), StateError::Missing { .. }));
    assert!(!place.path().parent().unwrap().exists());

    drop(place.open());
    let names = || {
        let folder = place.path().parent().unwrap().read_dir().unwrap();
        folder.map(|file| file.unwrap().file_name()).collect::<Vec<_>>()
    };
    let state = read().unwrap();
    assert_eq!(state.ledger_head().unwrap().entries, 1);
    let error = state.record(&refused(1)).unwrap_err();
    assert!(matches!(error, StateError::ReadOnly { .. }), "{error}");
    drop(state);
    assert_eq!(names(), ["state.db"]);

    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o644)).unwrap();
    let state = read().unwrap();
    assert!(state.exposed().unwrap().to_string().contains("mode 0644"));
    drop(state);
    fs::write(place.path(), "").unwrap();
    assert!(matches!(read().unwrap_err(), StateError::Empty { .. }));
}

#[test]
fn a_file_in_a_folder_that_cannot_be_written_is_read_as_it_is() {
    let place = Place::new();
    drop(place.open());
    let connection = super::open::connect_immutable(&place.path()).unwrap();
    let entries: i64 = connection.query_row("SELECT count(*) FROM ledger", [], |row| row.get(0)).unwrap();
    assert_eq!(entries, 1);
}

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
fn of_many_who_start_an_occurrence_one_wins() {
    let place = Place::new();
    drop(place.open());
    let results: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..16)
            .map(|_| scope.spawn(|| place.open().start_run(&new_run("upgrade", Some("upgrade#1")))))
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let (won, lost): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    assert_eq!(won.len(), 1);
    for error in lost {
        assert!(
            matches!(&error, Err(StartError::AlreadyStarted { by, .. }) if by.run == RunId(1)),
            "{error:?}"
        );
    }
    let state = place.open();
    assert_eq!(state.runs(&RunFilter::default()).unwrap().len(), 1);
    assert_eq!(state.ledger_head().unwrap().entries, 2);
}

#[test]
fn a_task_and_a_target_are_in_one_run_at_a_time() {
    let place = Place::new();
    let state = place.open();
    let run = state.start_run(&new_run("upgrade", Some("upgrade#1"))).unwrap();
    let again = state.start_run(&new_run("upgrade", Some("upgrade#2"))).unwrap_err();
    assert!(matches!(&again, StartError::TaskRunning { by, .. } if by.run == run), "{again}");
    let same_target =
        NewRun { targets: vec!["x".into(), "host-of-upgrade".into()], ..new_run("clean", None) };
    let busy = state.start_run(&same_target).unwrap_err();
    assert!(matches!(&busy, StartError::TargetBusy { target, .. } if target == "host-of-upgrade"), "{busy}");
    state.record(&ended(run, Outcome::Failed)).unwrap();
    assert_eq!(state.start_run(&same_target).unwrap(), RunId(2));
    let once = state.start_run(&new_run("upgrade", Some("upgrade#1"))).unwrap_err();
    assert!(matches!(&once, StartError::AlreadyStarted { by, .. } if by.run == RunId(1)), "{once}");
}

#[test]
fn a_run_is_taken_over_from_the_dead_only_and_by_one() {
    let place = Place::new();
    let state = place.open();
    let me = process_identity::current().unwrap();
    let dead = Holder { boot_id: "an earlier boot".to_owned(), ..me.clone() };
    let run = state.start_run(&NewRun { holder: dead.clone(), ..new_run("upgrade", None) }).unwrap();
    assert_eq!(state.resume_run(run, &me, None, &Limits::default()).unwrap().holder, me);
    let other = Holder { pid: me.pid + 1, ..me.clone() };
    let held = state.resume_run(run, &other, None, &Limits::default()).unwrap_err();
    assert!(matches!(held, StartError::Held { .. }), "{held}");

    state.record(&ended(run, Outcome::Interrupted)).unwrap();
    assert_eq!(state.resume_run(run, &other, None, &Limits::default()).unwrap().outcome, None);
    assert_eq!(state.task_history("upgrade").unwrap().ended_runs, 0);
    let abandoned = Event::RunAbandoned { run, reason: "done by hand".to_owned() };
    state.record(&abandoned).unwrap();
    let found = state.run(run).unwrap().unwrap();
    assert_eq!((found.outcome, found.reason.as_deref()), (Some(Outcome::Interrupted), Some("done by hand")));
    let error = state.resume_run(run, &me, None, &Limits::default()).unwrap_err();
    assert!(matches!(error, StartError::Ended { .. }), "{error}");
    assert!(matches!(
        state.resume_run(RunId(9), &me, None, &Limits::default()).unwrap_err(),
        StartError::NoSuchRun { .. }
    ));
    assert!(matches!(state.record(&abandoned).unwrap_err(), StateError::Contradiction(_)));
}

#[test]
fn an_event_that_does_not_fit_is_refused_whole() {
    let place = Place::new();
    let state = place.open();
    let run = state.start_run(&new_run("upgrade", None)).unwrap();
    let before = state.ledger_head().unwrap();
    let unknown = Event::SilenceExpired { tag: "no such".to_owned(), reason: String::new() };
    for misfit in [ended(RunId(7), Outcome::Succeeded), unknown] {
        let error = state.record_all(&[refused(1), ended(run, Outcome::Failed), misfit]).unwrap_err();
        assert!(matches!(error, StateError::Contradiction(_)), "{error}");
        assert_eq!(state.ledger_head().unwrap(), before);
        assert_eq!(state.unfinished_runs().unwrap().len(), 1);
    }
    let facts = serde_json::json!({"series": u64::MAX});
    let too_large = Event::BaselineTaken { run, at: instant("2026-03-07T06:00:00Z"), facts };
    assert!(matches!(state.record(&too_large).unwrap_err(), StateError::Line(_)));
    assert_eq!(state.baseline(run).unwrap(), None);
}

#[test]
fn a_clock_that_went_back_is_recorded_and_order_stays() {
    let place = Place::new();
    place.open_at("2026-03-29T03:30:00Z").record(&refused(1)).unwrap();
    place.open_at("2025-03-29T02:30:00Z").record(&refused(2)).unwrap();
    let state = place.open_at("1970-01-01T00:00:00Z");
    let run = state.start_run(&new_run("upgrade", None)).unwrap();
    drop(state);
    let state = place.open_at("1969-12-31T00:00:00Z");
    state.record(&ended(run, Outcome::Succeeded)).unwrap();
    assert_eq!(state.task_history("upgrade").unwrap().durations, [TimeDelta::zero()]);
    let log = state.log(&LogFilter::default()).unwrap();
    let kinds: Vec<_> = log
        .entries
        .iter()
        .map(|logged| match logged {
            Logged::Entry(entry) => matches!(entry.event, Event::ClockStepped { .. }),
            Logged::Raw { .. } => panic!("{logged:?}"),
        })
        .collect();
    assert_eq!(kinds, [false, false, true, false, true, false, true, false]);
    assert_eq!(verify(&state, vec![anchor(&state)]).verdict, Verdict::Intact);
}

#[test]
fn a_full_disk_is_named_and_costs_nothing_that_was_recorded() {
    let place = Place::new();
    let state = place.open();
    let run = state.start_run(&new_run("upgrade", None)).unwrap();
    state
        .read(|connection| {
            let pages: i64 = connection.query_row("PRAGMA page_count", [], |row| row.get(0))?;
            connection.pragma_update_and_check(None, "max_page_count", pages + 8, |_| Ok(()))?;
            Ok(())
        })
        .unwrap();
    let large = Event::RunRefused { task: "t".into(), occurrence: None, reason: "x".repeat(10_000) };
    let error = (0..100).find_map(|_| state.record(&large).err()).unwrap();
    assert!(matches!(error, StateError::Full { .. }), "{error}");
    assert!(error.to_string().contains("nothing was recorded, make room"), "{error}");
    let anchor = anchor(&state);
    drop(state);
    let state = place.open();
    assert_eq!(verify(&state, vec![anchor]).verdict, Verdict::Intact);
    state.record(&ended(run, Outcome::Succeeded)).unwrap();
}

#[test]
fn a_lock_that_is_held_for_too_long_is_an_error_that_says_so() {
    let place = Place::new();
    let state = place.open();
    state.read(|connection| Ok(connection.busy_timeout(std::time::Duration::from_millis(20))?)).unwrap();
    let other = rusqlite::Connection::open(place.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = state.record(&refused(1)).unwrap_err();
    assert!(matches!(error, StateError::Busy { .. }), "{error}");
    other.execute_batch("ROLLBACK").unwrap();
    state.record(&refused(1)).unwrap();
}

fn schedule(tasks: &[&str]) -> Schedule {
    let (from, until) = (instant("2026-03-07T00:00:00Z"), instant("2026-04-07T00:00:00Z"));
    let placed = tasks.iter().map(|task| Placed {
        occurrence: Occurrence {
            id: OccurrenceId::at(task, from),
            task: (*task).to_owned(),
            targets: vec!["local".to_owned()],
            release: from,
            due: None,
            latest: None,
            estimate: TimeDelta::minutes(10),
        },
        start: from,
        end: from + TimeDelta::minutes(10),
        window: None,
        moved_from: None,
        because: vec![],
    });
    Schedule {
        revision: 0,
        plan_digest: "ab".repeat(32),
        from,
        until,
        placed: placed.collect(),
        unplaced: vec![],
        objective: crate::model::Objective::default(),
        basis: None,
    }
}

#[test]
fn a_schedule_is_published_unless_another_was_in_the_meantime() {
    let place = Place::new();
    let state = place.open_at("2026-03-01T00:00:00Z");
    assert_eq!(state.published().unwrap(), None);
    let counts = Published { added: 1, ..Published::default() };
    assert_eq!(state.publish(schedule(&["a"]), 0, &state.history().unwrap(), counts).unwrap(), 1);
    let error = state.publish(schedule(&["a", "b"]), 0, &state.history().unwrap(), counts).unwrap_err();
    assert!(matches!(error, StateError::Stale { base: 0, published: 1 }), "{error}");
    assert_eq!(state.publish(schedule(&["a", "b"]), 1, &state.history().unwrap(), counts).unwrap(), 2);
    let error = state.publish(schedule(&["a"]), 2, &std::collections::BTreeMap::new(), counts).unwrap_err();
    assert!(matches!(&error, StateError::Moved { task } if task == "a"), "{error}");
    assert_eq!(state.published().unwrap(), Some(Schedule { revision: 2, ..schedule(&["a", "b"]) }));
    let first_known = state.task_history("b").unwrap().first_known.unwrap();
    assert_eq!(first_known.date_naive().to_string(), "2026-03-01");
    assert_eq!(state.task_history("c").unwrap(), TaskHistory::default());
}

#[test]
fn a_schedule_of_an_earlier_version_is_still_read() {
    let place = Place::new();
    let state = place.open();
    let counts = Published::default();
    state.publish(schedule(&["a"]), 0, &state.history().unwrap(), counts).unwrap();
    drop(state);
    // What earlier versions did not write yet.
    let raw = rusqlite::Connection::open(place.path()).unwrap();
    let sql = "UPDATE revision SET schedule = json_remove(schedule, '$.objective.peak', '$.basis')";
    assert_eq!(raw.execute(sql, []).unwrap(), 1);
    drop(raw);
    let state = place.open();
    assert_eq!(state.published().unwrap(), Some(Schedule { revision: 1, ..schedule(&["a"]) }));
    let history = state.history().unwrap();
    assert_eq!(state.publish(schedule(&["a", "b"]), 1, &history, counts).unwrap(), 2);
}

#[test]
fn a_miss_is_recorded_once_and_never_for_what_was_started() {
    let place = Place::new();
    let state = place.open();
    let miss = |id: &str| Miss {
        occurrence: OccurrenceId(id.to_owned()),
        task: "upgrade".to_owned(),
        release: instant("2026-03-07T06:00:00Z"),
        reason: "the machine slept".to_owned(),
    };
    let run = state.start_run(&new_run("upgrade", Some("upgrade#1"))).unwrap();
    let misses = [miss("upgrade#1"), miss("upgrade#2"), miss("upgrade#2")];
    assert_eq!(state.record_missed(&misses).unwrap(), 1);
    assert_eq!(state.record_missed(&misses).unwrap(), 0);
    assert_eq!(state.missed(None).unwrap()[0].miss, miss("upgrade#2"));
    assert_eq!(state.missed(Some(Utc::now() + TimeDelta::hours(1))).unwrap(), []);
    state.record(&ended(run, Outcome::Succeeded)).unwrap();
    let error = state.start_run(&new_run("upgrade", Some("upgrade#2"))).unwrap_err();
    assert!(matches!(error, StartError::Missed { .. }), "{error}");
    let history = state.task_history("upgrade").unwrap();
    assert_eq!((history.started.len(), history.missed.len()), (1, 1));
}

#[test]
fn silences_stay_open_until_their_end_is_recorded() {
    let place = Place::new();
    let state = place.open();
    let run = state.start_run(&new_run("upgrade", None)).unwrap();
    let (tag, until) = ("mainstay-1".to_owned(), instant("2026-03-07T06:00:00Z"));
    let alertmanager = "http://127.0.0.1:9093".to_owned();
    let matchers = vec!["job=\"x\"".to_owned()];
    state.record(&Event::SilenceIntended { run, tag: tag.clone(), alertmanager, matchers }).unwrap();
    assert_eq!(state.open_silences().unwrap()[0].id, None);
    let (id, silenced) = ("1-2-3".to_owned(), vec!["Down".to_owned()]);
    state.record(&Event::SilenceCreated { run, tag: tag.clone(), id, until, silenced }).unwrap();
    let (id, because) = ("4-5-6".to_owned(), None);
    state.record(&Event::SilenceRenewed { tag: tag.clone(), id, until, because }).unwrap();
    let open = state.open_silences().unwrap();
    assert_eq!((open[0].id.as_deref(), open[0].until, open[0].run), (Some("4-5-6"), Some(until), run));
    state.record(&ended(run, Outcome::Succeeded)).unwrap();
    assert_eq!(state.open_silences().unwrap().len(), 1);
    state.record(&Event::SilenceExpired { tag, reason: "the run ended".to_owned() }).unwrap();
    assert_eq!(state.open_silences().unwrap(), []);
    let about = LogFilter { run: Some(run), ..LogFilter::default() };
    assert_eq!(state.log(&about).unwrap().entries.len(), 6);
    let other = LogFilter { task: Some("other".to_owned()), ..LogFilter::default() };
    assert_eq!(state.log(&other).unwrap().entries, []);
}

#[test]
fn baselines_keep_what_was_before_and_how_it_compared() {
    let place = Place::new();
    let state = place.open();
    let run = state.start_run(&new_run("upgrade", None)).unwrap();
    let taken = |series: u32, at: &str| Event::BaselineTaken {
        run,
        at: instant(at),
        facts: serde_json::json!({"series": series}),
    };
    state.record(&taken(10, "2026-03-07T06:00:00Z")).unwrap();
    state.record(&taken(20, "2026-03-07T07:00:00Z")).unwrap();
    let differences = vec!["20 series, not 10".to_owned()];
    let compared =
        Event::BaselineCompared {
            run,
            same: false,
            differences: differences.clone(),
            settled_ms: None,
            changes: Vec::new(),
            compared: BTreeMap::new(),
            gaps: Vec::new(),
        };
    state.record(&compared).unwrap();
    let baseline = state.baseline(run).unwrap().unwrap();
    assert_eq!(baseline.facts["series"], 10);
    let comparison = baseline.compared.unwrap();
    assert_eq!((comparison.same, comparison.differences, comparison.settled_ms), (false, differences, None));
}

#[test]
fn alerts_stand_where_they_went_last() {
    let place = Place::new();
    let state = place.open();
    let change = |state: Option<AlertState>, value: &str| Event::AlertChanged {
        name: "late".to_owned(),
        labels: [("task".to_owned(), "upgrade".to_owned())].into(),
        state,
        since: instant("2026-03-07T06:00:00Z"),
        value: value.to_owned(),
    };
    let refused = Event::AlertsDelivered {
        alertmanager: "http://a".to_owned(),
        alerts: 1,
        error: Some("refused".to_owned()),
    };
    state
        .record_all(&[change(Some(AlertState::Pending), "NaN"), change(Some(AlertState::Firing), "+Inf")])
        .unwrap();
    state.record(&refused).unwrap();
    let alerts = state.alerts().unwrap();
    assert_eq!((alerts.len(), alerts[0].state, alerts[0].delivered), (1, AlertState::Firing, None));
    assert!(alerts[0].value.is_infinite());
    let entries = state.ledger_head().unwrap().entries;
    state.note_delivered(&alerts, instant("2026-03-07T06:05:00Z")).unwrap();
    assert!(state.alerts().unwrap()[0].delivered.is_some());
    assert_eq!(state.ledger_head().unwrap().entries, entries, "a delivery that went well is no entry");
    state.record_all(&[change(Some(AlertState::Resolved), "0"), change(None, "0")]).unwrap();
    assert_eq!(state.alerts().unwrap(), []);
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
