//! SARIF 2.1.0, as code scanning of GitHub takes it.
//!
//! 1. GitHub takes 25,000 results of a file and keeps 5,000 of them: the worst go first, and what is left out is
//!    counted in a notification.
//! 2. All rules are listed whatever was found: GitHub refuses a file without rules.
//! 3. A notification names every file that could not be read or in which nothing was evaluated: no results would
//!    look like success. When a file could not be read, the execution was none.

mod log;

use std::cmp::Reverse;
use std::collections::HashMap;

use log::{
    Artifact, ArtifactLocation, AutomationDetails, Configuration, Driver, Fingerprints, Invocation, Location,
    Log, Message, Notification, Outcome, PhysicalLocation, Region, Run, Tool,
};

use super::fingerprint::fingerprints;
use super::{is_vacuous, location, path, why_unknown, words};
use crate::counted;
use crate::model::{Finding, Position, Severity};
use crate::text::{inert_json, inert_line};
use crate::validator::codes::{self, Code};
use crate::validator::report::{FileReport, Report};
use crate::validator::rules::{self, Rule};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// How many results GitHub takes of a file.
const MAX_RESULTS: usize = 25_000;

/// How many of them it keeps.
const MAX_KEPT: usize = 5_000;

/// Writes a SARIF log of the findings from `least` on.
pub fn sarif(report: &Report, least: Severity) -> String {
    let findings = report.findings().zip(fingerprints(report));
    let mut shown: Vec<_> = findings.filter(|((_, finding), _)| finding.severity >= least).collect();
    shown.sort_by_key(|((_, finding), _)| Reverse(finding.severity));
    let n_all = shown.len();
    shown.truncate(MAX_RESULTS);

    let mut artifacts = Artifacts::of(report);
    let indices: HashMap<_, _> = driver().rules.iter().enumerate().map(|(at, rule)| (rule.id, at)).collect();
    let results = shown.into_iter().map(|((file, finding), fingerprint)| Outcome {
        rule_id: finding.code,
        rule_index: indices.get(finding.code).copied(),
        level: level(finding.severity),
        message: message(&words::lines(finding).join("\n")),
        locations: [artifacts.of_finding(file, finding)],
        related_locations: artifacts.related(finding).into_iter().collect(),
        partial_fingerprints: Fingerprints { primary_location_line_hash: fingerprint },
    });
    let results = results.collect();
    let invocation = invocation(report, n_all, &mut artifacts);
    let log = Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [Run {
            tool: Tool { driver: driver() },
            invocations: [invocation],
            automation_details: AutomationDetails { id: category(report) },
            artifacts: artifacts.list,
            results,
            column_kind: "unicodeCodePoints",
        }],
    };
    let text = serde_json::to_string_pretty(&log);
    let text = text.unwrap_or_else(|_| unreachable!("texts and numbers become JSON"));
    inert_json(&text) + "\n"
}

/// What code scanning tells one analysis of a commit from another by: a later one of the same category replaces
/// it. What stands after the last slash does not count.
fn category(report: &Report) -> String {
    match report.files.as_slice() {
        [file] => format!("mainstay/validate/{}/", path::uri(&file.source.path)),
        _ => "mainstay/validate/".to_owned(),
    }
}

fn driver() -> Driver {
    const VERSION: &str = env!("CARGO_PKG_VERSION");
    let rules = rules::all().map(descriptor).chain(codes::all().map(of_code)).collect();
    Driver { name: "mainstay", version: VERSION, semantic_version: VERSION, rules }
}

fn descriptor(rule: &Rule) -> log::Rule {
    let Rule { code, title, severity, why, before, after, .. } = rule;
    let plain = |text: String| Message { text, markdown: None };
    let help = format!("{why}\n\nbefore:\n\n{before}\nafter:\n\n{after}");
    let markdown = format!("{why}\n\nBefore:\n\n```yaml\n{before}```\n\nAfter:\n\n```yaml\n{after}```\n");
    log::Rule {
        id: code,
        name: title,
        short_description: plain((*title).to_owned()),
        full_description: plain((*why).to_owned()),
        help: Message { text: help, markdown: Some(markdown) },
        default_configuration: Configuration { level: level(*severity) },
    }
}

