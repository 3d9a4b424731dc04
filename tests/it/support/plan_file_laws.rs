//! What holds of any bytes that are read as a plan file; the fuzzer and the corpus hold the reader to it.

use mainstay::model::{Finding, Place, Severity};
use mainstay::planfile::Source;
use mainstay::validator::checker::{Checked, MAX_FINDINGS, check_bytes};
use mainstay::validator::engine::Verdict;
use mainstay::validator::fixer::fix;
use mainstay::validator::report::{FileReport, Report};
use mainstay::validator::reporter::{checkstyle, github, gitlab, json, jsonl, junit, sarif, tap, text};

/// Panics when a law is broken.
pub fn check(bytes: &[u8]) {
    let loaded = read(bytes);
    assert_same(&loaded, &read(bytes));
    let is_told = loaded.findings.iter().any(|finding| finding.severity == Severity::Error);
    assert!(loaded.plan.is_some() || is_told, "there is no plan, and nobody says why");
    assert!(loaded.findings.len() <= MAX_FINDINGS + 1, "{} findings", loaded.findings.len());
    for finding in &loaded.findings {
        check_finding(finding, &loaded.source);
    }
    check_reports(&loaded);
    check_fix(loaded);
}

/// What is fixed has no error that it did not have, and is not fixed again.
fn check_fix(before: Checked) {
    let n_errors = |checked: &Checked| {
        checked.findings.iter().filter(|finding| finding.severity == Severity::Error).count()
    };
    let check = |text: &str| read(text.as_bytes());
    let n_before = n_errors(&before);
    let fixed = fix(before, &check);
    assert!(n_errors(&fixed.checked) <= n_before, "a fix made an error");
    let text = fixed.checked.source.text.clone();
    let again = fix(fixed.checked, &check);
    assert_eq!(again.checked.source.text, text, "a fix is not finished");
    assert!(again.set.is_empty(), "{:?} is set again", again.set);
}

/// The one call that is tested.
fn read(bytes: &[u8]) -> Checked {
    check_bytes("fuzz", bytes.to_vec(), "2026-03-07T10:00:00Z".parse().expect("a time"))
}

/// The same bytes are read the same way: no order of a hash map is seen.
fn assert_same(one: &Checked, other: &Checked) {
    assert_eq!(one.findings, other.findings);
    assert_eq!(one.plan, other.plan);
    assert_eq!(one.source.text, other.source.text);
    assert_eq!(one.digest, other.digest);
}

fn check_finding(finding: &Finding, source: &Source) {
    assert!(!finding.message.is_empty(), "{finding:?} says nothing");
    let related = finding.related.as_ref().map(|(place, _)| place);
    for place in finding.place.iter().chain(related) {
        check_place(place, source);
    }
}

/// A place lies in the text, between characters, and its lines and columns are those of its bytes.
fn check_place(place: &Place, source: &Source) {
    let (start, end) = (place.span.start as usize, place.span.end as usize);
    assert!(start <= end && end <= source.text.len(), "{place:?} lies outside {} bytes", source.text.len());
    for (at, position) in [(start, place.start), (end, place.end)] {
        assert!(source.text.is_char_boundary(at), "{place:?} cuts a character");
        let before = &source.text[..at];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        assert_eq!((position.line as usize, position.column as usize), (line, column), "{place:?}");
    }
}

/// Every report of the findings can be made, and nothing in it acts.
fn check_reports(checked: &Checked) {
    let file = FileReport::of(checked.clone(), Severity::Error);
    assert!(checked.plan.is_some() || file.verdict == Verdict::Fail, "{:?} without a plan", file.verdict);
    let report = Report::new(vec![file], Severity::Error);
    let least = Severity::Note;
    assert_inert(&text::text(&report, least, false, false));
    for format in [
        jsonl::jsonl,
        sarif::sarif,
        junit::junit,
        github::github,
        gitlab::gitlab,
        tap::tap,
        checkstyle::checkstyle,
    ] {
        assert_inert(&format(&report, least));
    }
    let json = json::json(&report, least);
    assert_inert(&json);
    let object: serde_json::Value = serde_json::from_str(&json).expect("the report is JSON");
    assert_eq!(object["findings"].as_array().map(Vec::len), Some(checked.findings.len()));
    for (shown, finding) in object["findings"].as_array().into_iter().flatten().zip(&checked.findings) {
        assert_eq!(
            shown["message"].as_str(),
            Some(finding.message.as_str()),
            "an escape changed its meaning"
        );
    }
}

fn assert_inert(text: &str) {
    let acts = |c: &char| (c.is_control() && *c != '\n') || ('\u{202a}'..='\u{202e}').contains(c);
    assert_eq!(text.chars().find(acts), None, "a terminal obeys a character of {text:?}");
}
