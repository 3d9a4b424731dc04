//! The page for a terminal or a pipe.

use std::fmt::Write;

use super::page::{Page, Section};
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
    let columns: Vec<_> = section.columns.iter().map(|name| name.to_uppercase()).collect();
    let rows = section
        .rows
        .iter()
        .map(|row| row.cells.iter().map(|cell| (cell.text.clone(), cell.tone)).collect::<Vec<_>>());
    let mut text = table(columns.iter().map(String::as_str), rows, &[], screen);
    for row in &section.rows {
        let Some(detail) = &row.detail else { continue };
        let _ = writeln!(text, "\n{} {}, {}", section.columns[0], row.cells[0].text, detail.text);
        for line in &detail.lines {
            let _ = writeln!(text, "    {line}");
        }
    }
    text
}
