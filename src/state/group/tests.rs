//! What holds for those who record at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread::{self, ScopedJoinHandle};

use super::Written;
use crate::model::{Entry, Event, Outcome, RunId};
use crate::state::{Access, State, StateError};
use crate::world::clock::Clock;

struct Place {
    folder: tempfile::TempDir,
    state: State,
    n_commits: Arc<AtomicUsize>,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let state =
            State::open(&folder.path().join("state.db"), Access::ReadWrite, Clock::new(None)).unwrap();
        let n_commits = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&n_commits);
        let hook = move || count.fetch_add(1, SeqCst) == usize::MAX;
        state.connection().commit_hook(Some(hook)).unwrap();
        Self { folder, state, n_commits }
    }

    /// Does each of `jobs` in a thread of its own: the first in a transaction that has begun before any other comes,
    /// the others in the order in which they stand.
    fn together<T: Send>(&self, jobs: Vec<Job<T>>) -> Vec<thread::Result<T>> {
        let connection = self.state.connection();
        thread::scope(|scope| {
            let mut threads = Vec::new();
            for (n, job) in jobs.into_iter().enumerate() {
                threads.push(scope.spawn(|| job(&self.state)));
                // The first one leads, has taken its piece, and waits for the connection.
                while !(self.state.group.queue().is_led && self.state.group.queue().pieces.len() == n) {
                    thread::yield_now();
                }
            }
            drop(connection);
            threads.into_iter().map(ScopedJoinHandle::join).collect()
        })
    }

    /// Records each of `pieces` in this way.
    fn record_together(&self, pieces: Vec<Vec<Event>>) -> Vec<Written> {
        let record = |piece: Vec<Event>| job(move |state| state.record_all(&piece));
        let written = self.together(pieces.into_iter().map(record).collect());
        written.into_iter().map(Result::unwrap).collect()
    }

    fn reasons(&self) -> Vec<String> {
        let sql =
            "SELECT json_extract(line, '$.event.reason') AS reason FROM ledger WHERE seq > 1 ORDER BY seq";
        self.state
            .read(|connection| crate::state::codec::rows(connection, sql, [], |row| Ok(row.get(0)?)))
            .unwrap()
    }
}

type Job<T> = Box<dyn FnOnce(&State) -> T + Send>;

fn job<T>(job: impl FnOnce(&State) -> T + Send + 'static) -> Job<T> {
    Box::new(job)
}

fn note(reason: &str) -> Event {
    Event::RunRefused { task: "t".to_owned(), occurrence: None, reason: reason.to_owned() }
}

fn notes(reasons: &[&str]) -> Vec<Event> {
    reasons.iter().map(|reason| note(reason)).collect()
}

/// Ends a run that there is not.
fn misfit() -> Event {
    Event::RunEnded { run: RunId(7), outcome: Outcome::Succeeded, reason: None }
}

#[test]
fn what_waits_while_another_writes_shares_one_commit_in_the_order_in_which_it_came() {
    let place = Place::new();
    let written =
        place.record_together(vec![notes(&["a"]), notes(&["b", "c"]), notes(&["d"]), notes(&["e"])]);
    let seqs: Vec<Vec<u64>> =
        written.into_iter().map(|entries| entries.unwrap().iter().map(|entry| entry.seq).collect()).collect();
    assert_eq!(seqs, [vec![2], vec![3, 4], vec![5], vec![6]]);
    assert_eq!(place.reasons(), ["a", "b", "c", "d", "e"]);
    assert_eq!(place.n_commits.load(SeqCst), 2);
}

#[test]
fn a_piece_that_does_not_fit_fails_alone_and_whole() {
    let place = Place::new();
    let written = place.record_together(vec![
        notes(&["a"]),
        notes(&["b"]),
        vec![note("c"), misfit(), note("d")],
        notes(&["e"]),
    ]);
    assert!(matches!(&written[2], Err(StateError::Contradiction(_))), "{:?}", written[2]);
    assert_eq!(written.iter().filter(|written| written.is_ok()).count(), 3);
    assert_eq!(place.reasons(), ["a", "b", "e"]);
}

#[test]
fn a_disk_that_is_full_fails_everybody_whose_piece_is_not_on_it() {
    let place = Place::new();
    let max_pages = |pages: i64| {
        let connection = place.state.connection();
        connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).unwrap();
    };
    max_pages(1);
    let large = "x".repeat(100_000);
    let written = place.record_together(vec![notes(&["a"]), notes(&["b"]), notes(&[&large]), notes(&["c"])]);
    assert!(matches!(&written[2], Err(StateError::Full { .. })), "{:?}", written[2]);
    let n_written = written.iter().filter(|written| written.is_ok()).count();
    assert_eq!(place.reasons().len(), n_written, "what was acknowledged is there, and nothing else");
    max_pages(1_000_000);
    place.state.record(&note("d")).unwrap();
    assert_eq!(place.reasons().last().unwrap(), "d");
}

