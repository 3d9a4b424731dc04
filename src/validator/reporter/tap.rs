//! TAP, the Test Anything Protocol, version 14: a test point for each file and rule.
//!
//! The diagnostics under a point are YAML, with every text as a JSON string, which YAML reads the same.

use super::points::{Outcome, Point, Suite, suites};
use super::{location, path, words};
use crate::model::{Finding, Severity};
use crate::text::inert_line;
use crate::validator::report::{FileReport, Report};

/// Writes the report as test points; of the findings those from `least` on are shown.
pub fn tap(report: &Report, least: Severity) -> String {
    let suites = suites(report, least);
    let points: Vec<_> =
        suites.iter().flat_map(|suite| suite.points.iter().map(move |point| (suite, point))).collect();
    let mut text = format!("TAP version 14\n1..{}\n", points.len());
    for (number, (suite, point)) in (1..).zip(points) {
        text.push_str(&line(number, suite, point));
        if let Some(file) = suite.file {
            text.push_str(&diagnostics(file, point));
        }
    }
    text
}

/// `not ok 7 - maintenance.yaml: MS205 cycle`.
fn line(number: usize, suite: &Suite, point: &Point) -> String {
    let (result, directive) = match point.outcome {
        Outcome::Passed => ("ok", String::new()),
        Outcome::Skipped => ("ok", format!(" # SKIP {}", point.message)),
        Outcome::Failed | Outcome::Errored => ("not ok", String::new()),
    };
    format!("{result} {number} - {}: {}{directive}\n", description(&suite.name), description(&point.name))
}

/// A text in which nothing is a directive.
fn description(text: &str) -> String {
    text.replace('\\', r"\\").replace('#', r"\#")
}

/// The block under a point that found something or is no success.
fn diagnostics(file: &FileReport, point: &Point) -> String {
    let is_failed = matches!(point.outcome, Outcome::Failed | Outcome::Errored);
    if !is_failed && point.findings.is_empty() {
        return String::new();
    }
    let mut lines = Vec::new();
    if is_failed {
        lines.push(format!("message: {}", quoted(&point.message)));
    }
    if !point.findings.is_empty() {
        lines.push("findings:".to_owned());
        lines.extend(point.findings.iter().flat_map(|finding| entry(file, finding)));
    }
    format!("  ---\n  {}\n  ...\n", lines.join("\n  "))
}

/// A finding as an entry of a list.
fn entry(file: &FileReport, finding: &Finding) -> Vec<String> {
    let (place, start, _) = location(file, finding);
    let texts = [("expected", &finding.expected), ("help", &finding.help)];
    let texts = texts.into_iter().filter_map(|(key, text)| Some((key, inert_line(text.as_deref()?))));
    let mut lines = vec![
        format!("  - message: {}", quoted(&inert_line(&finding.message))),
        format!("    severity: {}", words::severity(finding.severity)),
        format!("    file: {}", quoted(&inert_line(&path::plain(place)))),
        format!("    line: {}", start.line),
        format!("    column: {}", start.column),
    ];
    lines.extend(texts.map(|(key, text)| format!("    {key}: {}", quoted(&text))));
    lines
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validator::reporter::sample;
    use crate::validator::rules;

    #[test]
    fn a_point_that_found_something_says_what_in_yaml() {
        let text = tap(&sample::report(sample::WRONG), Severity::Note);
        let is_plain =
            |line: &&str| line.starts_with("ok ") && !line.contains("MS316") && !line.contains("MS706");
        let short =
            text.lines().filter(|line| !is_plain(line)).fold(String::new(), |text, line| text + line + "\n");
        let n = rules::all().count() + 1;
        let number = |code| rules::all().position(|rule| rule.code == code).expect("a rule") + 2;
        let expected = format!(
            "\
TAP version 14
1..{n}
not ok {} - maintenance.yaml: MS201 unknown name
  ---
  message: \"task `tidy` names an unknown window `weekend-nigth`\"
  findings:
    - message: \"task `tidy` names an unknown window `weekend-nigth`\"
      severity: error
      file: \"maintenance.yaml\"
      line: 8
      column: 13
      expected: \"expected a name from `windows:` (line 2)\"
      help: \"did you mean `weekend-night`?\"
    - message: \"task `tidy` names an unknown task `tidi`\"
      severity: error
      file: \"maintenance.yaml\"
      line: 10
      column: 12
      expected: \"expected a name from `tasks:` (line 4)\"
      help: \"did you mean `tidy`?\"
  ...
ok {} - maintenance.yaml: MS316 no way back
  ---
  findings:
    - message: \"system task `tidy` has no way back\"
      severity: warning
      file: \"maintenance.yaml\"
      line: 7
      column: 13
      help: \"add `rollback`\"
  ...
ok {} - maintenance.yaml: MS706 waiver without an end
  ---
  findings:
    - message: \"the waiver of `MS316` has no end\"
      severity: note
      file: \"maintenance.yaml\"
      line: 15
      column: 5
      help: \"add `until` and a date on which somebody decides again\"
  ...
",
            number("MS201"),
            number("MS316"),
            number("MS706")
        );
        assert_eq!(short, expected);
    }

    #[test]
    fn a_file_in_which_nothing_was_evaluated_is_not_ok_and_its_rules_are_skipped() {
        let text = tap(&sample::files(&[("a#b\\.yaml", "mainstay: 1\n")]), Severity::Note);
        let mut lines = text.lines().skip(2);
        assert_eq!(lines.next(), Some(r"not ok 1 - a\#b\\.yaml: evaluated something"));
        let rest: Vec<_> = lines.skip(3).collect();
        assert_eq!(rest.len(), rules::all().count());
        assert!(rest.iter().all(|line| line.ends_with(" # SKIP nothing was evaluated")), "{text}");
    }
}
