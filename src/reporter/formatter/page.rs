//! The result worded for people: every fact once, for all of their formats.
//!
//! Everything in a [`Page`] is safe to show, one line each; a format adds the escapes of its own.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::debt;
use crate::calendar::Zone;
use crate::counted;
use crate::model::{AlertState, Outcome};
use crate::monitor::TaskState;
use crate::reporter::status::Urgency;
use crate::reporter::{Attention, RunStatus, StatusReport, TaskStatus};
use crate::table::Tone;
use crate::text::{capitalized, inert_line, roughly};

/// A report as people read it, from top to bottom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Page {
    /// What it is about.
    pub title: String,
    /// What is reported on, for whom, when.
    pub facts: Vec<Fact>,
    /// What it amounts to.
    pub headlines: Vec<Headline>,
    /// The numbers.
    pub figures: Vec<Figure>,
    /// What a person should do.
    pub attention: Vec<Item>,
    /// The rest.
    pub sections: Vec<Section>,
}

/// One property of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// Its name.
    pub label: &'static str,
    /// Its value.
    pub value: String,
}

/// A sentence that must not be missed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Headline {
    /// What it says.
    pub text: String,
    /// What it means.
    pub tone: Tone,
}

/// One number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Figure {
    /// What is counted.
    pub label: &'static str,
    /// The number.
    pub value: String,
    /// What it means.
    pub tone: Tone,
}

/// Something to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    /// What is the matter; names stand in backticks.
    pub what: String,
    /// What to type.
    pub command: String,
    /// How urgent it is.
    pub tone: Tone,
}

/// A table with its heading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Section {
    /// Its heading.
    pub heading: &'static str,
    /// The names of its columns.
    pub columns: Vec<&'static str>,
    /// Its rows.
    pub rows: Vec<Row>,
    /// What is said when there are none; names stand in backticks.
    pub empty: &'static str,
}

/// One row, and what is said below it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// One cell for each column.
    pub cells: Vec<Cell>,
    /// What is said below it.
    pub detail: Option<Detail>,
}

/// One value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// What it says; a dash when there is nothing to say.
    pub text: String,
    /// What it means.
    pub tone: Tone,
}

/// Why a run went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Detail {
    /// Where, and what is known about it.
    pub text: String,
    /// The last lines that were printed.
    pub lines: Vec<String>,
}

impl Page {
    /// Words `report`.
    pub fn of(report: &StatusReport) -> Self {
        let zone = Zone::named(&report.timezone).unwrap_or_else(|_| Zone::utc());
        let words = Words { zone, report };
        Self {
            title: inert_line(report.plan.title.as_deref().unwrap_or("Maintenance status")),
            facts: words.facts(),
            headlines: words.headlines(),
            figures: words.figures(),
            attention: report.attention.iter().map(item).collect(),
            sections: words.sections(),
        }
    }
}

struct Words<'a> {
    zone: Zone,
    report: &'a StatusReport,
}

