//! `mainstay validate`.

mod render;

use clap::{Args, ValueEnum};

use super::output::deliver;
use super::{Exit, Global, Terminal};
use crate::manager::Manager;
use crate::model::Severity;
use crate::validator::engine::Verdict;
use crate::validator::report::{FileReport, Report};

/// Tell whether the plan file is right
///
/// Finds every fault in one pass, each with its place, what was expected there and what to do. Needs no
/// network and no state, and changes nothing.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct ValidateArgs {
    /// The least severe finding that makes the answer no
    #[arg(long, value_name = "SEVERITY", default_value = "error")]
    fail_on: FailOn,
}

const AFTER_HELP: &str = "\
Examples:
  mainstay validate                     is maintenance.yaml right?
  mainstay -f site.yaml validate        is this one?
  mainstay validate --fail-on warning   no warnings either, for a merge gate
  mainstay validate --format json       findings for programs

Exit codes:
  0  the plan file is right
  1  there is a finding at or over --fail-on
  2  the command line is wrong, or the file cannot be read
  3  there is no task to evaluate";

#[derive(Debug, Clone, ValueEnum)]
enum FailOn {
    Error,
    Warning,
    Note,
}

impl From<FailOn> for Severity {
    fn from(fail_on: FailOn) -> Self {
        match fail_on {
            FailOn::Error => Self::Error,
            FailOn::Warning => Self::Warning,
            FailOn::Note => Self::Note,
        }
    }
}

/// Runs `mainstay validate`.
pub fn run(
    args: ValidateArgs,
    global: &Global,
    manager: &Manager,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let ValidateArgs { fail_on } = args;
    let fail_on = fail_on.into();
    let report = Report::new(vec![FileReport::of(manager.check()?, fail_on)], fail_on);
    deliver(global, terminal, render::FORMATS, &mut |format, is_shown| {
        let color = is_shown && console::colors_enabled();
        Ok(render::render(&report, Severity::Note, format, color))
    })?;
    Ok(match report.verdict {
        Verdict::Pass => Exit::Done,
        Verdict::Fail => Exit::No,
        Verdict::Unknown => Exit::Unknown,
    })
}
