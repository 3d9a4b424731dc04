//! `--follow`: what steps print, as it comes, whole lines with their origin on stderr.
//!
//! A terminal that is stopped, or a reader that is slow, does not stop the steps: lines that nobody takes are left out,
//! and counted; the logs have them.

use std::fmt::Write;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use clap::Args;
use console::Style;
use indicatif::MultiProgress;

use crate::cli::lines::Lines;
use crate::text::inert_line;
use crate::world::output::lines::{LineSink, Whose};

/// The most that waits to be shown, in bytes.
const MAX_WAITING: usize = 1 << 20;
/// A step waits this long for a reader that does not keep up; then lines are left out until it does.
const PATIENCE: Duration = Duration::from_millis(200);

/// Whether somebody wants to see what steps print.
#[derive(Debug, Args)]
pub struct FollowArgs {
    /// Show what steps print as it comes, on stderr, each line behind its task and target
    #[arg(long, conflicts_with = "dry_run")]
    follow: bool,
}

impl FollowArgs {
    /// Begins to show it on `lines`, above `bars` where these are drawn; `None` when nobody wants to see it.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start(&self, bars: Option<MultiProgress>, lines: Lines) -> std::io::Result<Option<Follower>> {
        self.follow.then(|| Follower::start(bars, lines)).transpose()
    }
}

/// Shows lines in a thread of its own.
#[derive(Debug)]
pub struct Follower {
    queue: Arc<Queue>,
    thread: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    came: Condvar,
    went: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    text: String,
    /// Whose line came last, and what stands before it: most lines come after others of the same step.
    last: Option<(Whose, String)>,
    n_left_out: u64,
    is_stuck: bool,
    is_over: bool,
}

impl Follower {
    fn start(bars: Option<MultiProgress>, mut lines: Lines) -> std::io::Result<Self> {
        let queue = Arc::new(Queue::default());
        let theirs = Arc::clone(&queue);
        let work = move || {
            while let Some(text) = theirs.next() {
                let mut write = || lines.write(text.strip_suffix('\n').unwrap_or(&text));
                match &bars {
                    Some(bars) => bars.suspend(write),
                    None => write(),
                }
            }
        };
        Ok(Self { queue, thread: thread::Builder::new().name("follow".to_owned()).spawn(work)? })
    }

    /// Who takes the lines.
    pub fn sink(&self) -> Arc<dyn LineSink> {
        Arc::<Queue>::clone(&self.queue)
    }

    /// Waits until all lines are shown.
    pub fn finish(self) {
        self.queue.lock().is_over = true;
        self.queue.came.notify_one();
        // A thread that panicked has shown what it could.
        let _ = self.thread.join();
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for lines; `None` when none comes any more.
    fn next(&self) -> Option<String> {
        let is_idle = |waiting: &mut Waiting| waiting.text.is_empty() && !waiting.is_over;
        let mut waiting = self.came.wait_while(self.lock(), is_idle).unwrap_or_else(PoisonError::into_inner);
        let mut text = std::mem::take(&mut waiting.text);
        let n_left_out = std::mem::take(&mut waiting.n_left_out);
        waiting.is_stuck = false;
        self.went.notify_all();
        if n_left_out > 0 {
            let lines = crate::counted(usize::try_from(n_left_out).unwrap_or(usize::MAX), "line");
            let _ = writeln!(text, "... {lines} left out: they came faster than they could be shown");
        }
        (!text.is_empty()).then_some(text)
    }
}

impl Waiting {
    fn push(&mut self, whose: &Whose, line: &str) {
        let last = self.last.take().filter(|(last, _)| last == whose);
        let (_, prefix) = self.last.insert(last.unwrap_or_else(|| {
            let prefix = Style::new().for_stderr().dim().apply_to(inert_line(&format!("{whose} |")));
            (whose.clone(), format!("{prefix} "))
        }));
        self.text.extend([prefix.as_str(), line, "\n"]);
    }
}

impl LineSink for Queue {
    fn line(&self, whose: &Whose, line: &str) {
        let is_full = |waiting: &mut Waiting| MAX_WAITING <= waiting.text.len();
        let mut waiting = self.lock();
        if is_full(&mut waiting) && !waiting.is_stuck {
            let waited = self.went.wait_timeout_while(waiting, PATIENCE, is_full);
            (waiting, _) = waited.unwrap_or_else(PoisonError::into_inner);
            waiting.is_stuck = is_full(&mut waiting);
        }
        if is_full(&mut waiting) {
            waiting.n_left_out += 1;
            return;
        }
        let was_empty = waiting.text.is_empty();
        waiting.push(whose, line);
        if was_empty {
            self.came.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_taken_is_left_out_and_counted() {
        let queue = Queue::default();
        let whose = Whose { task: "t".to_owned(), target: "a".to_owned() };
        let line = "x".repeat(1023 - "t/a | ".len());
        for _ in 0..MAX_WAITING / 1024 + 3 {
            queue.line(&whose, &line);
        }
        let shown = queue.next().unwrap();
        let lines: Vec<_> = shown.lines().collect();
        assert_eq!(lines.len(), MAX_WAITING / 1024 + 1);
        assert_eq!(lines[0], format!("t/a | {line}"));
        assert_eq!(lines[1024], "... 3 lines left out: they came faster than they could be shown");
        queue.line(&whose, "after");
        assert_eq!(queue.next().unwrap(), "t/a | after\n");
    }
}
