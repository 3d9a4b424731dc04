//! Controls and standards in small plan files, as `CODE FILE:LINE:COLUMN MESSAGE`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use tempfile::TempDir;

use crate::model::Severity::{self, Error, Note, Warning};
use crate::model::{Finding, Remedy, Value};
use crate::planfile::Text;
use crate::standards::{self, Computed};
use crate::validator::checker::{Checked, check, check_bytes};
use crate::validator::rules;

const NOW: &str = "2026-03-07T10:00:00Z";

/// What is found in the text of a plan file beside which nothing is known to lie.
fn alone(text: &str) -> Checked {
    check_bytes("plan.yaml", text.as_bytes().to_vec(), NOW.parse().expect("a time"))
}

/// What is found in a plan file that lies beside files.
fn beside(text: &str, files: &[(&str, &str)]) -> Checked {
    let folder = TempDir::new().expect("a folder");
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a name below the folder")).expect("a folder");
        fs::write(path, content).expect("a file");
    }
    check(Text::new("plan.yaml", text.as_bytes().to_vec()), folder.path(), NOW.parse().expect("a time"))
}

/// What standards have to do with: the rest is of rules that have tests of their own.
fn of_standards(checked: &Checked) -> Vec<&Finding> {
    let is_own = |code: &str| code.starts_with("MS70") || code.starts_with("MS8") || code == "MS710";
    let findings = checked.findings.iter();
    findings.filter(|finding| is_own(finding.code) || finding.control.is_some()).collect()
}

fn lines(checked: &Checked) -> String {
    let mut text = String::new();
    for finding in of_standards(checked) {
        let place = finding.place.as_ref();
        let place = place.map_or("-".to_owned(), |place| {
            format!("{}:{}:{}", place.file, place.start.line, place.start.column)
        });
        let _ = writeln!(text, "{} {place} {}", finding.code, finding.message);
    }
    text
}

/// The finding of a code, of which there is one.
fn only<'c>(checked: &'c Checked, code: &str) -> &'c Finding {
    let mut found = checked.findings.iter().filter(|finding| finding.code == code);
    let first = found.next().unwrap_or_else(|| panic!("no {code} in\n{}", lines(checked)));
    assert!(found.next().is_none(), "more than one {code} in\n{}", lines(checked));
    first
}

#[test]
fn every_rule_that_a_shipped_control_names_is_there() {
    for control in standards::names().filter_map(standards::named).flat_map(|catalogue| &catalogue.controls) {
        let Computed::Rules(codes) = &control.computed else { continue };
        for code in codes {
            assert!(rules::by_code(code).is_some(), "{} names {code}", control.id.value);
        }
    }
}

/// A task with something added to it.
fn task(more: &str) -> String {
    format!("tasks: {{t: {{type: routine, domain: component, duration: 1m, steps: [{{run: [a]}}]{more}}}}}")
}

/// The same with these steps.
fn steps(steps: &str) -> String {
    format!("tasks: {{t: {{type: routine, domain: component, duration: 1m, steps: [{steps}]}}}}")
}

