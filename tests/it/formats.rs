//! The formats of `mainstay validate`, each read again by somebody else's parser, schema or grammar.

mod hostile;
mod readers;
mod seen;
mod tap14;
mod workflow;

use std::collections::{BTreeMap, HashSet};
use std::io::Write;
use std::process::{Command, Stdio};

use mainstay::model::{Finding, Severity};
use mainstay::validator::engine::Verdict;
use mainstay::validator::report::{FileReport, Report};
use mainstay::validator::reporter::{checkstyle, github, gitlab, jsonl, junit, sarif, tap};
use mainstay::validator::rules;
use proptest::prelude::*;
use serde_json::Value;

use super::support::Case;
use seen::{Seen, expected, visible};

/// A plan file with two errors, a warning and a note, and with text that acts elsewhere.
const WRONG: &str = "\
mainstay: 1
title: '##[error]x ::error::y ]]> <&>'
windows:
  weekend-night: {cron: \"0 2 * * SAT,SUN\", duration: 4h}
tasks:
  tidy:
    type: routine
    domain: system
    window: \"::error::%0A]]>#<\\u202E\\e[2J\"
    duration: 5m
    after: tidi
    steps:
      - run: [rm, old]
  kernel:
    type: routine
    # mainstay: ignore MS316 there is no way back from a new kernel
    domain: system
    duration: 20m
    steps:
      - run: [apt-get, install, -y, linux-image-amd64]
";

const FORMATS: [&str; 7] = ["jsonl", "sarif", "junit", "github", "gitlab", "tap", "checkstyle"];

/// What a format writes of a report; all findings are shown.
fn written(report: &Report, format: &str) -> String {
    displayed(report, format, Severity::Note)
}

fn displayed(report: &Report, format: &str, least: Severity) -> String {
    match format {
        "jsonl" => jsonl::jsonl(report, least),
        "sarif" => sarif::sarif(report, least),
        "junit" => junit::junit(report, least),
        "github" => github::github(report, least),
        "gitlab" => gitlab::gitlab(report, least),
        "tap" => tap::tap(report, least),
        "checkstyle" => checkstyle::checkstyle(report, least),
        other => panic!("no such format: {other}"),
    }
}

fn sorted(mut seen: Vec<Seen>) -> Vec<Seen> {
    seen.sort();
    seen
}

/// The same findings with the names of their files made visible, as formats for people show them.
fn with_visible_files(seen: Vec<Seen>) -> Vec<Seen> {
    sorted(seen.into_iter().map(|one| Seen { file: visible(&one.file), ..one }).collect())
}

fn of_severity(seen: &[Seen], severity: &str) -> usize {
    seen.iter().filter(|one| one.severity == severity).count()
}

/// A report with `n` findings of each severity in each of `n_files` files, the mildest first.
fn many(n: usize, n_files: usize) -> Report {
    let severities = [Severity::Note, Severity::Warning, Severity::Error];
    let codes = ["MS706", "MS316", "MS112"];
    let finding = |(severity, code), at: usize| Finding {
        code,
        severity,
        message: format!("finding {at}"),
        place: None,
        expected: None,
        related: None,
        help: None,
        subject: format!("tasks.t{}", at % 100),
        control: None,
        evidence: Vec::new(),
        remedy: None,
    };
    let findings: Vec<_> =
        severities.into_iter().zip(codes).flat_map(|kind| (0..n).map(move |at| finding(kind, at))).collect();
    let files = (0..n_files)
        .map(|number| hostile::with(&format!("{number}.yaml"), findings.clone(), Severity::Error));
    Report::new(files.collect(), Severity::Error)
}

#[test]
fn every_format_of_a_wrong_plan_file_is_read_by_others() {
    let case = Case::new().plan_file(WRONG);
    let text_of = |format: &str| case.run(&format!("validate --format {format}")).exit(1).take_stdout();
    let codes_of = |seen: Vec<Seen>| sorted(seen).into_iter().map(|one| one.code).collect::<Vec<_>>();
    let codes = ["MS201", "MS201", "MS316", "MS706"];

    let (findings, summary) = readers::jsonl(&text_of("jsonl"));
    assert_eq!(findings.len(), codes.len());
    assert_eq!((&summary["verdict"], &summary["shown"]), (&"fail".into(), &4.into()));
    assert_eq!(codes_of(readers::sarif(&text_of("sarif"))), codes);
    assert_eq!(codes_of(readers::github(&text_of("github"))), codes);
    assert_eq!(
        codes_of(readers::gitlab(&text_of("gitlab")).into_iter().map(|(one, _)| one).collect()),
        codes
    );
    assert_eq!(codes_of(readers::checkstyle(&text_of("checkstyle"))), codes);
    assert_eq!(codes_of(readers::tap(&text_of("tap"))), codes);
    let tests = readers::junit(&text_of("junit"));
    let failed: Vec<_> = tests.iter().filter(|test| test.status != "passed").map(|test| &test.name).collect();
    assert_eq!(failed, ["MS201 unknown name"]);
}

#[test]
fn no_format_holds_a_character_that_acts() {
    let case = Case::new().plan_file(WRONG);
    for format in FORMATS {
        let text = case.run(&format!("validate --format {format}")).exit(1).take_stdout();
        let acts = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!text.contains(acts), "{format}: {text:?}");
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let case = Case::new().plan_file(WRONG);
    for format in FORMATS {
        let run = || case.run(&format!("validate --format {format}")).exit(1).take_stdout();
        assert_eq!(run(), run(), "{format}");
    }
}

#[test]
fn a_file_that_is_written_has_the_format_of_its_name_and_xml_has_two() {
    let case = Case::new().plan_file(WRONG);
    let outputs =
        "--output a.jsonl --output a.sarif --output b.sarif.json --output a.tap --output junit=a.xml";
    case.run(&format!("validate {outputs}")).any_output().exit(1);
    readers::jsonl(&case.read("a.jsonl"));
    readers::sarif_run(&case.read("a.sarif"));
    readers::sarif_run(&case.read("b.sarif.json"));
    tap14::read(&case.read("a.tap"));
    readers::junit(&case.read("a.xml"));
    let two = "error: `--output b.xml` may be JUnit or Checkstyle; write junit=b.xml or checkstyle=b.xml\n";
    case.run("validate --output b.xml").stderr(two).exit(2);
}

#[test]
fn a_fingerprint_stays_when_lines_are_inserted_above_and_no_two_are_equal() {
    let fingerprints = |text: &str| {
        let case = Case::new().plan_file(text);
        let of_format = |format: &str| case.run(&format!("validate --format {format}")).exit(1).take_stdout();
        let run = readers::sarif_run(&of_format("sarif"));
        let results = run["results"].as_array().expect("results").iter();
        let hash = |result: &Value| {
            result["partialFingerprints"]["primaryLocationLineHash"].as_str().map(str::to_owned)
        };
        let of_sarif: HashSet<String> = results.filter_map(hash).collect();
        let of_gitlab: HashSet<String> =
            readers::gitlab(&of_format("gitlab")).into_iter().map(|(_, fingerprint)| fingerprint).collect();
        assert_eq!(of_sarif, of_gitlab);
        of_sarif
    };
    let before = fingerprints(WRONG);
    assert_eq!(before.len(), 4);
    let lower = format!("# new\n\n{}", WRONG.replace("tasks:", "# newer\ntags: [a]\n\ntasks:"));
    assert_eq!(fingerprints(&lower), before);
}

#[test]
fn what_was_not_evaluated_looks_like_success_in_no_format() {
    let finding = Finding {
        code: "MS000",
        severity: Severity::Error,
        message: "permission denied".to_owned(),
        place: None,
        expected: None,
        related: None,
        help: None,
        subject: String::new(),
        control: None,
        evidence: Vec::new(),
        remedy: None,
    };
    let files = vec![
        FileReport::unreadable("a.yaml".to_owned(), finding),
        hostile::with("b.yaml", Vec::new(), Severity::Error),
    ];
    let report = Report::new(files, Severity::Error);
    assert_eq!(report.verdict, Verdict::Unknown);

    let status = |suite: &str, name: &str| {
        let tests = readers::junit(&written(&report, "junit"));
        tests.into_iter().find(|test| test.suite == suite && test.name == name).map(|test| test.status)
    };
    assert_eq!(status("a.yaml", "MS000 cannot be read"), Some("error"));
    assert_eq!(status("a.yaml", "evaluated something"), Some("error"));
    assert_eq!(status("b.yaml", "evaluated something"), Some("error"));
    assert_eq!(status("b.yaml", "MS205 cycle"), Some("skipped"));

    let wrong: Vec<_> =
        tap14::read(&written(&report, "tap")).into_iter().filter(|point| !point.is_ok).collect();
    let wrong: Vec<_> = wrong.iter().map(|point| point.description.as_str()).collect();
    let expected =
        ["a.yaml: evaluated something", "a.yaml: MS000 cannot be read", "b.yaml: evaluated something"];
    assert_eq!(wrong, expected);

    assert_eq!(of_severity(&readers::github(&written(&report, "github")), "error"), 2);
    assert_eq!(of_severity(&readers::checkstyle(&written(&report, "checkstyle")), "error"), 2);
    let issues = readers::gitlab(&written(&report, "gitlab"));
    assert!(issues.len() == 2 && issues.iter().all(|(issue, _)| issue.severity == "blocker"), "{issues:?}");

    let run = readers::sarif_run(&written(&report, "sarif"));
    let invocation = &run["invocations"][0];
    assert_eq!((&invocation["executionSuccessful"], &invocation["exitCode"]), (&false.into(), &2.into()));
    assert_eq!(invocation["toolExecutionNotifications"].as_array().map(Vec::len), Some(2));
    let (_, summary) = readers::jsonl(&written(&report, "jsonl"));
    assert_eq!(summary["verdict"], "unknown");
}

#[test]
fn ten_thousand_findings_are_bounded_as_each_reader_asks() {
    // One finding more says that there may be others.
    let keys: Vec<_> = (0..9_999).map(|n| format!("k{n}: x\n")).collect();
    let case = Case::new().plan_file(format!("mainstay: 1\n{}", keys.concat()));
    let outputs = FORMATS.map(|format| format!("--output {format}={format}"));
    case.run(&format!("validate --format json {}", outputs.join(" "))).any_output().exit(1);
    let text_of = |format: &str| case.read(format);

    let annotations = readers::github(&text_of("github"));
    assert_eq!(of_severity(&annotations, "error"), 10);
    assert_eq!(annotations.len(), 12);
    assert_eq!(annotations[11].words, "all findings are in the log of this step");
    assert_eq!(tap14::read(&text_of("tap")).len(), 1 + rules::all().count());
    assert_eq!(readers::junit(&text_of("junit")).len(), 1 + rules::all().count());
    assert_eq!(readers::sarif(&text_of("sarif")).len(), 10_000);
    assert_eq!(readers::checkstyle(&text_of("checkstyle")).len(), 10_000);
    let (findings, summary) = readers::jsonl(&text_of("jsonl"));
    assert_eq!((findings.len(), &summary["shown"]), (10_000, &10_000.into()));
    let issues = readers::gitlab(&text_of("gitlab"));
    let fingerprints: HashSet<_> = issues.iter().map(|(_, fingerprint)| fingerprint).collect();
    assert_eq!(fingerprints.len(), 10_000);
}

#[test]
fn of_more_findings_than_github_takes_the_worst_are_kept_and_the_others_counted() {
    let report = many(4_500, 2);
    let text = written(&report, "sarif");
    let results = readers::sarif(&text);
    assert_eq!(results.len(), 25_000);
    let n = |severity| of_severity(&results, severity);
    assert_eq!((n("error"), n("warning"), n("note")), (9_000, 9_000, 7_000));
    assert!(
        results.is_sorted_by_key(|one| ["error", "warning", "note"].iter().position(|s| *s == one.severity))
    );
    let run = readers::sarif_run(&text);
    let notifications = run["invocations"][0]["toolExecutionNotifications"].as_array().expect("some");
    let texts: Vec<_> = notifications.iter().filter_map(|one| one["message"]["text"].as_str()).collect();
    assert!(texts[0].starts_with("2000 results left out: "), "{texts:?}");
    assert!(texts[1].starts_with("22000 results not kept by GitHub, "), "{texts:?}");

    let annotations = readers::github(&written(&report, "github"));
    let severities: Vec<_> = annotations.iter().map(|one| one.severity.as_str()).collect();
    let expected = [vec!["error"; 10], vec!["warning"; 10], vec!["notice"; 10]].concat();
    assert_eq!(severities, expected);
    assert_eq!(annotations[29].words, "all findings are in the log of this step");
    assert_eq!(annotations[29].code, "26971");
}

#[test]
fn what_is_not_displayed_decides_all_the_same() {
    let report = Report::new(many(2, 1).files, Severity::Note);
    for least in [Severity::Note, Severity::Warning, Severity::Error] {
        let tests = readers::junit(&displayed(&report, "junit", least));
        assert_eq!(tests.iter().filter(|test| test.status == "failure").count(), 3);
        let points = tap14::read(&displayed(&report, "tap", least));
        // Nothing was evaluated in that file either.
        assert_eq!(points.iter().filter(|point| !point.is_ok).count(), 4);
        let (findings, summary) = readers::jsonl(&displayed(&report, "jsonl", least));
        assert_eq!(findings.len(), 2 * (3 - least as usize));
        assert_eq!(summary["verdict"], "fail");
    }
}

/// Holds every reader of a format against what the report says.
fn assert_kept(report: &Report) {
    let all = expected(report, "note");

    let (findings, summary) = readers::jsonl(&written(report, "jsonl"));
    let messages: Vec<_> =
        report.findings().map(|(_, finding)| Value::from(finding.message.as_str())).collect();
    assert_eq!(findings.iter().map(|line| line["message"].clone()).collect::<Vec<_>>(), messages);
    assert_eq!(summary["shown"], messages.len());

    let without_links = |one: Seen| Seen { words: one.words.replace("](", r"]\u{28}"), ..one };
    let results = sorted(readers::sarif(&written(report, "sarif")));
    assert_eq!(results, sorted(all.iter().cloned().map(without_links).collect()));

    let (issues, fingerprints): (Vec<_>, Vec<_>) =
        readers::gitlab(&written(report, "gitlab")).into_iter().unzip();
    let issues = issues.into_iter().filter(|issue| issue.code != "nothing-evaluated").collect();
    let without_column = |one| Seen { column: 0, ..one };
    assert_eq!(sorted(issues), sorted(expected(report, "info").into_iter().map(without_column).collect()));
    let n_files = report.files.iter().map(|file| &file.source.path).collect::<HashSet<_>>().len();
    if n_files == report.files.len() {
        assert_eq!(fingerprints.iter().collect::<HashSet<_>>().len(), fingerprints.len());
    }

    let is_finding = |one: &Seen| one.code.starts_with("MS");
    let annotations = readers::github(&written(report, "github")).into_iter().filter(is_finding).collect();
    // Of two findings in one line the columns would decide which comes first.
    let in_lines = |all: Vec<Seen>| sorted(all.into_iter().map(without_column).collect());
    assert_eq!(in_lines(with_visible_files(expected(report, "notice"))), in_lines(annotations));

    let errors = readers::checkstyle(&written(report, "checkstyle"));
    let errors = errors.into_iter().filter(is_finding).collect();
    assert_eq!(sorted(errors), with_visible_files(expected(report, "info")));

    assert_eq!(sorted(readers::tap(&written(report, "tap"))), with_visible_files(all.clone()));
    assert_junit_kept(report, &all);
}

/// JUnit has the findings as text, under the rule.
fn assert_junit_kept(report: &Report, all: &[Seen]) {
    let mut lines: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for Seen { code, severity, file, line, column, words } in all {
        let text = format!("{}:{line}:{column}: {severity}: {words}", visible(file));
        lines.entry(code.clone()).or_default().push(text);
    }
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for test in readers::junit(&written(report, "junit")) {
        assert!(test.status == "passed" || !test.message.is_empty(), "{test:?}");
        if test.status == "failure" {
            assert!(test.text.contains(&test.message), "{test:?}");
        }
        let text = test.text.replace("\n  ", "; ");
        let of_test = text.split('\n').filter(|line| !line.is_empty()).map(str::to_owned);
        if !text.trim().is_empty() {
            found.entry(test.name[..5].to_owned()).or_default().extend(of_test);
        }
    }
    found.values_mut().chain(lines.values_mut()).for_each(|lines| lines.sort());
    assert_eq!(found, lines);
}

#[test]
fn every_piece_of_hostile_text_is_kept_by_every_format() {
    // Ten annotations of a level are shown, and no more.
    let report = hostile::every_piece();
    for findings in report.files[0].findings.chunks(10) {
        let file = hostile::with(&report.files[0].source.path, findings.to_vec(), Severity::Error);
        assert_kept(&Report::new(vec![file], Severity::Error));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn counts_codes_places_and_texts_are_kept_by_every_format(report in hostile::report()) {
        assert_kept(&report);
    }
}

/// Reads TAP from its input and writes what it understood as JSON.
const PERL: &str = r"
use TAP::Parser; use JSON::PP;
local $/; my $tap = <STDIN>;
# This parser knows 13; what is used of 14 is the same in it.
$tap =~ s/\ATAP version 14$/TAP version 13/m;
my $parser = TAP::Parser->new({ tap => $tap });
my @seen;
while (my $result = $parser->next) {
    if ($result->is_test) {
        push @seen, { ok => $result->is_ok ? 1 : 0, number => $result->number, skip => $result->has_skip ? 1 : 0 };
    } elsif ($result->is_yaml) {
        my @messages = map { $_->{message} } @{ $result->data->{findings} || [] };
        $seen[-1]{messages} = \@messages;
    } elsif (!$result->is_plan && !$result->is_version) {
        push @seen, { unknown => $result->as_string };
    }
}
print JSON::PP->new->canonical->encode({
    seen => \@seen, errors => [$parser->parse_errors], planned => $parser->tests_planned, run => $parser->tests_run,
});
";

#[test]
fn the_tap_parser_of_perl_reads_the_same() {
    let is_there = Command::new("perl").args(["-MTAP::Parser", "-MJSON::PP", "-e", "1"]).output();
    if !is_there.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: there is no perl with TAP::Parser here");
        return;
    }
    let report = hostile::every_piece();
    let text = written(&report, "tap");
    let mut perl = Command::new("perl")
        .args(["-e", PERL])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("perl starts");
    perl.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("perl reads");
    let output = perl.wait_with_output().expect("perl ends");
    let read: Value = serde_json::from_slice(&output.stdout).expect("JSON");

    let points = tap14::read(&text);
    assert_eq!(read["errors"], serde_json::json!([]));
    assert_eq!((&read["planned"], &read["run"]), (&points.len().into(), &points.len().into()));
    let seen = read["seen"].as_array().expect("a list");
    assert_eq!(seen.len(), points.len());
    for (seen, point) in seen.iter().zip(&points) {
        assert_eq!(seen["ok"] == 1, point.is_ok, "{seen} {point:?}");
        assert_eq!(seen["skip"] == 1, point.skipped.is_some(), "{seen} {point:?}");
        let messages = point.diagnostics.iter().flat_map(|diagnostics| &diagnostics.findings);
        let messages: Vec<_> = messages.map(|entry| entry.message.as_str()).collect();
        let of_perl: Vec<_> = seen["messages"].as_array().into_iter().flatten().collect();
        assert_eq!(of_perl, messages);
    }
}
