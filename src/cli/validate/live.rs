//! `mainstay validate --live`: checks that are asked of the live system, now.

use anyhow::Context;
use clap::Args;

use super::{exit, render};
use crate::cli::length::positive;
use crate::cli::output::{chosen, deliver};
use crate::cli::{Exit, Global, Terminal};
use crate::manager::{LiveQuestion, Manager};
use crate::model::{Length, Severity};
use crate::world::signals::Interrupts;

/// What is asked of the live system.
#[derive(Debug, Args)]
#[command(next_help_heading = "The live system")]
pub struct LiveArgs {
    /// Ask the live system: these checks of `checks:`, or all of them; with --task, what that asks before and after
    #[arg(long, value_name = "CHECK", num_args = 0.., conflicts_with_all = ["paths", "fix", "changed_since", "run", "since"])]
    live: Option<Vec<String>>,

    /// With --live: the most that all checks together may take [default: 1m, or the longest of a check]
    #[arg(long, value_name = "LENGTH", requires = "live", value_parser = positive, allow_hyphen_values = true)]
    timeout: Option<Length>,
}

impl LiveArgs {
    /// The checks that are named.
    pub fn named(&self) -> &[String] {
        self.live.as_deref().unwrap_or_default()
    }

    /// What is asked of the live system; `None` when it is left alone.
    pub fn asked(&self, task: Option<&String>, fail_on: Severity) -> Option<LiveQuestion> {
        Some(LiveQuestion {
            checks: self.live.clone()?,
            tasks: task.into_iter().cloned().collect(),
            timeout: self.timeout.map(Length::to_std),
            fail_on,
        })
    }
}

/// How the answer is shown and counted.
pub struct Shown {
    /// The least severe finding that is shown.
    pub least: Severity,
    /// Whether no is exit code 0.
    pub is_zero: bool,
}

/// Asks, and shows what was answered.
pub fn run(
    question: &LiveQuestion,
    shown: &Shown,
    global: &Global,
    manager: &Manager,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    chosen(global, render::FORMATS)?;
    let interrupts = Interrupts::new().context("preparing for signals")?;
    interrupts.listen().context("listening for signals")?;
    let report = manager.validate_live(question, &interrupts.work)?;
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
