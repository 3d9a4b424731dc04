//! Questions with their answers, for people: one a line.

use std::fmt::Write;
use std::time::Duration;

use console::Style;

use crate::counted;
use crate::model::Severity;
use crate::text::inert_line;
use crate::validator::report::{FileReport, Item, Outcome};

/// Whether questions were put: to the live system, or to the record of runs.
pub(super) fn has_questions(file: &FileReport) -> bool {
    !file.items.is_empty()
}

/// Writes a line for each item: how it stands, its name, what is asked, and what was found; below one that is no
/// success, why, with the place in the plan file that asks for more. When quiet, of those that are no success alone.
/// What did not arise is counted only.
///
/// A finding fails a question from `fail_on` on, as it does in every other format; below that the line says what it is.
pub(super) fn written(file: &FileReport, fail_on: Severity, color: bool, is_quiet: bool) -> String {
    let is_shown = |item: &&Item| item.outcome != Outcome::Skipped && !(is_quiet && is_success(item));
    let shown: Vec<_> = file.items.iter().filter(is_shown).collect();
    let widest = |text: fn(&Item) -> &str, most: usize| {
        let widths = shown.iter().map(|item| console::measure_text_width(&inert_line(text(item))));
        widths.max().unwrap_or(0).min(most)
    };
    let widths = (widest(|item| &item.name, 40), widest(in_short, 48));
    let whole =
        |item: &&Item| line(item, standing(file, item, fail_on), widths, color) + &reasons(file, item);
    shown.iter().map(whole).collect()
}

/// How many items stand how: `4 checks`, `1 ok`, `1 failed`, `1 warning`, `1 unknown`.
pub(super) fn counts(file: &FileReport, fail_on: Severity) -> Vec<String> {
    let standings: Vec<_> = file.items.iter().map(|item| standing(file, item, fail_on)).collect();
    let number = |one: Standing| standings.iter().filter(|other| **other == one).count();
    let words = [
        (Standing::Ok, "ok"),
        (Standing::Failed, "failed"),
        (Standing::Warning, if number(Standing::Warning) == 1 { "warning" } else { "warnings" }),
        (Standing::Note, if number(Standing::Note) == 1 { "note" } else { "notes" }),
        (Standing::Unknown, "unknown"),
        (Standing::Skipped, "did not arise"),
    ];
    let told = words.map(|(one, word)| (number(one), word)).into_iter().filter(|(n, _)| *n > 0);
    std::iter::once(counted(file.n_evaluated, file.noun))
        .chain(told.map(|(n, word)| format!("{n} {word}")))
        .collect()
}

/// How an item stands, which decides on the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Ok,
    Failed,
    /// Not as it should be, and by the severity of what was found no failure.
    Warning,
    Note,
    Unknown,
    Skipped,
}

fn standing(file: &FileReport, item: &Item, fail_on: Severity) -> Standing {
    match item.outcome {
        Outcome::Yes => Standing::Ok,
        Outcome::Unknown => Standing::Unknown,
        Outcome::Skipped => Standing::Skipped,
        Outcome::No => match file.of_item(item).map(|finding| finding.severity).max() {
            Some(Severity::Note) if fail_on > Severity::Note => Standing::Note,
            Some(Severity::Warning) if fail_on > Severity::Warning => Standing::Warning,
            _ => Standing::Failed,
        },
    }
}

/// What is asked, in a few words: of a question to the record, which says by its name what it asks, what it is about.
fn in_short(item: &Item) -> &str {
    match item.asks.split_once(": ") {
        Some((aspect, _)) if item.took.is_none() => aspect,
        _ => &item.asks,
    }
}

/// Whether what was found stands in the line, or below it.
fn is_success(item: &Item) -> bool {
    matches!(item.outcome, Outcome::Yes | Outcome::Skipped)
}

fn line(item: &Item, standing: Standing, (name, asks): (usize, usize), color: bool) -> String {
    let (word, style) = match standing {
        Standing::Ok => ("ok", Style::new().green()),
        Standing::Failed => ("FAILED", Style::new().red().bold()),
        Standing::Warning => ("warning", Style::new().yellow()),
        Standing::Note => ("note", Style::new().cyan()),
        Standing::Unknown => ("unknown", Style::new().yellow()),
        Standing::Skipped => ("skipped", Style::new().dim()),
    };
    let mut line = style.force_styling(color).apply_to(format!("{word:<WIDTH$}")).to_string();
    line.push_str(&padded(&inert_line(&item.name), name));
    if asks > 0 {
        line.push_str("  ");
        line.push_str(&padded(&inert_line(in_short(item)), asks));
    }
    if is_success(item) {
        line.push_str("  ");
        line.push_str(&inert_line(&item.said));
    }
    if let Some(took) = item.took {
        let _ = write!(line, "  ({})", in_seconds(took));
    }
    line.push('\n');
    line
}

/// The columns of the word that says how an item stands.
const WIDTH: usize = 9;

/// Why an item is no success: its findings, or what was said.
fn reasons(file: &FileReport, item: &Item) -> String {
    if is_success(item) {
        return String::new();
    }
    let mut text = String::new();
    let mut tell = |words: &str| _ = writeln!(text, "{:WIDTH$}{}", "", inert_line(words));
    let mut findings = file.of_item(item).peekable();
    if findings.peek().is_none() {
        tell(&item.said);
    }
    for finding in findings {
        let said = if finding.message.ends_with(&item.said) { &item.said } else { &finding.message };
        tell(said);
        let place = finding.place.as_ref();
        let at = place.map(|place| format!(", {}:{}:{}", place.file, place.start.line, place.start.column));
        tell(&format!("{}{}", finding.code, at.unwrap_or_default()));
        if let Some(help) = &finding.help {
            tell(&format!("help: {help}"));
        }
    }
    text
}

/// The text in `width` columns; of a longer one the beginning.
fn padded(text: &str, width: usize) -> String {
    console::pad_str(text, width, console::Alignment::Left, Some("…")).into_owned()
}

/// How long something took, in seconds: `0.3s`.
fn in_seconds(took: Duration) -> String {
    format!("{:.1}s", took.as_secs_f64())
}
