//! `validate --run` and `validate --since`: recorded runs.

use clap::Args;

use crate::cli::Terminal;
use crate::cli::run::Which as Named;
use crate::cli::since::{Since, since};
use crate::manager::{AskedRuns, Manager, Which};
use crate::model::{RunId, Severity};
use crate::validator::report::Report;

/// Which recorded runs are validated.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Recorded runs")]
pub struct RecordedArgs {
    /// Validate a recorded run instead of plan files, by its number or `last`: process, result, quality, security
    #[arg(long, value_name = "ID", conflicts_with_all = NOT_BESIDE)]
    run: Option<Named>,

    /// Validate the recorded runs since then: a time, or a length up to now such as 7d
    #[arg(long, value_name = "WHEN", value_parser = since, conflicts_with_all = NOT_BESIDE, conflicts_with = "run")]
    since: Option<Since>,

    /// With --run last or --since: only runs of this task; with --live: what it asks before and after
    #[arg(long, value_name = "NAME", conflicts_with_all = NOT_BESIDE)]
    pub task: Option<String>,
}

/// What is about plan files.
const NOT_BESIDE: [&str; 5] = ["paths", "changed_since", "fix", "schema", "explain"];

impl RecordedArgs {
    /// What is asked; `None` when it is about plan files. A task alone means its newest run.
    pub fn asked(&self, manager: &Manager, fail_on: Severity) -> Option<AskedRuns> {
        let which = match (self.run, self.since) {
            (Some(Named::Number(number)), _) => Which::Number(RunId(number)),
            (None, Some(since)) => Which::Since(since.before(manager.clock().now())),
            (Some(Named::Last), _) => Which::Last,
            (None, None) if self.task.is_some() => Which::Last,
            (None, None) => return None,
        };
        Some(AskedRuns { which, task: self.task.clone(), fail_on })
    }
}

/// Validates recorded runs, and says when there is none.
pub fn validate(asked: &AskedRuns, manager: &Manager, terminal: &mut Terminal) -> anyhow::Result<Report> {
    let report = manager.validate_recorded(asked)?;
    if report.n_evaluated() == 0 {
        let why = report.files.iter().flat_map(|file| &file.items).map(|item| item.said.as_str()).next();
        terminal.error(why.unwrap_or("no run is on record"));
        terminal.hint("`mainstay run --list` shows which runs there are");
    }
    Ok(report)
}
