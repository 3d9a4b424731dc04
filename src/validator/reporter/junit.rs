//! JUnit XML, which every CI server shows: a suite for each file, a test for each rule.
//!
//! There is no standard; this is what all readers agree on. Servers know a test by `classname` and `name`, so no
//! two tests have both in common. Times are 0: looking at the clock would make two reports of one thing differ.

use super::points::{Outcome, Point, Suite, suites};
use super::xml::Xml;
use super::{location, path, words};
use crate::model::Severity;
use crate::text::inert_line;
use crate::validator::report::Report;

/// How many tests there are, and how many ended in each way.
#[derive(Default)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

/// Writes the report as tests; of the findings those from `least` on are shown.
pub fn junit(report: &Report, least: Severity) -> String {
    let suites = suites(report, least);
    let mut xml = Xml::new();
    open(&mut xml, "testsuites", "mainstay validate", suites.iter().flat_map(|suite| &suite.points));
    for suite in &suites {
        open(&mut xml, "testsuite", &suite.name, suite.points.iter());
        for point in &suite.points {
            test(&mut xml, suite, point);
        }
        xml.close();
    }
    xml.finish()
}

/// Begins an element that counts the tests within.
fn open<'p>(xml: &mut Xml, element: &'static str, name: &str, points: impl Iterator<Item = &'p Point<'p>>) {
    let mut counts = Counts::default();
    for point in points {
        counts.tests += 1;
        match point.outcome {
            Outcome::Passed => {}
            Outcome::Failed => counts.failures += 1,
            Outcome::Errored => counts.errors += 1,
            Outcome::Skipped => counts.skipped += 1,
        }
    }
    let Counts { tests, failures, errors, skipped } = counts;
    let attributes = [
        ("name", name),
        ("tests", &tests.to_string()),
        ("failures", &failures.to_string()),
        ("errors", &errors.to_string()),
        ("skipped", &skipped.to_string()),
        ("time", "0"),
    ];
    xml.open(element, &attributes);
}

fn test(xml: &mut Xml, suite: &Suite, point: &Point) {
    let first = suite.file.zip(point.findings.first()).map(|(file, finding)| location(file, finding));
    let path = first.map(|(path, ..)| path).or(suite.file.map(|file| file.source.path.as_str()));
    let path = path.map(|path| inert_line(&path::plain(path)));
    let line = first.map(|(_, start, _)| start.line.to_string());
    let mut attributes = vec![("classname", suite.name.as_str()), ("name", &point.name), ("time", "0")];
    attributes.extend(path.as_deref().map(|path| ("file", path)));
    attributes.extend(line.as_deref().map(|line| ("line", line)));
    let body: Vec<_> = match suite.file {
        Some(file) => point.findings.iter().map(|finding| words::in_full(file, finding)).collect(),
        None => Vec::new(),
    };
    let body = body.join("\n");
    let why = [("message", point.message.as_str()), ("type", point.code)];
    let within: Box<dyn Fn(&mut Xml)> = match point.outcome {
        Outcome::Passed if body.is_empty() => return xml.empty("testcase", &attributes),
        Outcome::Passed => Box::new(|xml| xml.holding("system-out", &[], &body)),
        Outcome::Skipped => Box::new(|xml| xml.empty("skipped", &why[..1])),
        Outcome::Failed => Box::new(|xml| xml.holding("failure", &why, &body)),
        Outcome::Errored => Box::new(|xml| xml.holding("error", &why, &body)),
    };
    xml.open("testcase", &attributes);
    within(xml);
    xml.close();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validator::reporter::sample;
    use crate::validator::rules;

    /// The document without the tests that passed or were skipped.
    fn short(report: &Report) -> String {
        let text = junit(report, Severity::Note);
        let skipped = "      <skipped message=\"nothing was evaluated\"/>\n    </testcase>\n";
        let lines = text.replace(skipped, "");
        let is_short = |line: &&str| !line.contains("time=\"0\" file=\"maintenance.yaml\"/>");
        lines.lines().filter(is_short).fold(String::new(), |text, line| text + line + "\n")
    }

    #[test]
    fn a_rule_that_found_something_is_a_test_that_failed() {
        let n = rules::all().count() + 1;
        let expected = format!(
            "\
<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<testsuites name=\"mainstay validate\" tests=\"{n}\" failures=\"1\" errors=\"0\" skipped=\"0\" time=\"0\">
  <testsuite name=\"maintenance.yaml\" tests=\"{n}\" failures=\"1\" errors=\"0\" skipped=\"0\" time=\"0\">
    <testcase classname=\"maintenance.yaml\" name=\"MS201 unknown name\" time=\"0\" file=\"maintenance.yaml\" line=\"8\">
      <failure message=\"task `tidy` names an unknown window `weekend-nigth`\" type=\"MS201\">\
maintenance.yaml:8:13: error: task `tidy` names an unknown window `weekend-nigth`
  expected a name from `windows:` (line 2)
  help: did you mean `weekend-night`?
maintenance.yaml:10:12: error: task `tidy` names an unknown task `tidi`
  expected a name from `tasks:` (line 4)
  help: did you mean `tidy`?</failure>
    </testcase>
    <testcase classname=\"maintenance.yaml\" name=\"MS316 no way back\" time=\"0\" file=\"maintenance.yaml\" line=\"7\">
      <system-out>maintenance.yaml:7:13: warning: system task `tidy` has no way back
  help: add `rollback`</system-out>
    </testcase>
    <testcase classname=\"maintenance.yaml\" name=\"MS706 waiver without an end\" time=\"0\" file=\"maintenance.yaml\" line=\"15\">
      <system-out>maintenance.yaml:15:5: note: the waiver of `MS316` has no end
  help: add `until` and a date on which somebody decides again</system-out>
    </testcase>
  </testsuite>
</testsuites>
"
        );
        assert_eq!(short(&sample::report(sample::WRONG)), expected);
    }
}
