//! Many checks, several at a time, none of which can stop the others.

use std::collections::BTreeMap;
use std::sync::mpsc::{self, RecvTimeoutError};
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

/// A question without an answer so far.
struct Going {
    deadline: Instant,
    began: Instant,
    at: DateTime<Utc>,
}

/// So many are asked at the same time.
const AT_ONCE: usize = 16;
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
    let end = Instant::now() + total.unwrap_or(ROUND.max(longest) + GRACE);
    let host = Host::for_round(checks.iter().map(|(_, check)| check));
    let (answered, answers) = mpsc::channel();
    let mut asked = BTreeMap::new();
    let mut going: BTreeMap<usize, Going> = BTreeMap::new();
    let mut next = 0;
    loop {
        let may_begin = |next: usize| next < checks.len() && !cancel.is_fired() && Instant::now() < end;
        while going.len() < AT_ONCE && may_begin(next) {
            let check =
                within(checks[next].1.clone(), total.map(|_| end.saturating_duration_since(Instant::now())));
            let (world, host, cancel) = (world.clone(), host.clone(), cancel.clone());
            let (place, at, answered) = (next, world.clock.now(), answered.clone());
            let began = Instant::now();
            let deadline = began + check.patience().to_std() + GRACE;
            let asking = move || {
                // Nobody listens any more to an answer that comes too late.
                let _ = answered.send((place, super::ask_in_round(&check, &world, host, &cancel)));
            };
            match thread::Builder::new().spawn(asking) {
                Ok(_) => _ = going.insert(place, Going { deadline, began, at }),
                Err(error) => {
                    let answer = Answer::unknown(format!("no thread to ask it in: {error}"));
                    asked.insert(checks[place].0.clone(), Asked { answer, at, took: Duration::ZERO });
                }
            }
            next += 1;
        }
        if going.is_empty() {
            break;
        }
        let soonest = going.values().map(|one| one.deadline).min().unwrap_or_else(Instant::now);
        match answers.recv_timeout(LOOK.min(soonest.saturating_duration_since(Instant::now()))) {
            Ok((place, answer)) => {
                if let Some(Going { began, at, .. }) = going.remove(&place) {
                    asked.insert(checks[place].0.clone(), Asked { answer, at, took: began.elapsed() });
                }
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
        }
        let now = Instant::now();
        going.retain(|place, one| {
            let is_given_up = one.deadline <= now || (cancel.is_fired() && one.began + GRACE <= now);
            if is_given_up {
                let took = one.began.elapsed();
                let answer = if cancel.is_fired() {
                    Answer::unknown("interrupted")
                } else {
                    Answer::unknown(format!("no answer within {:.0}s", took.as_secs_f64()))
                };
                asked.insert(checks[*place].0.clone(), Asked { answer, at: one.at, took });
            }
            !is_given_up
        });
    }
    for (name, _) in checks.drain(next..) {
        let why = if cancel.is_fired() { "interrupted" } else { "not asked: the others took all the time" };
        let (answer, at) = (Answer::unknown(why), world.clock.now());
        asked.insert(name, Asked { answer, at, took: Duration::ZERO });
    }
    asked
}

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
