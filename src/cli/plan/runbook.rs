//! The schedule as a runbook in Markdown: what a person works from by hand, and what a reviewer signs.
//!
//! 1. Nothing in it is chosen here: it says what `run` would do, in the same order.
//! 2. Text from the plan file never acts, and secrets that are written into it are hidden.
//! 3. The same schedule gives the same bytes.

mod markup;
mod shell;
mod step;
mod task;
#[cfg(test)]
mod tests;
mod words;

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;

use self::markup::{heading, paragraph, plain};
use self::task::Section;
use self::words::Words;
use super::text::Table;
use crate::model::{Change, Placed};
use crate::reporter::formatter::debt;
use crate::scheduler::report::Proposal;
use crate::scheduler::{History, engine};
use crate::text::capitalized;

/// What a runbook is made of beside the schedule.
pub struct Surroundings<'a> {
    /// What was done, and how long it took.
    pub history: &'a History,
    /// The plan file's path, as the caller named it.
    pub path: &'a str,
    /// Hides secrets that are written into the plan file.
    pub hide: &'a dyn Fn(String) -> String,
}

/// Writes the runbook.
///
/// # Errors
/// When the schedule has no digest, which does not happen to one that was computed.
pub fn format(proposal: &Proposal, around: &Surroundings) -> anyhow::Result<String> {
    let Proposal { plan, zone, computed, .. } = *proposal;
    let words = Words { plan, zone, now: computed.schedule.from, hide: around.hide };
    let book = Book { proposal, around, words };
    let mut text = String::new();
    book.head(&mut text)?;
    book.changes(&mut text);
    book.debt(&mut text);
    book.table(&mut text);
    book.tasks(&mut text);
    book.whatever_happens(&mut text);
    sign_off(&mut text);
    Ok(text)
}

/// What helps whatever the task.
const COMMANDS: [(&str, &str); 5] = [
    ("mainstay report status", "shows where every task stands, and what to do next"),
    ("mainstay audit log --run RUN", "shows everything that happened in a run"),
    ("mainstay run TASK", "does a task again when the cause of its failure is mended"),
    (
        "mainstay run --resume RUN",
        "goes on with a run that stopped in its middle, and does nothing again that is done; `--dry-run` only says how far \
         it came",
    ),
    (
        "mainstay run --abandon RUN --reason TEXT",
        "settles a run that stopped in its middle, once a person has seen to what it left",
    ),
];

struct Book<'a> {
    proposal: &'a Proposal<'a>,
    around: &'a Surroundings<'a>,
    words: Words<'a>,
}

