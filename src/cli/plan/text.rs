//! A schedule and an explanation for people: columns of text, or Markdown.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use comfy_table::ContentArrangement;
use comfy_table::presets::ASCII_MARKDOWN;

use super::layout::{columns, wrapped};
use super::words::{ahead, one_line, roughly};
use crate::calendar::Zone;
use crate::counted;
use crate::model::{Change, Length, Occurrence, OccurrenceId, Recurrence, Span, Spanned, Task};
use crate::reporter::formatter::debt;
use crate::scheduler::debt::Kind;
use crate::scheduler::explain::{Explanation, Source};
use crate::scheduler::report::Proposal;
use crate::scheduler::report::upcoming::note_on;
use crate::scheduler::words::why_then;

/// A schedule in a table.
pub struct Table<'a>(pub &'a Proposal<'a>);

/// More names than these are counted.
const MOST_TARGETS: usize = 3;

const HEADER: [&str; 8] = ["START", "IN", "TASK", "TARGETS", "WINDOW", "TAKES", "CHANGE", "WHY"];
/// The same in mixed case.
pub const MARKDOWN_HEADER: [&str; 8] = ["Start", "In", "Task", "Targets", "Window", "Takes", "Change", "Why"];

impl Table<'_> {
    /// Columns of text; with a width, lines are broken to fit it and the header is bold.
    pub fn text(&self, width: Option<usize>) -> String {
        let mut text = String::new();
        if !self.0.computed.schedule.placed.is_empty() {
            text.push_str(&columns(&HEADER, self.rows(), width));
            text.push('\n');
        }
        for line in self.notes() {
            text.push_str(&broken(line, width));
            text.push('\n');
        }
        text
    }

    /// A table and a list for pages and tickets.
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        if !self.0.computed.schedule.placed.is_empty() {
            let mut table = comfy_table::Table::new();
            table.load_style(ASCII_MARKDOWN).set_content_arrangement(ContentArrangement::Disabled);
            table.set_header(MARKDOWN_HEADER);
            for row in self.rows() {
                table.add_row(row.map(|cell| plain_markdown(&cell)));
            }
            writeln!(text, "{}\n", table.trim_fmt()).unwrap_or_default();
        }
        for line in self.notes_but_debt() {
            let line = line.trim_start_matches("- ");
            writeln!(text, "- {}", plain_markdown(line)).unwrap_or_default();
        }
        text
    }

    /// A row for each occurrence: [`HEADER`] names the columns.
    pub fn rows(&self) -> impl Iterator<Item = [String; 8]> {
        let changes = self.changed();
        let (zone, now) = (self.0.zone, self.0.computed.schedule.from);
        self.0.computed.schedule.placed.iter().map(move |placed| {
            let occurrence = &placed.occurrence;
            let mut why = why_then(placed, zone, now).unwrap_or_default();
            if let Some(due) = occurrence.due.filter(|due| *due < placed.end) {
                let late = format!("late by {}", roughly(placed.end - due));
                why = if why.is_empty() { late } else { format!("{late}; {why}") };
            }
            if let Some(clock) = self.clock_note(occurrence) {
                why = if why.is_empty() { clock } else { format!("{why}; {clock}") };
            }
            if let Some(approval) = self.0.approvals.get(&occurrence.id) {
                let approval = approval.in_words();
                why = if why.is_empty() { approval } else { format!("{approval}; {why}") };
            }
            [
                zone.local(placed.start),
                ahead(placed.start - now),
                one_line(&occurrence.task),
                targets(occurrence),
                placed.window.as_ref().map_or("any time".to_owned(), |window| one_line(&window.name)),
                Length(occurrence.estimate).to_string(),
                changes.get(&occurrence.id).cloned().unwrap_or_default(),
                one_line(&why),
            ]
        })
    }

    /// What a change of the clock does to an occurrence that is due by the clock, in words.
    fn clock_note(&self, occurrence: &Occurrence) -> Option<String> {
        let task = self.0.plan.tasks.get(&occurrence.task)?;
        let by_clock = |it: &Spanned<Recurrence>| it.cron.is_some() || it.rrule.is_some() || it.at.is_some();
        let is_by_clock = task.schedule.as_ref().is_some_and(by_clock);
        let note = note_on(task, self.0.zone, occurrence.release).filter(|_| is_by_clock)?;
        Some(note.words())
    }

    /// What changed about each occurrence that is there, in short.
    pub fn changed(&self) -> HashMap<&OccurrenceId, String> {
        let changes = self.0.changes.iter().filter_map(|change| match change {
            Change::Added { occurrence, .. } => Some((occurrence, "+ new".to_owned())),
            Change::Moved { occurrence, from, .. } => {
                Some((occurrence, format!("~ was {}", self.0.zone.local(*from))))
            }
            Change::Dropped { .. } => None,
        });
        changes.collect()
    }

    /// What cannot happen, what is gone, what takes too long, what is owed, and the sum of it.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = self.notes_but_debt();
        let sum = notes.pop();
        notes.extend(debt::lines(self.0.debt, self.0.zone));
        notes.extend(sum);
        notes
    }

    fn notes_but_debt(&self) -> Vec<String> {
        let mut notes = super::notes::impossible(self.0);
        notes.extend(super::notes::gone(self.0));
        notes.extend(self.late());
        notes.extend(super::quality::notes(self.0.computed));
        notes.extend(super::blind::note(self.0.blind));
        notes.push(self.summary());
        notes
    }

    /// What waits for approval, where reality has left the schedule, and what was missed.
    pub fn late(&self) -> Vec<String> {
        let waiting = self.0.approvals.values().filter(|approval| !approval.is_given()).count();
        let waits = if waiting == 1 { "waits" } else { "wait" };
        let waiting =
            (waiting > 0).then(|| format!("! {} {waits} for approval", counted(waiting, "occurrence")));
        let mut notes = Vec::from_iter(waiting);
        notes.extend(super::drift::notes(self.0.drift));
        let computed = self.0.computed;
        let n_told = super::drift::n_told(self.0.drift, &computed.missed);
        let n_missed = u64::try_from(computed.missed.len() - n_told).unwrap_or(u64::MAX);
        let n_missed = n_missed.saturating_add(computed.n_missed_dropped);
        // What is owed says it for each task.
        let is_told = self.0.debt.items.iter().any(|item| item.kind == Kind::Missed);
        if n_missed > 0 && !is_told {
            let newest = computed.missed.last();
            let newest = newest.map(|newest| format!(", the last of {}", self.0.zone.local(newest.release)));
            let n = counted(usize::try_from(n_missed).unwrap_or(usize::MAX), "start");
            notes.push(format!("! {n} missed before{}", newest.unwrap_or_default()));
        }
        notes
    }

    /// How much there is, and how it stands to the published schedule.
    pub fn summary(&self) -> String {
        let schedule = &self.0.computed.schedule;
        let count = |is_kind: fn(&Change) -> bool| self.0.changes.iter().filter(|c| is_kind(c)).count();
        let n_new = count(|change| matches!(change, Change::Added { .. }));
        let n_dropped = count(|change| matches!(change, Change::Dropped { .. }));
        let n_moved = count(|change| matches!(change, Change::Moved { .. }));
        let (zone, until) = (self.0.zone, schedule.until);
        let mut line = format!(
            "{} until {} {}",
            counted(schedule.placed.len(), "occurrence"),
            zone.local(until),
            zone.abbreviation(until)
        );
        if !schedule.unplaced.is_empty() {
            write!(line, ", {} unplaced", schedule.unplaced.len()).unwrap_or_default();
        }
        let n_on_demand = self.0.plan.tasks.iter().filter(|(_, task)| task.schedule.is_none()).count();
        if n_on_demand > 0 {
            write!(line, ", {} on demand", counted(n_on_demand, "task")).unwrap_or_default();
        }
        let n_waiting = self.n_waiting();
        if n_waiting > 0 {
            write!(line, ", {} waiting for a check", counted(n_waiting, "task")).unwrap_or_default();
        }
        let changes = format!("{n_new} new, {n_moved} moved, {n_dropped} dropped");
        match (self.0.is_published, self.0.base) {
            (true, None) => write!(line, "; published as revision {}", schedule.revision),
            (true, Some(_)) => write!(line, "; {changes}; published as revision {}", schedule.revision),
            (false, Some(revision)) if self.0.changes.is_empty() => {
                write!(line, "; as published in revision {revision}")
            }
            (false, Some(revision)) => write!(line, "; {changes} since revision {revision}"),
            (false, None) => write!(line, "; nothing is published yet"),
        }
        .unwrap_or_default();
        line
    }
}

