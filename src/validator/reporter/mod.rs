//! Findings for people and for programs: one format a file, each a function from the report to its text.
//!
//! 1. Text from outside never acts: each format escapes it by its own rules, once.
//! 2. The same report gives the same bytes.

pub mod json;
pub mod manual;
pub mod text;

use crate::counted;
use crate::model::{Finding, Severity};

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
