//! Many checks, several at a time, none of which can stop the others.

use std::collections::BTreeMap;
use std::io;
use std::num::NonZero;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

use super::Answer;
use crate::model::{Check, Length};
use crate::world::World;
use crate::world::cancel::Cancel;
use crate::world::host::Host;

/// What one check answered, and when it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The answer.
    pub answer: Answer,
    /// When the question was put.
    pub at: DateTime<Utc>,
    /// How long the answer took.
    pub took: Duration,
}

/// So many are asked at the same time at most.
const AT_ONCE: usize = 16;
/// Another thread begins after so long in which not even one check of each thread was answered: those of this machine
/// are answered sooner than a thread begins, those of a network are not.
const GROW: Duration = Duration::from_millis(2);
/// A check that hangs, whatever its timeout says, is left alone this long after it: one whose file lies on a server
/// that is gone cannot be stopped.
const GRACE: Duration = Duration::from_secs(5);
/// After this, or the longest timeout if that is longer, no further check is begun.
const ROUND: Duration = Duration::from_mins(1);
/// How often a request to stop is looked for.
const LOOK: Duration = Duration::from_millis(200);

/// Asks `checks`, each within its own timeout and a few seconds, and returns an answer of each, by name. All of them
/// together take `total` at most; without, a minute, or the longest time of a check if that is more.
///
/// A check that hangs is unknown, and so is one for which no time was left. Which ones come last changes from minute
/// to minute, so that it is not always the same that are left out.
pub fn ask(
    mut checks: Vec<(String, Check)>,
    total: Option<Duration>,
    world: &World,
    cancel: &Cancel,
) -> BTreeMap<String, Asked> {
    let minute = usize::try_from(world.clock.now().timestamp() / 60).unwrap_or_default();
    let n_checks = checks.len().max(1);
    checks.rotate_left(minute % n_checks);
    let longest = checks.iter().map(|(_, check)| check.patience().to_std()).max().unwrap_or_default();
    let round = Arc::new(Round {
        host: Host::for_round(checks.iter().map(|(_, check)| check)),
        end: Instant::now() + total.unwrap_or(ROUND.max(longest) + GRACE),
        is_total_given: total.is_some(),
        world: world.clone(),
        cancel: cancel.clone(),
        checks,
        state: Mutex::default(),
        is_over: Condvar::new(),
    });
    let n_cores = thread::available_parallelism().map_or(1, NonZero::get);
    for _ in 0..n_cores.min(AT_ONCE).min(round.checks.len()) {
        round.begin_thread();
    }
    round.watch();
    round.answers()
}

/// Checks that are asked by as many threads as it takes, each of which takes the next one when it has an answer. A
/// thread whose check hangs is left alone, and another takes its place.
struct Round {
    /// In the order in which they are asked. What is said of one names its place.
    checks: Vec<(String, Check)>,
    /// No check is begun after this.
    end: Instant,
    /// Whether no check may go on after `end` either.
    is_total_given: bool,
    world: World,
    host: Host,
    cancel: Cancel,
    state: Mutex<State>,
    /// That the last answer is there is told to whoever watches.
    is_over: Condvar,
}

#[derive(Default)]
struct State {
    /// The place of the next that is asked.
    next: usize,
    going: BTreeMap<usize, Going>,
    answered: BTreeMap<usize, Asked>,
    /// Those that hang are not counted.
    n_threads: usize,
    /// Why the last thread that was wanted is not there.
    no_thread: Option<io::Error>,
}

/// A question without an answer so far.
#[derive(Clone, Copy)]
struct Going {
    deadline: Instant,
    began: Instant,
    at: DateTime<Utc>,
}

impl Round {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin_thread(self: &Arc<Self>) {
        let round = Arc::clone(self);
        self.state().n_threads += 1;
        if let Err(error) = thread::Builder::new().name("check".to_owned()).spawn(move || round.work()) {
            let mut state = self.state();
            state.n_threads -= 1;
            state.no_thread = Some(error);
        }
    }

    /// Asks one check after the other.
    fn work(&self) {
        while let Some((place, check)) = self.next() {
            let answer = super::ask_in_round(&check, &self.world, self.host.clone(), &self.cancel);
            let mut state = self.state();
            // Nobody waits any more for an answer that comes too late, and another thread does the work of this one.
            let Some(Going { began, at, .. }) = state.going.remove(&place) else { return };
            state.answered.insert(place, Asked { answer, at, took: began.elapsed() });
        }
        let mut state = self.state();
        state.n_threads -= 1;
        if state.n_threads == 0 {
            self.is_over.notify_all();
        }
    }

    /// The next check, with its place, as long as one may be begun.
    fn next(&self) -> Option<(usize, Check)> {
        let began = Instant::now();
        if began >= self.end || self.cancel.is_fired() {
            return None;
        }
        let mut state = self.state();
        let place = state.next;
        let (_, check) = self.checks.get(place)?;
        let check = within(check.clone(), self.is_total_given.then(|| self.end - began));
        state.next += 1;
        let deadline = began + check.patience().to_std() + GRACE;
        state.going.insert(place, Going { deadline, began, at: self.world.clock.now() });
        Some((place, check))
    }

