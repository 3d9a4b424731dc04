//! A reader for each format: what somebody who never saw the writer would make of its output.

use std::collections::HashSet;
use std::sync::LazyLock;

use jsonschema::Validator;
use quick_junit::{NonSuccessKind, TestCaseStatus};
use roxmltree::{Document, Node};
use serde_json::{Value, json};

use super::seen::Seen;
use super::{tap14, workflow};

/// What stands in lines of JSON; the last line is returned beside.
pub fn jsonl(text: &str) -> (Vec<Value>, Value) {
    let lines = text.strip_suffix('\n').expect("a last line that ends").split('\n');
    let mut lines: Vec<Value> = lines.map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(lines.iter().all(|line| line["schema"] == "mainstay/validate-line/v1"));
    let summary = lines.pop().expect("a summary");
    assert_eq!(summary["kind"], "summary");
    assert!(lines.iter().all(|line| line["kind"] == "finding"));
    (lines, summary)
}

/// The schema of the standard.
static SARIF: LazyLock<Validator> = LazyLock::new(|| {
    let text = include_str!("../schemas/sarif-schema-2.1.0.json");
    let mut schema: Value = serde_json::from_str(text).expect("JSON");
    // A bracket too many makes this pattern no regular expression by ECMA-262. The property is never written.
    for owner in ["run", "toolComponent"] {
        let property = schema.pointer_mut(&format!("/definitions/{owner}/properties/language"));
        let property = property.and_then(Value::as_object_mut).expect("a property");
        property.remove("pattern").expect("a pattern");
    }
    validator(&schema)
});

/// A validator that looks at formats too.
fn validator(schema: &Value) -> Validator {
    jsonschema::options().should_validate_formats(true).build(schema).expect("a schema")
}

/// Fails unless JSON holds to a schema.
#[track_caller]
fn assert_valid(validator: &Validator, instance: &Value) {
    let errors = validator.iter_errors(instance);
    let wrong: Vec<_> = errors.map(|error| format!("{}: {error}", error.instance_path())).take(5).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The one run of a SARIF log that holds to the schema of the standard.
#[track_caller]
pub fn sarif_run(text: &str) -> Value {
    let mut log: Value = serde_json::from_str(text).expect("JSON");
    assert_valid(&SARIF, &log);
    assert_eq!(log["version"], "2.1.0");
    log["runs"][0].take()
}

/// The results of a SARIF log, in the order in which they stand.
#[track_caller]
pub fn sarif(text: &str) -> Vec<Seen> {
    let run = sarif_run(text);
    let rules = list(&run["tool"]["driver"]["rules"]);
    let result = |result: &Value| {
        let place = &result["locations"][0]["physicalLocation"];
        let index = usize::try_from(number(&result["ruleIndex"])).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        let artifact =
            &run["artifacts"][usize::try_from(number(&place["artifactLocation"]["index"])).unwrap()];
        assert_eq!(artifact["location"], place["artifactLocation"]);
        let region = &place["region"];
        let (start, end) = (&region["startLine"], &region["endLine"]);
        assert!(
            (number(start), number(&region["startColumn"])) <= (number(end), number(&region["endColumn"]))
        );
        Seen {
            code: string(&result["ruleId"]),
            severity: string(&result["level"]),
            file: decoded(&string(&place["artifactLocation"]["uri"])),
            line: number(start),
            column: number(&region["startColumn"]),
            words: string(&result["message"]["text"]).replace('\n', "; "),
        }
    };
    list(&run["results"]).iter().map(result).collect()
}

/// A URI without its escapes.
fn decoded(uri: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = uri;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend(before.bytes());
        bytes.push(u8::from_str_radix(&after[..2], 16).expect("two hexadecimal digits"));
        rest = &after[2..];
    }
    bytes.extend(rest.bytes());
    String::from_utf8(bytes).expect("UTF-8")
}

/// The issues of a code quality report, each with its fingerprint.
#[track_caller]
pub fn gitlab(text: &str) -> Vec<(Seen, String)> {
    // What GitLab says of the file: these five are required, the severities are these, paths are relative.
    let schema = json!({
        "type": "array",
        "items": {
            "type": "object",
            "required": ["description", "check_name", "fingerprint", "severity", "location"],
            "properties": {
                "description": {"type": "string", "minLength": 1},
                "check_name": {"type": "string", "minLength": 1},
                "fingerprint": {"type": "string", "minLength": 1},
                "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
                "location": {
                    "type": "object",
                    "required": ["path", "lines"],
                    "properties": {
                        "path": {"type": "string", "pattern": "^[^/]", "not": {"pattern": "^\\./"}},
                        "lines": {
                            "type": "object",
                            "required": ["begin"],
                            "properties": {"begin": {"type": "integer", "minimum": 1}}
                        }
                    }
                }
            }
        }
    });
    let issues = serde_json::from_str(text).expect("JSON");
    assert_valid(&validator(&schema), &issues);
    let issue = |issue: &Value| {
        let seen = Seen {
            code: string(&issue["check_name"]),
            severity: match issue["severity"].as_str() {
                Some("major") => "error".to_owned(),
                Some("minor") => "warning".to_owned(),
                other => other.unwrap_or_default().to_owned(),
            },
            file: string(&issue["location"]["path"]),
            line: number(&issue["location"]["lines"]["begin"]),
            column: 0,
            words: string(&issue["description"]),
        };
        (seen, string(&issue["fingerprint"]))
    };
    list(&issues).iter().map(issue).collect()
}

