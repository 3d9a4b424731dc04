//! What is owed, worded for people.

use super::page::{Cell, Row, Section};
use crate::calendar::Zone;
use crate::counted;
use crate::scheduler::debt::{Debt, Item};
use crate::table::Tone;
use crate::text::inert_line;

/// A person who sees more of them at once reads none; the JSON has all.
const MOST_LINES: usize = 10;
/// As many as a page holds.
const MOST_ROWS: usize = 200;

/// The names of the columns of a table.
pub const COLUMNS: [&str; 5] = ["Points", "Owed since", "Kind", "What", "What to do"];

/// A line for each of the heaviest items, and their sum; nothing when nothing is owed.
pub fn lines(debt: &Debt, zone: &Zone) -> Vec<String> {
    let line = |item: &Item| {
        let since = item.since.map(|since| format!(", owed since {}", zone.local(since))).unwrap_or_default();
        format!("! {}{since} ({}); {}", inert_line(&item.what), points(item.points), inert_line(&item.help))
    };
    let mut lines: Vec<_> = debt.items.iter().take(MOST_LINES).map(line).collect();
    lines.extend(left_out(debt, MOST_LINES));
    lines.extend(sum(debt));
    lines
}

/// The sum in one line; `None` when nothing is owed.
pub fn sum(debt: &Debt) -> Option<String> {
    let n = debt.items.len();
    let verb = if n == 1 { "is" } else { "are" };
    (0 < n).then(|| format!("debt {}: {} {verb} owed", points(debt.total), counted(n, "thing")))
}

/// How many items are not shown when `most` of them are.
pub fn left_out(debt: &Debt, most: usize) -> Option<String> {
    let n = debt.items.len().saturating_sub(most);
    (0 < n).then(|| format!("  and {n} more, which `--format json` has"))
}

/// A row for each item: [`COLUMNS`] names the cells.
pub fn rows(debt: &Debt, zone: &Zone) -> impl Iterator<Item = [String; 5]> {
    debt.items.iter().take(MOST_ROWS).map(|item| {
        [
            item.points.to_string(),
            item.since.map_or("-".to_owned(), |since| zone.local(since)),
            item.kind.words().to_owned(),
            inert_line(&item.what),
            inert_line(&item.help),
        ]
    })
}

/// What is not in [`rows`].
pub fn not_in_rows(debt: &Debt) -> Option<String> {
    left_out(debt, MOST_ROWS).map(|text| text.trim().to_owned())
}

/// A section of a page; `None` when nothing is owed.
pub fn section(debt: &Debt, zone: &Zone) -> Option<Section> {
    let row = |cells: [String; 5]| Row {
        cells: cells.into_iter().map(|text| Cell { text, tone: Tone::Plain }).collect(),
        detail: None,
    };
    let rows: Vec<_> = rows(debt, zone).map(row).collect();
    (!rows.is_empty()).then(|| Section {
        heading: "What is owed",
        columns: COLUMNS.to_vec(),
        rows,
        empty: "",
    })
}

fn points(n: u64) -> String {
    counted(usize::try_from(n).unwrap_or(usize::MAX), "point")
}
