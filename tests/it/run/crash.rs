//! Promise 1 under fault injection: mainstay dies, is started again, resumes, and what was done is what an undisturbed
//! run does: nothing is lost, and nothing is repeated that may not be.
//!
//! An estate of three tasks on two hosts (folders) is worked by `run --due`. Every step leaves one line when it has done
//! its work. mainstay is killed
//!
//! - just before and just after each of its writes to the state file, one after the other;
//! - at random instants, again and again until the work is over: 24 times in the ordinary run, as often as
//!   `MAINSTAY_TEST_KILLS` says otherwise (`MAINSTAY_TEST_SEED` chooses other instants).
//!
//! What became of an interrupted step that may not be repeated is told from its line, as an operator would.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use mainstay::model::{Outcome, Run};
use mainstay::state::{Access, RunFilter, State};
use mainstay::world::clock::Clock;

use crate::support::Case;

/// `roll` succeeds at its second attempt on each host, `fall` fails on the second host and goes back on both, `look` has
/// a step whose own check says whether it is done. Steps that may be repeated are marked by a `*` in their lines.
const ESTATE: &str = r#"
mainstay: 1
targets: {a: {local: true}, b: {local: true}}
tasks:
  roll:
    type: routine
    domain: component
    schedule: {every: 1d}
    duration: 1m
    targets: [a, b]
    preconditions: [{file: {path: maintenance.yaml}}]
    steps:
      - {name: drain, shell: "echo drain $MAINSTAY_TARGET >> roll"}
      - name: install
        shell: "test -e tried-$MAINSTAY_TARGET || { echo > tried-$MAINSTAY_TARGET; exit 1; }; echo '*install' $MAINSTAY_TARGET >> roll"
        idempotent: true
        retry: {attempts: 2}
      - {name: fill, shell: "echo fill $MAINSTAY_TARGET >> roll"}
    verify: [{file: {path: roll, contains: fill b}}]
    rollback: [{shell: echo never >> roll}]
    finally: [{name: tidy, shell: "echo tidy $MAINSTAY_TARGET >> roll"}]
  fall:
    type: routine
    domain: component
    schedule: {every: 1d}
    duration: 1m
    targets: [a, b]
    steps:
      - {name: begin, shell: "echo begin $MAINSTAY_TARGET >> fall"}
      - {name: break, shell: "test $MAINSTAY_TARGET = a && echo break a >> fall"}
    rollback:
      - {name: mend, shell: "echo mend $MAINSTAY_TARGET >> fall"}
      - {name: check, shell: "echo '*check' $MAINSTAY_TARGET >> fall", idempotent: true}
    finally: [{name: tidy, shell: "echo '*tidy' $MAINSTAY_TARGET >> fall", idempotent: true}]
  look:
    type: routine
    domain: component
    schedule: {every: 1d}
    duration: 1m
    steps:
      - {name: write, shell: "echo write >> look", done_if: {file: {path: look, contains: write}}}
      - {name: close, shell: "echo close >> look"}
"#;

const TASKS: [&str; 3] = ["roll", "fall", "look"];

/// What the steps left, and how the runs ended, by task.
type Effects = BTreeMap<&'static str, (Vec<String>, Vec<Option<Outcome>>)>;

struct Estate {
    case: Case,
    n_kills: AtomicU32,
}

impl Estate {
    fn new() -> Self {
        Self { case: Case::in_memory().plan_file(ESTATE), n_kills: AtomicU32::new(0) }
    }

