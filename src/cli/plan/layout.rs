//! Columns and sentences laid out for the width of a terminal.

use std::fmt::Write as _;

use comfy_table::presets::NOTHING;
use comfy_table::{Attribute, Cell, ContentArrangement};
use console::{Style, measure_text_width};

/// How far what stands below a row is moved in.
const INDENT: usize = 4;

/// Text in columns; without a width for programs and files, each row in one line.
///
/// Of a row that is too wide for the width, the last cells stand below, as many as have to: no cell is broken in its
/// middle. What stands below is named, but for the last column, which is the one that explains.
pub fn columns<const N: usize>(
    header: &[&str; N],
    rows: impl Iterator<Item = [String; N]>,
    width: Option<usize>,
) -> String {
    let mut rows: Vec<_> = rows.collect();
    let all = said(&rows);
    let mut text = table(header, &rows, &all, width.is_some());
    let Some(width) = width else { return text };
    let is_too_wide = |line: &str| width < measure_text_width(line);
    let mut below: Vec<Vec<String>> = vec![Vec::new(); rows.len()];
    for column in all.iter().skip(1).rev() {
        if !text.lines().any(is_too_wide) {
            break;
        }
        let is_last = Some(column) == all.last();
        let is_wide: Vec<_> = text.lines().skip(1).map(is_too_wide).collect();
        // The header alone may be too wide: then no row needs its column.
        let is_header = text.lines().next().is_some_and(is_too_wide);
        for ((row, below), is_wide) in rows.iter_mut().zip(&mut below).zip(is_wide) {
            if (is_wide || is_header) && !row[*column].is_empty() {
                let cell = std::mem::take(&mut row[*column]);
                let name = header[*column].to_lowercase();
                below.insert(0, if is_last { cell } else { format!("{name}: {cell}") });
            }
        }
        text = table(header, &rows, &said(&rows), true);
    }
    let mut shown = String::new();
    for (place, line) in text.lines().enumerate() {
        shown.push_str(line);
        shown.push('\n');
        let Some(below) = place.checked_sub(1).and_then(|place| below.get(place)) else { continue };
        if !below.is_empty() {
            for line in wrapped(&below.join("; "), width.saturating_sub(INDENT), 0).lines() {
                writeln!(shown, "{:INDENT$}{}", "", Style::new().dim().apply_to(line)).unwrap_or_default();
            }
        }
    }
    shown
}

/// The columns that say something; all of them where there is no row.
fn said<const N: usize>(rows: &[[String; N]]) -> Vec<usize> {
    (0..N).filter(|column| rows.is_empty() || rows.iter().any(|row| !row[*column].is_empty())).collect()
}

/// The columns `kept` of `rows`.
fn table<const N: usize>(
    header: &[&str; N],
    rows: &[[String; N]],
    kept: &[usize],
    is_interactive: bool,
) -> String {
    let mut table = comfy_table::Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    let is_bold = is_interactive && console::colors_enabled();
    if is_bold {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    table.set_header(kept.iter().map(|column| {
        let cell = Cell::new(header[*column]);
        if is_bold { cell.add_attribute(Attribute::Bold) } else { cell }
    }));
    for row in rows {
        table.add_row(kept.iter().map(|column| row[*column].as_str()));
    }
    // The last one has none: a style would keep it from being trimmed.
    let gaps = (1..=kept.len()).map(|n| if n == kept.len() { 0 } else { 2 });
    for (column, gap) in table.column_iter_mut().zip(gaps) {
        column.set_padding((0, gap));
    }
    table.trim_fmt() + "\n"
}

/// A sentence in lines of at most `width` columns, broken between words; all lines but the first are moved in by
/// `indent`. A word that is longer than a line is left whole: somebody may want to copy it.
pub fn wrapped(sentence: &str, width: usize, indent: usize) -> String {
    let mut lines = vec![String::new()];
    let mut used = 0;
    // Blanks at the beginning are those of the sentence.
    let start = sentence.len() - sentence.trim_start_matches(' ').len();
    for word in sentence[start..].split(' ') {
        let length = measure_text_width(word);
        let Some(line) = lines.last_mut() else { break };
        let is_first = line.trim().is_empty();
        if !is_first && width < used + 1 + length {
            used = indent + length;
            lines.push(format!("{:indent$}{word}", ""));
            continue;
        }
        if is_first && line.is_empty() {
            line.push_str(&sentence[..start]);
            used = start;
        } else if !is_first {
            line.push(' ');
            used += 1;
        }
        line.push_str(word);
        used += length;
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: [&str; 4] = ["START", "TASK", "CHANGE", "WHY"];

    fn shown(width: Option<usize>) -> String {
        let row = |cells: [&str; 4]| cells.map(str::to_owned);
        let rows = [
            row(["Sat 02:00", "upgrade", "+ new", "next window; the one before closed at its cutoff"]),
            row(["Sun 02:00", "tidy", "", ""]),
        ];
        columns(&HEADER, rows.into_iter(), width)
    }

    #[test]
    fn what_does_not_fit_beside_stands_below_and_no_word_is_broken() {
        let piped = "\
START      TASK     CHANGE  WHY
Sat 02:00  upgrade  + new   next window; the one before closed at its cutoff
Sun 02:00  tidy
";
        assert_eq!(shown(None), piped);
        assert_eq!(shown(Some(80)), piped);
        let narrow = "\
START      TASK     CHANGE
Sat 02:00  upgrade  + new
    next window; the one before
    closed at its cutoff
Sun 02:00  tidy
";
        assert_eq!(shown(Some(32)), narrow);
        let narrower = "\
START      TASK
Sat 02:00  upgrade
    change: + new;
    next window; the
    one before
    closed at its
    cutoff
Sun 02:00  tidy
";
        assert_eq!(shown(Some(20)), narrower);
    }

    #[test]
    fn a_sentence_is_broken_between_words() {
        assert_eq!(wrapped("! one two three", 9, 2), "! one two\n  three");
        assert_eq!(wrapped("  and more", 6, 2), "  and\n  more");
        assert_eq!(wrapped("one", 2, 2), "one");
        assert_eq!(wrapped("", 2, 2), "");
        assert_eq!(wrapped("\u{6f22}\u{5b57} \u{6f22}", 5, 0), "\u{6f22}\u{5b57}\n\u{6f22}");
        for width in 1..40 {
            let text = wrapped("a bb ccc dddd eeeee", width, 2);
            assert!(text.lines().all(|line| line.len() <= width.max(7)), "{width}: {text}");
            assert_eq!(text.split_whitespace().collect::<Vec<_>>().join(" "), "a bb ccc dddd eeeee");
        }
    }
}
