//! `mainstay audit review`: what was done in an emergency is looked at afterwards, and that is on record.

use chrono::{DateTime, SecondsFormat, Utc};
use clap::Args;
use serde_json::{Value, json};

use crate::cli::output::{Format, deliver};
use crate::cli::run::not_blank;
use crate::cli::{Exit, Global, Terminal};
use crate::manager::Manager;
use crate::model::{Event, RunId};
use crate::state::{Access, Review, State};
use crate::text::inert_line;

/// Show the emergency runs that have to be reviewed, or record that one was
///
/// A run that passed windows, blackouts and approval has to be looked at within three days: was it one, what did it
/// leave, what would have made it needless? Until then it stands in `mainstay report status` and in the debt. Who
/// closes the review is on record by the name of the user.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct ReviewArgs {
    /// The run that was reviewed
    #[arg(value_name = "RUN", requires = "note")]
    run: Option<i64>,

    /// What came out, for the ledger
    #[arg(long, value_name = "TEXT", requires = "run", value_parser = not_blank)]
    note: Option<String>,
}

const HELP: &str = "\
Examples:
  mainstay audit review            what is open, the most urgent first
  mainstay audit review 12 --note 'disk was full; alert added'

Exit codes:
  0  shown, or on record; no review is overdue
  1  a review is overdue, or the run has none that is open
  2  the command line is wrong
  3  there is no state file, or it cannot be used";

/// Runs `mainstay audit review`.
pub fn review(
    args: ReviewArgs,
    global: &Global,
    manager: &Manager,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    match (args.run, args.note) {
        (Some(run), Some(note)) => {
            // Nothing is made where nothing was recorded.
            drop(manager.state(Access::ReadOnly)?);
            close(RunId(run), note, &manager.state(Access::ReadWrite)?, terminal)
        }
        _ => show(global, manager, terminal),
    }
}

fn close(run: RunId, note: String, state: &State, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    match state.review(run)? {
        Some(Review { closed: None, task, .. }) => {
            state.record(&Event::ReviewClosed { run, note })?;
            terminal.status(&inert_line(&format!("the review of run {run} of `{task}` is closed")));
            Ok(Exit::Done)
        }
        Some(Review { closed: Some(closed), .. }) => {
            terminal.error(&format!("the review of run {run} was closed at {}", stamp(closed)));
            Ok(Exit::No)
        }
        None => {
            terminal.error(&format!("run {run} has no review; only emergencies have"));
            Ok(Exit::No)
        }
    }
}

fn show(global: &Global, manager: &Manager, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let now = manager.clock().now();
    let open = manager.state(Access::ReadOnly)?.open_reviews()?;
    deliver(global, terminal, &[Format::Text, Format::Json], &mut |format, _| {
        Ok(match format {
            Format::Json => serde_json::to_string_pretty(&as_json(&open, now))? + "\n",
            _ if open.is_empty() => "no review is open\n".to_owned(),
            _ => open.iter().map(|review| line(review, now)).collect(),
        })
    })?;
    Ok(if open.iter().any(|review| review.due < now) { Exit::No } else { Exit::Done })
}

fn line(review: &Review, now: DateTime<Utc>) -> String {
    let Review { run, task, reason, due, .. } = review;
    let when = if *due < now { "overdue since" } else { "until" };
    inert_line(&format!("run {run} of `{task}`, {when} {}: {reason}", stamp(*due))) + "\n"
}

fn as_json(open: &[Review], now: DateTime<Utc>) -> Value {
    let review = |review: &Review| {
        json!({
            "run": review.run,
            "task": review.task,
            "reason": review.reason,
            "opened": stamp(review.opened),
            "due": stamp(review.due),
            "overdue": review.due < now,
        })
    };
    json!({"schema": "mainstay/audit-review/v1", "open": open.iter().map(review).collect::<Vec<_>>()})
}

fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
