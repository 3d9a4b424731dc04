//! `mainstay run --list`: recent runs, one a line.

use anyhow::Context;
use chrono::TimeDelta;
use clap::{Args, ValueEnum};
use console::{Alignment, measure_text_width, pad_str};

use super::past::{self, existing};
use crate::calendar::Zone;
use crate::cli::output::{self, Format};
use crate::cli::since::{Since, since};
use crate::cli::{Exit, Global, Terminal};
use crate::executor::recovery;
use crate::executor::report;
use crate::manager::Manager;
use crate::model::{Origin, Outcome, Run};
use crate::state::RunFilter;
use crate::table::{Tone, painted};
use crate::text::inert_line;
use crate::world::process_identity;

/// Which runs are listed.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of --list")]
pub struct ListArgs {
    /// Only runs of this task
    #[arg(long, value_name = "TASK", requires = "list")]
    task: Option<String>,

    /// Only since this time, or for this long: 2026-03-07, 2026-03-07T02:00:00Z, 7d
    #[arg(long, value_name = "TIME", value_parser = since, requires = "list")]
    since: Option<Since>,

    /// Only runs that ended like this, or are going; several with commas
    #[arg(
        long,
        value_name = "OUTCOME",
        value_delimiter = ',',
        requires = "list",
        hide_possible_values = true
    )]
    outcome: Vec<Listed>,

    /// At most this many, the newest ones; 0 for all
    #[arg(long, value_name = "N", default_value_t = 20, requires = "list")]
    newest: usize,
}

/// How a run went, or that it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Listed {
    Succeeded,
    Failed,
    RolledBack,
    Interrupted,
    Skipped,
    Refused,
    Going,
}

impl Listed {
    fn outcome(self) -> Option<Outcome> {
        match self {
            Self::Succeeded => Some(Outcome::Succeeded),
            Self::Failed => Some(Outcome::Failed),
            Self::RolledBack => Some(Outcome::RolledBack),
            Self::Interrupted => Some(Outcome::Interrupted),
            Self::Skipped => Some(Outcome::Skipped),
            Self::Refused => Some(Outcome::Refused),
            Self::Going => None,
        }
    }
}

/// Lists the newest runs.
pub fn list(
    args: ListArgs,
    global: &Global,
    manager: &Manager,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let now = manager.clock().now();
    let state = existing(manager, terminal)?;
    let filter = RunFilter {
        task: args.task,
        since: args.since.map(|since| since.before(now)),
        // One more than is shown tells that there are more.
        limit: Some(args.newest).filter(|limit| *limit > 0).map(|limit| limit.saturating_add(1)),
        outcomes: args.outcome.iter().filter_map(|listed| listed.outcome()).collect(),
        unfinished: args.outcome == [Listed::Going],
        ..RunFilter::default()
    };
    let mut runs = state.runs(&filter).context("reading the runs")?;
    if args.outcome.contains(&Listed::Going) && args.outcome.len() > 1 {
        let going = RunFilter { outcomes: Vec::new(), unfinished: true, ..filter };
        runs.extend(state.runs(&going).context("reading the runs")?);
        runs.sort_by_key(|run| std::cmp::Reverse(run.id));
    }
    let has_more = args.newest > 0 && runs.len() > args.newest;
    if has_more {
        runs.truncate(args.newest);
    }
    for left in recovery::still_running(&state).context("looking for what was left running")? {
        terminal.warning(&crate::text::inert(&left));
    }
    let zone = past::zone(manager);
    let screen = terminal.screen();
    output::deliver(global, terminal, &[Format::Text, Format::Json], &mut |format, is_shown| {
        Ok(match format {
            Format::Json => {
                let list = report::list(runs.clone(), has_more);
                crate::text::inert_json(&serde_json::to_string_pretty(&list)?) + "\n"
            }
            _ => text(&runs, &zone, if is_shown { screen } else { crate::table::PLAIN }),
        })
    })?;
    if runs.is_empty() && global.format.is_none() {
        terminal.status("no run is on record that fits");
    }
    if has_more && global.format.is_none() {
        terminal.hint("there are older ones; `--newest 0` shows all");
    }
    Ok(Exit::Done)
}

/// The columns, and the least that those two have that may be cut.
const HEAD: [&str; 7] = ["RUN", "TASK", "OUTCOME", "STARTED", "TOOK", "TARGETS", "BY"];
const LEAST: usize = 8;
/// The places of the columns that may be cut, the first one first.
const CUT: [usize; 3] = [5, 1, 6];

/// A table of runs; a row is one line, and on a terminal no wider than that.
fn text(runs: &[Run], zone: &Zone, screen: crate::table::Screen) -> String {
    if runs.is_empty() {
        return String::new();
    }
    let rows: Vec<[String; 7]> = runs.iter().map(|run| row(run, zone)).collect();
    let mut widths = HEAD.map(str::len);
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(measure_text_width(cell));
        }
    }
    if let Some(room) = screen.width {
        let between = 2 * (HEAD.len() - 1);
        for column in CUT {
            let over = (widths.iter().sum::<usize>() + between).saturating_sub(room);
            widths[column] -= over.min(widths[column].saturating_sub(LEAST));
        }
    }
    let mut lines = vec![line(&HEAD.map(str::to_owned), &widths, (Tone::Plain, true), screen)];
    lines.extend(rows.iter().zip(runs).map(|(row, run)| line(row, &widths, (tone(run), false), screen)));
    format!("{}\ntimes are in {}\n", lines.join("\n"), zone.name())
}

fn line(
    row: &[String; 7],
    widths: &[usize; 7],
    (tone, bold): (Tone, bool),
    screen: crate::table::Screen,
) -> String {
    let mut cells = Vec::new();
    for (place, (cell, width)) in row.iter().zip(widths).enumerate() {
        let side = if matches!(place, 0 | 4) { Alignment::Right } else { Alignment::Left };
        let cell = pad_str(cell, *width, side, Some("…"));
        // Only how it went has a colour; the head is bold as a whole.
        let tone = if place == 2 { tone } else { Tone::Plain };
        cells.push(if bold || place == 2 { painted(&cell, tone, bold, screen) } else { cell.into_owned() });
    }
    cells.join("  ").trim_end().to_owned()
}

fn row(run: &Run, zone: &Zone) -> [String; 7] {
    let goes_on = || if process_identity::is_alive(&run.holder) { "going" } else { "no end" };
    let outcome = run.outcome.map_or_else(|| goes_on().to_owned(), |outcome| outcome.to_string());
    let took = run.ended.map(|ended| took(ended - run.started)).unwrap_or_default();
    let targets = match run.targets.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        several => format!("{}: {}", several.len(), several.join(", ")),
    };
    let marked = if run.origin == Origin::Emergency { ", EMERGENCY" } else { "" };
    [
        run.id.to_string(),
        inert_line(&run.task),
        outcome,
        zone.date_and_time(run.started),
        took,
        inert_line(&targets),
        inert_line(&format!("{}{marked}", run.holder.user)),
    ]
}

fn tone(run: &Run) -> Tone {
    match run.outcome {
        None => Tone::Plain,
        Some(Outcome::Succeeded) => Tone::Good,
        Some(Outcome::Failed) => Tone::Bad,
        Some(_) => Tone::Warning,
    }
}

/// How long something took: `0.3s`, `42s`, `2m 10s`.
pub fn took(length: TimeDelta) -> String {
    let length = length.max(TimeDelta::zero());
    if length < TimeDelta::seconds(10) {
        return format!("{}.{}s", length.num_seconds(), length.subsec_nanos() / 100_000_000);
    }
    crate::text::roughly(length)
}