impl Words<'_> {
    fn time(&self, at: DateTime<Utc>) -> String {
        self.zone.date_and_time(at)
    }

    fn maybe_time(&self, at: Option<DateTime<Utc>>) -> Cell {
        at.map_or_else(nothing, |at| plain(self.time(at)))
    }

    fn facts(&self) -> Vec<Fact> {
        let report = self.report;
        let mut facts = Vec::new();
        let mut add = |label, value: String| facts.push(Fact { label, value });
        add("as of", format!("{} {}", self.time(report.as_of), self.zone.abbreviation(report.as_of)));
        add("period", format!("{} to {}", self.time(report.period.from), self.time(report.period.until)));
        add("times in", inert_line(&report.timezone));
        if let Some(owner) = &report.plan.owner {
            add("owner", inert_line(owner));
        }
        let digest: String = report.plan.digest.chars().take(SHORT_DIGEST).collect();
        add("plan file", format!("{}, digest {digest}", report.plan.status));
        let ledger = &report.ledger;
        let entries = usize::try_from(ledger.entries).unwrap_or(usize::MAX);
        match entries {
            0 => add("ledger", "none, there is no state file yet".to_owned()),
            1 => add("ledger", format!("1 entry, root {}", ledger.root)),
            n => add("ledger", format!("{n} entries, root {}", ledger.root)),
        }
        facts
    }

    fn headlines(&self) -> Vec<Headline> {
        let totals = self.report.totals;
        let mut lines = Vec::new();
        let mut add = |tone, text: String| lines.push(Headline { text, tone });
        match totals.firing {
            0 => {}
            1 => add(Tone::Bad, "1 alert fires.".to_owned()),
            n => add(Tone::Bad, format!("{n} alerts fire.")),
        }
        if let Some(first) = self.report.attention.first() {
            let verb = if totals.attention == 1 { "needs" } else { "need" };
            add(
                tone_of_urgency(first.urgency),
                format!("{} {verb} attention.", counted(totals.attention, "thing")),
            );
        }
        if let Some(sum) = debt::sum(&self.report.debt) {
            add(Tone::Warning, format!("{}.", capitalized(&sum)));
        }
        if totals.tasks == 0 {
            add(Tone::Warning, "The plan file has no tasks: nothing is maintained.".to_owned());
        }
        match self.report.runs_left_out {
            0 => {}
            n => add(
                Tone::Warning,
                format!("{} of the period are counted, but not listed.", counted(n, "older run")),
            ),
        }
        if totals.runs == 0 {
            add(Tone::Warning, "Nothing ran in this period.".to_owned());
        } else if totals.firing == 0 && totals.attention == 0 {
            add(Tone::Good, "Nothing needs attention.".to_owned());
        }
        lines
    }

    fn figures(&self) -> Vec<Figure> {
        let totals = self.report.totals;
        let figure = |label, n: usize, unless_zero: Tone| {
            let tone = if n == 0 { Tone::Plain } else { unless_zero };
            Figure { label, value: n.to_string(), tone }
        };
        let success = totals.success.to_string();
        vec![
            figure("tasks", totals.tasks, Tone::Plain),
            figure("overdue", totals.overdue, Tone::Bad),
            figure("alerts firing", totals.firing, Tone::Bad),
            figure("silences in force", totals.silences, Tone::Plain),
            figure("missed", totals.missed, Tone::Warning),
            figure("runs", totals.runs, Tone::Plain),
            Figure { label: "success", value: success, tone: Tone::Plain },
            figure("succeeded", totals.succeeded, Tone::Good),
            figure("failed", totals.failed, Tone::Bad),
            figure("rolled back", totals.rolled_back, Tone::Bad),
            figure("interrupted", totals.interrupted, Tone::Bad),
            figure("skipped", totals.skipped, Tone::Plain),
            figure("refused", totals.refused, Tone::Warning),
            figure("running", totals.running, Tone::Plain),
        ]
    }

    fn sections(&self) -> Vec<Section> {
        let mut sections = vec![self.alerts()];
        sections.extend(debt::section(&self.report.debt, &self.zone));
        sections.extend([self.tasks(), self.runs(), self.missed(), self.silences()]);
        sections
    }

    fn alerts(&self) -> Section {
        let rows = self.report.alerts.iter().map(|alert| {
            let labels: Vec<_> = alert.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let tone = if alert.state == AlertState::Firing { Tone::Bad } else { Tone::Warning };
            row([
                plain(&alert.name),
                toned(alert.state.to_string(), tone),
                plain(self.time(alert.since)),
                plain(labels.join(" ")),
                self.maybe_time(alert.delivered),
            ])
        });
        Section {
            heading: "Alerts",
            columns: vec!["alert", "state", "since", "labels", "taken by Alertmanager"],
            rows: rows.collect(),
            empty: "No alert was pending or firing when `mainstay monitor` last looked.",
        }
    }

    fn tasks(&self) -> Section {
        Section {
            heading: "Tasks",
            columns: vec![
                "task",
                "state",
                "last run",
                "last success",
                "next start",
                "schedule",
                "kind",
                "title",
            ],
            rows: self.report.tasks.iter().map(|task| self.task(task)).collect(),
            empty: "The plan file has no tasks.",
        }
    }

    fn task(&self, task: &TaskStatus) -> Row {
        let state = match task.state {
            TaskState::Overdue => format!("overdue {}", roughly(TimeDelta::seconds(task.overdue_seconds))),
            other => other.to_string(),
        };
        let last_run = match (task.last_run, task.last_outcome) {
            (Some(id), Some(outcome)) => toned(format!("{id} {outcome}"), tone_of(Some(outcome))),
            (Some(id), None) => plain(id.to_string()),
            (None, _) => nothing(),
        };
        row([
            plain(&task.name),
            toned(state, tone_of_task(task.state)),
            last_run,
            self.maybe_time(task.last_success),
            self.maybe_time(task.next_start),
            plain(&task.schedule),
            plain(format!("{} {}, {}", task.kind, task.domain, task.criticality)),
            plain(&task.title),
        ])
    }

    fn runs(&self) -> Section {
        Section {
            heading: "Runs of the period",
            columns: vec!["run", "task", "outcome", "started", "took", "in time", "reason"],
            rows: self.report.runs.iter().map(|run| self.run(run)).collect(),
            empty: "Nothing ran in this period.",
        }
    }

    fn run(&self, run: &RunStatus) -> Row {
        let outcome = run.outcome.map_or_else(|| "running".to_owned(), |outcome| outcome.to_string());
        let in_time = match run.on_time {
            Some(true) => plain("yes"),
            Some(false) => toned("late", Tone::Warning),
            None => nothing(),
        };
        let detail = run.failed_step.as_ref().map(|step| {
            let code = step.exit_code.map(|code| format!("exit code {code}"));
            // A step that is a process has nothing else to say than its exit code.
            let message = step.message.clone().filter(|message| code.as_ref() != Some(message));
            let code = code.map(|code| format!(", {code}")).unwrap_or_default();
            let message = message.map(|message| format!(": {message}")).unwrap_or_default();
            Detail {
                text: inert_line(&format!(
                    "step {} on {} {}{code}{message}",
                    step.name, step.target, step.outcome
                )),
                lines: step.last_lines.iter().map(|line| inert_line(line)).collect(),
            }
        });
        let cells = [
            plain(run.id.to_string()),
            plain(&run.task),
            toned(outcome, tone_of(run.outcome)),
            plain(self.time(run.started)),
            run.ended.map_or_else(nothing, |ended| plain(roughly(ended - run.started))),
            in_time,
            said(run).map_or_else(nothing, plain),
        ];
        Row { detail, ..row(cells) }
    }

    fn missed(&self) -> Section {
        let rows = self.report.missed.iter().map(|missed| {
            row([plain(&missed.occurrence.0), plain(self.time(missed.release)), plain(&missed.reason)])
        });
        Section {
            heading: "Missed in the period",
            columns: vec!["occurrence", "released", "reason"],
            rows: rows.collect(),
            empty: "No occurrence was missed.",
        }
    }

    fn silences(&self) -> Section {
        let rows = self.report.silences.iter().map(|silence| {
            row([
                plain(silence.run.to_string()),
                plain(&silence.alertmanager),
                silence.id.as_ref().map_or_else(nothing, plain),
                plain(&silence.tag),
            ])
        });
        Section {
            heading: "Silences in force",
            columns: vec!["run", "Alertmanager", "id", "tag"],
            rows: rows.collect(),
            empty: "mainstay holds no silence.",
        }
    }
}

