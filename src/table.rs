//! Tables for people, in a terminal or in a pipe.

use comfy_table::{Attribute, Cell, CellAlignment, Color, Column, ContentArrangement, presets};

use crate::text::inert_line;

/// What a value means to the one who reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tone {
    /// Nothing in particular.
    #[default]
    Plain,
    /// As it should be.
    Good,
    /// Worth a look.
    Warning,
    /// Not as it should be.
    Bad,
}

/// What there is to write on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    /// The number of columns; `None` where lines may be as long as they are: a file, a pipe.
    pub width: Option<usize>,
    /// Whether there are colours.
    pub colors: bool,
}

/// A file or a pipe.
pub const PLAIN: Screen = Screen { width: None, colors: false };

/// A head and rows of cells; every cell is one line of text from anywhere.
pub fn table<'a>(
    head: impl IntoIterator<Item = &'a str>,
    rows: impl IntoIterator<Item = Vec<(String, Tone)>>,
    numeric: &[usize],
    screen: Screen,
) -> String {
    let mut table = comfy_table::Table::new();
    table.load_style(presets::NOTHING);
    if screen.colors {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    table.set_content_arrangement(ContentArrangement::Disabled);
    if let Some(width) = screen.width {
        table.set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(u16::try_from(width).unwrap_or(u16::MAX));
    }
    table.set_header(head.into_iter().map(|name| Cell::new(name).add_attribute(Attribute::Bold)));
    for row in rows {
        table.add_row(row.into_iter().map(|(text, tone)| colored(Cell::new(inert_line(&text)), tone)));
    }
    for (index, column) in table.column_iter_mut().enumerate() {
        spaced(column, numeric.contains(&index));
    }
    let mut text = table.trim_fmt();
    text.push('\n');
    text
}

/// Text in the colour of its tone, and bold where it stands out.
pub fn painted(text: &str, tone: Tone, bold: bool, screen: Screen) -> String {
    if !screen.colors {
        return text.to_owned();
    }
    let style = console::Style::new().force_styling(true);
    let style = match tone {
        Tone::Plain => style,
        Tone::Good => style.green(),
        Tone::Warning => style.yellow(),
        Tone::Bad => style.red(),
    };
    let style = if bold { style.bold() } else { style };
    style.apply_to(text).to_string()
}

fn spaced(column: &mut Column, numeric: bool) {
    column.set_padding((0, 2));
    if numeric {
        column.set_cell_alignment(CellAlignment::Right);
    }
}

fn colored(cell: Cell, tone: Tone) -> Cell {
    match tone {
        Tone::Plain => cell,
        Tone::Good => cell.fg(Color::DarkGreen),
        Tone::Warning => cell.fg(Color::DarkYellow),
        Tone::Bad => cell.fg(Color::DarkRed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(text: &str) -> (String, Tone) {
        (text.to_owned(), Tone::Bad)
    }

    #[test]
    fn a_row_is_one_line_in_a_pipe_and_fits_a_terminal() {
        let rows = || vec![vec![cell("upgrade\nforged"), cell(&"long ".repeat(30)), cell("7")]];
        let piped = table(["TASK", "TITLE", "RUNS"], rows(), &[2], PLAIN);
        assert_eq!(piped.lines().count(), 2);
        assert!(piped.contains(r"upgrade\u{a}forged"));
        let screen = Screen { width: Some(60), colors: false };
        let shown = table(["TASK", "TITLE", "RUNS"], rows(), &[2], screen);
        assert!(shown.lines().all(|line| line.chars().count() <= 60), "{shown}");
    }

    #[test]
    fn colours_come_only_when_asked_for() {
        let with = |colors| table(["A"], [vec![cell("x")]], &[], Screen { width: None, colors });
        assert!(with(true).contains('\u{1b}'));
        assert_eq!(with(false), "A\nx\n");
    }
}
