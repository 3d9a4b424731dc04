//! Findings as a reader of a format sees them, and as they ought to be seen.

use mainstay::model::{Finding, Position, Severity};
use mainstay::validator::report::{FileReport, Report};

/// One finding, as far as every format has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seen {
    pub code: String,
    pub severity: String,
    pub file: String,
    pub line: u64,
    pub column: u64,
    /// What is wrong, what was expected and what to do, with `; ` between.
    pub words: String,
}

/// What a report holds, sorted; `note` is what the format calls a note.
pub fn expected(report: &Report, note: &str) -> Vec<Seen> {
    let mut all: Vec<_> = report.findings().map(|(file, finding)| seen(file, finding, note)).collect();
    all.sort();
    all
}

fn seen(file: &FileReport, finding: &Finding, note: &str) -> Seen {
    let place = finding.place.as_ref();
    let start = place.map_or(Position { line: 1, column: 1 }, |place| place.start);
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => note,
    };
    let help = finding.help.as_deref().map(|help| format!("help: {}", visible(help)));
    let expected = finding.expected.as_deref().map(visible);
    let words = [Some(visible(&finding.message)), expected, help];
    Seen {
        code: finding.code.to_owned(),
        severity: severity.to_owned(),
        file: place.map_or(&file.source.path, |place| &place.file).clone(),
        line: start.line.into(),
        column: start.column.into(),
        words: words.into_iter().flatten().collect::<Vec<_>>().join("; "),
    }
}

/// A line with everything visible that would act: written down once more, so that the one in the program is held
/// against something.
pub fn visible(text: &str) -> String {
    const BIDI: &str =
        "\u{61c}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}";
    const OTHER: &str = "\u{2028}\u{2029}\u{feff}\u{fffe}\u{ffff}";
    let mut shown = String::new();
    for c in text.chars() {
        if c < ' ' || ('\u{7f}'..='\u{9f}').contains(&c) || BIDI.contains(c) || OTHER.contains(c) {
            shown += &["\\u{", &format!("{:x}", u32::from(c)), "}"].concat();
        } else {
            shown.push(c);
        }
    }
    if shown.trim_start().starts_with("::") {
        shown = shown.replacen("::", r"\u{3a}:", 1);
    }
    shown.replace("##[", r"\u{23}#[").replace("##vso[", r"\u{23}#vso[")
}
