//! A Gantt chart of characters: a row for each task, windows and blackouts behind its work.

use std::fmt::Write as _;

use chrono::{DateTime, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use console::Style;

use super::text::broken;
use super::words::one_line;
use crate::calendar::Zone;
use crate::model::Length;
use crate::scheduler::report::chart::{Band, Chart, Mark, Row};

/// What a chart is drawn on.
#[derive(Debug, Clone, Copy)]
pub struct Canvas {
    /// Columns of a line.
    pub width: usize,
    /// Whether it is a terminal, where long sentences are broken.
    pub is_watched: bool,
    /// Whether there are characters beyond ASCII.
    pub is_unicode: bool,
    /// Whether there are colours.
    pub is_colored: bool,
}

/// The width where there is no terminal to ask.
const DEFAULT_WIDTH: usize = 100;
/// A tick, its label, and a blank before the next one.
const TICK: usize = "|03-07 ".len();

impl Canvas {
    /// A terminal of `width` columns, or a pipe or a file; the locale says which characters there are.
    pub fn of(width: Option<usize>, is_colored: bool) -> Self {
        let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set).unwrap_or_default();
        let locale = locale.to_ascii_lowercase();
        let is_unicode = locale.contains("utf-8") || locale.contains("utf8");
        Self { width: width.unwrap_or(DEFAULT_WIDTH), is_watched: width.is_some(), is_unicode, is_colored }
    }

    fn glyph(self, cell: Cell) -> char {
        match cell {
            Cell::Empty => ' ',
            Cell::Window => {
                if self.is_unicode {
                    '\u{2591}'
                } else {
                    '.'
                }
            }
            Cell::Blackout => {
                if self.is_unicode {
                    '\u{2573}'
                } else {
                    'x'
                }
            }
            // What does not happen is no solid work.
            Cell::Work(mark @ (Mark::Gone | Mark::Unplaced)) => self.glyph(Cell::Begin(mark)),
            Cell::Work(_) => {
                if self.is_unicode {
                    '\u{2588}'
                } else {
                    '#'
                }
            }
            Cell::Begin(mark) => marker(mark).unwrap_or_else(|| self.glyph(Cell::Work(mark))),
        }
    }
}

/// The sign of what is not as it was published, as in the table.
fn marker(mark: Mark) -> Option<char> {
    match mark {
        Mark::Kept => None,
        Mark::New => Some('+'),
        Mark::Moved => Some('~'),
        Mark::Gone => Some('-'),
        Mark::Unplaced => Some('!'),
    }
}

/// One character of a row; of several things, the later one is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cell {
    Empty,
    Window,
    Blackout,
    Work(Mark),
    Begin(Mark),
}

/// Draws a chart, what its signs mean, and `notes` below.
pub fn draw(chart: &Chart, notes: &[String], zone: &Zone, canvas: Canvas) -> String {
    let mut text = String::new();
    if !chart.rows.is_empty() {
        let names: Vec<_> = chart.rows.iter().map(|row| one_line(&row.task)).collect();
        let widest = names.iter().map(|name| console::measure_text_width(name)).max().unwrap_or_default();
        let n_name = widest.min(canvas.width / 3);
        let n_cells = canvas.width.saturating_sub(n_name + 2).max(TICK);
        head(&mut text, chart, zone, n_name, n_cells);
        let mut seen = Vec::new();
        for (row, name) in chart.rows.iter().zip(&names) {
            let cells = cells(chart, row, n_cells);
            for cell in &cells {
                if !seen.contains(cell) {
                    seen.push(*cell);
                }
            }
            let end = if canvas.is_unicode { "\u{2026}" } else { "~" };
            let name = console::truncate_str(name, n_name, end);
            let name = console::pad_str(&name, n_name, console::Alignment::Left, None);
            writeln!(text, "{name}  {}", painted(&cells, canvas)).unwrap_or_default();
        }
        writeln!(text, "\n{}\n", legend(&seen, canvas)).unwrap_or_default();
    }
    for note in notes {
        let note = broken(note.clone(), canvas.is_watched.then_some(canvas.width));
        writeln!(text, "{note}").unwrap_or_default();
    }
    text
}

