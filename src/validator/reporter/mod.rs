//! Findings for people and for programs: one format a file, each a function from the report to its text.
//!
//! 1. Text from outside never acts: each format escapes it by its own rules, once.
//! 2. The same report gives the same bytes.

pub mod checkstyle;
mod fingerprint;
pub mod github;
pub mod gitlab;
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
use super::report::FileReport;
use crate::counted;
use crate::model::{Finding, Position, Severity};

/// What formats that only list findings say of a file in which there was nothing to find any in: an empty list
/// would look like success.
const NOTHING_EVALUATED: &str = "nothing to evaluate, there is no task";

/// Whether the answer is unknown because nothing was evaluated.
fn is_vacuous(file: &FileReport) -> bool {
    file.is_readable && file.verdict == Verdict::Unknown
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
