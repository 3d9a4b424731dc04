//! Asking the person at the terminal.

use std::io::{self, IsTerminal};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::getpgrp;
use rustix::stdio::stdin;
use rustix::termios::{QueueSelector, tcflush, tcgetpgrp};

use super::progress::Quiet;
use crate::cli::lines::Lines;
use crate::text::{inert_line, roughly};
use crate::world::cancel::Cancel;
use crate::world::person::{Person, Question, Reply};

/// The person at mainstay's terminal.
#[derive(Debug)]
pub struct AtTerminal {
    /// Held while somebody is asked.
    lines: Mutex<Lines>,
    screen: Quiet,
}

impl AtTerminal {
    /// The person, if there is one: stdin and stderr are a terminal, and mainstay is in its foreground.
    pub fn find(screen: Quiet, lines: Lines) -> Option<Arc<dyn Person>> {
        let is_there = io::stdin().is_terminal()
            && io::stderr().is_terminal()
            && tcgetpgrp(stdin()).is_ok_and(|group| group == getpgrp());
        is_there.then(|| Arc::new(Self { lines: Mutex::new(lines), screen }) as Arc<dyn Person>)
    }
}

impl Person for AtTerminal {
    fn ask(&self, question: &Question, timeout: Duration, cancel: &Cancel) -> Reply {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let _quiet = self.screen.hush();
        let until = Instant::now() + timeout;
        // What was typed before the question is no answer to it.
        let _ = tcflush(stdin(), QueueSelector::IFlush);
        lines.write(&inert_line(&format!("{}: {}", question.whence, question.text)));
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let patience = roughly(TimeDelta::from_std(left).unwrap_or(TimeDelta::MAX));
            lines.write(&format!("Confirm with `yes`, decline with `no`, within {patience}:"));
            match answer(left, cancel) {
                Ok(answer) => match answer.trim().to_lowercase().as_str() {
                    "yes" | "y" => return Reply::Yes,
                    "no" | "n" => return Reply::No,
                    _ => {}
                },
                Err(reply) => return reply,
            }
        }
    }
}

/// The next line that is typed.
fn answer(timeout: Duration, cancel: &Cancel) -> Result<String, Reply> {
    let until = Instant::now() + timeout;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let patience = Timespec {
            tv_sec: left.as_secs().try_into().unwrap_or(i64::MAX / 2),
            tv_nsec: left.subsec_nanos().into(),
        };
        let typed = stdin();
        let mut fds = [PollFd::new(&typed, PollFlags::IN), PollFd::new(cancel, PollFlags::IN)];
        // A signal that interrupts it is looked for again.
        let _ = poll(&mut fds, Some(&patience));
        if !fds[1].revents().is_empty() || cancel.is_fired() {
            return Err(Reply::Stopped);
        }
        if !fds[0].revents().is_empty() {
            return line();
        }
        if left.is_zero() {
            return Err(Reply::TimedOut);
        }
    }
}

/// What a terminal gives at once: one line.
fn line() -> Result<String, Reply> {
    let mut bytes = [0; 1024];
    match rustix::io::read(stdin(), &mut bytes) {
        Ok(0) | Err(_) => Err(Reply::Gone),
        Ok(n) => Ok(String::from_utf8_lossy(&bytes[..n]).into_owned()),
    }
}
