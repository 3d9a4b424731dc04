//! Exit codes: every verdict and every error gets its number here and nowhere else.

use std::process::ExitCode;

use super::Terminal;
use super::output::OutputError;
use crate::ledger::{AnchorError, Verdict};
use crate::state::StartError;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Yes, or done.
    Done,
    /// The answer is no.
    No,
    /// The command line or a file is wrong.
    Wrong,
    /// It could not be found out.
    Unknown,
    /// Another mainstay holds the work.
    Busy,
    /// Ended by this signal.
    Signal(u8),
    /// A number that another convention asks for (`--format nagios`).
    Other(u8),
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::No => 1,
            Exit::Wrong => 2,
            Exit::Unknown => 3,
            Exit::Busy => 4,
            Exit::Signal(number) => 128 + number,
            Exit::Other(code) => code,
        })
    }
}

/// Prints what clap has to say: help and version are a result, the rest is an error.
pub fn of_usage(error: &clap::Error) -> Exit {
    let _ = error.print();
    if error.use_stderr() { Exit::Wrong } else { Exit::Done }
}

/// Prints an error with its causes and finds its exit code.
pub fn of_error(error: &anyhow::Error, terminal: &mut Terminal) -> Exit {
    let mut text = error.to_string();
    for cause in error.chain().skip(1) {
        text.push_str("\n  caused by: ");
        text.push_str(&cause.to_string());
    }
    terminal.error(&text);
    of_cause(error)
}

/// The exit code of an error that is known by its type.
fn of_cause(error: &anyhow::Error) -> Exit {
    match () {
        () if let Some(error) = error.downcast_ref() => of_output(error),
        () if let Some(error) = error.downcast_ref() => of_start(error),
        () if error.is::<AnchorError>() => Exit::Wrong,
        // StateError, and whatever else stood in the way.
        () => Exit::Unknown,
    }
}

/// The exit code of a result that could not be delivered.
fn of_output(error: &OutputError) -> Exit {
    match error {
        OutputError::NoSuchFormat { .. } | OutputError::NoFormat(_) | OutputError::Read { .. } => Exit::Wrong,
        OutputError::Write(_) => Exit::Unknown,
    }
}

/// The exit code of a run that could not begin.
fn of_start(error: &StartError) -> Exit {
    match error {
        StartError::AlreadyStarted { .. }
        | StartError::Missed { .. }
        | StartError::TaskRunning { .. }
        | StartError::TargetBusy { .. }
        | StartError::Held { .. } => Exit::Busy,
        StartError::NoSuchRun { .. } | StartError::Ended { .. } => Exit::Wrong,
        StartError::State(_) => Exit::Unknown,
    }
}

/// The exit code of what was found out about a ledger.
pub fn of_verdict(verdict: Verdict) -> Exit {
    match verdict {
        Verdict::Intact => Exit::Done,
        Verdict::Tampered | Verdict::RolledBack | Verdict::Forked => Exit::No,
        Verdict::Unanchored | Verdict::Unknown => Exit::Unknown,
    }
}
