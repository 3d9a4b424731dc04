//! The chart of a schedule as a drawing: places instead of times, for the template to put into SVG.

use std::fmt::Write as _;

use chrono::{DateTime, NaiveTime, Utc};
use serde::Serialize;

use crate::calendar::Zone;
use crate::counted;
use crate::scheduler::report::chart::{Band, Bar, Chart, Mark};
use crate::text::inert_line;

/// The whole drawing, in its own units: at the width of a page about a pixel each.
const WIDTH: f64 = 1200.0;
const LABELS: f64 = 210.0;
const HEAD: f64 = 26.0;
const ROW: f64 = 26.0;
/// Narrower bars could not be seen.
const NARROWEST: f64 = 4.0;
/// The room that the label of a tick takes.
const TICK_LABEL: f64 = 66.0;
const MOST_TICKS: usize = 14;
const LONGEST_LABEL: usize = 28;

/// The chart with places instead of times.
#[derive(Serialize)]
pub struct Drawing {
    width: f64,
    height: f64,
    ticks: Vec<Tick>,
    rows: Vec<Line>,
    /// What there is to explain.
    has: Vec<&'static str>,
}

#[derive(Serialize)]
struct Tick {
    x: String,
    label: String,
}

#[derive(Serialize)]
struct Line {
    y: f64,
    label: String,
    tip: String,
    /// Paths, one for all bands of a row.
    windows: String,
    blackouts: String,
    bars: Vec<Piece>,
}

#[derive(Serialize)]
struct Piece {
    x: String,
    width: String,
    /// Where the sign stands.
    after: String,
    class: &'static str,
    sign: &'static str,
    tip: String,
    /// Where it was before.
    was: Option<String>,
}

impl Drawing {
    /// Draws `chart`, with times of `zone`.
    pub fn of(chart: &Chart, zone: &Zone) -> Self {
        let ticks = chart.ticks(zone, MOST_TICKS).into_iter().map(|tick| {
            let format = if tick.local.time() == NaiveTime::MIN { "%a %m-%d" } else { "%H:%M" };
            let x = x(chart, tick.at);
            let label = tick.local.format(format).to_string();
            // A label that does not fit is left out; its line says enough.
            Tick { x: number(x), label: if x + TICK_LABEL <= WIDTH { label } else { String::new() } }
        });
        let mut y = HEAD - ROW;
        let rows = chart.rows.iter().map(|row| {
            y += ROW;
            Line {
                y,
                label: shortened(&inert_line(&row.task)),
                tip: inert_line(&row.title),
                windows: row.windows.as_ref().map_or(String::new(), |windows| path(chart, windows, y)),
                blackouts: path(chart, &row.blackouts, y),
                bars: pieces(chart, &row.bars, zone),
            }
        });
        let rows: Vec<_> = rows.collect();
        Self { width: WIDTH, height: y + ROW + 2.0, ticks: ticks.collect(), has: has(&rows), rows }
    }
}

/// What the legend has to explain.
fn has(rows: &[Line]) -> Vec<&'static str> {
    let marks = [Mark::Kept, Mark::New, Mark::Moved, Mark::Gone, Mark::Unplaced].map(class);
    let is_there = |mark: &&str| rows.iter().flat_map(|row| &row.bars).any(|bar| bar.class == *mark);
    let mut has: Vec<_> = marks.into_iter().filter(is_there).collect();
    has.extend(rows.iter().any(|row| !row.windows.is_empty()).then_some("window"));
    has.extend(rows.iter().any(|row| !row.blackouts.is_empty()).then_some("blackout"));
    has
}

/// The bars of one row; what nobody could tell apart is one.
fn pieces(chart: &Chart, bars: &[Bar], zone: &Zone) -> Vec<Piece> {
    let mut groups: Vec<(f64, f64, Vec<&Bar>)> = Vec::new();
    for bar in bars {
        let (start, end) = (x(chart, bar.start), x(chart, bar.end));
        let end = end.max(start + NARROWEST);
        match groups.last_mut() {
            Some((_, last, group)) if start < *last && group[0].mark == bar.mark => {
                *last = last.max(end);
                group.push(bar);
            }
            _ => groups.push((start, end, vec![bar])),
        }
    }
    let piece = |(start, end, group): (f64, f64, Vec<&Bar>)| {
        let first = group[0];
        Piece {
            x: number(start),
            width: number(end - start),
            after: number(end + 2.0),
            class: class(first.mark),
            sign: sign(first.mark),
            tip: tip(&group, zone),
            was: first.moved_from.filter(|from| chart.from <= *from).map(|from| number(x(chart, from))),
        }
    };
    groups.into_iter().map(piece).collect()
}

fn tip(group: &[&Bar], zone: &Zone) -> String {
    let first = group[0];
    let end = group.iter().map(|bar| bar.end).max().unwrap_or(first.end);
    let mut tip = match group.len() {
        1 => inert_line(&first.id),
        n => format!("{} and {} more", inert_line(&first.id), n - 1),
    };
    let _ = write!(tip, ": {} to {}", zone.local(first.start), zone.local(end));
    if first.mark == Mark::Unplaced {
        tip.push_str(", cannot happen");
    }
    if let Some(from) = first.moved_from.filter(|_| first.mark == Mark::Moved) {
        let _ = write!(tip, ", was {}", zone.local(from));
    }
    let targets = match first.targets.as_slice() {
        [one] => inert_line(one),
        more => counted(more.len(), "target"),
    };
    let _ = write!(tip, "; {targets}");
    tip
}

fn class(mark: Mark) -> &'static str {
    match mark {
        Mark::Kept => "kept",
        Mark::New => "new",
        Mark::Moved => "moved",
        Mark::Gone => "gone",
        Mark::Unplaced => "unplaced",
    }
}

fn sign(mark: Mark) -> &'static str {
    match mark {
        Mark::Kept => "",
        Mark::New => "+",
        Mark::Moved => "~",
        Mark::Gone => "\u{2212}",
        Mark::Unplaced => "!",
    }
}

/// Rectangles as one path.
fn path(chart: &Chart, bands: &[Band], y: f64) -> String {
    let mut path = String::new();
    for band in bands.iter().filter(|band| band.start < chart.until && chart.from < band.end) {
        let (start, end) = (x(chart, band.start), x(chart, band.end));
        let (top, bottom) = (number(y), number(y + ROW));
        let (start, end) = (number(start), number(end.max(start + 0.5)));
        let _ = write!(path, "M{start} {top}H{end}V{bottom}H{start}Z");
    }
    path
}

fn x(chart: &Chart, instant: DateTime<Utc>) -> f64 {
    LABELS + chart.place(instant) * (WIDTH - LABELS - 14.0)
}

fn number(value: f64) -> String {
    format!("{value:.1}")
}

fn shortened(text: &str) -> String {
    console::truncate_str(text, LONGEST_LABEL, "\u{2026}").into_owned()
}
