//! Findings for people and for programs: one format a file, each a function from the report to its text.
//!
//! 1. Text from outside never acts: each format escapes it by its own rules, once.
//! 2. The same report gives the same bytes.

pub mod checkstyle;
mod fingerprint;
pub mod github;
pub mod gitlab;
mod items;
pub mod json;
pub mod jsonl;
pub mod junit;
pub mod manual;
mod path;
mod points;
#[cfg(test)]
mod sample;
pub mod sarif;
pub mod tap;
pub mod text;
mod words;
mod xml;

use super::engine::Verdict;
use super::report::{FileReport, Outcome};
use crate::counted;
use crate::model::{Finding, Position, Severity};

/// Whether the answer is unknown although the file could be read: an empty list of findings would look like success.
fn is_vacuous(file: &FileReport) -> bool {
    file.is_readable && file.verdict == Verdict::Unknown
}

/// Why nobody can say: nothing was evaluated, or questions have no answer.
fn why_unknown(file: &FileReport) -> String {
    let n_unknown = file.items.iter().filter(|item| item.outcome == Outcome::Unknown).count();
    match n_unknown {
        0 => format!("nothing to evaluate, there is no {}", file.noun),
        n => format!("{} without an answer", counted(n, file.noun)),
    }
}

/// The file that a finding points into, its first position and the one after its last; a finding about the file
/// as a whole stands at its beginning.
fn location<'a>(file: &'a FileReport, finding: &'a Finding) -> (&'a str, Position, Position) {
    const BEGINNING: Position = Position { line: 1, column: 1 };
    match &finding.place {
        Some(place) => (&place.file, place.start, place.end),
        None => (&file.source.path, BEGINNING, BEGINNING),
    }
}

/// How many findings of each severity there are, the worst first: `2 errors`, `1 warning`.
fn counts<'f>(findings: impl Iterator<Item = &'f Finding>) -> Vec<String> {
    let mut n = [0; 3];
    for finding in findings {
        n[finding.severity as usize] += 1;
    }
    let words = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "note")];
    let some = words.into_iter().filter(|(severity, _)| n[*severity as usize] > 0);
    some.map(|(severity, word)| counted(n[severity as usize], word)).collect()
}
