//! The schedule as a page for a browser and a printer: one file, no script, no network.

use std::iter;

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use minijinja::context;
use minijinja::value::{Serde, Value};

use super::drawing::Drawing;
use super::quality::{self, lateness};
use super::text::{MARKDOWN_HEADER, Table};
use super::words::roughly;
use crate::model::{Change, Placed};
use crate::reporter::formatter::debt;
use crate::reporter::formatter::html::render;
use crate::reporter::formatter::page::{Cell, Fact, Figure, Headline, Page, Row, Section};
use crate::scheduler::report::chart;
use crate::scheduler::report::{Dropped, Proposal};
use crate::scheduler::words::why_not;
use crate::table::Tone;
use crate::text::{capitalized, inert_line};

const TEMPLATE: &str = include_str!("plan.html");

/// The column that says what changed.
const CHANGE: usize = 6;
/// The column that says why, and how late it is.
const WHY: usize = 7;

/// Makes the page.
pub fn format(proposal: &Proposal) -> anyhow::Result<String> {
    let drawing = Drawing::of(&chart::chart(proposal)?, proposal.zone);
    let drawing = Value::from(Serde(&drawing));
    render(TEMPLATE, &page(proposal), context! { drawing }).context("rendering the page")
}

fn page(proposal: &Proposal) -> Page {
    let table = Table(proposal);
    let mut headlines = vec![Headline { text: table.summary(), tone: tone(proposal) }];
    // What cannot happen and what is gone have tables of their own.
    headlines.extend(
        debt::sum(proposal.debt)
            .map(|text| Headline { text: format!("{}.", capitalized(&text)), tone: Tone::Bad }),
    );
    headlines.extend(
        quality::late(proposal.computed).map(|text| Headline { text: text + ".", tone: Tone::Warning }),
    );
    let notes = table.late().into_iter().map(|note| note.trim_start_matches("! ").to_owned());
    headlines.extend(notes.map(|text| Headline { text, tone: Tone::Warning }));
    let mut sections: Vec<_> = debt::section(proposal.debt, proposal.zone).into_iter().collect();
    sections.push(schedule(proposal));
    sections.extend(
        [late(proposal), unplaced(proposal), gone(proposal)]
            .into_iter()
            .filter(|section| !section.rows.is_empty()),
    );
    let title = proposal.plan.title.as_deref().map_or("Maintenance schedule".to_owned(), inert_line);
    Page {
        title,
        facts: facts(proposal),
        headlines,
        figures: figures(proposal),
        attention: Vec::new(),
        sections,
    }
}

fn tone(proposal: &Proposal) -> Tone {
    let schedule = &proposal.computed.schedule;
    match () {
        () if !schedule.unplaced.is_empty() => Tone::Bad,
        () if late_works(proposal).next().is_some() => Tone::Warning,
        () if proposal.is_published || (proposal.changes.is_empty() && proposal.base.is_some()) => Tone::Good,
        () => Tone::Warning,
    }
}

fn facts(proposal: &Proposal) -> Vec<Fact> {
    let (zone, schedule) = (proposal.zone, &proposal.computed.schedule);
    let mut facts = vec![
        Fact { label: "From", value: zone.local(schedule.from) },
        Fact { label: "Until", value: zone.local(schedule.until) },
        Fact { label: "Time zone", value: zone.name().to_owned() },
        Fact { label: "Computed", value: zone.local(proposal.at) },
    ];
    if let Some(owner) = &proposal.plan.owner {
        facts.push(Fact { label: "Owner", value: inert_line(owner) });
    }
    let digest: String = schedule.plan_digest.chars().take(16).collect();
    facts.push(Fact { label: "Plan file", value: format!("sha256 {}", inert_line(&digest)) });
    facts
}