impl Book<'_> {
    fn head(&self, to: &mut String) -> anyhow::Result<()> {
        let (words, proposal) = (&self.words, self.proposal);
        let (plan, schedule) = (proposal.plan, &proposal.computed.schedule);
        let title = plan.title.as_deref().unwrap_or("Maintenance");
        write!(to, "# Runbook: {}\n\n", words.text(title))?;
        let mut item = |label: &str, text: String| writeln!(to, "- **{label}**: {text}");
        if let Some(owner) = &plan.owner {
            item("Owner", words.text(owner))?;
        }
        if !plan.reviewers.is_empty() {
            let reviewers: Vec<_> = plan.reviewers.iter().map(|reviewer| words.text(reviewer)).collect();
            item("Reviewers", reviewers.join(", "))?;
        }
        let (from, until) = (words.time(schedule.from), words.time(schedule.until));
        item("Time covered", format!("{from} to {until}, times in {}", plain(proposal.zone.name())))?;
        let standing = match (proposal.is_published, proposal.base) {
            (true, _) => format!("published as revision {}", schedule.revision),
            (false, Some(base)) if proposal.changes.is_empty() => format!("as published in revision {base}"),
            (false, Some(base)) => format!("**proposed**, not published; compared with revision {base}"),
            (false, None) => "**proposed**; nothing is published yet".to_owned(),
        };
        item("Schedule", format!("{standing}; SHA-256 {}", engine::digest(schedule)?))?;
        let version = plan.version.as_ref().map(|version| format!(", version {}", words.text(version)));
        item(
            "Plan file",
            format!(
                "{}, {}{}; SHA-256 {}",
                plain(self.around.path),
                plan.status.value,
                version.unwrap_or_default(),
                plain(&schedule.plan_digest)
            ),
        )?;
        item("Computed", words.time(proposal.at))?;
        Ok(())
    }

    fn changes(&self, to: &mut String) {
        let (words, proposal) = (&self.words, self.proposal);
        if proposal.base.is_none() || proposal.changes.is_empty() {
            return;
        }
        heading(to, 2, "What changed");
        let gone = proposal.dropped.iter();
        let reasons: HashMap<_, _> =
            gone.filter_map(|gone| Some((&gone.placed.occurrence.id, gone.reason.as_deref()?))).collect();
        for change in proposal.changes {
            let id = |id: &crate::model::OccurrenceId| words.code(&id.0);
            let line = match change {
                Change::Added { occurrence, start } => {
                    format!("new: {}, {}", id(occurrence), words.time(*start))
                }
                Change::Moved { occurrence, from, to } => {
                    format!("moved: {}, from {} to {}", id(occurrence), words.time(*from), words.time(*to))
                }
                Change::Dropped { occurrence, start } => {
                    let why = reasons.get(occurrence).map(|why| format!("; {}", plain(why)));
                    let why = why.unwrap_or_default();
                    format!("gone: {}; it was to start {}{why}", id(occurrence), words.time(*start))
                }
            };
            writeln!(to, "- {line}").unwrap_or_default();
        }
    }

    fn debt(&self, to: &mut String) {
        let Some(sum) = debt::sum(self.proposal.debt) else { return };
        heading(to, 2, "Owed before anything else");
        writeln!(to, "{}\n", capitalized(&sum)).unwrap_or_default();
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        to.push_str(&line(&debt::COLUMNS.map(str::to_owned)));
        to.push_str(&line(&debt::COLUMNS.map(|_| "---".to_owned())));
        for row in debt::rows(self.proposal.debt, self.proposal.zone) {
            to.push_str(&line(&row.map(|cell| plain(&cell))));
        }
        if let Some(left_out) = debt::not_in_rows(self.proposal.debt) {
            paragraph(to, &plain(&left_out));
        }
    }

    fn table(&self, to: &mut String) {
        heading(to, 2, "Schedule");
        to.push_str(&Table(self.proposal).markdown());
    }

    /// A section for each task, in the order of their first starts.
    fn tasks(&self, to: &mut String) {
        let proposal = self.proposal;
        let table = Table(proposal);
        let changed = table.changed();
        let mut by_task: HashMap<&str, Vec<(&Placed, Option<String>)>> = HashMap::new();
        let mut order = Vec::new();
        for placed in &proposal.computed.schedule.placed {
            let times = by_task.entry(&placed.occurrence.task).or_default();
            if times.is_empty() {
                order.push(placed.occurrence.task.as_str());
            }
            times.push((placed, changed.get(&placed.occurrence.id).cloned()));
        }
        let mut unknown = BTreeSet::new();
        for name in order {
            let Some(times) = by_task.get(name) else { continue };
            // A saved plan may know tasks that the plan file does not know any more.
            let Some(task) = proposal.plan.tasks.get(name) else {
                unknown.insert(name);
                continue;
            };
            let past = self.around.history.of(name);
            Section { words: &self.words, name, task, times, past }.write(to);
        }
        if !unknown.is_empty() {
            heading(to, 2, "Not in the plan file any more");
            writeln!(to, "{}", self.words.codes(unknown)).unwrap_or_default();
        }
    }

    /// What to type next, whatever the task.
    fn whatever_happens(&self, to: &mut String) {
        heading(to, 2, "Whatever happens");
        for (command, what) in COMMANDS {
            writeln!(to, "- {} {what}", self.words.code(command)).unwrap_or_default();
        }
    }
}

fn sign_off(to: &mut String) {
    heading(to, 2, "Sign-off");
    to.push_str("| Role | Name | Date | Signature |\n| --- | --- | --- | --- |\n");
    for role in ["Prepared by", "Reviewed by", "Carried out by"] {
        writeln!(to, "| {role} |  |  |  |").unwrap_or_default();
    }
}
