//! The command line: arguments in, one library call, result out.
//!
//! 1. Only `terminal`, and the `lines` that it hands out, write to the terminal.
//! 2. Only `exit` knows exit codes.
//! 3. `anyhow` lives here alone; it adds what was attempted to the library's typed errors.

mod audit;
mod exit;
mod length;
mod lines;
mod monitor;
pub mod output;
mod plan;
mod report;
mod run;
mod since;
mod terminal;
mod validate;

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, ColorChoice, CommandFactory, Parser, Subcommand};

pub use exit::Exit;
pub use terminal::Terminal;

use crate::manager::Manager;
use crate::model::PlanFile;
use crate::validator;
use crate::validator::checker::Checked;
use crate::validator::rules::Use;

/// Plans, runs and proves the maintenance of monitoring systems.
#[derive(Debug, Parser)]
#[command(
    name = "mainstay",
    version,
    propagate_version = true,
    max_term_width = 100,
    arg_required_else_help = true,
    subcommand_required = true
)]
#[command(after_help = AFTER_HELP)]
pub struct Cli {
    #[command(flatten)]
    global: Global,

    #[command(subcommand)]
    command: Command,
}

/// What every command understands.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub struct Global {
    /// The plan file
    #[arg(
        short = 'f',
        long = "file",
        global = true,
        value_name = "FILE",
        env = "MAINSTAY_FILE",
        hide_env_values = true,
        default_value = "maintenance.yaml"
    )]
    pub file: PathBuf,

    /// The state file [default: .mainstay/state.db beside the plan file]
    #[arg(long, global = true, value_name = "FILE", env = "MAINSTAY_STATE", hide_env_values = true)]
    pub state: Option<PathBuf>,

    /// How the result is written; not every command has every format
    #[arg(long, global = true, value_name = "FORMAT")]
    pub format: Option<output::Format>,

    /// Also write the result to a file: PATH, in the format of its extension, or FORMAT=PATH; repeatable
    #[arg(short, long, global = true, value_name = "PATH")]
    pub output: Vec<String>,

    /// When to use colours [default: auto, which heeds NO_COLOR and CLICOLOR_FORCE]
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", hide_default_value = true)]
    pub color: ColorChoice,

    /// Say less: no progress, no notes; errors stay
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Say more
    #[arg(short, long, global = true)]
    pub verbose: bool,

    /// Pretend that the command starts at this time (RFC 3339), for rehearsals and tests
    #[arg(long, global = true, value_name = "TIME", env = "MAINSTAY_NOW", hide = true)]
    pub now: Option<chrono::DateTime<chrono::Utc>>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Plan(plan::PlanArgs),
    Run(run::RunArgs),
    Validate(validate::ValidateArgs),
    Monitor(monitor::MonitorArgs),
    Report(report::ReportArgs),
    Audit(audit::AuditArgs),
}

const AFTER_HELP: &str = "\
Examples:
  mainstay validate                is the plan file right?
  mainstay plan                    what happens when, and what changed
  mainstay plan --publish          make that the schedule
  mainstay run upgrade --dry-run   what would `upgrade` do?
  mainstay run --due               do what is due; for cron: silent when idle
  mainstay monitor                 measure, judge and alert once
  mainstay report status           where things stand
  mainstay audit verify            is the ledger as it was written?
  mainstay help run                all about one command

Exit codes:
  0      yes, or done
  1      the answer is no: a fault, a failed task, a firing alert
  2      the command line or a file is wrong
  3      it could not be found out
  4      another mainstay holds the work
  128+N  ended by signal N";

/// The command line as clap knows it: completions and manual pages are made from it.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Runs the command line that the process was given and returns its exit code.
pub fn main() -> std::process::ExitCode {
    match Cli::try_parse() {
        Ok(cli) => run(cli).into(),
        Err(error) => exit::of_usage(&error).into(),
    }
}

fn run(Cli { global, command }: Cli) -> Exit {
    let mut terminal = Terminal::new(&global);
    let manager = Manager::new(&global.file, global.state.as_deref(), global.now);
    let result = match command {
        Command::Plan(args) => plan::run(args, &global, &manager, &mut terminal),
        Command::Run(args) => run::run(args, &global, &manager, &mut terminal),
        Command::Validate(args) => validate::run(args, &global, &manager, &mut terminal),
        Command::Monitor(args) => monitor::run(&args, &global, &manager, &mut terminal),
        Command::Report(args) => report::run(&args, &global, &manager, &mut terminal),
        Command::Audit(args) => audit::run(args, &global, &manager, &mut terminal),
    };
    let result = result.and_then(|exit| terminal.finish().context("writing the result").map(|()| exit));
    result.unwrap_or_else(|error| exit::of_error(&error, &mut terminal))
}

/// The plan file has errors, so that no other command than `validate` may use it.
#[derive(Debug, thiserror::Error)]
#[error("the plan file {path} is wrong: {}", crate::counted(*n_errors, "error"))]
pub struct PlanIsWrong {
    path: String,
    n_errors: usize,
}

/// Reads the plan file to use it. Its errors go to stderr; its warnings are for `validate` to tell, because
/// what cron starts has to stay silent when all is well.
///
/// # Errors
/// [`crate::planfile::LoadError`], or [`PlanIsWrong`] after its errors were shown.
pub fn open_plan(
    manager: &Manager,
    wanted: Use,
    terminal: &mut Terminal,
) -> anyhow::Result<(PlanFile, Checked)> {
    let mut loaded = manager.plan_file()?;
    let is_wrong = loaded.is_useless(wanted);
    match loaded.plan.take() {
        Some(plan) if !is_wrong => Ok((plan, loaded)),
        _ => {
            let errors = || loaded.stopping(wanted);
            let color = console::colors_enabled_stderr();
            terminal.raw_error(&validator::reporter::text::findings(
                errors(),
                |name| loaded.source_of(name),
                color,
            ));
            let n_errors = errors().count();
            Err(PlanIsWrong { path: loaded.source.path, n_errors }.into())
        }
    }
}
