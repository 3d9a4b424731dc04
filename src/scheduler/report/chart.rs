//! The schedule as bars over time: what a Gantt chart shows, before it is drawn.

use std::collections::HashMap;
use std::rc::Rc;

use chrono::{DateTime, Datelike, NaiveDateTime, NaiveTime, TimeDelta, Utc};

use super::{Kind, Proposal};
use crate::calendar::{self, CalendarError, Freeze, Zone};
use crate::model::{Moment, Placed, Task};

/// A chart: a row for each task that something is planned for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chart {
    /// Its left edge.
    pub from: DateTime<Utc>,
    /// Its right edge.
    pub until: DateTime<Utc>,
    /// In the order of the plan file; then what it does not name any more.
    pub rows: Vec<Row>,
}

/// One task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its name.
    pub task: String,
    /// What people call it.
    pub title: String,
    /// When it may run; `None`: any time. By start and disjoint.
    pub windows: Option<Rc<Vec<Band>>>,
    /// When it may not. By start; they may overlap.
    pub blackouts: Vec<Band>,
    /// Its work, by start.
    pub bars: Vec<Bar>,
}

/// A mark on the axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tick {
    /// What the clock shows.
    pub local: NaiveDateTime,
    /// When.
    pub at: DateTime<Utc>,
}

/// A stretch of time behind the work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Band {
    /// What it is called.
    pub name: String,
    /// Its first instant.
    pub start: DateTime<Utc>,
    /// The first instant after it.
    pub end: DateTime<Utc>,
}

/// A piece of work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// Which occurrence.
    pub id: String,
    /// What it works on.
    pub targets: Vec<String>,
    /// Its start; of what cannot happen, its release.
    pub start: DateTime<Utc>,
    /// Its end.
    pub end: DateTime<Utc>,
    /// What it is.
    pub mark: Mark,
    /// The published start, when this one differs.
    pub moved_from: Option<DateTime<Utc>>,
}

/// What a bar stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mark {
    /// Work as it was published.
    Kept,
    /// Work that is new.
    New,
    /// Work at another time than before.
    Moved,
    /// Work that is gone.
    Gone,
    /// Work that cannot happen.
    Unplaced,
}

/// Bands nearer to each other than this part of the chart are one: nobody could see between them.
const FINEST: i32 = 2_000;

/// Draws up the chart of a schedule.
///
/// # Errors
/// [`CalendarError`] for a window that `validate` refuses too.
pub fn chart(proposal: &Proposal) -> Result<Chart, CalendarError> {
    let schedule = &proposal.computed.schedule;
    let (from, until) = (schedule.from, schedule.until);
    let mut bars = bars(proposal);
    let mut freezes: Vec<_> = proposal
        .plan
        .blackouts
        .iter()
        .map(|(name, blackout)| calendar::freeze(name, blackout, proposal.zone))
        .filter(|freeze| freeze.start < until && from < freeze.end)
        .collect();
    freezes.sort_by_key(|freeze| freeze.start);
    let mut known = HashMap::new();
    let mut rows = Vec::new();
    for (name, task) in proposal.plan.tasks.iter() {
        let Some(bars) = bars.remove(name.value.as_str()) else { continue };
        rows.push(Row {
            task: name.value.clone(),
            title: task.title_or(name).to_owned(),
            windows: windows(proposal, task, &mut known)?,
            blackouts: freezes.iter().filter(|freeze| freeze.stops(task.kind.value)).map(band).collect(),
            bars,
        });
    }
    let mut others: Vec<_> = bars.into_iter().collect();
    others.sort_by_key(|(task, _)| *task);
    rows.extend(others.into_iter().map(|(task, bars)| Row {
        task: task.to_owned(),
        title: task.to_owned(),
        windows: None,
        blackouts: Vec::new(),
        bars,
    }));
    Ok(Chart { from, until, rows })
}