#[test]
fn a_transaction_that_fails_fails_all_its_pieces() {
    let place = Place::new();
    place.state.connection().commit_hook(Some(|| true)).unwrap();
    let written = place.record_together(vec![notes(&["a"]), notes(&["b"]), notes(&["c"])]);
    assert!(written.iter().all(Result::is_err), "{written:?}");
    assert_eq!(place.reasons(), [""; 0]);
    place.state.connection().commit_hook(None::<fn() -> bool>).unwrap();
    place.state.record(&note("d")).unwrap();
    assert_eq!(place.reasons(), ["d"]);
}

#[test]
fn what_nobody_waits_for_is_on_disk_with_the_next_that_somebody_waits_for() {
    let place = Place::new();
    place.state.record_soon(&note("a"));
    thread::scope(|scope| _ = scope.spawn(|| place.state.record_soon(&note("b"))).join());
    assert_eq!((place.reasons(), place.n_commits.load(SeqCst)), (vec![], 0));
    place.state.record(&note("c")).unwrap();
    assert_eq!(
        (place.reasons(), place.n_commits.load(SeqCst)),
        (vec!["a".into(), "b".into(), "c".into()], 1)
    );
    place.state.record_soon(&note("d"));
    place.state.flush().unwrap();
    assert_eq!(place.reasons(), ["a", "b", "c", "d"]);
}

#[test]
fn a_state_that_is_dropped_writes_what_is_left() {
    let Place { folder, state, .. } = Place::new();
    state.record_soon(&note("a"));
    drop(state);
    let state = State::open(&folder.path().join("state.db"), Access::ReadOnly, Clock::new(None)).unwrap();
    assert_eq!(state.ledger_head().unwrap().entries, 2);
}

#[test]
fn what_is_wrong_with_what_nobody_waited_for_its_thread_hears_before_it_records_anything_else() {
    let place = Place::new();
    let check = |written: Result<Entry, StateError>| {
        assert!(matches!(written, Err(StateError::Contradiction(_))), "{written:?}");
    };
    for event in [note("a"), misfit(), note("never")] {
        place.state.record_soon(&event);
    }
    check(place.state.record(&note("never")));
    assert_eq!(place.reasons(), ["a"]);
    place.state.record(&note("b")).unwrap();

    // Another thread may be the one that writes it.
    place.state.record_soon(&misfit());
    thread::scope(|scope| scope.spawn(|| place.state.record(&note("c"))).join().unwrap()).unwrap();
    place.state.record_soon(&note("never"));
    check(place.state.record(&note("never")));
    place.state.record(&note("d")).unwrap();
    assert_eq!(place.reasons(), ["a", "b", "c", "d"]);

    // And the thread may be gone.
    thread::scope(|scope| _ = scope.spawn(|| place.state.record_soon(&misfit())).join());
    let error = place.state.flush().unwrap_err();
    assert!(matches!(error, StateError::Contradiction(_)), "{error}");
    place.state.flush().unwrap();
}

#[test]
fn what_nobody_waited_for_stays_until_there_is_room() {
    let place = Place::new();
    place.state.connection().commit_hook(Some(|| true)).unwrap();
    place.state.record_soon(&note("a"));
    place.state.record(&note("never")).unwrap_err();
    place.state.connection().commit_hook(None::<fn() -> bool>).unwrap();
    place.state.record(&note("b")).unwrap();
    assert_eq!(place.reasons(), ["a", "b"]);
}

#[test]
fn a_thread_that_panics_while_it_writes_leaves_the_lead_to_others() {
    let place = Place::new();
    let panic = |state: &State| state.write(|_| panic!("as the test wants it"));
    let record = |state: &State| state.record(&note("a")).map(|_| ());
    let results = place.together(vec![job(panic), job(record), job(panic), job(record)]);
    let went_well = results.iter().map(|result| matches!(result, Ok(Ok(()))));
    assert_eq!(went_well.collect::<Vec<_>>(), [false, true, false, false]);
    assert!(
        matches!(&results[3], Ok(Err(StateError::Deserted { .. }))),
        "it was written with the one before"
    );
    assert_eq!(place.reasons(), ["a"]);
}

#[test]
fn what_a_thread_does_itself_comes_in_its_turn() {
    let place = Place::new();
    let record = |reason: &'static str| job(move |state| state.record(&note(reason)).map(|_| ()));
    let itself = |reason: &'static str| {
        job(move |state| state.write(|writing| writing.append(&note(reason)).map(|_| ())))
    };
    let results = place.together(vec![record("a"), record("b"), itself("c"), record("d")]);
    assert!(results.iter().all(|result| matches!(result, Ok(Ok(())))), "{results:?}");
    assert_eq!(place.reasons(), ["a", "b", "c", "d"]);
    assert_eq!(place.n_commits.load(SeqCst), 3, "a; b; c and d");
}
