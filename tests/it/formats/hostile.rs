//! Reports that are made to break what reads them.

use mainstay::model::{Finding, Severity, Span};
use mainstay::planfile::Source;
use mainstay::validator::checker::check_bytes;
use mainstay::validator::report::{FileReport, Report};
use mainstay::validator::rules;
use proptest::prelude::*;

/// Pieces of text that mean something somewhere, in the manner of the Big List of Naughty Strings.
pub const PIECES: &[&str] = &[
    "]]>",
    "<![CDATA[",
    "<!--",
    "-->",
    "<",
    ">",
    "&",
    "&amp;",
    "&#0;",
    "\"",
    "'",
    "<script>alert(1)</script>",
    "|",
    "=",
    "%",
    "%25",
    "%0A",
    "%250A",
    "%s%n",
    "::",
    "::error::x",
    "::error file=a,line=1::b",
    "##[error]x",
    "##vso[task]",
    "#",
    "##",
    " # SKIP x",
    " # TODO x",
    "\\",
    "\\#",
    "\\n",
    "\n",
    "\r",
    "\r\n",
    "\t",
    "\0",
    "\u{7}",
    "\u{1b}[2J",
    "\u{1b}]0;x\u{7}",
    "\u{7f}",
    "\u{85}",
    "\u{9b}31m",
    "\u{a0}",
    "\u{ad}",
    "\u{200b}",
    "\u{202e}",
    "\u{2066}",
    "\u{2028}",
    "\u{feff}",
    "\u{fffd}",
    "\u{fffe}",
    "\u{ffff}",
    "\u{1fffe}",
    "\u{10ffff}",
    "\u{1f600}",
    "\u{1f469}\u{200d}\u{1f467}",
    "e\u{301}",
    "\u{3a9}\u{2248}\u{e7}",
    "\u{627}\u{644}",
    "\u{fdfd}",
    "---",
    "...",
    "not ok 1",
    "\nnot ok 1 - x\n",
    "Bail out!",
    "1..0",
    "ok 2",
    "TAP version 14",
    "[a](b)",
    "[a](1)",
    "{0}",
    "{{ x }}",
    "$(x)",
    "`x`",
    "${x}",
    ": ",
    ", ",
    ",",
    ":",
    ";",
    "- ",
    "null",
    "true",
    "1e3",
    "\u{663}",
    " ",
    "  ",
    "x",
    "task `a`",
    "../../etc/passwd",
    "a.b[0].c",
    "\u{200f}",
    "\u{61c}",
];

/// Names of files that mean something somewhere.
const NAMES: &[&str] = &[
    "maintenance.yaml",
    "a b/\u{fc}:,%#?&.yaml",
    "::error::x\n.yaml",
    "]]><\"'\\.yaml",
    "##[error]\u{202e}\u{1b}[2J.yaml",
    "%0A%2F.yaml",
];

/// A file that is no plan file, into which findings point all the same.
const OTHER: &str = "allowed signers";

const TEXT: &str = "mainstay: 1\ntitle: Gr\u{fc}n \u{1f600} ##[error]\ntags: [a, b]\n\nowner: x\n";

/// A text of at least so many pieces.
fn text(least: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), least..5).prop_map(|pieces| pieces.concat())
}

fn span() -> impl Strategy<Value = Span> {
    let len = u32::try_from(TEXT.len()).unwrap();
    (0..len, 0..20_u32).prop_map(move |(start, n)| Span { start, end: (start + n).min(len) })
}

fn finding(name: &'static str) -> impl Strategy<Value = Finding> {
    let place = move |(is_other, span)| Source::new(if is_other { OTHER } else { name }, TEXT).place(span);
    let span = || (any::<bool>(), span());
    let n_rules = rules::all().count();
    let severity = prop::sample::select(&[Severity::Error, Severity::Warning, Severity::Note][..]);
    let related = prop::option::of((span().prop_map(place), text(0)));
    (
        (0..n_rules, severity, text(1), prop::option::of(span().prop_map(place))),
        (prop::option::of(text(0)), related, prop::option::of(text(0)), text(0)),
    )
        .prop_map(|((rule, severity, message, place), (expected, related, help, subject))| Finding {
            code: rules::all().nth(rule).map_or("", |rule| rule.code),
            severity,
            message,
            place,
            expected,
            related,
            help,
            subject,
            control: None,
            evidence: Vec::new(),
            remedy: None,
        })
}

fn file() -> impl Strategy<Value = (&'static str, Vec<Finding>)> {
    prop::sample::select(NAMES).prop_flat_map(|name| (Just(name), prop::collection::vec(finding(name), 0..4)))
}

/// One to three files with findings that hold anything.
pub fn report() -> impl Strategy<Value = Report> {
    let severity = prop::sample::select(&[Severity::Error, Severity::Warning, Severity::Note][..]);
    (prop::collection::vec(file(), 1..4), severity).prop_map(|(files, fail_on)| {
        let files = files.into_iter().map(|(name, findings)| with(name, findings, fail_on));
        Report::new(files.collect(), fail_on)
    })
}

/// A file with these findings, whatever its text says.
pub fn with(name: &str, findings: Vec<Finding>, fail_on: Severity) -> FileReport {
    let now = "2026-03-07T10:00:00Z".parse().expect("a time");
    let mut checked = check_bytes(name, TEXT.as_bytes().to_vec(), now);
    checked.findings = findings;
    checked.others = vec![Source::new(OTHER, TEXT)];
    FileReport::of(checked, fail_on)
}

/// A report whose messages are all pieces, one each.
pub fn every_piece() -> Report {
    let codes: Vec<_> = rules::all().map(|rule| rule.code).collect();
    let finding = |(piece, code): (&&str, &&'static str)| Finding {
        code,
        severity: Severity::Error,
        message: format!("a{piece}b"),
        place: None,
        expected: Some((*piece).to_owned()),
        related: None,
        help: Some((*piece).to_owned()),
        subject: (*piece).to_owned(),
        control: None,
        evidence: Vec::new(),
        remedy: None,
    };
    let findings = PIECES.iter().zip(codes.iter().cycle()).map(finding).collect();
    Report::new(vec![with(NAMES[3], findings, Severity::Error)], Severity::Error)
}
