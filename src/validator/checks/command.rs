//! `command`: a program ends as expected.

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use super::Answer;
use super::attributes::Attributes;
use crate::model::{CommandCheck, Matcher, Output};
use crate::world::World;
use crate::world::cancel::Cancel;
use crate::world::output::Capture;
use crate::world::process::{Job, Stopped, carry_out, ending_in_words};
use crate::world::stragglers;

/// The time between TERM and KILL of a check that takes too long.
const GRACE: Duration = Duration::from_secs(2);

/// The exit code that means "not now", as an answer words it ([`crate::model::NOT_NOW`]).
pub const NOT_NOW_IN_WORDS: &str = "75";

/// Tells the checks of one process apart.
static ASKED: AtomicU64 = AtomicU64::new(0);

pub fn ask(check: &CommandCheck, world: &World, timeout: Duration, cancel: &Cancel) -> Answer {
    let n = ASKED.fetch_add(1, Ordering::Relaxed);
    let tag = format!("check:{}:{n}", std::process::id());
    let errors = match check.stderr.as_ref().map(|_| Errors::begin()).transpose() {
        Ok(errors) => errors,
        Err(error) => return Answer::unknown(error.to_string()),
    };
    let stderr = errors.as_ref().map(|errors| &errors.writer);
    let job = Job { grace: GRACE, stderr, ..Job::new(&check.run.value, &world.folder, tag, timeout) };
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
    // A check leaves nothing behind: whoever still holds its output is stopped, and named.
    let left: Vec<_> = finished.left.iter().map(|one| one.command.clone()).collect();
    if !left.is_empty() {
        stragglers::stop(&job.tag, None, GRACE);
    }
    let Some(code) = finished.status.code() else { return Answer::unknown(ending_in_words(finished.status)) };
    let of_exit = Answer::of(&check.exit.clone().unwrap_or(Matcher::equals("0")), "exit code", code);
    if !of_exit.is_yes() {
        // What a program that failed prints is not what was asked for.
        return of_exit;
    }
    let mut found = Attributes::default();
    found.take(of_exit);
    if !left.is_empty() {
        found.take(Answer::Yes { found: format!("left behind and stopped: {}", left.join(", ")) });
    }
    if let Some(matcher) = &check.stdout {
        found.take(printed(matcher, "output", capture.finish()));
    }
    if let Some((matcher, errors)) = check.stderr.as_ref().zip(errors) {
        found.take(printed(matcher, "stderr", errors.finish()));
    }
    found.answer()
}

fn printed(matcher: &Matcher, what: &str, output: Option<Output>) -> Answer {
    let output = output.unwrap_or_default();
    if output.dropped > 0 {
        return Answer::unknown(format!("{what}: it printed more than can be held against an expectation"));
    }
    Answer::of(matcher, what, output.head.trim_end())
}

/// What a program prints on stderr, apart from what it prints on stdout.
struct Errors {
    writer: File,
    taken: Receiver<Option<Output>>,
}

/// How long stderr is waited for after the end of the program: a child of it may hold it open for ever.
const PATIENCE: Duration = Duration::from_secs(2);

impl Errors {
    fn begin() -> std::io::Result<Self> {
        let (mut reader, writer) = std::io::pipe()?;
        let (sender, taken) = mpsc::channel();
        let take = move || {
            let (mut ends, mut buffer) = (Capture::default(), vec![0; 64 * 1024]);
            while let Ok(n_bytes @ 1..) = reader.read(&mut buffer) {
                ends.take(&buffer[..n_bytes]);
            }
            // Nobody listens any more to what comes too late.
            let _ = sender.send(ends.finish());
        };
        thread::Builder::new().spawn(take)?;
        Ok(Self { writer: File::from(OwnedFd::from(writer)), taken })
    }

    fn finish(self) -> Option<Output> {
        drop(self.writer);
        self.taken.recv_timeout(PATIENCE).ok().flatten()
    }
}