/// Each shipped control that is computed, with a plan file that does not meet it and one that does.
///
/// `!` stands for a plan file that others can write.
#[expect(clippy::too_many_lines, reason = "a few lines a control")]
fn cases() -> Vec<(&'static str, String, String)> {
    let text = |text: &str| text.to_owned();
    let prometheus = "connections: {prometheus: {url: \"http://127.0.0.1:9090\"}}\n";
    let alertmanager = "connections: {alertmanager: {url: \"http://127.0.0.1:9093\"}}\n";
    let both =
        "connections: {prometheus: {url: \"http://[::1]:9090/p\"}, alertmanager: {url: \"https://am\"}}\n";
    let windows = "windows: {w: {cron: \"0 2 * * *\", duration: 4h}}\n";
    let silence = ", silence: {matchers: ['a=\"b\"']}";
    vec![
        ("PRC-01", text("owner: ''"), text("owner: a")),
        ("PRC-02", text("reviewers: []"), text("reviewers: [a]")),
        (
            "PRC-03",
            format!("{windows}{}", task(", criticality: high")),
            format!("{windows}{}", task(", criticality: high, window: w")),
        ),
        ("PRC-04", text("status: review"), text("status: approved")),
        ("PRC-05", text("title: a"), text("version: 1.0")),
        ("PRC-06", text("title: a"), text("criticality: low")),
        ("PRC-07", text("title: a"), text("timezone: UTC")),
        ("PRC-08", text(windows), windows.replace("4h", "4h, cutoff: 30m")),
        ("PRC-09", task(", schedule: {every: 3d}"), task(", schedule: {every: 3d, tolerance: 1d}")),
        (
            "PRC-10",
            task("").replace("component", "system"),
            task(", rollback: [{run: [b]}]").replace("component", "system"),
        ),
        (
            "PRC-11",
            steps("{run: [rm], destructive: true}").replace("component", "data"),
            format!(
                "{prometheus}{}",
                steps("{prometheus: snapshot}, {run: [rm], destructive: true}").replace("component", "data")
            ),
        ),
        (
            "PRC-12",
            task("").replace("component", "system") + "\nignore: [{code: MS316, reason: a}]",
            task("").replace("component", "system")
                + "\nignore: [{code: MS316, until: 2026-04-01, reason: a}]",
        ),
        ("QLT-01", task(""), task(", verify: [{tcp: {address: 'a:1'}}]")),
        (
            "QLT-02",
            format!("criticality: critical\n{}", task("")),
            format!("criticality: critical\n{}", task(", preconditions: [{tcp: {address: 'a:1'}}]")),
        ),
        (
            "QLT-03",
            format!("{both}{}", task(silence)),
            format!("{both}{}", task(&format!("{silence}, baseline: {{within: 2%}}"))),
        ),
        (
            "QLT-04",
            format!("{both}{}", task(", silence: {matchers: ['a=~\".*\"']}")),
            format!("{both}{}", task(silence)),
        ),
        ("QLT-05", task(", criticality: high"), task(", criticality: high, timeout: 1h")),
        ("QLT-06", steps("{shell: a}"), steps("{shell: a, timeout: 1m}, {wait: 1m}")),
        (
            "QLT-07",
            steps("{run: [a], retry: {attempts: 2}}"),
            steps("{run: [a], retry: {attempts: 2}, idempotent: true}, {run: [b]}"),
        ),
        ("QLT-08", task(", criticality: high"), task(", criticality: high, idempotent: false")),
        (
            "QLT-09",
            format!("{prometheus}{}", task(", verify: [{promql: {query: up}}]")),
            format!("{prometheus}{}", task(", verify: [{promql: {query: up, any: {eq: 1}}}]")),
        ),
        (
            "QLT-10",
            format!("{both}{}", task(&format!("{silence}, criticality: high"))),
            format!("{both}{}", task(&format!("{silence}, criticality: high, gate: {{promql: up}}"))),
        ),
        ("QLT-11", task(", schedule: {every: 3d}"), task(", schedule: {every: 3d}, missed: latest")),
        (
            "QLT-12",
            text("metrics: {m: {http: {url: 'http://a'}}}\nalerts: {a: {expr: m > 1, send: none}}"),
            text("metrics: {m: {http: {url: 'http://a'}}}\nalerts: {a: {expr: m > 1, for: 1m, send: none}}"),
        ),
        ("QLT-13", text(prometheus), text(alertmanager)),
        (
            "SEC-01",
            task("").replace("component", "security"),
            task(", approval: {required: 1, from: a}").replace("component", "security"),
        ),
        (
            "SEC-02",
            task(", criticality: critical"),
            task(", criticality: critical, approval: {required: 1, from: a}"),
        ),
        ("SEC-03", text("!title: a"), text("title: a")),
        ("SEC-04", text("connections: {prometheus: {url: 'http://p:9090'}}"), text(both)),
        ("SEC-05", text("connections: {alertmanager: {url: 'http://localhost.example.org'}}"), text(both)),
        (
            "SEC-06",
            steps("{http: {url: 'http://127.0.0.1.example.org'}}"),
            steps("{http: {url: 'http://localhost:80/x'}}, {http: {url: 'https://a'}}, {run: [a]}"),
        ),
        ("SEC-07", text("secrets: {s: {env: S}}"), text("secrets: {s: {file: s}, t: {command: [t]}}")),
        ("SEC-08", steps("{run: [a, --password=hunter2hunter2]}"), steps("{run: [a, --password-file=p]}")),
        ("DOC-01", text("owner: a"), text("title: a")),
        ("DOC-02", task("") + "\ntitle: a", task(", title: a")),
        ("DOC-03", steps("{run: [a]}"), steps("{run: [a], name: a}, {wait: 1m}")),
        ("DOC-04", text("documents: {audit: a.md}"), text("documents: {process: a.md}")),
        ("DOC-05", text("documents: {audit: a.md}"), text("documents: {system: a.md}")),
        ("DOC-06", text("documents: {audit: a.md}"), text("documents: {security: a.md}")),
        ("DOC-07", text("documents: {process: a.md}"), text("documents: {audit: a.md}")),
        ("DOC-08", text("documents: {process: b.md}"), text("documents: {process: a.md}")),
        (
            "DOC-09",
            text("metrics: {m: {http: {url: 'http://a'}}}\nalerts: {a: {expr: m > 1, send: none}}"),
            text(
                "metrics: {m: {http: {url: 'http://a'}}}\nalerts: {a: {expr: m > 1, send: none, summary: a}}",
            ),
        ),
        (
            "DOC-10",
            text("metrics: {m: {http: {url: 'http://a'}}}"),
            text("metrics: {m: {http: {url: 'http://a'}, help: a}}"),
        ),
        (
            "DOC-11",
            text("targets: {a: {local: true}}"),
            text("targets: {a: {local: true, labels: {instance: a}}}"),
        ),
    ]
}

