//! `command`: a program ends as expected.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::Answer;
use crate::model::{CommandCheck, Literal, Matcher};
use crate::world::World;
use crate::world::cancel::Cancel;
use crate::world::output::Capture;
use crate::world::process::{Job, Stopped, carry_out, ending_in_words};

/// The time between TERM and KILL of a check that takes too long.
const GRACE: Duration = Duration::from_secs(2);

/// The exit code that means "not now", as an answer words it ([`crate::world::process::NOT_NOW`]).
pub const NOT_NOW_IN_WORDS: &str = "75";

/// Tells the checks of one process apart.
static ASKED: AtomicU64 = AtomicU64::new(0);

pub fn ask(check: &CommandCheck, world: &World, timeout: Duration, cancel: &Cancel) -> Answer {
    let n = ASKED.fetch_add(1, Ordering::Relaxed);
    let tag = format!("check:{}:{n}", std::process::id());
    let job = Job { grace: GRACE, ..Job::new(&check.run.value, &world.folder, tag, timeout) };
    let mut capture = Capture::default();
    let finished = match carry_out(&job, &mut capture, cancel) {
        Ok(finished) => finished,
        Err(error) => return Answer::unknown(crate::in_words(&error)),
    };
    match finished.stopped {
        Some(Stopped::TimedOut) => return Answer::unknown(format!("no end within {}s", timeout.as_secs())),
        Some(Stopped::Cancelled) => return Answer::unknown("interrupted"),
        None => {}
    }
    let Some(code) = finished.status.code() else { return Answer::unknown(ending_in_words(finished.status)) };
    let expected = check.exit.clone().unwrap_or(Matcher::Equals(Literal("0".to_owned())));
    let answer = Answer::of(&expected, "exit code", &code.to_string());
    let Some(matcher) = &check.stdout else { return answer };
    let output = capture.finish().unwrap_or_default();
    if output.dropped > 0 {
        return answer.and(|| Answer::unknown("it printed more than can be held against an expectation"));
    }
    answer.and(|| Answer::of(matcher, "output", output.head.trim_end()))
}
