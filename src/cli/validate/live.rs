//! `mainstay validate --live`: checks that are asked of the live system, now.

use anyhow::Context;
use clap::Args;

use super::{exit, render};
use crate::cli::output::{chosen, deliver};
use crate::cli::{Exit, Global, Terminal};
use crate::manager::{LiveQuestion, Manager};
use crate::model::{Length, Severity};
use crate::world::signals::Interrupts;

/// What is asked of the live system.
#[derive(Debug, Args)]
#[command(next_help_heading = "The live system")]
pub struct LiveArgs {
    /// Ask the live system: these checks of `checks:`, or all of them
    #[arg(long, value_name = "CHECK", num_args = 0.., conflicts_with_all = ["paths", "fix", "changed_since"])]
    live: Option<Vec<String>>,

    /// With --live: ask the preconditions of this task and what it verifies; repeatable
    #[arg(long, value_name = "TASK", requires = "live")]
    task: Vec<String>,

    /// With --live: the most that all checks together may take [default: 1m, or the longest of a check]
    #[arg(long, value_name = "LENGTH", requires = "live", value_parser = positive)]
    timeout: Option<Length>,
}

impl LiveArgs {
    /// Whether the live system is asked at all.
    pub fn is_asked(&self) -> bool {
        self.live.is_some()
    }
}

fn positive(text: &str) -> Result<Length, String> {
    let length: Length = text.parse()?;
    if length.to_std().is_zero() { Err("expected a length above 0".to_owned()) } else { Ok(length) }
}

/// How the answer is shown and counted.
pub struct Shown {
    /// The least severe finding that is shown.
    pub least: Severity,
    /// The least severe finding that makes the answer no.
    pub fail_on: Severity,
    /// Whether no is exit code 0.
    pub is_zero: bool,
}

/// Asks, and shows what was answered.
pub fn run(
    args: &LiveArgs,
    shown: &Shown,
    global: &Global,
    manager: &Manager,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    chosen(global, render::FORMATS)?;
    let interrupts = Interrupts::new().context("preparing for signals")?;
    interrupts.listen().context("listening for signals")?;
    let question = LiveQuestion {
        checks: args.live.clone().unwrap_or_default(),
        tasks: args.task.clone(),
        timeout: args.timeout.map(Length::to_std),
        fail_on: shown.fail_on,
    };
    let report = manager.validate_live(&question, &interrupts.work)?;
    let is_quiet = terminal.is_quiet();
    deliver(global, terminal, render::FORMATS, &mut |format, is_shown| {
        let color = is_shown && console::colors_enabled();
        Ok(render::render(&report, shown.least, format, color, is_quiet))
    })?;
    match interrupts.signal() {
        Some(signal) => Ok(Exit::Signal(signal)),
        None => Ok(exit(&report, shown.is_zero)),
    }
}