#[test]
fn each_shipped_control_finds_the_plan_that_does_not_meet_it_and_not_the_one_that_does() {
    let mut seen = BTreeSet::new();
    for (id, unmet, met) in cases() {
        seen.insert(id.to_owned());
        let (catalogue, control) = standards::by_id(id).expect("a control");
        let name = format!("{} {id}", catalogue.standard);
        let checked = |body: &str| {
            let text = format!(
                "mainstay: 1\nstandards: [{}]\n{}\n",
                catalogue.standard,
                body.trim_start_matches('!')
            );
            let folder = TempDir::new().expect("a folder");
            fs::write(folder.path().join("a.md"), "").expect("a file");
            let writers = body.starts_with('!').then_some("everybody");
            let mut text = Text::new("plan.yaml", text.into_bytes());
            text.writers = writers;
            check(text, folder.path(), NOW.parse().expect("a time"))
        };
        let is_found = |finding: &&Finding| finding.control.as_deref() == Some(&name);
        let found = checked(&unmet);
        let finding = found.findings.iter().find(is_found);
        let finding = finding.unwrap_or_else(|| panic!("{id} is met by\n{unmet}\n{}", lines(&found)));
        assert!(finding.severity >= control.severity, "{id}");
        let found = checked(&met);
        assert!(!found.findings.iter().any(|finding| is_found(&finding)), "{id}:\n{}", lines(&found));
        // The plans are small: what rules of later groups say of them is not asked here.
        let is_error = |finding: &&Finding| finding.severity == Severity::Error && finding.code < "MS4";
        let wrong: Vec<_> = found.findings.iter().filter(is_error).collect();
        assert!(wrong.is_empty(), "{id}: {wrong:?}");
    }
    let all = standards::names().filter_map(standards::named).flat_map(|catalogue| &catalogue.controls);
    let computed = all.filter(|control| !matches!(control.computed, Computed::ByHand(_)));
    let computed: BTreeSet<_> = computed.map(|control| control.id.value.clone()).collect();
    assert_eq!(seen, computed);
}

#[test]
fn what_people_have_to_show_is_never_found() {
    let text = "mainstay: 1\nstandards: [process, quality, security, documentation]\n".to_owned() + &task("");
    let checked = alone(&text);
    for finding in of_standards(&checked) {
        let control = finding.control.as_deref().and_then(|name| standards::by_id(name.split_once(' ')?.1));
        let (_, control) = control.unwrap_or_else(|| panic!("{finding:?}"));
        assert!(!matches!(control.computed, Computed::ByHand(_)), "{finding:?}");
    }
}

