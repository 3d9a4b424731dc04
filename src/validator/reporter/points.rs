//! A report as a run of tests: every rule is a test of every file, and so is every question that was put to the live
//! system or to the record.
//!
//! 1. The points of a file are the same whatever is found, so that a server can follow each over time.
//! 2. What was not evaluated is no success: it is skipped, and one point more fails for it.
//! 3. What is displayed does not decide: a point fails by all its findings, hidden ones included.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::counted;
use crate::model::{Finding, Severity};
use crate::text::inert_line;
use crate::validator::report::{self, FileReport, Item, Report};
use crate::validator::rules;

/// All points of one file.
pub(super) struct Suite<'a> {
    /// The file; no other suite of the report has this name.
    pub(super) name: String,
    /// What was found in it; nothing when there was no file at all.
    pub(super) file: Option<&'a FileReport>,
    /// First whether anything was evaluated, then a point for each rule, or for each question.
    pub(super) points: Vec<Point<'a>>,
}

/// One file held against one rule, or one question.
pub(super) struct Point<'a> {
    /// The rule, `MS205 cycle`, or the question, `checks.disk`.
    pub(super) name: String,
    /// What it amounts to.
    pub(super) outcome: Outcome,
    /// The code of the rule, or what takes its place.
    pub(super) code: &'static str,
    /// Why it is no success; empty when it is one.
    pub(super) message: String,
    /// What was found and is shown.
    pub(super) findings: Vec<&'a Finding>,
}

/// What a point amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Nothing was found that makes the answer no.
    Passed,
    /// Something was.
    Failed,
    /// It could not be found out.
    Errored,
    /// Nothing was evaluated, which another point says.
    Skipped,
}

/// The points of all files; of their findings those from `least` on are shown.
pub(super) fn suites(report: &Report, least: Severity) -> Vec<Suite<'_>> {
    if report.files.is_empty() {
        let points = vec![evaluated(None)];
        return vec![Suite { name: "no file".to_owned(), file: None, points }];
    }
    let mut names = HashSet::new();
    let suites = report.files.iter().map(|file| Suite {
        name: unique(inert_line(&file.source.path), &mut names),
        file: Some(file),
        points: points(file, report.fail_on, least),
    });
    suites.collect()
}

/// The name, or with a number when it is taken.
fn unique(name: String, taken: &mut HashSet<String>) -> String {
    let numbered = (2..).map(|n| format!("{name} ({n})"));
    let free = std::iter::once(name.clone()).chain(numbered).find(|name| !taken.contains(name));
    let free = free.unwrap_or(name);
    taken.insert(free.clone());
    free
}

fn points(file: &FileReport, fail_on: Severity, least: Severity) -> Vec<Point<'_>> {
    if file.items.is_empty() {
        return of_rules(file, fail_on, least);
    }
    let of_items = file.items.iter().map(|item| of_item(file, item, fail_on, least));
    std::iter::once(evaluated(Some(file))).chain(of_items).collect()
}

fn of_item<'a>(file: &'a FileReport, item: &'a Item, fail_on: Severity, least: Severity) -> Point<'a> {
    let findings: Vec<_> = file.of_item(item).collect();
    let is_failing = findings.iter().any(|finding| finding.severity >= fail_on);
    let outcome = match item.outcome {
        report::Outcome::Unknown => Outcome::Errored,
        report::Outcome::Skipped => Outcome::Skipped,
        report::Outcome::Yes | report::Outcome::No if is_failing => Outcome::Failed,
        report::Outcome::Yes | report::Outcome::No => Outcome::Passed,
    };
    Point {
        name: inert_line(&item.name),
        outcome,
        code: findings.first().map_or("no-answer", |finding| finding.code),
        message: if outcome == Outcome::Passed { String::new() } else { inert_line(&item.said) },
        findings: findings.into_iter().filter(|finding| finding.severity >= least).collect(),
    }
}

fn of_rules(file: &FileReport, fail_on: Severity, least: Severity) -> Vec<Point<'_>> {
    let mut found: HashMap<&str, Vec<&Finding>> = HashMap::new();
    for finding in &file.findings {
        found.entry(finding.code).or_default().push(finding);
    }
    let known = rules::all().map(|rule| (rule.code, format!("{} {}", rule.code, rule.title)));
    let without_rule = file.findings.iter().filter(|finding| rules::by_code(finding.code).is_none());
    let without_rule: BTreeSet<_> = without_rule.map(|finding| finding.code).collect();
    let names = known.chain(without_rule.into_iter().map(|code| (code, code.to_owned())));
    let of_codes = names.map(|(code, name)| {
        let findings = found.remove(code).unwrap_or_default();
        point(file, code, name, &findings, fail_on, least)
    });
    std::iter::once(evaluated(Some(file))).chain(of_codes).collect()
}

/// Whether there was anything to evaluate.
fn evaluated(file: Option<&FileReport>) -> Point<'static> {
    let message = match file {
        None => "no file was evaluated",
        Some(file) if !file.is_readable => "the file cannot be read",
        Some(file) if file.n_evaluated == 0 => &format!("no {} was evaluated", file.noun),
        Some(_) => "",
    };
    Point {
        name: "evaluated something".to_owned(),
        outcome: if message.is_empty() { Outcome::Passed } else { Outcome::Errored },
        code: "nothing-evaluated",
        message: message.to_owned(),
        findings: Vec::new(),
    }
}

