//! Recording, by many at once, and by those who are killed.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::{env, thread};

use mainstay::ledger::{Anchor, Verdict, Verifier};
use mainstay::model::Event;
use mainstay::state::{Access, LogFilter, Logged, State};
use mainstay::world::clock::Clock;

/// Names the state file for [`child_whose_threads_record`].
const STATE: &str = "MAINSTAY_TEST_RECORDING";
const N_THREADS: usize = 16;
const EACH: usize = 30;

/// Not a test but a program for the tests below: sixteen threads record, and say on stdout what is on disk. Of every
/// third event they do not wait for the disk.
#[test]
fn child_whose_threads_record() {
    let Some(path) = env::var_os(STATE) else { return };
    let state = open(Path::new(&path));
    let work = |thread: usize| {
        for n in 0..EACH {
            let reason = format!("{}.{thread}.{n}", std::process::id());
            let event = Event::RunRefused { task: format!("task-{thread}"), occurrence: None, reason };
            if n % 3 == 0 {
                state.record_soon(&event);
            } else {
                state.record(&event).unwrap();
                writeln!(std::io::stdout(), "\nacknowledged {thread} {n}").unwrap();
            }
        }
    };
    thread::scope(|scope| (0..N_THREADS).for_each(|thread| _ = scope.spawn(move || work(thread))));
}

fn open(path: &Path) -> State {
    State::open(path, Access::ReadWrite, Clock::new(None)).unwrap()
}

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("folder/state.db")
    }

    fn child(&self) -> Child {
        Command::new(env::current_exe().unwrap())
            .args(["--exact", "recording_laws::child_whose_threads_record", "--nocapture"])
            .env(STATE, self.state())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// What each thread of each process has recorded, in the order of the ledger, whose chain has to be whole.
    fn recorded(&self) -> BTreeMap<(String, usize), Vec<usize>> {
        let state = open(&self.state());
        let head = state.ledger_head().unwrap();
        let mut verifier = Verifier::new(vec![Anchor { entries: head.entries, root: head.root }]);
        let each_line = state.for_each_line(&mut |row| {
            verifier.line(row);
            ControlFlow::Continue(())
        });
        each_line.unwrap();
        assert_eq!(verifier.finish().verdict, Verdict::Intact);
        let mut recorded: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for logged in state.log(&LogFilter::default()).unwrap().entries {
            let Logged::Entry(entry) = logged else { panic!("{logged:?}") };
            if let Event::RunRefused { reason, .. } = entry.event {
                let mut words = reason.split('.');
                let mut word = || words.next().unwrap().to_owned();
                let of = (word(), word().parse().unwrap());
                recorded.entry(of).or_default().push(word().parse().unwrap());
            }
        }
        recorded
    }
}

/// The thread and the number of its event that is on disk, by what a child says.
fn acknowledged(line: &str) -> Option<(usize, usize)> {
    let (thread, n) = line.strip_prefix("acknowledged ")?.split_once(' ')?;
    Some((thread.parse().ok()?, n.parse().ok()?))
}

#[test]
fn threads_of_two_processes_make_one_chain_and_each_keeps_its_order() {
    let place = Place::new();
    for child in [place.child(), place.child()] {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    let recorded = place.recorded();
    assert_eq!(recorded.len(), 2 * N_THREADS);
    for (thread, events) in recorded {
        assert_eq!(events, (0..EACH).collect::<Vec<_>>(), "{thread:?}");
    }
}

#[test]
fn a_kill_loses_nothing_that_was_acknowledged_to_any_thread() {
    for kill_after in [1, 10, 50, 200] {
        let place = Place::new();
        let mut child = place.child();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut told: Vec<_> =
            lines.by_ref().filter_map(|line| acknowledged(&line)).take(kill_after).collect();
        child.kill().unwrap();
        child.wait().unwrap();
        told.extend(lines.filter_map(|line| acknowledged(&line)));
        let recorded = place.recorded();
        for (thread, n) in told {
            let of_thread = recorded.iter().find(|((_, other), _)| *other == thread);
            let events = of_thread.map(|(_, events)| events.as_slice()).unwrap_or_default();
            assert!(
                n < events.len(),
                "killed after {kill_after}: thread {thread} was told of {n}: {events:?}"
            );
            assert_eq!(events, (0..events.len()).collect::<Vec<_>>(), "thread {thread}");
        }
    }
}