/// The bars within the horizon, by task.
fn bars<'a>(proposal: &Proposal<'a>) -> HashMap<&'a str, Vec<Bar>> {
    let schedule = &proposal.computed.schedule;
    let kinds = proposal.kinds();
    let mark = |placed: &Placed| match kinds.get(placed.occurrence.id.0.as_str()) {
        Some(Kind::Moved) => Mark::Moved,
        Some(_) => Mark::New,
        None => Mark::Kept,
    };
    let placed = schedule.placed.iter().map(|placed| (mark(placed), placed));
    let gone = proposal.dropped.iter().map(|gone| (Mark::Gone, &gone.placed));
    let work = placed.chain(gone).map(|(mark, placed)| {
        let bar = Bar {
            id: placed.occurrence.id.0.clone(),
            targets: placed.occurrence.targets.clone(),
            start: placed.start,
            end: placed.end,
            mark,
            moved_from: placed.moved_from,
        };
        (placed.occurrence.task.as_str(), bar)
    });
    let impossible = schedule.unplaced.iter().map(|unplaced| {
        let occurrence = &unplaced.occurrence;
        let start = occurrence.release.max(schedule.from);
        let bar = Bar {
            id: occurrence.id.0.clone(),
            targets: occurrence.targets.clone(),
            start,
            end: start.checked_add_signed(occurrence.estimate).unwrap_or(start),
            mark: Mark::Unplaced,
            moved_from: None,
        };
        (occurrence.task.as_str(), bar)
    });
    let mut by_task: HashMap<&str, Vec<Bar>> = HashMap::new();
    for (task, bar) in work.chain(impossible) {
        if bar.start < schedule.until && schedule.from < bar.end {
            by_task.entry(task).or_default().push(bar);
        }
    }
    for bars in by_task.values_mut() {
        bars.sort_by_key(|bar| bar.start);
    }
    by_task
}

type Windows = Option<Rc<Vec<Band>>>;

/// When a task may run within the horizon.
fn windows<'a>(
    proposal: &Proposal<'a>,
    task: &'a Task,
    known: &mut HashMap<Vec<&'a str>, Windows>,
) -> Result<Windows, CalendarError> {
    let names: Vec<_> = task.window.iter().map(|name| name.value.as_str()).collect();
    if names.is_empty() {
        return Ok(None);
    }
    if let Some(bands) = known.get(&names) {
        return Ok(bands.clone());
    }
    let (from, until) = (proposal.computed.schedule.from, proposal.computed.schedule.until);
    let mut spans = Vec::new();
    for name in &names {
        let Some(window) = proposal.plan.windows.get(name) else { continue };
        spans.extend(calendar::openings(name, window, proposal.zone, from, until)?);
    }
    let spans = calendar::merge(spans).into_iter();
    let bands = spans.map(|span| Band { name: span.name, start: span.start, end: span.end });
    let bands = Some(Rc::new(coarse(bands, (until - from) / FINEST)));
    known.insert(names, bands.clone());
    Ok(bands)
}

/// Makes bands one that are no further than `gap` from each other.
fn coarse(bands: impl Iterator<Item = Band>, gap: TimeDelta) -> Vec<Band> {
    let mut coarse: Vec<Band> = Vec::new();
    for band in bands {
        match coarse.last_mut() {
            Some(last) if band.start - last.end <= gap => last.end = last.end.max(band.end),
            _ => coarse.push(band),
        }
    }
    coarse
}

fn band(freeze: &Freeze) -> Band {
    Band { name: freeze.name.clone(), start: freeze.start, end: freeze.end }
}

impl Chart {
    /// Where the clock shows midnight, a Monday's midnight, or a round hour: as many as there can be, but not
    /// more than `most`.
    pub fn ticks(&self, zone: &Zone, most: usize) -> Vec<Tick> {
        const STEPS: [i64; 11] = [1, 2, 3, 6, 12, 24, 48, 168, 336, 672, 1344];
        const WEEK: i64 = 168;
        let hours = (self.until - self.from).num_hours();
        let most = i64::try_from(most).unwrap_or(i64::MAX).max(1);
        let least = hours / most + 1;
        let step = STEPS.into_iter().find(|step| least <= *step).unwrap_or((least / WEEK + 1) * WEEK);
        let today = zone.wall(self.from).date();
        let monday = today - TimeDelta::days(today.weekday().num_days_from_monday().into());
        let begin = if step < WEEK { today } else { monday }.and_time(NaiveTime::MIN);
        let locals = (0..).map(|n| begin + TimeDelta::hours(n * step));
        let ticks = locals.map(|local| Tick { local, at: zone.resolve(&Moment::Local(local)) });
        let ticks = ticks.skip_while(|tick| tick.at < self.from).take_while(|tick| tick.at < self.until);
        ticks.collect()
    }

    /// Where an instant lies: 0 at the left edge, 1 at the right one, within both.
    pub fn place(&self, instant: DateTime<Utc>) -> f64 {
        #[allow(clippy::cast_precision_loss, reason = "a chart is coarser than 2^52 seconds")]
        let seconds = |length: TimeDelta| length.num_seconds() as f64;
        (seconds(instant - self.from) / seconds(self.until - self.from).max(1.0)).clamp(0.0, 1.0)
    }
}