fn point<'a>(
    file: &FileReport,
    code: &'static str,
    name: String,
    findings: &[&'a Finding],
    fail_on: Severity,
    least: Severity,
) -> Point<'a> {
    let failing: Vec<_> = findings.iter().filter(|finding| finding.severity >= fail_on).collect();
    let shown: Vec<_> = findings.iter().copied().filter(|finding| finding.severity >= least).collect();
    let outcome = match () {
        () if !failing.is_empty() && !file.is_readable => Outcome::Errored,
        () if !failing.is_empty() => Outcome::Failed,
        () if findings.is_empty() && file.n_evaluated == 0 => Outcome::Skipped,
        () => Outcome::Passed,
    };
    let message = match outcome {
        Outcome::Passed => String::new(),
        Outcome::Skipped => "nothing was evaluated".to_owned(),
        Outcome::Failed | Outcome::Errored => {
            let first = failing.iter().find(|finding| finding.severity >= least);
            let hidden = || format!("{}, not shown", counted(failing.len(), "finding"));
            first.map_or_else(hidden, |finding| inert_line(&finding.message))
        }
    };
    Point { name, outcome, code, message, findings: shown }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planfile::Source;
    use crate::validator::codes;
    use crate::validator::reporter::sample;

    /// The outcomes of a file's points that are not `Passed`, with their names.
    fn outcomes(report: &Report, least: Severity) -> Vec<(Outcome, String)> {
        let points = suites(report, least).into_iter().flat_map(|suite| suite.points);
        let other = points.filter(|point| point.outcome != Outcome::Passed);
        other.map(|point| (point.outcome, point.name)).collect()
    }

    #[test]
    fn a_rule_fails_by_what_is_found_at_or_over_fail_on() {
        let found = outcomes(&sample::report(sample::WRONG), Severity::Note);
        assert_eq!(found, [(Outcome::Failed, "MS201 unknown name".to_owned())]);
    }

    #[test]
    fn what_is_hidden_fails_all_the_same() {
        let report = Report::new(sample::report(sample::WRONG).files, Severity::Note);
        let all = outcomes(&report, Severity::Note);
        assert_eq!(all.len(), 3);
        assert_eq!(outcomes(&report, Severity::Error), all);
        let suites = suites(&report, Severity::Error);
        let hidden = suites[0].points.iter().find(|point| point.code == "MS316");
        assert_eq!(hidden.map(|point| point.message.as_str()), Some("1 finding, not shown"));
    }

    #[test]
    fn what_was_not_evaluated_is_never_a_success() {
        let n_rules = rules::all().count();
        let without_tasks = sample::report("mainstay: 1\n");
        let found = outcomes(&without_tasks, Severity::Note);
        assert_eq!(found[0], (Outcome::Errored, "evaluated something".to_owned()));
        assert_eq!(found.len(), 1 + n_rules);

        let found = outcomes(&sample::unreadable(), Severity::Note);
        assert_eq!(found[1], (Outcome::Errored, "MS000 cannot be read".to_owned()));
        assert_eq!(found.len(), 1 + n_rules);

        let nothing = outcomes(&Report::new(Vec::new(), Severity::Error), Severity::Note);
        assert_eq!(nothing, [(Outcome::Errored, "evaluated something".to_owned())]);
    }

    #[test]
    fn a_question_is_a_test_and_one_without_an_answer_is_an_error() {
        let item = |name: &str, outcome| Item {
            name: name.to_owned(),
            asks: String::new(),
            outcome,
            said: "down".to_owned(),
            took: None,
        };
        let items = vec![
            item("checks.a", report::Outcome::Yes),
            item("checks.b", report::Outcome::No),
            item("checks.c", report::Outcome::Unknown),
            item("checks.d", report::Outcome::Skipped),
        ];
        let findings = vec![
            codes::checks::DOES_NOT_HOLD.finding("checks.b", "it is down".to_owned(), None),
            codes::checks::UNKNOWN.finding("checks.c", "nobody answers".to_owned(), None),
        ];
        let source = Source::new("maintenance.yaml".to_owned(), "");
        let file = FileReport::of_items(source, items, findings, (4, "check"), Severity::Error);
        let found = outcomes(&Report::new(vec![file], Severity::Error), Severity::Note);
        let expected = [(Outcome::Failed, "b"), (Outcome::Errored, "c"), (Outcome::Skipped, "d")];
        assert_eq!(found, expected.map(|(outcome, name)| (outcome, format!("checks.{name}"))));
    }

    #[test]
    fn every_suite_has_a_name_of_its_own() {
        let report = sample::files(&[("a", ""), ("a", ""), ("a (2)", "")]);
        let names: Vec<_> = suites(&report, Severity::Note).into_iter().map(|suite| suite.name).collect();
        assert_eq!(names, ["a", "a (2)", "a (2) (2)"]);
    }
}
