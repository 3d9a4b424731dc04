//! The words of a finding, made harmless, for formats that have no place of their own for each of them.

use super::location;
use crate::model::{Finding, Severity};
use crate::text::inert_line;
use crate::validator::report::FileReport;

/// What is wrong, what was expected, and what to do: a line each.
pub(super) fn lines(finding: &Finding) -> Vec<String> {
    let expected = finding.expected.as_deref().map(inert_line);
    let help = finding.help.as_deref().map(|help| format!("help: {}", inert_line(help)));
    [Some(inert_line(&finding.message)), expected, help].into_iter().flatten().collect()
}

/// `maintenance.yaml:8:13: error: ...`, and what belongs to it in indented lines.
pub(super) fn in_full(file: &FileReport, finding: &Finding) -> String {
    let (path, start, _) = location(file, finding);
    let place = format!("{}:{}:{}", inert_line(path), start.line, start.column);
    format!("{place}: {}: {}", severity(finding.severity), lines(finding).join("\n  "))
}

/// How bad a finding is, in one word.
pub(super) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}
