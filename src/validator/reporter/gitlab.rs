//! Code quality of GitLab: an array of issues, which a merge request compares with those of its target.

use serde::Serialize;

use super::fingerprint::{digest, fingerprints};
use super::{is_vacuous, location, path, why_unknown, words};
use crate::model::{Finding, Severity};
use crate::text::inert_json;
use crate::validator::report::{FileReport, Report};

/// One issue.
#[derive(Debug, Serialize)]
struct Issue {
    description: String,
    check_name: &'static str,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Debug, Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Debug, Serialize)]
struct Lines {
    begin: u32,
}

/// Writes an issue for every finding from `least` on, and one for every file in which nothing was evaluated.
pub fn gitlab(report: &Report, least: Severity) -> String {
    let findings = report.findings().zip(fingerprints(report));
    let shown = findings.filter(|((_, finding), _)| finding.severity >= least);
    let mut issues: Vec<_> =
        shown.map(|((file, finding), fingerprint)| issue(file, finding, fingerprint)).collect();
    issues.extend(report.files.iter().filter(|file| is_vacuous(file)).map(vacuous));
    let text = serde_json::to_string_pretty(&issues);
    let text = text.unwrap_or_else(|_| unreachable!("texts and numbers become JSON"));
    inert_json(&text) + "\n"
}

fn issue(file: &FileReport, finding: &Finding, fingerprint: String) -> Issue {
    let (place, start, _) = location(file, finding);
    Issue {
        description: words::lines(finding).join("; "),
        check_name: finding.code,
        fingerprint,
        severity: match finding.severity {
            _ if !file.is_readable => "blocker",
            Severity::Error => "major",
            Severity::Warning => "minor",
            Severity::Note => "info",
        },
        location: Location { path: path::plain(place), lines: Lines { begin: start.line } },
    }
}

fn vacuous(file: &FileReport) -> Issue {
    let path = path::plain(&file.source.path);
    Issue {
        description: why_unknown(file),
        check_name: "nothing-evaluated",
        fingerprint: digest(["nothing-evaluated", &path].into_iter()),
        severity: "blocker",
        location: Location { path, lines: Lines { begin: 1 } },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validator::reporter::sample;

    /// The issues without their fingerprints.
    fn issues(report: &Report) -> Vec<(String, String, String, u64)> {
        let issues: serde_json::Value = serde_json::from_str(&gitlab(report, Severity::Note)).expect("JSON");
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let issue = |issue: &serde_json::Value| {
            let line = issue["location"]["lines"]["begin"].as_u64().unwrap_or_default();
            (text(&issue["check_name"]), text(&issue["severity"]), text(&issue["description"]), line)
        };
        issues.as_array().expect("an array").iter().map(issue).collect()
    }

    #[test]
    fn an_issue_says_what_is_wrong_and_what_to_do() {
        let expected = "\
[
  {
    \"description\": \"unknown key `titel`; help: did you mean `title`?\",
    \"check_name\": \"MS112\",
    \"fingerprint\": \"d4ce0bee928450b72c26c378cba7b332c41d5cc0b110da065d876e62e6d0b542\",
    \"severity\": \"major\",
    \"location\": {
      \"path\": \"maintenance.yaml\",
      \"lines\": {
        \"begin\": 2
      }
    }
  }
]
";
        let text = gitlab(&sample::report("mainstay: 1\ntitel: x\n"), Severity::Note);
        assert_eq!(text, expected);
    }

    #[test]
    fn severities_are_those_of_gitlab() {
        let of_wrong = issues(&sample::report(sample::WRONG));
        let severities: Vec<_> = of_wrong.iter().map(|issue| (issue.0.as_str(), issue.1.as_str())).collect();
        let expected = [("MS316", "minor"), ("MS201", "major"), ("MS201", "major"), ("MS706", "info")];
        assert_eq!(severities, expected);
        let unreadable = issues(&sample::unreadable());
        let expected = ("MS000".into(), "blocker".into(), "permission denied".into(), 1);
        assert_eq!(unreadable, [expected]);
    }

    #[test]
    fn a_file_in_which_nothing_was_evaluated_is_an_issue() {
        let found = issues(&sample::report("mainstay: 1\n"));
        let expected =
            ("nothing-evaluated".into(), "blocker".into(), "nothing to evaluate, there is no task".into(), 1);
        assert_eq!(found, [expected]);
    }
}
