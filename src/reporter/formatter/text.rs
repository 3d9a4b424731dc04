//! The page for a terminal or a pipe.

use std::fmt::Write;

use super::page::{Page, Row, Section};
use crate::table::{Screen, Tone, painted, table};

/// Formats `page`.
pub fn format(page: &Page, screen: Screen) -> String {
    let mut text = painted(&page.title, Tone::Plain, true, screen) + "\n";
    let width = page.facts.iter().map(|fact| fact.label.len()).max().unwrap_or(0);
    for fact in &page.facts {
        let _ = writeln!(text, "  {:width$}  {}", fact.label, fact.value);
    }
    text.push('\n');
    for headline in &page.headlines {
        text.push_str(&painted(&headline.text, headline.tone, true, screen));
        text.push('\n');
    }
    text.push('\n');
    let width = page.figures.iter().map(|figure| figure.label.len()).max().unwrap_or(0);
    for figure in &page.figures {
        let value = painted(&figure.value, figure.tone, false, screen);
        let _ = writeln!(text, "  {:width$}  {value}", figure.label);
    }
    if !page.attention.is_empty() {
        text.push_str(&heading("What to do next", screen));
        for item in &page.attention {
            let _ = writeln!(text, "{} {}", painted("*", item.tone, true, screen), item.what);
            let _ = writeln!(text, "    {}", item.command);
        }
    }
    for section in &page.sections {
        text.push_str(&heading(section.heading, screen));
        text.push_str(&body(section, screen));
    }
    text
}

fn heading(text: &str, screen: Screen) -> String {
    format!("\n{}\n", painted(text, Tone::Plain, true, screen))
}

fn body(section: &Section, screen: Screen) -> String {
    if section.rows.is_empty() {
        return format!("{}\n", section.empty);
    }
    let mut text = rows(section, screen);
    for row in &section.rows {
        let Some(detail) = &row.detail else { continue };
        let _ = writeln!(text, "\n{} {}, {}", section.columns[0], row.cells[0].text, detail.text);
        for line in &detail.lines {
            let _ = writeln!(text, "    {line}");
        }
    }
    text
}

/// The fewest columns that make a table.
const FEWEST: usize = 3;

/// The table; where it is too wide for the screen, its last columns stand below each row.
fn rows(section: &Section, screen: Screen) -> String {
    let unbounded = Screen { width: None, ..screen };
    let first = |n: usize| {
        let columns: Vec<_> = section.columns.iter().take(n).map(|name| name.to_uppercase()).collect();
        let cells = |row: &Row| row.cells.iter().take(n).map(|cell| (cell.text.clone(), cell.tone)).collect();
        table(columns.iter().map(String::as_str), section.rows.iter().map(cells), &[], unbounded)
    };
    let width = screen.width.unwrap_or(usize::MAX);
    let fits = |text: &String| text.lines().all(|line| console::measure_text_width(line) <= width);
    let n_columns = section.columns.len();
    let widest = (FEWEST..=n_columns).rev().map(|n| (n, first(n))).find(|(_, text)| fits(text));
    let (n, text) = widest.unwrap_or_else(|| (FEWEST.min(n_columns), first(FEWEST)));
    if n == n_columns {
        return text;
    }
    let mut lines = text.lines();
    let mut text = format!("{}\n", lines.next().unwrap_or_default());
    for (line, row) in lines.zip(&section.rows) {
        let _ = writeln!(text, "{line}");
        let below = section.columns.iter().zip(&row.cells).skip(n).filter(|(_, cell)| cell.text != "-");
        let below = below.map(|(name, cell)| format!("{name}: {}", cell.text));
        text.push_str(&packed(below, width));
    }
    text
}

/// As many items on each indented line as fit.
fn packed(items: impl Iterator<Item = String>, width: usize) -> String {
    const INDENT: &str = "    ";
    let mut lines: Vec<String> = Vec::new();
    for item in items {
        match lines.last_mut() {
            Some(line)
                if console::measure_text_width(line) + 3 + console::measure_text_width(&item) <= width =>
            {
                *line += "   ";
                *line += &item;
            }
            _ => lines.push(format!("{INDENT}{item}")),
        }
    }
    lines.into_iter().map(|line| line + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reporter::formatter::page::Cell;

    #[test]
    fn what_does_not_fit_beside_stands_below() {
        let cell = |text: &str| Cell { text: text.to_owned(), tone: Tone::Plain };
        let row = Row { cells: ["a", "ok", "-", "-", &"t".repeat(30)].map(cell).into(), detail: None };
        let section = Section {
            heading: "Tasks",
            columns: vec!["task", "state", "last", "next", "title"],
            rows: vec![row],
            empty: "",
        };
        let shown = |width| rows(&section, Screen { width, colors: false });
        assert_eq!(shown(None).lines().count(), 2);
        assert_eq!(shown(Some(80)), shown(None));
        let below = format!("TASK  STATE  LAST  NEXT\na     ok     -     -\n    title: {}\n", "t".repeat(30));
        assert_eq!(shown(Some(40)), below);
    }
}
