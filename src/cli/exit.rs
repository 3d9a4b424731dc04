//! Exit codes: every verdict and every error gets its number here and nowhere else.

use std::process::ExitCode;

use super::output::OutputError;
use super::{PlanIsWrong, Terminal};
use crate::planfile::LoadError;

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
    if let Some(help) = error.chain().find_map(|cause| cause.downcast_ref::<LoadError>()?.help()) {
        text.push_str("\nhelp: ");
        text.push_str(&help);
    }
    terminal.error(&text);
    error.chain().find_map(exit_of).unwrap_or(Exit::Unknown)
}

/// The exit code of one family of errors; what is in no family could not be found out.
fn exit_of(error: &(dyn std::error::Error + 'static)) -> Option<Exit> {
    if error.is::<LoadError>() || error.is::<PlanIsWrong>() {
        return Some(Exit::Wrong);
    }
    error.downcast_ref().map(|error: &OutputError| match error {
        OutputError::NoSuchFormat { .. } | OutputError::NoFormat(_) => Exit::Wrong,
        OutputError::Write(_) => Exit::Unknown,
    })
}