/// What time it is about, and the ticks.
fn head(text: &mut String, chart: &Chart, zone: &Zone, n_name: usize, n_cells: usize) {
    let column = (chart.until - chart.from) / i32::try_from(n_cells).unwrap_or(i32::MAX);
    let column = Length(TimeDelta::minutes(column.num_minutes().max(1)));
    let (from, until) = (zone.local(chart.from), zone.local(chart.until));
    let abbreviation = zone.abbreviation(chart.until);
    writeln!(text, "{from} to {until} {abbreviation}; a column is {column}").unwrap_or_default();
    let mut line = vec![' '; n_cells];
    for tick in chart.ticks(zone, n_cells / TICK) {
        let (cell, label) = (cell(chart, tick.at, n_cells), format!("|{}", label(tick.local)));
        if cell + label.len() <= n_cells {
            line.splice(cell..cell + label.len(), label.chars());
        }
    }
    let line: String = line.into_iter().collect();
    writeln!(text, "{:n_name$}  {}", "", line.trim_end()).unwrap_or_default();
}

fn label(local: NaiveDateTime) -> String {
    let format = if local.time() == NaiveTime::MIN { "%m-%d" } else { "%H:%M" };
    local.format(format).to_string()
}

/// The characters of a row.
fn cells(chart: &Chart, row: &Row, n_cells: usize) -> Vec<Cell> {
    let mut cells = vec![Cell::Empty; n_cells];
    let mut fill = |start, end, cell| {
        let (first, after) = range(chart, start, end, n_cells);
        cells[first..after].fill(cell);
    };
    let visible = |band: &&Band| band.start < chart.until && chart.from < band.end;
    for band in row.windows.iter().flat_map(|windows| windows.iter()).filter(visible) {
        fill(band.start, band.end, Cell::Window);
    }
    for band in row.blackouts.iter().filter(visible) {
        fill(band.start, band.end, Cell::Blackout);
    }
    for bar in &row.bars {
        fill(bar.start, bar.end, Cell::Work(bar.mark));
    }
    // Signs last, so that no work hides that of its neighbour; of several in a cell the worst news is seen.
    for mark in [Mark::New, Mark::Moved, Mark::Gone, Mark::Unplaced] {
        for bar in row.bars.iter().filter(|bar| bar.mark == mark) {
            let (first, _) = range(chart, bar.start, bar.end, n_cells);
            cells[first] = Cell::Begin(mark);
        }
    }
    cells
}

/// The cells that a stretch of time touches, at least one.
fn range(chart: &Chart, start: DateTime<Utc>, end: DateTime<Utc>, n_cells: usize) -> (usize, usize) {
    let first = cell(chart, start, n_cells);
    let last = cell(chart, end - TimeDelta::seconds(1), n_cells);
    (first, last.max(first) + 1)
}

/// The cell that an instant lies in.
fn cell(chart: &Chart, instant: DateTime<Utc>, n_cells: usize) -> usize {
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a place is between 0 and 1, and lines are short"
    )]
    let cell = (chart.place(instant) * n_cells as f64) as usize;
    cell.min(n_cells - 1)
}

/// Cells as text, without blanks at the end.
fn painted(cells: &[Cell], canvas: Canvas) -> String {
    let n_shown = cells.iter().rposition(|cell| *cell != Cell::Empty).map_or(0, |last| last + 1);
    let runs = cells[..n_shown].chunk_by(|a, b| a == b);
    runs.map(|run| {
        let text = canvas.glyph(run[0]).to_string().repeat(run.len());
        if canvas.is_colored && run[0] != Cell::Empty {
            style(run[0]).apply_to(text).to_string()
        } else {
            text
        }
    })
    .collect()
}

