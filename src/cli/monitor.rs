//! `mainstay monitor`.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use super::output::{Format, chosen, deliver};
use super::{Exit, Global, Terminal, open_plan};
use crate::manager::Manager;
use crate::monitor::reporter::{self, Monitored, Verdict};
use crate::validator::rules::Use;
use crate::world::files::publish_atomically;

/// Measure, judge and alert once
///
/// Collects mainstay's own metrics and those of `metrics:`, holds `alerts:` against them, and tells Alertmanager
/// what fires and what does no longer. Three alerts are always there: MainstayTaskOverdue, MainstayTaskFailed and
/// MainstayRunInterrupted; one of the same name in the plan file replaces it. For cron: `--quiet` says nothing
/// when nothing fires.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct MonitorArgs {
    /// Also write the metrics to this file, for node_exporter's textfile collector
    #[arg(long, value_name = "PATH")]
    textfile: Option<PathBuf>,
}

const AFTER_HELP: &str = "\
Examples:
  mainstay monitor                 every alert and every metric, once
  mainstay monitor --quiet         only what fires, for cron
  mainstay monitor --textfile /var/lib/prometheus/node-exporter/mainstay.prom
  mainstay monitor --format json   for programs

In a crontab:
  * * * * *  mainstay -f /etc/mainstay/maintenance.yaml --quiet monitor

Exit codes:
  0  nothing fires
  1  an alert fires
  2  the command line or the plan file is wrong
  3  Alertmanager did not take an alert; or nothing fires, and something could
     not be found out: no state file, a peer that does not answer, no samples";

const FORMATS: &[Format] = &[Format::Text, Format::Json];

/// Runs `mainstay monitor`.
pub fn run(
    args: &MonitorArgs,
    global: &Global,
    manager: &Manager,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    chosen(global, FORMATS)?;
    let (plan, loaded) = open_plan(manager, Use::Work, terminal)?;
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
    for left in manager.still_running().context("looking for what was left running")? {
        terminal.warning(&crate::text::inert_line(&left));
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
