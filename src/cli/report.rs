//! `mainstay report`.

use anyhow::Context;
use clap::{Args, Subcommand};
use sha2::{Digest, Sha256};

use super::length::positive;
use super::output::{Format, deliver};
use super::{Exit, Global, Terminal, open_plan};
use crate::manager::Manager;
use crate::model::{Event, Length};
use crate::reporter::formatter::page::Page;
use crate::reporter::formatter::{html, json, markdown, text};
use crate::state::{Access, StateError};
use crate::table::PLAIN;
use crate::validator::rules::Use;

/// Say where things stand, to people
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct ReportArgs {
    #[command(subcommand)]
    report: Report,
}

const AFTER_HELP: &str = "\
Examples:
  mainstay report status                  where every task stands
  mainstay report status -o status.html   also as a page";

#[derive(Debug, Subcommand)]
enum Report {
    Status(StatusArgs),
}

/// Show every task with its state, the runs of the period, and what to do next
///
/// Every file that is written is on record in the ledger, with its digest.
#[derive(Debug, Args)]
#[command(after_help = STATUS_HELP)]
struct StatusArgs {
    /// How much of the past it covers
    #[arg(long, value_name = "LENGTH", default_value = "7d", value_parser = positive, allow_hyphen_values = true)]
    period: Length,
}

const STATUS_HELP: &str = "\
Examples:
  mainstay report status                     the last week
  mainstay report status --period 1d         the last day
  mainstay report status -o status.html      also a page that needs no network
  mainstay report status --format markdown   for a ticket

Exit codes:
  0  it was made, whatever it says
  2  the command line or the plan file is wrong
  3  it could not be made";

/// Runs `mainstay report`.
pub fn run(
    args: &ReportArgs,
    global: &Global,
    manager: &Manager,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let Report::Status(StatusArgs { period }) = &args.report;
    let (plan, loaded) = open_plan(manager, Use::Plan, terminal)?;
    let report = manager.status(&plan, &loaded, period.0).context("making the report")?;
    let page = Page::of(&report);
    let screen = terminal.screen();
    let formats = [Format::Text, Format::Json, Format::Markdown, Format::Html];
    let written = deliver(global, terminal, &formats, &mut |format, shown| {
        Ok(match format {
            Format::Json => json::format(&report)?,
            Format::Markdown => markdown::format(&page),
            Format::Html => html::format(&page)?,
            _ => text::format(&page, if shown { screen } else { PLAIN }),
        })
    })?;
    let events: Vec<_> = written
        .iter()
        .map(|(path, format, bytes)| Event::ReportWritten {
            report: "status".to_owned(),
            format: format.name().to_owned(),
            path: path.display().to_string(),
            digest: format!("{:x}", Sha256::digest(bytes)),
        })
        .collect();
    if let Err(error) = record(manager, &events) {
        terminal.warning(&format!("the report is written, but not on record: {}", crate::in_words(&error)));
    }
    Ok(Exit::Done)
}

/// Puts written files on record; without a state file there is no record that they could be on.
fn record(manager: &Manager, events: &[Event]) -> Result<(), StateError> {
    if events.is_empty() || manager.existing_state()?.is_none() {
        return Ok(());
    }
    manager.state(Access::ReadWrite)?.record_all(events)?;
    Ok(())
}