/// A note as it is shown; with a width, broken to fit it.
pub fn broken(note: String, width: Option<usize>) -> String {
    match width {
        Some(width) => wrapped(&note, width, 2),
        None => note,
    }
}

impl Table<'_> {
    /// How many tasks wait for a check to fail, which may happen at any time.
    fn n_waiting(&self) -> usize {
        let schedule = &self.0.computed.schedule;
        let placed = schedule.placed.iter().map(|placed| &placed.occurrence);
        let all = placed.chain(schedule.unplaced.iter().map(|unplaced| &unplaced.occurrence));
        let planned: HashSet<_> = all.map(|occurrence| occurrence.task.as_str()).collect();
        let waits = |task: &Task| task.schedule.as_ref().is_some_and(|schedule| schedule.when.is_some());
        let waiting = self.0.plan.tasks.iter().filter(|(_, task)| waits(task));
        waiting.filter(|(name, _)| !planned.contains(name.value.as_str())).count()
    }
}

/// An explanation: the answer in one line, then what it rests on.
pub fn explanation(
    explained: &Explanation,
    zone: &Zone,
    path: &str,
    line: impl Fn(Span) -> usize,
    width: Option<usize>,
) -> String {
    let mut text = format!("{}\n", broken(one_line(&explained.headline(zone)), width));
    if explained.at != explained.now {
        let at = zone.date_and_time(explained.at);
        writeln!(text, "asked for {at}, as things stand {}", zone.date_and_time(explained.now))
            .unwrap_or_default();
    }
    text.push('\n');
    let rows = explained.conditions.iter().map(|condition| {
        let answer = match condition.holds {
            Some(true) => "yes",
            Some(false) => "no",
            None => "unknown",
        };
        let source = match &condition.source {
            Source::Plan { path: _, span } if span.start < span.end => {
                format!("{}:{}", one_line(path), line(*span))
            }
            Source::Plan { path, .. } => one_line(path),
            Source::State => "state".to_owned(),
            Source::Schedule => "schedule".to_owned(),
        };
        let changes = condition.changes.map(|changes| zone.date_and_time(changes)).unwrap_or_default();
        [answer.to_owned(), one_line(&condition.what), one_line(&condition.value), changes, source]
    });
    text.push_str(&columns(&["HOLDS", "CONDITION", "BECAUSE", "CHANGES", "SOURCE"], rows, width));
    text
}

fn targets(occurrence: &Occurrence) -> String {
    let names: Vec<_> = occurrence.targets.iter().map(|target| one_line(target)).collect();
    if names.len() <= MOST_TARGETS {
        return names.join(", ");
    }
    format!("{} and {} more", names[..MOST_TARGETS - 1].join(", "), names.len() + 1 - MOST_TARGETS)
}

/// Text that no reader of Markdown takes for anything else.
fn plain_markdown(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => plain.push_str("&lt;"),
            '>' => plain.push_str("&gt;"),
            '&' => plain.push_str("&amp;"),
            '\\' | '|' | '*' | '_' | '[' | ']' | '`' | '#' | '!' | '~' => plain.extend(['\\', c]),
            c => plain.push(c),
        }
    }
    plain
}