#[test]
fn what_does_not_meet_a_control_is_named_at_its_smallest_place() {
    let plan = "\
mainstay: 1
standards: [documentation, process]
title: a
owner: b
status: review
version: 1
criticality: high
timezone: UTC
documents: {process: p.md, security: s.md, audit: a.md}
windows:
  w: {cron: '0 2 * * *', duration: 4h}
tasks:
  tidy:
    title: Tidy
    type: routine
    domain: component
    duration: 5m
    steps:
      - name: one
        run: [a]
      - run: [b]
";
    let expected = "\
MS803 - the plan file does not meet PRC-02: others than the owner look at the plan
MS803 plan.yaml:5:9 `status` does not meet PRC-04: the plan is approved
MS803 plan.yaml:9:1 `documents` does not meet DOC-05: a page says what is maintained
MS803 plan.yaml:11:3 `windows.w` does not meet PRC-08: a window has a cutoff
MS803 plan.yaml:13:3 `tasks.tidy` does not meet PRC-03: work of high criticality happens in a window
MS803 plan.yaml:21:9 `tasks.tidy.steps[1]` does not meet DOC-03: a step that runs a program has a name
";
    let checked = alone(plan);
    assert_eq!(lines(&checked), expected);
    let found = of_standards(&checked);
    let expectations: Vec<_> = found.iter().map(|finding| finding.expected.as_deref()).collect();
    let key = |key| Some(key);
    let expected = [
        None,
        key("expected `approved`"),
        key("expected the key `system`"),
        key("expected the key `cutoff`"),
        key("expected the key `window`"),
        key("expected the key `name`"),
    ];
    assert_eq!(expectations, expected);
    let severities: Vec<_> = found.iter().map(|finding| finding.severity).collect();
    assert_eq!(severities, [Warning, Warning, Warning, Note, Warning, Note]);
    assert!(found[0].help.as_deref().is_some_and(|help| help.starts_with("A second pair of eyes")));
    assert_eq!(found[4].control.as_deref(), Some("process PRC-03"));
    assert_eq!(found[4].subject, "tasks.tidy");
}

#[test]
fn what_could_not_be_read_is_not_said_to_be_missing() {
    for plan in [
        "mainstay: 1\nstandards: [process]\nownr: a\n",
        "mainstay: 1\nstandards: [process]\nowner: [a]\n",
        "mainstay: 1\nstandards: [process]\nowner:\n",
    ] {
        let checked = alone(plan);
        let found = lines(&checked);
        assert!(
            checked.findings.iter().any(|finding| finding.severity == Severity::Error)
                && !found.contains("PRC-01"),
            "{found}"
        );
    }
}

#[test]
fn a_fix_says_what_would_be_written_where() {
    let remedy = |plan: &str, control: &str| {
        let checked = alone(&format!("mainstay: 1\nstandards: [process, quality, documentation]\n{plan}\n"));
        let found = checked.findings.iter().find(|finding| finding.control.as_deref() == Some(control));
        found.unwrap_or_else(|| panic!("no {control} in\n{}", lines(&checked))).remedy.clone()
    };
    let set = |path: &[&str], value: &str| Remedy::Set {
        path: path.iter().map(|key| (*key).to_owned()).collect(),
        value: Value::Text(value.to_owned()),
    };
    assert_eq!(remedy("", "process PRC-07"), Some(set(&["timezone"], "UTC")));
    assert_eq!(
        remedy(&task(", schedule: {every: 3d}"), "quality QLT-11"),
        Some(set(&["tasks", "t", "missed"], "latest"))
    );
    let page = Remedy::Document { kind: "audit".to_owned(), path: "docs/audit.md".to_owned() };
    let named = set(&["documents", "audit"], "docs/audit.md");
    let both = Remedy::All(vec![named.clone(), page.clone()]);
    assert_eq!(both.changes(), [&named, &page]);
    assert_eq!(remedy("", "documentation DOC-07"), Some(both));
    // What is there and wrong, or says nothing, is for people.
    assert_eq!(remedy("status: draft", "process PRC-04"), None);
    assert_eq!(remedy("version: ''", "process PRC-05"), None);
    assert_eq!(remedy("", "process PRC-01"), None);
}