/// So much of a digest tells two files apart.
const SHORT_DIGEST: usize = 12;

fn item(attention: &Attention) -> Item {
    Item {
        what: inert_line(&attention.what),
        command: inert_line(&attention.command),
        tone: tone_of_urgency(attention.urgency),
    }
}

fn tone_of_urgency(urgency: Urgency) -> Tone {
    match urgency {
        Urgency::Now => Tone::Bad,
        Urgency::Soon => Tone::Warning,
    }
}

fn tone_of(outcome: Option<Outcome>) -> Tone {
    match outcome {
        Some(Outcome::Succeeded) => Tone::Good,
        Some(Outcome::Failed | Outcome::RolledBack | Outcome::Interrupted) => Tone::Bad,
        Some(Outcome::Refused) => Tone::Warning,
        Some(Outcome::Skipped) | None => Tone::Plain,
    }
}

fn tone_of_task(state: TaskState) -> Tone {
    match state {
        TaskState::Ok => Tone::Good,
        TaskState::Interrupted | TaskState::Overdue | TaskState::Failed => Tone::Bad,
        TaskState::Due => Tone::Warning,
        TaskState::Running | TaskState::Never => Tone::Plain,
    }
}

fn row<const N: usize>(cells: [Cell; N]) -> Row {
    Row { cells: cells.into(), detail: None }
}

fn plain(text: impl AsRef<str>) -> Cell {
    toned(text, Tone::Plain)
}

fn toned(text: impl AsRef<str>, tone: Tone) -> Cell {
    Cell { text: inert_line(text.as_ref()), tone }
}

fn nothing() -> Cell {
    plain("-")
}

/// The parts of a text in which names stand in backticks: every second one is a name.
///
/// With an odd number of backticks one of them belongs to somebody's name; then it is one part.
pub(super) fn named_parts(text: &str) -> Vec<&str> {
    let parts: Vec<_> = text.split('`').collect();
    if parts.len() % 2 == 1 { parts } else { vec![text] }
}
/// What people should know about a run: that it was an emergency, and why it ended as it did.
fn said(run: &RunStatus) -> Option<String> {
    let emergency = run.emergency.as_ref().map(|why| format!("emergency: {why}"));
    let said: Vec<_> = [emergency, run.reason.clone()].into_iter().flatten().collect();
    (!said.is_empty()).then(|| said.join("; "))
}