    /// Returns when no thread works any more but those whose checks hang.
    fn watch(self: &Arc<Self>) {
        let mut state = self.state();
        while state.n_threads > 0 {
            let may_grow = state.next < self.checks.len() && state.n_threads < AT_ONCE;
            let until = if may_grow { GROW } else { LOOK };
            let n_answered = state.answered.len();
            state = self.is_over.wait_timeout(state, until).unwrap_or_else(PoisonError::into_inner).0;
            let is_slow = state.answered.len() - n_answered < state.n_threads;
            let n_left_alone = self.leave_alone_what_hangs(&mut state);
            let n_wanted = n_left_alone + usize::from(may_grow && is_slow);
            let n_possible = n_wanted.min(self.checks.len() - state.next);
            drop(state);
            for _ in 0..n_possible {
                self.begin_thread();
            }
            state = self.state();
        }
    }

    /// Returns how many threads no longer count.
    fn leave_alone_what_hangs(&self, state: &mut State) -> usize {
        let is_cancelled = self.cancel.is_fired();
        let now = Instant::now();
        let hangs = |one: &Going| one.deadline <= now || (is_cancelled && one.began + GRACE <= now);
        let hanging = state.going.extract_if(.., |_, one| hangs(one)).collect::<Vec<_>>();
        for (place, one) in &hanging {
            let took = one.began.elapsed();
            let answer = if is_cancelled {
                Answer::unknown(INTERRUPTED)
            } else {
                Answer::unknown(format!("no answer within {:.0}s", took.as_secs_f64()))
            };
            state.answered.insert(*place, Asked { answer, at: one.at, took });
        }
        state.n_threads -= hanging.len();
        hanging.len()
    }

    /// What was answered, and why the rest was not asked.
    fn answers(&self) -> BTreeMap<String, Asked> {
        let mut state = self.state();
        let mut answered = std::mem::take(&mut state.answered);
        let why = match &state.no_thread {
            _ if self.cancel.is_fired() => INTERRUPTED.to_owned(),
            Some(error) if Instant::now() < self.end => format!("no thread to ask it in: {error}"),
            _ => "not asked: the others took all the time".to_owned(),
        };
        let not_asked =
            || Asked { answer: Answer::unknown(&why), at: self.world.clock.now(), took: Duration::ZERO };
        let names = self.checks.iter().map(|(name, _)| name.clone()).enumerate();
        names.map(|(place, name)| (name, answered.remove(&place).unwrap_or_else(not_asked))).collect()
    }
}

const INTERRUPTED: &str = "interrupted";

/// The check with no more time than is left for all: what it starts ends by then.
fn within(mut check: Check, left: Option<Duration>) -> Check {
    let Some(left) = left.and_then(|left| TimeDelta::from_std(left).ok()).map(Length) else { return check };
    if left < check.timeout() {
        check.timeout = Some(left.into());
    }
    if let Some(again) = check.retry.as_mut().filter(|again| left < again.value.patience.value) {
        again.value.patience.value = left;
    }
    check
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;
    use crate::model::Connections;
    use crate::world::clock::Clock;

    fn checks(yaml: &str) -> Vec<(String, Check)> {
        let text = format!("mainstay: 1\nchecks:\n{yaml}");
        let text = crate::planfile::Text::new("maintenance.yaml", text.into_bytes());
        let plan = text.read().into_plan().expect("a plan");
        plan.checks.iter().map(|(name, check)| (name.value.clone(), check.value.clone())).collect()
    }

    fn answers(yaml: &str, cancel: &Cancel) -> Vec<(String, String)> {
        let world = World::new(&Connections::default(), "maintenance.yaml".as_ref(), Clock::new(None));
        let asked = ask(checks(yaml), None, &world, cancel);
        asked.into_iter().map(|(name, asked)| (name, asked.answer.in_words())).collect()
    }

    #[test]
    fn one_that_hangs_is_unknown_and_stops_no_other() {
        let cancel = Cancel::new().expect("a request");
        let hung = "  a: {command: {run: [sleep, \"600\"]}, timeout: 1s}\n";
        let mut yaml = hung.to_owned();
        let mut expected = vec![("a".to_owned(), "could not be found out: no end within 1s".to_owned())];
        for n in 100..140 {
            writeln!(yaml, "  b{n}: {{command: {{run: [\"false\"]}}}}").expect("memory");
            expected.push((format!("b{n}"), "expected exit code 0, found 1".to_owned()));
        }
        assert_eq!(answers(&yaml, &cancel), expected);
    }

    #[test]
    fn a_request_to_stop_leaves_the_rest_unknown() {
        let cancel = Cancel::new().expect("a request");
        cancel.fire();
        let expected = [("a".to_owned(), "could not be found out: interrupted".to_owned())];
        assert_eq!(answers("  a: {command: {run: [\"true\"]}}\n", &cancel), expected);
        assert_eq!(answers("  {}\n", &cancel), []);
    }
}