#[test]
fn a_document_that_is_named_and_missing_can_be_begun_below_the_folder_only() {
    let files = [("docs/audit.md", ""), ("docs/folder.md/x", "")];
    let checked = beside(
        "mainstay: 1\ndocuments: {process: docs/p.md, system: ../s.md, security: docs/folder.md, audit: docs/audit.md}\n",
        &files,
    );
    let expected = "\
MS710 plan.yaml:2:22 there is no document `docs/p.md`
MS710 plan.yaml:2:41 there is no document `../s.md`
MS710 plan.yaml:2:60 the document `docs/folder.md` is not a file
";
    assert_eq!(lines(&checked), expected);
    let remedies: Vec<_> = of_standards(&checked).iter().map(|finding| finding.remedy.clone()).collect();
    let process = Remedy::Document { kind: "process".to_owned(), path: "docs/p.md".to_owned() };
    assert_eq!(remedies, [Some(process), None, None]);
}

/// A catalogue in which everything is right.
const HOUSE: &str = "\
standard: house
title: House rules
version: 1
controls:
  - id: OPS-01
    statement: a task has a priority of 60 or more
    reason: The planner decides by it.
    references: [our handbook]
    severity: error
    computed: {requires: priority, each: tasks, where: {criticality: [high]}, at_least: 60}
    fix: {set: 60}
  - id: OPS-02
    statement: there is a way back
    reason: We have been there.
    severity: error
    computed: {rules: [MS316]}
  - id: OPS-03
    statement: people are told
    reason: They ask.
    severity: note
    computed: {by_hand: the mail}
";

const HOUSE_PLAN: &str = "\
mainstay: 1
standards: [standards/house.yaml]
criticality: high
tasks:
  a: {type: routine, domain: component, duration: 1m, priority: 40, steps: [{run: [a]}]}
  b: {type: routine, domain: component, duration: 1m, priority: 60, steps: [{run: [a]}]}
  c: {type: routine, domain: component, duration: 1m, criticality: low, steps: [{run: [a]}]}
  d: {type: routine, domain: component, duration: 1m, steps: [{run: [a]}]}
";

#[test]
fn a_catalogue_of_ones_own_is_applied_as_a_shipped_one() {
    let checked = beside(HOUSE_PLAN, &[("standards/house.yaml", HOUSE)]);
    let expected = "\
MS803 plan.yaml:5:65 `tasks.a.priority` does not meet OPS-01: a task has a priority of 60 or more
MS803 plan.yaml:8:3 `tasks.d` does not meet OPS-01: a task has a priority of 60 or more
";
    assert_eq!(lines(&checked), expected);
    assert!(checked.findings.iter().any(|finding| finding.severity == Severity::Error));
    let found = of_standards(&checked);
    assert_eq!(found[0].expected.as_deref(), Some("expected at least 60"));
    assert_eq!(found[0].control.as_deref(), Some("house OPS-01"));
    assert_eq!(found[0].remedy, None, "what is there is for people");
    let path = ["tasks", "d", "priority"].map(ToOwned::to_owned).to_vec();
    let set = Remedy::Set { path, value: Value::Bare("60".to_owned()) };
    assert_eq!(found[1].remedy, Some(set), "a number is asked for");
}