/// The annotations in a log.
#[track_caller]
pub fn github(text: &str) -> Vec<Seen> {
    let seen = |command: workflow::Command| {
        let property = |key: &str| command.properties.get(key).cloned().unwrap_or_default();
        let number = |key: &str| property(key).parse().unwrap_or(0);
        Seen {
            code: property("title").split(' ').next().unwrap_or_default().to_owned(),
            severity: command.name.clone(),
            file: property("file"),
            line: number("line"),
            column: number("col"),
            words: command.message.replace('\n', "; "),
        }
    };
    workflow::commands(text).into_iter().map(seen).collect()
}

/// The errors of a Checkstyle file.
#[track_caller]
pub fn checkstyle(text: &str) -> Vec<Seen> {
    let document = xml(text);
    let root = document.root_element();
    assert_eq!((root.tag_name().name(), root.attribute("version")), ("checkstyle", Some("4.3")));
    let mut seen = Vec::new();
    for file in elements(root, "file") {
        for error in elements(file, "error") {
            let number = |name| attribute(error, name).parse().expect("a number");
            seen.push(Seen {
                code: attribute(error, "source").strip_prefix("mainstay.").expect("a source").to_owned(),
                severity: attribute(error, "severity"),
                file: attribute(file, "name"),
                line: number("line"),
                column: number("column"),
                words: attribute(error, "message"),
            });
        }
    }
    seen
}

/// One test of a JUnit file.
#[derive(Debug)]
pub struct Test {
    pub suite: String,
    pub name: String,
    /// `passed`, `skipped`, `failure` or `error`.
    pub status: &'static str,
    pub message: String,
    /// All text within.
    pub text: String,
}

/// The tests of a JUnit file: nextest's reader has to take it and to count what the file says.
#[track_caller]
pub fn junit(text: &str) -> Vec<Test> {
    let document = xml(text);
    let cases = document.descendants().filter(|node| node.has_tag_name("testcase"));
    let contents: Vec<String> = cases
        .map(|test| {
            test.children().filter(Node::is_element).filter_map(|node| node.text()).collect::<String>()
        })
        .collect();
    let report = quick_junit::Report::deserialize_from_str(text).expect("JUnit");
    let mut tests = Vec::new();
    let mut contents = contents.into_iter();
    for suite in &report.test_suites {
        let first = tests.len();
        for case in &suite.test_cases {
            assert_eq!(case.classname.as_ref(), Some(&suite.name));
            let (status, message) = status_of(&case.status);
            tests.push(Test {
                suite: suite.name.to_string(),
                name: case.name.to_string(),
                status,
                message,
                text: contents.next().unwrap_or_default(),
            });
        }
        let n = |status| tests[first..].iter().filter(|test| test.status == status).count();
        let counted = (suite.test_cases.len(), n("failure"), n("error"), n("skipped"));
        assert_eq!((suite.tests, suite.failures, suite.errors, suite.skipped), counted);
    }
    let n = |status| tests.iter().filter(|test| test.status == status).count();
    assert_eq!((report.tests, report.failures, report.errors), (tests.len(), n("failure"), n("error")));
    let names: HashSet<_> = tests.iter().map(|test| (&test.suite, &test.name)).collect();
    assert_eq!(names.len(), tests.len(), "a test is known by its classname and name");
    tests
}

fn status_of(status: &TestCaseStatus) -> (&'static str, String) {
    let text = |message: &Option<quick_junit::XmlString>| message.as_deref().unwrap_or_default().to_owned();
    match status {
        TestCaseStatus::NonSuccess { kind: NonSuccessKind::Failure, message, .. } => {
            ("failure", text(message))
        }
        TestCaseStatus::NonSuccess { message, .. } => ("error", text(message)),
        TestCaseStatus::Skipped { message, .. } => ("skipped", text(message)),
        TestCaseStatus::Success { .. } => ("passed", String::new()),
    }
}

/// The findings in the blocks of a TAP file, with the code of the point that each stands under.
#[track_caller]
pub fn tap(text: &str) -> Vec<Seen> {
    let mut seen = Vec::new();
    for point in tap14::read(text) {
        let message = point.diagnostics.as_ref().and_then(|diagnostics| diagnostics.message.as_deref());
        assert_eq!(point.is_ok, message.is_none_or(str::is_empty), "{point:?}");
        // The file may be called anything; the rule is last.
        let code =
            point.description.match_indices(": MS").last().map(|(at, _)| &point.description[at + 2..at + 7]);
        for entry in point.diagnostics.into_iter().flat_map(|diagnostics| diagnostics.findings) {
            let help = entry.help.map(|help| format!("help: {help}"));
            let words = [Some(entry.message), entry.expected, help];
            seen.push(Seen {
                code: code.expect("a rule").to_owned(),
                severity: entry.severity,
                file: entry.file,
                line: entry.line,
                column: entry.column,
                words: words.into_iter().flatten().collect::<Vec<_>>().join("; "),
            });
        }
    }
    seen
}

/// A document that is well-formed.
#[track_caller]
fn xml(text: &str) -> Document<'_> {
    Document::parse(text).unwrap_or_else(|error| panic!("{error}:\n{text}"))
}

fn elements<'a>(node: Node<'a, 'a>, name: &'static str) -> impl Iterator<Item = Node<'a, 'a>> {
    node.children()
        .filter(Node::is_element)
        .inspect(move |child| assert!(child.has_tag_name(name), "{child:?}"))
}

#[track_caller]
fn attribute(node: Node, name: &str) -> String {
    node.attribute(name).unwrap_or_else(|| panic!("{name} of {node:?}")).to_owned()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("an array")
}

fn number(value: &Value) -> u64 {
    value.as_u64().expect("a number")
}

fn string(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