    /// Runs `mainstay`, with an order to die or for no longer than `life`; its end and what it said.
    fn mainstay(&self, arguments: &str, crash: Option<&str>, life: Option<Duration>) -> (ExitStatus, String) {
        let mut command = self.case.command(arguments);
        command.stdout(Stdio::null());
        if let Some(crash) = crash {
            command.env("MAINSTAY_TEST_CRASH", crash);
        }
        let mut child = command.spawn().expect("a process");
        if let Some(life) = life {
            thread::sleep(life);
            child.kill().expect("it is ours");
        }
        let output = child.wait_with_output().expect("an end");
        self.n_kills.fetch_add(u32::from(output.status.signal() == Some(9)), Ordering::SeqCst);
        (output.status, String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// What one task has done so far.
    fn lines(&self, task: &str) -> Vec<String> {
        let text = std::fs::read_to_string(self.case.path().join(task)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// The state file; `None` when mainstay died before it had made one.
    fn state(&self) -> Option<State> {
        let path = self.case.path().join(".mainstay/state.db");
        State::open(&path, Access::ReadOnly, Clock::new(None)).ok()
    }

    fn effects(&self) -> Effects {
        let state = self.state().expect("a state");
        let of = |task: &'static str| {
            let filter = RunFilter { task: Some(task.to_owned()), ..RunFilter::default() };
            let outcomes = state.runs(&filter).expect("runs").into_iter().map(|run| run.outcome).collect();
            (task, (self.lines(task), outcomes))
        };
        TASKS.into_iter().map(of).collect()
    }

    /// Whether every task has had its run, and each run its end.
    fn is_done(&self) -> bool {
        let Some(state) = self.state() else { return false };
        let runs = state.runs(&RunFilter::default()).expect("runs");
        let is_over = |run: &Run| run.outcome.is_some_and(|outcome| outcome != Outcome::Interrupted);
        runs.len() == TASKS.len() && runs.iter().all(is_over)
    }

    /// Does what an operator does after a crash, with each process living as long as `life` says, until nothing is left.
    fn recover(&self, mut life: impl FnMut() -> Option<Duration>) {
        for _ in 0..100 {
            if self.is_done() {
                return;
            }
            let (status, told) = self.mainstay("run --due --jobs 1", None, life());
            assert!(matches!(status.code(), Some(0 | 1)) || status.signal() == Some(9), "{status}: {told}");
            let Some(state) = self.state() else { continue };
            let open = state.runs(&RunFilter::default()).expect("runs").into_iter();
            let mut open = open.filter(|run| matches!(run.outcome, None | Some(Outcome::Interrupted)));
            if let Some(run) = open.next_back() {
                drop(state);
                self.resume(&run, &mut life);
            }
        }
        panic!("no end of it: {:?}", self.effects());
    }

    fn resume(&self, run: &Run, life: &mut impl FnMut() -> Option<Duration>) {
        let (status, told) = self.mainstay(&format!("run --resume {}", run.id), None, life());
        if !told.contains("nobody knows whether it is done") || status.signal().is_some() {
            assert!(matches!(status.code(), Some(0 | 1)) || status.signal() == Some(9), "{status}: {told}");
            return;
        }
        assert_eq!(status.code(), Some(1), "{told}");
        let step = between(&told, "step `", "` on ").expect("a step");
        let target = between(&told, "` on ", " was interrupted, and").expect("a target");
        let effect = if run.task == "look" { step.to_owned() } else { format!("{step} {target}") };
        let said = if self.lines(&run.task).contains(&effect) { "done" } else { "not-done" };
        self.mainstay(&format!("run --resume {} --assume {said}", run.id), None, life());
    }
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    let rest = &text[text.find(before)? + before.len()..];
    rest.get(..rest.find(after)?)
}

/// What an undisturbed estate does, and how long that takes.
fn undisturbed() -> (Effects, Duration) {
    let estate = Estate::new();
    let began = Instant::now();
    let (status, told) = estate.mainstay("run --due --jobs 1", None, None);
    let took = began.elapsed();
    assert_eq!(status.code(), Some(1), "`fall` fails: {told}");
    let effects = estate.effects();
    let lines = |task: &str| effects[task].0.join(", ");
    assert_eq!(lines("roll"), "drain a, *install a, fill a, drain b, *install b, fill b, tidy a, tidy b");
    assert_eq!(
        lines("fall"),
        "begin a, break a, begin b, mend b, *check b, mend a, *check a, *tidy a, *tidy b"
    );
    assert_eq!(lines("look"), "write, close");
    let outcomes = TASKS.map(|task| effects[task].1.clone());
    let [roll, fall, look] = [Outcome::Succeeded, Outcome::RolledBack, Outcome::Succeeded].map(Some);
    assert_eq!(outcomes, [vec![roll], vec![fall], vec![look]]);
    (effects, took)
}

/// Holds what was done after crashes against what an undisturbed run does.
fn assert_same(found: &Effects, expected: &Effects, what: &str) {
    for task in TASKS {
        let ((lines, outcomes), (all, ends)) = (&found[task], &expected[task]);
        assert_eq!(&without_repetition(lines), all, "{what}: `{task}` did {lines:?}");
        assert_eq!(outcomes, ends, "{what}: `{task}`");
    }
}

/// What was done, without what was repeated at its place and may be.
fn without_repetition(lines: &[String]) -> Vec<String> {
    let mut once = lines.to_vec();
    once.dedup_by(|next, one| next == one && one.starts_with('*'));
    once
}

#[test]
fn the_comparison_sees_what_was_lost_repeated_or_done_out_of_its_place() {
    let lines = |text: &str| text.split(", ").map(str::to_owned).collect::<Vec<_>>();
    let expected = lines("drain a, *install a, fill a");
    let is_same = |found: &str| without_repetition(&lines(found)) == expected;
    assert!(is_same("drain a, *install a, fill a") && is_same("drain a, *install a, *install a, fill a"));
    assert!(!is_same("drain a, *install a") && !is_same("drain a, fill a"), "lost");
    assert!(
        !is_same("drain a, drain a, *install a, fill a") && !is_same("drain a, *install a, fill a, fill a")
    );
    assert!(!is_same("drain a, *install a, fill a, *install a"), "repeated after what came after it");
}

/// Does `work` for 0, 1, 2, ... several at a time, until it says that there are no more; returns how many there were.
fn in_parallel(work: impl Fn(u32) -> bool + Sync) -> u32 {
    let (next, n_done) = (AtomicU32::new(0), AtomicU32::new(0));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while work(next.fetch_add(1, Ordering::SeqCst)) {
                    n_done.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
    });
    n_done.into_inner()
}

#[test]
fn case_34_a_crash_around_any_write_is_resumed_without_losing_or_repeating_work() {
    let (expected, _) = undisturbed();
    let n = in_parallel(|n| {
        let side = if n % 2 == 0 { "before" } else { "after" };
        let crash = format!("{side}:{}", n / 2 + 1);
        let estate = Estate::new();
        let (status, told) = estate.mainstay("run --due --jobs 1", Some(&crash), None);
        if status.signal() != Some(9) {
            assert_eq!(status.code(), Some(1), "{told}");
            return false;
        }
        estate.recover(|| None);
        assert_same(&estate.effects(), &expected, &crash);
        true
    });
    assert!(n >= 60, "three runs with some twenty steps cannot be recorded in {n} / 2 writes");
    eprintln!("{n} crashes around {} writes", n / 2);
}

#[test]
fn a_kill_at_any_moment_again_and_again_is_resumed_without_losing_or_repeating_work() {
    let number = |name: &str, otherwise: u32| {
        let given = std::env::var(name).ok();
        given.map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
    };
    let (n_kills, seed) = (number("MAINSTAY_TEST_KILLS", 24), number("MAINSTAY_TEST_SEED", 1));
    let (expected, took) = undisturbed();
    let kills = AtomicU32::new(0);
    in_parallel(|n| {
        if n_kills <= kills.load(Ordering::SeqCst) {
            return false;
        }
        let mut random = Random((u64::from(seed) << 32) | (u64::from(n) + 1));
        let estate = Estate::new();
        // Half of the processes die, so that every estate comes to its end.
        let mut life = || {
            let dies = random.below(2) == 0;
            dies.then(|| took.mul_f64(f64::from(random.below(1000)) / 1000.0))
        };
        let first =
            took.mul_f64(f64::from(Random(u64::from(seed) * 7919 + u64::from(n)).below(1000)) / 1000.0);
        estate.mainstay("run --due --jobs 1", None, Some(first));
        estate.recover(&mut life);
        assert_same(&estate.effects(), &expected, &format!("seed {seed}, estate {n}"));
        kills.fetch_add(estate.n_kills.load(Ordering::SeqCst), Ordering::SeqCst);
        true
    });
    eprintln!("{} kills at random moments", kills.into_inner());
}

/// Source: splitmix64 (Steele, Lea and Flood 2014).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        u32::try_from((z ^ (z >> 31)) % u64::from(bound)).unwrap_or(0)
    }
}