#[test]
fn everything_that_is_wrong_with_a_catalogue_is_found_at_its_place_in_it() {
    let requires = "{requires: priority, each: tasks, where: {criticality: [high]}, at_least: 60}";
    let cases: &[(&str, &str, &str)] = &[
        ("standard: house\n", "", "1:1 the catalogue has no `standard`"),
        ("standard: house", "standard: ' '", "1:11 `standard` is empty"),
        (
            "title: House rules",
            "titel: House rules",
            "2:1 unknown key `titel`\n1:1 the catalogue has no `title`",
        ),
        ("version: 1", "version: [1]", "3:10 `version` cannot be a list"),
        ("version: 1", "version: 1\nversion: 1", "4:1 duplicate key `version`"),
        ("id: OPS-01", "id: ops1", "5:9 `ops1` cannot be the id of a control"),
        ("id: OPS-01", "id: MS1-1", "5:9 `MS1-1` cannot be the id of a control"),
        ("id: OPS-02", "id: OPS-01", "12:9 two controls have the id `OPS-01`"),
        ("  - id: OPS-01\n    statement:", "  - statement:", "5:5 an element of `controls` has no `id`"),
        ("reason: They ask.", "reason: ''", "19:13 `reason` is empty"),
        ("severity: note", "severity: info", "20:15 `info` is not a value of `severity`"),
        ("    severity: note\n", "", "17:5 an element of `controls` has no `severity`"),
        ("{by_hand: the mail}", "{}", "21:15 a control is computed in exactly one way"),
        (
            "{by_hand: the mail}",
            "{by_hand: a, rules: [MS316]}",
            "21:15 a control is computed in exactly one way",
        ),
        ("{by_hand: the mail}", "{by_hand: ''}", "21:25 `by_hand` is empty"),
        (
            "{by_hand: the mail}",
            "{by_hand: a, each: tasks}",
            "21:34 `each` belongs to `requires`, which is not there",
        ),
        (
            "{by_hand: the mail}",
            "{by_hand: a}\n    fix: {set: a}",
            "22:10 only what `requires` asks for can be fixed",
        ),
        ("[MS316]", "[MS361]", "16:24 there is no rule `MS361`"),
        ("[MS316]", "[]", "16:23 `rules` is empty"),
        (requires, "{requires: priorty, each: tasks}", "10:26 the plan file has no key `priorty` there"),
        (requires, "{requires: schedule.evry, each: tasks}", "10:26 the plan file has no key `evry` there"),
        (requires, "{requires: priority}", "10:26 the plan file has no key `priority` there"),
        (requires, "{requires: title, where: {ownr: a}}", "10:41 the plan file has no key `ownr` there"),
        (requires, "{requires: title, each: task}", "10:39 `task` is not a value of `each`"),
        (requires, "{requires: title, equals: a, matches: b}", "10:15 a value is tested in at most one way"),
        (requires, "{requires: title, matches: '('}", "10:42 `(` is not a regular expression"),
        (requires, "{requires: title, at_least: lots}", "10:43 `at_least` cannot be `lots`"),
        (
            requires,
            "{requires: title, where: {owner: {present: maybe}}}",
            "10:58 `present` cannot be `maybe`",
        ),
        (
            requires,
            "{requires: timeout, each: steps}",
            "11:10 `set` cannot reach into a list of steps or checks",
        ),
        ("{set: 60}", "{sett: 60}", "11:11 `sett` is not a value of `fix`"),
        (
            "{set: 60}",
            "{document: process}",
            "11:10 `document: process` answers to `requires: documents.process` only",
        ),
        (HOUSE, "standard: a\ntitle: a\nversion: 1\ncontrols: []\n", "4:11 the catalogue has no control"),
        (HOUSE, "", "1:1 the catalogue is empty"),
        (HOUSE, "- a\n", "1:1 the catalogue is not a mapping"),
        (HOUSE, "a: [\n", "1:4 a bracket is not closed"),
        (HOUSE, "a: \"\u{0}\"\n", "1:5 the catalogue is no text: it is not UTF-8, or holds a NUL character"),
    ];
    let mut wrong = String::new();
    for (old, new, expected) in cases {
        assert_eq!(HOUSE.matches(old).count(), 1, "`{old}` stands in HOUSE once");
        let checked = beside(HOUSE_PLAN, &[("standards/house.yaml", &HOUSE.replace(old, new))]);
        let found = lines(&checked);
        let mut expected: Vec<_> = expected.lines().map(|line| format!(":{line}\n")).collect();
        expected.sort();
        let mut cut: Vec<_> = found
            .lines()
            .map(|line| {
                let (_, rest) = line.split_once("standards/house.yaml").unwrap_or(("", line));
                format!("{rest}\n")
            })
            .collect();
        cut.sort();
        if cut != expected || !of_standards(&checked).iter().all(|finding| finding.code == "MS802") {
            let _ = writeln!(wrong, "`{old}` -> `{new}`\n{found}");
        }
    }
    assert_eq!(wrong, "");
}

#[test]
fn a_near_miss_in_a_catalogue_is_answered_with_what_was_meant() {
    let house = HOUSE.replace("requires: priority", "requires: priorty");
    let checked = beside(HOUSE_PLAN, &[("standards/house.yaml", &house)]);
    let finding = only(&checked, "MS802");
    assert_eq!(finding.help.as_deref(), Some("did you mean `priority`?"));
    let place = finding.place.as_ref().expect("a place");
    assert!(
        checked.source_of(&place.file).text.starts_with("standard: house"),
        "the excerpt is of the catalogue"
    );
    let unknown = alone("mainstay: 1\nstandards: [proces, house]\n");
    let helps: Vec<_> = of_standards(&unknown).iter().map(|finding| finding.help.as_deref()).collect();
    assert_eq!(lines(&unknown).matches("MS801").count(), 2);
    assert_eq!(helps, [Some("did you mean `process`?"), None]);
}

