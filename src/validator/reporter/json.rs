//! One object of the schema `mainstay/validate/v1`, for programs.

use serde::Serialize;

use crate::model::{Finding, Severity};
use crate::text::inert_json;
use crate::validator::engine::Verdict;
use crate::validator::report::{FileReport, Item, Outcome, Report};

/// Names the form of [`json`].
const SCHEMA: &str = "mainstay/validate/v1";

/// The result of `validate` for programs.
#[derive(Debug, Serialize)]
struct Json<'a> {
    schema: &'static str,
    verdict: Verdict,
    findings: Vec<JsonFinding<'a>>,
    /// How many tasks, checks or runs were looked at.
    evaluated: usize,
    /// How many findings a waiver took back.
    waived: usize,
    files: Vec<JsonFile<'a>>,
    /// The questions that were put to the live system or to the record, with their answers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    items: Vec<JsonItem<'a>>,
}

/// One question with its answer: `yes`, `no`, `unknown` or `skipped`.
#[derive(Debug, Serialize)]
pub(super) struct JsonItem<'a> {
    file: &'a str,
    name: &'a str,
    asks: &'a str,
    outcome: Outcome,
    said: &'a str,
    took_seconds: Option<f64>,
}

impl<'a> JsonItem<'a> {
    /// Those of all files.
    pub(super) fn all(report: &'a Report) -> impl Iterator<Item = Self> {
        report.files.iter().flat_map(|file| file.items.iter().map(|item| Self::new(file, item)))
    }

    fn new(file: &'a FileReport, item: &'a Item) -> Self {
        Self {
            file: &file.source.path,
            name: &item.name,
            asks: &item.asks,
            outcome: item.outcome,
            said: &item.said,
            took_seconds: item.took.map(|took| took.as_secs_f64()),
        }
    }
}

/// What one file amounts to.
#[derive(Debug, Serialize)]
pub(super) struct JsonFile<'a> {
    file: &'a str,
    verdict: Verdict,
    readable: bool,
    evaluated: usize,
    waived: usize,
}

/// One finding; lines and columns count from 1, the end is the position after the last character.
#[derive(Debug, Serialize)]
pub(super) struct JsonFinding<'a> {
    code: &'static str,
    severity: Severity,
    message: &'a str,
    file: &'a str,
    line: Option<u32>,
    column: Option<u32>,
    end_line: Option<u32>,
    end_column: Option<u32>,
    subject: &'a str,
    expected: Option<&'a str>,
    help: Option<&'a str>,
    /// The control that asks for what is missing: its standard and its id.
    control: Option<&'a str>,
    /// The entries of the ledger that it rests on.
    #[serde(skip_serializing_if = "<[u64]>::is_empty")]
    evidence: &'a [u64],
    /// Whether `--fix` mends it.
    fixable: bool,
}

impl<'a> JsonFile<'a> {
    pub(super) fn new(file: &'a FileReport) -> Self {
        Self {
            file: &file.source.path,
            verdict: file.verdict,
            readable: file.is_readable,
            evaluated: file.n_evaluated,
            waived: file.n_waived,
        }
    }
}

impl<'a> JsonFinding<'a> {
    pub(super) fn new(file: &'a FileReport, finding: &'a Finding) -> Self {
        let place = finding.place.as_ref();
        Self {
            code: finding.code,
            severity: finding.severity,
            message: &finding.message,
            file: place.map_or(&file.source.path, |place| &place.file),
            line: place.map(|place| place.start.line),
            column: place.map(|place| place.start.column),
            end_line: place.map(|place| place.end.line),
            end_column: place.map(|place| place.end.column),
            subject: &finding.subject,
            expected: finding.expected.as_deref(),
            help: finding.help.as_deref(),
            control: finding.control.as_deref(),
            evidence: &finding.evidence,
            fixable: finding.remedy.is_some(),
        }
    }
}

/// Writes one object of the schema `mainstay/validate/v1`; of the findings those from `least` on.
pub fn json(report: &Report, least: Severity) -> String {
    let shown = report.findings().filter(|(_, finding)| finding.severity >= least);
    let object = Json {
        schema: SCHEMA,
        verdict: report.verdict,
        findings: shown.map(|(file, finding)| JsonFinding::new(file, finding)).collect(),
        evaluated: report.n_evaluated(),
        waived: report.files.iter().map(|file| file.n_waived).sum(),
        files: report.files.iter().map(JsonFile::new).collect(),
        items: JsonItem::all(report).collect(),
    };
    let text = serde_json::to_string_pretty(&object);
    let text = text.unwrap_or_else(|_| unreachable!("texts and numbers become JSON"));
    inert_json(&text) + "\n"
}