fn of_code(code: &Code) -> log::Rule {
    let plain = |text: &str| Message { text: text.to_owned(), markdown: None };
    let help = [code.why, code.help].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>();
    log::Rule {
        id: code.code,
        name: code.title,
        short_description: plain(code.title),
        full_description: plain(code.why),
        help: plain(&help.join("\n\n")),
        default_configuration: Configuration { level: level(code.severity) },
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// A text in which nothing is a link. Braces stay single: without arguments, viewers show them as they are.
fn message(text: &str) -> Message {
    Message { text: text.replace("](", r"]\u{28}"), markdown: None }
}

fn invocation(report: &Report, n_results: usize, artifacts: &mut Artifacts) -> Invocation {
    let mut notifications = Vec::new();
    for file in &report.files {
        let mut notify = |level, text: &str| {
            let locations = vec![artifacts.beginning_of(&file.source.path)];
            notifications.push(Notification { level, message: message(text), locations });
        };
        if !file.is_readable {
            let why = file.findings.iter().map(|finding| inert_line(&finding.message));
            notify("error", &why.collect::<Vec<_>>().join("\n"));
        } else if is_vacuous(file) {
            notify("warning", &why_unknown(file));
        }
    }
    let of_results = [
        (MAX_RESULTS, "warning", "left out: GitHub takes 25000 results of a file, and these are the worst"),
        (
            MAX_KEPT,
            "note",
            "not kept by GitHub, which keeps the first 5000 of a file; the worst are the first",
        ),
    ];
    for (most, level, what) in of_results.into_iter().filter(|(most, ..)| n_results > *most) {
        let text = format!("{} {what}", counted(n_results - most, "result"));
        notifications.push(Notification { level, message: message(&text), locations: Vec::new() });
    }
    let is_unreadable = report.files.iter().any(|file| !file.is_readable);
    Invocation {
        execution_successful: !is_unreadable && !report.files.is_empty(),
        exit_code: is_unreadable.then_some(2),
        tool_execution_notifications: notifications,
    }
}

/// The files of a report, each listed once.
struct Artifacts {
    list: Vec<Artifact>,
    index: HashMap<String, usize>,
}

impl Artifacts {
    /// The plan files; others are added when a finding points into them.
    fn of(report: &Report) -> Self {
        let mut artifacts = Self { list: Vec::new(), index: HashMap::new() };
        for file in &report.files {
            artifacts.location(&file.source.path, "analysisTarget");
        }
        artifacts
    }

    fn location(&mut self, path: &str, role: &'static str) -> ArtifactLocation {
        let uri = path::uri(path);
        let index = *self.index.entry(uri.clone()).or_insert(self.list.len());
        let location = ArtifactLocation { uri, index };
        if index == self.list.len() {
            self.list.push(Artifact { location: location.clone(), roles: [role] });
        }
        location
    }

    fn region(&mut self, path: &str, start: Position, end: Position) -> PhysicalLocation {
        PhysicalLocation {
            artifact_location: self.location(path, "resultFile"),
            region: Region {
                start_line: start.line,
                start_column: start.column,
                end_line: end.line,
                end_column: end.column,
            },
        }
    }

    fn of_finding(&mut self, file: &FileReport, finding: &Finding) -> Location {
        let (path, start, end) = location(file, finding);
        Location { id: None, place: self.region(path, start, end), message: None }
    }

    fn related(&mut self, finding: &Finding) -> Option<Location> {
        let (place, what) = finding.related.as_ref()?;
        let place = self.region(&place.file, place.start, place.end);
        Some(Location { id: Some(1), place, message: Some(message(&inert_line(what))) })
    }

    fn beginning_of(&mut self, path: &str) -> Location {
        let beginning = Position { line: 1, column: 1 };
        Location { id: None, place: self.region(path, beginning, beginning), message: None }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::validator::reporter::sample;

    fn run_of(report: &Report) -> Value {
        let mut log: Value = serde_json::from_str(&sarif(report, Severity::Note)).expect("JSON");
        log["runs"][0].take()
    }

    #[test]
    fn a_result_says_what_is_wrong_and_where() {
        let run = run_of(&sample::report("mainstay: 1\nmainstay: 2\n"));
        let place = |line, end_column| {
            json!({
                "artifactLocation": {"uri": "maintenance.yaml", "index": 0},
                "region": {"startLine": line, "startColumn": 1, "endLine": line, "endColumn": end_column},
            })
        };
        let fingerprint = fingerprints(&sample::report("# moved\nmainstay: 1\nmainstay: 2\n")).remove(0);
        let expected = json!([{
            "ruleId": "MS102",
            "ruleIndex": rules::all().position(|rule| rule.code == "MS102"),
            "level": "error",
            "message": {"text": "duplicate key `mainstay`\nhelp: remove one of the two"},
            "locations": [{"physicalLocation": place(2, 9)}],
            "relatedLocations": [
                {"id": 1, "physicalLocation": place(1, 9), "message": {"text": "first written here"}}
            ],
            "partialFingerprints": {"primaryLocationLineHash": fingerprint},
        }]);
        assert_eq!(run["results"], expected);
        assert_eq!(run["automationDetails"]["id"], "mainstay/validate/maintenance.yaml/");
        assert_eq!(run["columnKind"], "unicodeCodePoints");
        let artifacts = json!([
            {"location": {"uri": "maintenance.yaml", "index": 0}, "roles": ["analysisTarget"]}
        ]);
        assert_eq!(run["artifacts"], artifacts);
        assert_eq!(
            run["invocations"],
            json!([{"executionSuccessful": true, "toolExecutionNotifications": []}])
        );
    }

    #[test]
    fn the_worst_results_go_first() {
        let run = run_of(&sample::report(sample::WRONG));
        let levels: Vec<_> =
            run["results"].as_array().expect("results").iter().map(|one| &one["level"]).collect();
        assert_eq!(levels, ["error", "error", "warning", "note"]);
    }

    #[test]
    fn a_file_that_was_not_evaluated_is_a_notification() {
        let invocation = |report: &Report| run_of(report)["invocations"][0].take();
        let unreadable = invocation(&sample::unreadable());
        assert_eq!(unreadable["executionSuccessful"], false);
        assert_eq!(unreadable["exitCode"], 2);
        assert_eq!(unreadable["toolExecutionNotifications"][0]["message"]["text"], "permission denied");
        let vacuous = invocation(&sample::report("mainstay: 1\n"));
        assert_eq!(
            vacuous["toolExecutionNotifications"][0]["message"]["text"],
            "nothing to evaluate, there is no task"
        );
    }

    #[test]
    fn a_message_holds_no_link() {
        assert_eq!(message("[a](http://b)").text, r"[a]\u{28}http://b)");
    }

    #[test]
    fn every_rule_fits_in_the_limits_of_github_and_in_its_fences() {
        for rule in rules::all() {
            assert!(rule.title.len() <= 255 && rule.why.len() <= 1024, "{}", rule.code);
            for example in [rule.before, rule.after] {
                assert!(!example.contains("```"), "{}", rule.code);
                assert!(example.ends_with('\n'), "{}", rule.code);
            }
        }
    }
}