#[test]
fn a_catalogue_that_cannot_be_read_is_told_in_the_plan_file() {
    let plan = "mainstay: 1\nstandards: [a.yaml, b.yml, c.yaml]\n";
    let checked = beside(plan, &[("b.yml/x", ""), ("c.yaml", HOUSE)]);
    let expected = "\
MS802 plan.yaml:2:13 the catalogue `a.yaml` cannot be read: there is no such file
MS802 plan.yaml:2:21 the catalogue `b.yml` cannot be read: it is not a file
";
    assert_eq!(lines(&checked), expected);
}

#[test]
fn two_catalogues_that_use_one_id_are_told_in_the_later_one() {
    let plan = "mainstay: 1\nstandards: [a.yaml, process, b.yaml, a.yaml]\n";
    let first = HOUSE.replace("OPS-03", "PRC-13");
    let checked = beside(plan, &[("a.yaml", &first), ("b.yaml", &HOUSE.replace("OPS-02", "SRE-1"))]);
    let found: Vec<_> = checked.findings.iter().filter(|finding| finding.code == "MS804").collect();
    let messages: Vec<_> = found.iter().map(|finding| finding.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "the standard `process` has a control `PRC-13`, too",
            "the standard `a.yaml` has a control `OPS-01`, too"
        ]
    );
    let place =
        |index: usize| found[index].place.as_ref().map(|place| (place.file.clone(), place.start.line));
    assert_eq!([place(0), place(1)], [Some(("a.yaml".to_owned(), 17)), Some(("b.yaml".to_owned(), 5))]);
    assert_eq!(found[0].related, None, "a shipped catalogue is no file");
    let related = found[1].related.as_ref().map(|(place, _)| (place.file.as_str(), place.start.line));
    assert_eq!(related, Some(("a.yaml", 5)));
    assert_eq!(only(&checked, "MS805").message, "the standard `a.yaml` is named twice");
}

#[test]
fn the_strictest_control_decides_how_bad_the_finding_of_a_rule_is() {
    let system = task("").replace("component", "system");
    let severity = |standards: &str, house: &str| {
        let plan = format!("mainstay: 1\nstandards: [{standards}]\n{system}\n");
        let checked = beside(&plan, &[("house.yaml", house)]);
        let finding = only(&checked, "MS316");
        (finding.severity, finding.control.clone())
    };
    let house = |severity: &str| {
        let lines = HOUSE.replace(
            "severity: error\n    computed: {rules",
            &format!("severity: {severity}\n    computed: {{rules"),
        );
        assert!(lines.contains(&format!("severity: {severity}\n    computed: {{rules")));
        lines
    };
    let name = |name: &str| Some(name.to_owned());
    assert_eq!(severity("", HOUSE), (Warning, None));
    assert_eq!(severity("documentation", HOUSE), (Warning, None));
    assert_eq!(severity("process", HOUSE), (Error, name("process PRC-10")));
    assert_eq!(severity("house.yaml", &house("note")), (Warning, name("house OPS-02")));
    assert_eq!(severity("house.yaml", &house("warning")), (Warning, name("house OPS-02")));
    assert_eq!(severity("house.yaml", HOUSE), (Error, name("house OPS-02")));
    assert_eq!(severity("house.yaml, process", &house("note")), (Error, name("process PRC-10")));
    assert_eq!(severity("house.yaml, process", HOUSE), (Error, name("house OPS-02")));
}

#[test]
fn a_plan_without_standards_is_judged_as_before() {
    let text = "mainstay: 1\nignore: [{code: MS316, reason: a}]\n".to_owned()
        + &task("").replace("component", "system");
    let checked = alone(&text);
    assert_eq!(lines(&checked), "MS706 plan.yaml:2:17 the waiver of `MS316` has no end\n");
    let finding = only(&checked, "MS706");
    assert_eq!((finding.severity, finding.control.as_deref()), (Severity::Note, None));
    let applied = alone(&text.replace("ignore", "standards: [process]\nignore"));
    let finding = only(&applied, "MS706");
    assert_eq!((finding.severity, finding.control.as_deref()), (Severity::Warning, Some("process PRC-12")));
}

