//! `mainstay run --show`: one run from start to end, or what one of its steps printed.

mod timeline;

use std::fmt::Write as _;
use std::io;
use std::str::FromStr;

use anyhow::Context;

use super::past::{self, existing};
use crate::cli::output::{self, Format};
use crate::cli::{Exit, Global, Terminal};
use crate::executor::recovery;
use crate::executor::report;
use crate::ledger;
use crate::manager::Manager;
use crate::model::{Event, Outcome, Output, Run, RunId, StepRecord};
use crate::state::{LogFilter, Logged, RunFilter, State};
use crate::text::inert;
use crate::world::process_identity;

/// Which run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The one with this number.
    Number(i64),
    /// The newest one.
    Last,
}

impl FromStr for Which {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "last" => Ok(Self::Last),
            number => number.parse().map(Self::Number).map_err(|_| "expected a number, or `last`"),
        }
    }
}

/// Shows the run, or with `step` what that step of it printed.
pub fn show(
    (which, step): (Which, Option<u32>),
    global: &Global,
    manager: &Manager,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let state = existing(manager, terminal)?;
    let Some(run) = find(&state, which)? else {
        terminal.error(&match which {
            Which::Number(number) => format!("there is no run {number}"),
            Which::Last => "no run is on record".to_owned(),
        });
        terminal.hint("`mainstay run --list` shows which runs there are");
        return Ok(if which == Which::Last { Exit::Unknown } else { Exit::Wrong });
    };
    let steps = state.steps(run.id).context("reading the steps")?;
    match step {
        Some(ordinal) => show_step(&state, (&run, steps), ordinal, global, terminal),
        None => show_run(&state, (run, steps), global, manager, terminal),
    }
}

fn find(state: &State, which: Which) -> anyhow::Result<Option<Run>> {
    let found = match which {
        Which::Number(number) => state.run(RunId(number)),
        Which::Last => {
            let newest = RunFilter { limit: Some(1), ..RunFilter::default() };
            state.runs(&newest).map(|runs| runs.into_iter().next())
        }
    };
    found.context("reading the runs")
}

fn show_run(
    state: &State,
    (run, steps): (Run, Vec<StepRecord>),
    global: &Global,
    manager: &Manager,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let baseline = state.baseline(run.id).context("reading the baseline")?;
    let notes = notes(state, run.id)?;
    let (zone, now, screen) = (past::zone(manager), manager.clock().now(), terminal.screen());
    let printed = || steps.iter().filter(|step| step.output.is_some());
    let bad = printed().find(|step| step.outcome != Some(Outcome::Succeeded));
    let printed = bad.or_else(|| printed().next()).map(|step| step.ordinal);
    let compared = baseline.and_then(|baseline| baseline.compared);
    let is_alive = process_identity::is_alive(&run.holder);
    for left in recovery::still_running(state).context("looking for what was left running")? {
        terminal.warning(&inert(&left));
    }
    let shown = timeline::Shown { run, steps, is_alive, compared, notes };
    output::deliver(global, terminal, &[Format::Text, Format::Json], &mut |format, is_shown| {
        Ok(match format {
            Format::Json => {
                let report = report::shown(shown.run.clone(), shown.steps.clone(), shown.compared.clone());
                crate::text::inert_json(&serde_json::to_string_pretty(&report)?) + "\n"
            }
            _ => timeline::text(&shown, &zone, now, if is_shown { screen } else { crate::table::PLAIN }),
        })
    })?;
    if let Some(ordinal) = printed
        && global.format.is_none()
    {
        let run = shown.run.id;
        terminal
            .hint(&format!("`mainstay run --show {run} --step {ordinal}` shows what step {ordinal} printed"));
    }
    Ok(Exit::Done)
}

/// What else is on record of a run: silences, what was settled, and by whom it was taken over.
fn notes(state: &State, run: RunId) -> anyhow::Result<Vec<timeline::Note>> {
    let about = LogFilter { run: Some(run), ..LogFilter::default() };
    let log = state.log(&about).context("reading the ledger")?;
    let is_told_elsewhere = |event: &Event| {
        matches!(
            event,
            Event::RunStarted { .. }
                | Event::StepIntended { .. }
                | Event::StepStarted { .. }
                | Event::StepEnded { .. }
                | Event::SilenceIntended { .. }
                | Event::SilenceRenewed { .. }
                | Event::BaselineTaken { .. }
                | Event::BaselineCompared { .. }
                | Event::SeriesTaken { .. }
                | Event::SeriesCompared { .. }
                | Event::RunEnded { .. }
        )
    };
    let entries = log.entries.into_iter().filter_map(|logged| match logged {
        Logged::Entry(entry) if !is_told_elsewhere(&entry.event) => Some(*entry),
        _ => None,
    });
    let prefix = format!("run {run}: ");
    let note = |entry: crate::model::Entry| {
        let words = ledger::in_words(&entry.event);
        timeline::Note { at: entry.at, what: words.strip_prefix(&prefix).unwrap_or(&words).to_owned() }
    };
    Ok(entries.map(note).collect())
}

fn show_step(
    state: &State,
    (run, steps): (&Run, Vec<StepRecord>),
    ordinal: u32,
    global: &Global,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let n_steps = steps.len();
    let Some(step) = steps.into_iter().find(|step| step.ordinal == ordinal) else {
        terminal.error(&format!(
            "run {} has no step {ordinal}; it has {}",
            run.id,
            crate::counted(n_steps, "step")
        ));
        return Ok(Exit::Wrong);
    };
    if let Some(log) = step.output.as_ref().and_then(|output| output.log.as_ref())
        && global.format.is_none()
        && global.output.is_empty()
    {
        match state.logs().open(log) {
            Ok(whole) => {
                whole.write_inert(&mut Shown(terminal)).context("reading the log of the step")?;
                return Ok(Exit::Done);
            }
            Err(error) => terminal.warning(&crate::text::inert_line(&crate::in_words(&error))),
        }
    }
    output::deliver(global, terminal, &[Format::Text, Format::Json], &mut |format, _| {
        Ok(match format {
            Format::Json => {
                let report = report::shown(run.clone(), vec![step.clone()], None);
                crate::text::inert_json(&serde_json::to_string_pretty(&report)?) + "\n"
            }
            _ => step.output.as_ref().map(printed).unwrap_or_default(),
        })
    })?;
    if step.output.is_none() && global.format.is_none() {
        terminal
            .status(&crate::text::inert_line(&format!("step {ordinal}, `{}`, printed nothing", step.name)));
    }
    Ok(Exit::Done)
}

/// Stdout, for what is never whole in memory.
struct Shown<'a>(&'a mut Terminal);

impl io::Write for Shown<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.result_bytes(bytes).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is kept of an output, with what is missing marked.
fn printed(output: &Output) -> String {
    let mut text = inert(&output.head);
    let end_line = |text: &mut String| {
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
    };
    if output.dropped > 0 {
        end_line(&mut text);
        let _ = writeln!(text, "... {} of {} bytes are not kept here ...", output.dropped, output.bytes);
    }
    text.push_str(&inert(&output.tail));
    end_line(&mut text);
    text
}
