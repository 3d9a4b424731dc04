//! A schedule in every format.

use anyhow::Context;

use super::gantt::{self, Canvas};
use super::text::Table;
use super::{Question, Wanted, html, runbook};
use crate::cli::output::{Format, deliver};
use crate::cli::{Global, Terminal};
use crate::manager::Manager;
use crate::scheduler::report::chart::chart;
use crate::scheduler::report::{Proposal, ics, report};
use crate::text::in_bytes;

const FORMATS: [Format; 5] = [Format::Text, Format::Json, Format::Markdown, Format::Html, Format::Ics];

/// Shows a schedule, and writes it to every `--output`.
pub fn show(
    question: &Question,
    proposal: &Proposal,
    wanted: Wanted,
    global: &Global,
    manager: &Manager,
    terminal: &mut Terminal,
) -> anyhow::Result<()> {
    let table = Table(proposal);
    let hide = |text| question.loaded.hide(text);
    let (history, path) = (&question.past.history, question.loaded.source.path.as_str());
    let around = runbook::Surroundings { history, path, hide: &hide };
    let mut largest_calendar = 0;
    let watched = terminal.is_interactive().then(|| terminal.width());
    deliver(global, terminal, &FORMATS, &mut |format, is_shown| {
        let width = watched.filter(|_| is_shown);
        Ok(match format {
            Format::Json => serde_json::to_string_pretty(&report(proposal))? + "\n",
            Format::Markdown => runbook::format(proposal, &around).context("writing the runbook")?,
            Format::Ics => {
                let withdrawn = manager.withdrawn(history, proposal.at);
                let withdrawn = withdrawn.context("looking for what was published before")?;
                let calendar = ics::format(proposal, &withdrawn);
                largest_calendar = calendar.len();
                calendar
            }
            Format::Html => html::format(proposal).context("writing the page")?,
            _ if wanted.gantt => {
                let canvas = Canvas::of(width, is_shown && console::colors_enabled());
                gantt::draw(&chart(proposal)?, &table.notes(), proposal.zone, canvas)
            }
            _ => table.text(width),
        })
    })?;
    if ics::MOST_BYTES_FOR_GOOGLE < largest_calendar {
        terminal.warning(&format!(
            "Google Calendar imports files of up to 1 MB, and this one has {}: a shorter `--horizon` makes a smaller one",
            in_bytes(u64::try_from(largest_calendar).unwrap_or(u64::MAX))
        ));
    }
    Ok(())
}