#[test]
fn a_waiver_may_name_a_control() {
    let plan = |waivers: &str, comment: &str| {
        format!(
            "mainstay: 1\nstandards: [process]\nowner: a\nreviewers: [b]\nstatus: approved\nversion: 1\n\
             criticality: high\ntimezone: UTC\nignore: [{waivers}]\ntasks:\n{comment}  \
             t: {{type: routine, domain: system, duration: 1m, steps: [{{run: [a]}}]}}\n"
        )
    };
    let found = |waivers: &str, comment: &str| {
        let checked = alone(&plan(waivers, comment));
        let codes: Vec<_> = of_standards(&checked)
            .into_iter()
            .map(|finding| format!("{} {}", finding.code, finding.control.as_deref().unwrap_or("-")))
            .collect();
        (codes.join(", "), checked.n_waived)
    };
    let both = "MS803 process PRC-03, MS316 process PRC-10";
    let [window, back] = ["MS803 process PRC-03", "MS316 process PRC-10"].map(ToOwned::to_owned);
    let until = "until: 2026-04-01, reason: a";
    assert_eq!(found("", ""), (both.to_owned(), 0));
    assert_eq!(found(&format!("{{code: PRC-03, {until}}}"), ""), (back.clone(), 1));
    assert_eq!(found(&format!("{{code: PRC-03, at: tasks.t, {until}}}"), ""), (back.clone(), 1));
    assert_eq!(found(&format!("{{code: MS803, {until}}}"), ""), (back.clone(), 1));
    assert_eq!(found(&format!("{{code: PRC-10, {until}}}"), ""), (window.clone(), 1));
    assert_eq!(
        found("", "  # mainstay: ignore PRC-03, PRC-10 until 2026-04-01 reason\n"),
        (String::new(), 2)
    );
    let unused = (format!("MS704 -, {both}"), 0);
    assert_eq!(found(&format!("{{code: PRC-03, at: tasks.u, {until}}}"), ""), unused);
    assert_eq!(found(&format!("{{code: QLT-01, {until}}}"), ""), unused, "a control that is not applied");
    assert_eq!(found(&format!("{{code: PRC-13, {until}}}"), ""), unused, "a control that nobody computes");
    assert_eq!(found(&format!("{{code: PRC-99, {until}}}"), ""), (format!("MS702 -, {both}"), 0));
    let expired = (format!("MS703 process PRC-12, {both}"), 0);
    assert_eq!(found("{code: PRC-03, until: 2026-03-01, reason: a}", ""), expired);
}

#[test]
fn a_waiver_of_a_control_that_could_not_be_read_is_left_alone() {
    let waivers = "ignore: [{code: OPS-01, until: 2026-04-01, reason: a}]";
    let plan = |standards: &str| format!("mainstay: 1\nstandards: [{standards}]\n{waivers}\n");
    let codes =
        |checked: &Checked| of_standards(checked).iter().map(|finding| finding.code).collect::<Vec<_>>();
    assert_eq!(codes(&beside(&plan(""), &[])), ["MS702"]);
    assert_eq!(codes(&beside(&plan("a.yaml"), &[])), ["MS802"]);
    assert_eq!(codes(&beside(&plan("a.yaml"), &[("a.yaml", "standard: a\n")])), ["MS802"; 3]);
    assert_eq!(codes(&alone(&plan("a.yaml"))), [""; 0]);
    assert_eq!(codes(&alone(&plan("hous"))), ["MS801"]);
    assert_eq!(codes(&beside(&plan("a.yaml"), &[("a.yaml", HOUSE)])), ["MS704"]);
}

#[test]
fn a_control_cannot_waive_what_no_waiver_can() {
    let text = format!(
        "mainstay: 1\nstandards: [quality]\nignore: [{{code: QLT-09, until: 2026-04-01, reason: a}}]\n\
         connections: {{prometheus: {{url: 'http://127.0.0.1:1'}}}}\n{}\n",
        task(", verify: [{promql: {query: up}}]")
    );
    let checked = alone(&text);
    assert_eq!(only(&checked, "MS309").control.as_deref(), Some("quality QLT-09"));
    assert_eq!(checked.n_waived, 0);
}