fn figures(proposal: &Proposal) -> Vec<Figure> {
    let count = |is: fn(&Change) -> bool| proposal.changes.iter().filter(|change| is(change)).count();
    let figure = |label, n: usize, tone| Figure {
        label,
        value: n.to_string(),
        tone: if n == 0 { Tone::Plain } else { tone },
    };
    let schedule = &proposal.computed.schedule;
    vec![
        figure("planned", schedule.placed.len(), Tone::Plain),
        figure("new", count(|change| matches!(change, Change::Added { .. })), Tone::Good),
        figure("moved", count(|change| matches!(change, Change::Moved { .. })), Tone::Warning),
        figure("dropped", count(|change| matches!(change, Change::Dropped { .. })), Tone::Bad),
        figure("late", late_works(proposal).count(), Tone::Warning),
        figure("cannot happen", schedule.unplaced.len(), Tone::Bad),
    ]
}

fn schedule(proposal: &Proposal) -> Section {
    let table = Table(proposal);
    let rows = table.rows().zip(&proposal.computed.schedule.placed).map(|(cells, placed)| {
        let mut cells: Vec<_> = cells.into_iter().map(plain).collect();
        let change = &mut cells[CHANGE];
        change.tone = match change.text.chars().next() {
            Some('+') => Tone::Good,
            Some('~') => Tone::Warning,
            _ => Tone::Plain,
        };
        if lateness(placed).is_some() {
            cells[WHY].tone = Tone::Warning;
        }
        Row { cells, detail: None }
    });
    Section {
        heading: "Schedule",
        columns: MARKDOWN_HEADER.to_vec(),
        rows: rows.collect(),
        empty: "Nothing is planned within this time.",
    }
}

/// What ends after it is due, and by how much.
fn late_works<'p>(proposal: &'p Proposal) -> impl Iterator<Item = (&'p Placed, DateTime<Utc>, TimeDelta)> {
    let placed = proposal.computed.schedule.placed.iter();
    placed.filter_map(|placed| Some((placed, placed.occurrence.due?, lateness(placed)?)))
}

fn late(proposal: &Proposal) -> Section {
    let zone = proposal.zone;
    let row = |(placed, due, late): (&Placed, DateTime<Utc>, TimeDelta)| {
        let id = Cell { text: inert_line(&placed.occurrence.id.0), tone: Tone::Warning };
        let times = [zone.local(due), zone.local(placed.end), roughly(late)].map(plain);
        Row { cells: iter::once(id).chain(times).collect(), detail: None }
    };
    Section {
        heading: "What is late",
        columns: vec!["Occurrence", "It is due", "It ends", "Late by"],
        rows: late_works(proposal).map(row).collect(),
        empty: "",
    }
}

fn unplaced(proposal: &Proposal) -> Section {
    let row = |unplaced: &crate::model::Unplaced| {
        let why = inert_line(&why_not(&unplaced.because, proposal.zone));
        let help = unplaced.help.as_deref().map_or(String::new(), inert_line);
        let id = Cell { text: inert_line(&unplaced.occurrence.id.0), tone: Tone::Bad };
        Row { cells: vec![id, plain(why), plain(help)], detail: None }
    };
    Section {
        heading: "What cannot happen",
        columns: vec!["Occurrence", "Why", "What would help"],
        rows: proposal.computed.schedule.unplaced.iter().map(row).collect(),
        empty: "",
    }
}

fn gone(proposal: &Proposal) -> Section {
    let row = |Dropped { placed, reason }: &Dropped| {
        let id = Cell { text: inert_line(&placed.occurrence.id.0), tone: Tone::Bad };
        let why = reason.as_deref().map_or(String::new(), inert_line);
        Row { cells: vec![id, plain(proposal.zone.local(placed.start)), plain(why)], detail: None }
    };
    Section {
        heading: "What is gone",
        columns: vec!["Occurrence", "It was to start", "Why it is gone"],
        rows: proposal.dropped.iter().map(row).collect(),
        empty: "",
    }
}

fn plain(text: String) -> Cell {
    let text = if text.is_empty() { "-".to_owned() } else { text };
    Cell { text, tone: Tone::Plain }
}
