//! Many checks, several at a time, none of which can stop the others.

use std::collections::BTreeMap;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use super::Answer;
use crate::model::Check;
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

/// Asks `checks`, each within its own timeout and a few seconds, and returns an answer of each, by name.
///
/// A check that hangs is unknown, and so is one for which no time was left. Which ones come last changes from minute
/// to minute, so that it is not always the same that are left out.
pub fn ask(mut checks: Vec<(String, Check)>, world: &World, cancel: &Cancel) -> BTreeMap<String, Asked> {
    let minute = usize::try_from(world.clock.now().timestamp() / 60).unwrap_or_default();
    let n_checks = checks.len().max(1);
    checks.rotate_left(minute % n_checks);
    let longest = checks.iter().map(|(_, check)| check.timeout().to_std()).max().unwrap_or_default();
    let end = Instant::now() + ROUND.max(longest) + GRACE;
    let host = Host::for_round(checks.iter().map(|(_, check)| check));
    let (answered, answers) = mpsc::channel();
    let mut asked = BTreeMap::new();
    let mut going: BTreeMap<usize, (Instant, DateTime<Utc>)> = BTreeMap::new();
    let mut next = 0;
    loop {
        let may_begin = |next: usize| next < checks.len() && !cancel.is_fired() && Instant::now() < end;
        while going.len() < AT_ONCE && may_begin(next) {
            let (check, world, cancel) = (checks[next].1.clone(), world.clone(), cancel.clone());
            let host = host.clone();
            let (place, at, answered) = (next, world.clock.now(), answered.clone());
            let deadline = Instant::now() + check.timeout().to_std() + GRACE;
            let asking = move || {
                // Nobody listens any more to an answer that comes too late.
                let _ = answered.send((place, super::ask_in_round(&check, &world, &host, &cancel)));
            };
            match thread::Builder::new().spawn(asking) {
                Ok(_) => _ = going.insert(place, (deadline, at)),
                Err(error) => {
                    let answer = Answer::unknown(format!("no thread to ask it in: {error}"));
                    asked.insert(checks[place].0.clone(), Asked { answer, at });
                }
            }
            next += 1;
        }
        if going.is_empty() {
            break;
        }
        match answers.recv_timeout(LOOK) {
            Ok((place, answer)) => {
                if let Some((_, at)) = going.remove(&place) {
                    asked.insert(checks[place].0.clone(), Asked { answer, at });
                }
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
        }
        let now = Instant::now();
        going.retain(|place, (deadline, at)| {
            let is_given_up = *deadline <= now;
            if is_given_up {
                let (name, check) = &checks[*place];
                let answer = Answer::unknown(format!("no answer within {}", check.timeout()));
                asked.insert(name.clone(), Asked { answer, at: *at });
            }
            !is_given_up
        });
    }
    for (name, _) in checks.drain(next..) {
        let why = if cancel.is_fired() { "interrupted" } else { "not asked: the others took all the time" };
        asked.insert(name, Asked { answer: Answer::unknown(why), at: world.clock.now() });
    }
    asked
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
        let asked = ask(checks(yaml), &world, cancel);
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
