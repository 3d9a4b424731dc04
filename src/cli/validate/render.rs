//! The formats of `mainstay validate`.

use crate::cli::output::Format;
use crate::model::Severity;
use crate::validator::report::Report;
use crate::validator::reporter::{checkstyle, github, gitlab, json, jsonl, junit, sarif, tap, text};

/// The formats that there are; the first one is the default.
pub const FORMATS: &[Format] = &[
    Format::Text,
    Format::Json,
    Format::Jsonl,
    Format::Sarif,
    Format::Junit,
    Format::Github,
    Format::Gitlab,
    Format::Tap,
    Format::Checkstyle,
];

/// Writes a report in one of [`FORMATS`]; of its findings those from `least` on, and colours in text only;
/// of its questions, when quiet, those that are no success.
pub fn render(report: &Report, least: Severity, format: Format, color: bool, is_quiet: bool) -> String {
    match format {
        Format::Json => json::json(report, least),
        Format::Jsonl => jsonl::jsonl(report, least),
        Format::Sarif => sarif::sarif(report, least),
        Format::Junit => junit::junit(report, least),
        Format::Github => github::github(report, least),
        Format::Gitlab => gitlab::gitlab(report, least),
        Format::Tap => tap::tap(report, least),
        Format::Checkstyle => checkstyle::checkstyle(report, least),
        Format::Text | Format::Markdown | Format::Html | Format::Ics => {
            text::text(report, least, color, is_quiet)
        }
    }
}
