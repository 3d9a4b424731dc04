//! Exit codes: every verdict and every error gets its number here and nowhere else.

use std::error::Error;
use std::process::ExitCode;

use super::output::OutputError;
use super::plan::{CannotPublish, NoSavedPlan};
use super::validate::NoSuchRule;
use super::{PlanIsWrong, Terminal};
use crate::executor::RunError;
use crate::executor::resume::ResumeError;
use crate::ledger::{AnchorError, Verdict};
use crate::manager::{ApproveError, ImportError, LiveError, PublishError, StandingError, ValidateError};
use crate::planfile::LoadError;
use crate::scheduler::ScheduleError;
use crate::security::approval::signing::SigningError;
use crate::state::{StartError, StateError};
use crate::text::inert_line;
use crate::world::git::GitError;

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

impl Exit {
    /// The number that the process ends with.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::No => 1,
            Self::Wrong => 2,
            Self::Unknown => 3,
            Self::Busy => 4,
            Self::Signal(number) => 128 + number,
            Self::Other(code) => code,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Prints what clap has to say: help and version are a result, the rest is an error.
pub fn of_usage(error: &clap::Error) -> Exit {
    let _ = error.print();
    if error.use_stderr() { Exit::Wrong } else { Exit::Done }
}

/// Prints an error with its causes and finds its exit code.
pub fn of_error(error: &anyhow::Error, terminal: &mut Terminal) -> Exit {
    let mut text = inert_line(&error.to_string());
    for cause in error.chain().skip(1) {
        text.push_str("\n  caused by: ");
        text.push_str(&inert_line(&cause.to_string()));
    }
    let help = |cause: &(dyn Error + 'static)| {
        if let Some(error) = cause.downcast_ref::<ApproveError>() {
            return error.help();
        }
        if let Some(error) = cause.downcast_ref::<CannotPublish>() {
            return Some(error.help());
        }
        cause.downcast_ref::<LoadError>()?.help()
    };
    if let Some(help) = error.chain().find_map(help) {
        text.push_str("\nhelp: ");
        text.push_str(&inert_line(&help));
    }
    terminal.error(&text);
    error.chain().find_map(of_cause).unwrap_or(Exit::Unknown)
}

/// The exit code of an error that is known by its type; what is in no family, as a `StateError`, could not be
/// found out.
fn of_cause(error: &(dyn Error + 'static)) -> Option<Exit> {
    match () {
        () if error.is::<LoadError>() || error.is::<PlanIsWrong>() || error.is::<NoSuchRule>() => {
            Some(Exit::Wrong)
        }
        () if error.is::<NoSavedPlan>() => Some(Exit::Wrong),
        () if let Some(error) = error.downcast_ref() => Some(of_live(error)),
        () if error.is::<CannotPublish>() => Some(Exit::No),
        () if let Some(error) = error.downcast_ref() => Some(of_publish(error)),
        () if error.is::<AnchorError>() || error.is::<ScheduleError>() => Some(Exit::Wrong),
        () if let Some(error) = error.downcast_ref() => Some(of_output(error)),
        () if let Some(error) = error.downcast_ref() => Some(of_start(error)),
        () if let Some(error) = error.downcast_ref() => Some(of_run(error)),
        () if let Some(error) = error.downcast_ref() => Some(of_resume(error)),
        () if let Some(error) = error.downcast_ref() => Some(of_validate(error)),
        () if let Some(error) = error.downcast_ref() => Some(of_import(error)),
        () if let Some(error) = error.downcast_ref() => Some(of_approve(error)),
        () => None,
    }
}

/// The exit code of work that was not even looked for.
fn of_run(error: &RunError) -> Exit {
    match error {
        RunError::NotInForce(_) => Exit::No,
        RunError::NoSuchTask { .. }
        | RunError::NoSuchTarget { .. }
        | RunError::NoneMeant { .. }
        | RunError::Schedule(_) => Exit::Wrong,
        RunError::NoTask | RunError::State(_) => Exit::Unknown,
    }
}

/// The exit code of a run that cannot be gone on with.
fn of_resume(error: &ResumeError) -> Exit {
    match error {
        ResumeError::NoSuchRun(_) => Exit::Wrong,
        ResumeError::Alive { .. } => Exit::Busy,
        ResumeError::Over { .. }
        | ResumeError::GivenUp { .. }
        | ResumeError::Later { .. }
        | ResumeError::NoTask { .. } => Exit::No,
        ResumeError::State(_) => Exit::Unknown,
    }
}

/// The exit code of a validation that could not begin.
fn of_validate(error: &ValidateError) -> Exit {
    match error {
        ValidateError::Load(_)
        | ValidateError::NoRevisionOfStdin
        | ValidateError::NoFileToFix
        | ValidateError::Git { source: GitError::NoRevision { .. }, .. } => Exit::Wrong,
        ValidateError::Git { .. } | ValidateError::Write(_) => Exit::Unknown,
    }
}

/// The exit code of checks that were not written.
fn of_import(error: &ImportError) -> Exit {
    match error {
        ImportError::Load(_)
        | ImportError::Include { .. }
        | ImportError::Form { .. }
        | ImportError::Refused { .. } => Exit::Wrong,
        ImportError::Write(_) => Exit::Unknown,
    }
}

fn of_live(error: &LiveError) -> Exit {
    match error {
        LiveError::Load(_) | LiveError::NoSuch { .. } | LiveError::Standing(StandingError::Schedule(_)) => {
            Exit::Wrong
        }
        LiveError::Standing(_) => Exit::Unknown,
    }
}

/// The exit code of a schedule that was not published.
fn of_publish(error: &PublishError) -> Exit {
    match error {
        PublishError::PlanFile | PublishError::State(StateError::Stale { .. } | StateError::Moved { .. }) => {
            Exit::No
        }
        PublishError::Load(_) => Exit::Wrong,
        PublishError::State(_) => Exit::Unknown,
    }
}

/// The exit code of work that was not approved.
fn of_approve(error: &ApproveError) -> Exit {
    match error {
        ApproveError::NoSuchTask { .. }
        | ApproveError::NotNeeded(_)
        | ApproveError::NoTaskNamed
        | ApproveError::Signers(_)
        | ApproveError::Signing(SigningError::NoFile { .. } | SigningError::Key { .. })
        | ApproveError::Schedule(_) => Exit::Wrong,
        ApproveError::NothingPublished
        | ApproveError::OtherPlanFile(_)
        | ApproveError::Changed { .. }
        | ApproveError::NothingLeft(_)
        | ApproveError::NotByThem { .. }
        | ApproveError::Signing(_)
        | ApproveError::NotGood { .. } => Exit::No,
        ApproveError::NoneNeeded
        | ApproveError::NotSigned(_)
        | ApproveError::NotVerified(_)
        | ApproveError::State(_)
        | ApproveError::Line(_) => Exit::Unknown,
    }
}

/// The exit code of a result that could not be delivered.
fn of_output(error: &OutputError) -> Exit {
    match error {
        OutputError::NoSuchFormat { .. }
        | OutputError::NoFormat { .. }
        | OutputError::TwoFormats(_)
        | OutputError::Read { .. } => Exit::Wrong,
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
        | StartError::ClaimHeld { .. }
        | StartError::ResourceTaken { .. }
        | StartError::GroupBusy { .. }
        | StartError::Held { .. } => Exit::Busy,
        StartError::ApprovalUsed { .. } | StartError::Uncovered { .. } | StartError::Beyond { .. } => {
            Exit::No
        }
        StartError::Withdrawn { .. } => Exit::Done,
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
