//! Questions and their answers for people: a line each, the ones that are not yes marked.

use crate::table::{self, Screen, Tone};
use crate::validator::report::{FileReport, Item, Outcome};

/// A table of the questions of a file; empty when none was put. What did not arise is left out, and counted.
pub(super) fn table_of(file: &FileReport, color: bool) -> String {
    let asked: Vec<_> = file.items.iter().filter(|item| item.outcome != Outcome::Skipped).collect();
    if file.items.is_empty() {
        return String::new();
    }
    let screen = Screen { width: None, colors: color };
    let mut text =
        table::table(["ANSWER", "QUESTION", "FOUND"], asked.iter().map(|item| row(item)), &[], screen);
    let n_skipped = file.items.len() - asked.len();
    if n_skipped > 0 {
        text.push_str(&crate::counted(n_skipped, "question"));
        text.push_str(" did not arise\n");
    }
    text.push('\n');
    text
}

fn row(item: &Item) -> Vec<(String, Tone)> {
    let (word, tone) = match item.outcome {
        Outcome::Yes => ("yes", Tone::Good),
        Outcome::No => ("no", Tone::Bad),
        Outcome::Unknown => ("unknown", Tone::Warning),
        Outcome::Skipped => ("-", Tone::Plain),
    };
    vec![(word.to_owned(), tone), (item.name.clone(), Tone::Plain), (item.said.clone(), Tone::Plain)]
}
