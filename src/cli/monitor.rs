//! `mainstay monitor`.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use super::output::{Format, chosen, deliver};
use super::{Exit, Global, Terminal, open_plan};
use crate::manager::Manager;
use crate::monitor::reporter::{self, Monitored, Verdict};
use crate::world::files::publish_atomically;

/// Measures, judges and alerts once
///
/// Collects mainstay's own metrics and those of `metrics:`, holds `alerts:` against them, and tells Alertmanager
/// what fires and what does no longer. Three alerts are always there: MainstayTaskOverdue, MainstayTaskFailed and
/// MainstayRunInterrupted; one of the same name in the plan file replaces it. For cron: `--quiet` says nothing
/// when nothing fires.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes: 0 nothing fires; 1 an alert fires; 3 Alertmanager did not take an alert, or nothing fires and
something could not be found out (no metric or no state file to read, a peer that does not answer, no samples).")]
pub struct MonitorArgs {
    /// Also write the metrics to this file, for node_exporter's textfile collector
    #[arg(long, value_name = "PATH")]
    textfile: Option<PathBuf>,
}

const FORMATS: &[Format] = &[Format::Text, Format::Json];

/// Runs `mainstay monitor`.
pub fn run(
    args: &MonitorArgs,
    global: &Global,
    manager: &Manager,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    chosen(global, FORMATS)?;
    let (plan, loaded) = open_plan(manager, terminal)?;
    let monitored = manager.monitor(&plan, &loaded.digest).context("monitoring")?;
    if let Some(path) = &args.textfile {
        let metrics = reporter::textfile(&monitored, &plan).context("encoding the metrics")?;
        publish_atomically(path, metrics.as_bytes())?;
    }
    let (quiet, screen) = (terminal.is_quiet(), terminal.screen());
    deliver(global, terminal, FORMATS, &mut |format, shown| {
        Ok(match format {
            Format::Json => reporter::json(&monitored)?,
            _ if shown && quiet => reporter::alerts(&monitored, screen),
            _ => reporter::text(&monitored, if shown { screen } else { crate::table::PLAIN }),
        })
    })?;
    for warning in monitored.collected.warnings.iter().chain(&monitored.troubles()) {
        terminal.warning(&crate::text::inert_line(warning));
    }
    Ok(exit(&monitored))
}

fn exit(monitored: &Monitored) -> Exit {
    match monitored.verdict() {
        Verdict::Firing => Exit::No,
        Verdict::Undelivered | Verdict::Unknown => Exit::Unknown,
        Verdict::Quiet => Exit::Done,
    }
}