fn style(cell: Cell) -> Style {
    let style = Style::new();
    match cell {
        Cell::Empty => style,
        Cell::Window | Cell::Blackout => style.dim(),
        Cell::Work(mark) | Cell::Begin(mark) => match mark {
            Mark::Kept => style.cyan(),
            Mark::New => style.green(),
            Mark::Moved => style.yellow(),
            Mark::Gone | Mark::Unplaced => style.red(),
        },
    }
}

/// What the signs mean that were seen.
fn legend(seen: &[Cell], canvas: Canvas) -> String {
    let meanings = [
        (Cell::Work(Mark::Kept), "as published"),
        (Cell::Begin(Mark::New), "new"),
        (Cell::Begin(Mark::Moved), "moved"),
        (Cell::Begin(Mark::Gone), "gone"),
        (Cell::Begin(Mark::Unplaced), "cannot happen"),
        (Cell::Window, "window"),
        (Cell::Blackout, "blackout"),
    ];
    let shown = meanings.into_iter().filter(|(cell, _)| seen.contains(cell));
    shown.map(|(cell, meaning)| format!("{} {meaning}", canvas.glyph(cell))).collect::<Vec<_>>().join("   ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheduler::report::chart::Bar;

    fn at(hour: i64) -> DateTime<Utc> {
        "2026-03-07T00:00:00Z".parse::<DateTime<Utc>>().expect("an instant") + TimeDelta::hours(hour)
    }

    fn row(task: &str, bars: &[(i64, i64, Mark)]) -> Row {
        let bar = |(start, end, mark): &(i64, i64, Mark)| Bar {
            id: String::new(),
            targets: Vec::new(),
            start: at(*start),
            end: at(*end),
            mark: *mark,
            moved_from: None,
        };
        let (task, title) = (task.to_owned(), task.to_owned());
        Row { task, title, windows: None, blackouts: Vec::new(), bars: bars.iter().map(bar).collect() }
    }

    #[test]
    fn a_chart_fits_every_width_and_every_length_of_time() {
        let names = [
            "a",
            "\u{6f22}\u{5b57}\u{6f22}\u{5b57}\u{6f22}\u{5b57}\u{6f22}\u{5b57}",
            "a-long-name-".repeat(9).leak(),
        ];
        let rows = names
            .map(|name| row(name, &[(-5, 1, Mark::Kept), (2, 3, Mark::Moved), (20_000, 30_000, Mark::New)]));
        for width in 40..200 {
            for hours in [1, 2, 24, 100, 672, 5000, 26_000] {
                let chart = Chart { from: at(0), until: at(hours), rows: rows.to_vec() };
                let canvas = Canvas { width, is_watched: false, is_unicode: true, is_colored: false };
                let text = draw(&chart, &[], &Zone::utc(), canvas);
                // The first line says what it is about; the last one is the legend.
                for line in text.lines().skip(1).take(1 + names.len()) {
                    assert!(console::measure_text_width(line) <= width, "{width}, {hours}h:\n{text}");
                }
                assert!(
                    text.lines().nth(1).is_some_and(|ticks| ticks.contains('|')),
                    "{width}, {hours}h:\n{text}"
                );
            }
        }
    }

    #[test]
    fn of_several_signs_in_one_place_the_worst_is_seen_and_no_work_hides_its_neighbour() {
        let check = |bars: &[(i64, i64, Mark)], expected: &str| {
            let chart = Chart { from: at(0), until: at(10), rows: Vec::new() };
            let canvas = Canvas { width: 10, is_watched: false, is_unicode: false, is_colored: false };
            assert_eq!(painted(&cells(&chart, &row("a", bars), 10), canvas), expected, "{bars:?}");
        };
        check(&[(1, 3, Mark::Kept), (5, 8, Mark::New)], " ##  +##");
        check(&[(1, 3, Mark::Gone), (1, 3, Mark::New)], " -#");
        check(&[(1, 3, Mark::Unplaced), (1, 4, Mark::Gone)], " !--");
        check(&[(0, 20, Mark::Kept), (2, 4, Mark::Moved)], "##~#######");
        check(&[(9, 10, Mark::Moved)], "         ~");
    }
}
