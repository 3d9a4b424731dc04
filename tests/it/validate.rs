//! `mainstay validate` as people and programs see it.

mod add;
mod fix;
mod hostile;
mod import;
mod inputs;
mod live;
mod manual;
mod recorded;
mod waivers;

use std::os::unix::fs::PermissionsExt;

use mainstay::model::Finding;
use mainstay::validator::checker;
use mainstay::validator::rules::Use;
use proptest::prelude::*;

use super::support::Case;

const ONE_TASK: &str = "\
mainstay: 1
windows:
  weekend-night: {cron: \"0 2 * * SAT,SUN\", duration: 4h}
tasks:
  tidy:
    type: routine
    domain: component
    window: weekend-night
    duration: 5m
    steps:
      - run: [rm, old]
";

fn check(name: &str, bytes: Vec<u8>) -> checker::Checked {
    checker::check_bytes(name, bytes, "2026-03-07T10:00:00Z".parse().expect("a time"))
}

/// The plan file of the product definition: every key that there is.
const EVERYTHING: &str = include_str!("plans/everything.yaml");

#[test]
fn a_right_plan_file_is_said_to_be_right() {
    Case::new().plan_file(ONE_TASK).run("validate").stdout("maintenance.yaml: ok, 1 task\n").exit(0);
}

#[test]
fn a_fault_is_shown_with_its_line_and_with_the_way_out() {
    let wrong = ONE_TASK.replace("window: weekend-night", "window: weekend-nigth");
    let expected = "\
error[MS201]: task `tidy` names an unknown window `weekend-nigth`
 --> maintenance.yaml:8:13
  |
8 |     window: weekend-nigth
  |             ^^^^^^^^^^^^^ expected a name from `windows:` (line 2)
  |
help: did you mean `weekend-night`?

maintenance.yaml: 1 error
";
    Case::new().plan_file(wrong).run("validate").stdout(expected).exit(1);
}

#[test]
fn a_second_place_that_explains_a_fault_is_shown_too() {
    let expected = "\
error[MS102]: duplicate key `mainstay`
 --> maintenance.yaml:2:1
  |
2 | mainstay: 2
  | ^^^^^^^^
  |
note: first written here
 --> maintenance.yaml:1:1
  |
1 | mainstay: 1
  | ^^^^^^^^
help: remove one of the two

maintenance.yaml: 1 error
";
    Case::new().plan_file("mainstay: 1\nmainstay: 2\n").run("validate").stdout(expected).exit(1);
}

#[test]
fn programs_get_one_object_with_every_place() {
    let expected = r#"{
  "schema": "mainstay/validate/v1",
  "verdict": "fail",
  "findings": [
    {
      "code": "MS112",
      "severity": "error",
      "message": "unknown key `titel`",
      "file": "maintenance.yaml",
      "line": 2,
      "column": 1,
      "end_line": 2,
      "end_column": 6,
      "subject": "titel",
      "expected": null,
      "help": "did you mean `title`?",
      "control": null,
      "fixable": false
    }
  ],
  "evaluated": 0,
  "waived": 0,
  "files": [
    {
      "file": "maintenance.yaml",
      "verdict": "fail",
      "readable": true,
      "evaluated": 0,
      "waived": 0
    }
  ]
}
"#;
    let case = Case::new().plan_file("mainstay: 1\ntitel: x\n");
    case.run("validate --format json").stdout(expected).exit(1);
}

#[test]
fn fail_on_decides_which_findings_make_the_answer_no() {
    let warns = ONE_TASK.replace("domain: component", "domain: system");
    let case = Case::new().plan_file(warns);
    let finding = "\
warning[MS316]: system task `tidy` has no way back
 --> maintenance.yaml:7:13
  |
7 |     domain: system
  |             ^^^^^^
  |
help: add `rollback`

";
    let ok = format!("{finding}maintenance.yaml: ok, 1 task, 1 warning\n");
    case.run("validate").stdout(&ok).exit(0);
    let no = format!("{finding}maintenance.yaml: 1 warning\n");
    case.run("validate --fail-on warning").stdout(&no).exit(1);
}

#[test]
fn a_plan_without_tasks_is_no_yes() {
    Case::new()
        .plan_file("mainstay: 1\n")
        .run("validate")
        .stdout("maintenance.yaml: nothing to evaluate, there is no task\n")
        .exit(3);
}

#[test]
fn a_plan_file_that_cannot_be_read_is_another_matter_than_a_wrong_one() {
    let none = "error: there is no plan file maintenance.yaml\nhelp: name it with -f, or write one: README\n";
    Case::new().run("validate").stderr(none).exit(2);
    let folder = "error: here is a folder, not a file\nhelp: name the file with -f\n";
    Case::new().file("here/x", "").run("-f here plan").stderr(folder).exit(2);
    let device = "error: /dev/zero is a device or a pipe, not a file\nhelp: name the file with -f\n";
    Case::new().run("-f /dev/zero validate").stderr(device).exit(2);
    let case = Case::new().plan_file("");
    let path = case.path().join("maintenance.yaml");
    std::fs::File::options().write(true).open(path).unwrap().set_len(20 * 1024 * 1024).unwrap();
    let large = "error: maintenance.yaml has 20971520 bytes; a plan file has at most 16777216\n";
    case.run("validate").stderr(large).exit(2);
    let case = Case::new().plan_file("mainstay: 1\n");
    let formats = "error: this command has no format `html`; it has `text`, `json`, \
                   `jsonl`, `sarif`, `junit`, `github`, `gitlab`, `tap`, `checkstyle`\n";
    case.run("validate --format html").stderr(formats).exit(2);
}

#[test]
fn a_plan_file_that_others_can_write_is_warned_of_and_root_does_not_work_with_it() {
    let case = Case::new().plan_file(ONE_TASK);
    let path = case.path().join("maintenance.yaml");
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o666)).unwrap();
    let warned = case.run("validate").exit(0).take_stdout();
    assert!(warned.starts_with("warning[MS004]: the plan file can be written by everybody\n"), "{warned}");
    if rustix::process::geteuid().is_root() {
        let refused = "error: maintenance.yaml can be written by everybody, and root would run what they write\n\
                       help: chmod go-w maintenance.yaml\n";
        case.run("plan").stderr(refused).exit(2);
    }
}

#[test]
fn hostile_text_is_shown_and_never_acts() {
    let hostile = "mainstay: 1\ntags: [a]\n\"\\e[2J\\u202Etitel\": x\n\"\\x9b31m\": x\n";
    for format in ["text", "json"] {
        let text =
            Case::new().plan_file(hostile).run(&format!("validate --format {format}")).exit(1).take_stdout();
        let acts = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!text.contains(acts), "{text:?}");
    }
}

#[test]
fn what_is_defined_and_not_built_yet_is_all_that_is_wrong_with_the_definition_of_everything() {
    let loaded = check("everything.yaml", EVERYTHING.as_bytes().to_vec());
    let is_of_standards = |finding: &&Finding| finding.code == "MS803";
    let found = loaded.findings.iter().filter(|finding| !is_of_standards(finding));
    let found = found.map(|finding| format!("{} {}", finding.code, finding.message));
    let (unsupported, judged): (Vec<_>, Vec<_>) = found.partition(|finding| finding.starts_with("MS901"));
    let keys = ["ssh", "ssh"];
    let expected: Vec<_> = keys.iter().map(|key| format!("MS901 `{key}` is not supported yet")).collect();
    assert_eq!(unsupported, expected);
    let expected = [
        "MS712 no task works on target `here`",
        "MS404 window `weekend-night` opens at a time that the clock skips or repeats: \
         2026-03-29 02:00 is skipped, 2026-10-25 02:00 comes twice, and 8 more within five years",
        "MS417 task `upgrade-prometheus` comes after `snapshot`, which runs on demand only: \
         nothing waits for it",
        "MS502 `install` of task `upgrade-prometheus` is attempted up to 3 times, and nobody says that it may \
         be repeated",
        "MS716 nothing uses secret `smtp`",
    ];
    assert_eq!(judged, expected);
}

#[test]
fn work_that_cannot_happen_fails_the_gate_and_stops_no_other_work() {
    let plan = ONE_TASK.replace("duration: 5m", "schedule: {every: 7d, tolerance: 1d}\n    duration: 5h");
    let case = Case::new().plan_file(plan);
    let found = case.run("validate").exit(1).take_stdout();
    assert!(
        found.starts_with(
            "error[MS401]: task `tidy` takes 5h; window `weekend-night` is open for 4h at most\n"
        ),
        "{found}"
    );
    let planned = case.run("--now 2026-03-07T05:40:00Z plan --format json").exit(0).json();
    assert_eq!(planned["unplaced"][0]["task"], "tidy");
}

#[test]
fn the_definition_of_everything_does_not_meet_all_of_the_standards_that_it_applies() {
    let loaded = check("everything.yaml", EVERYTHING.as_bytes().to_vec());
    let unmet = loaded.findings.iter().filter(|finding| finding.code == "MS803");
    let found: Vec<_> = unmet.map(|finding| finding.message.split(':').next().unwrap_or_default()).collect();
    let expected = [
        "`documents` does not meet DOC-05",
        "`documents` does not meet DOC-06",
        "`documents` does not meet DOC-07",
        "`targets.here` does not meet DOC-11",
        "`tasks.snapshot` does not meet PRC-03",
        "`tasks.snapshot` does not meet QLT-01",
        "`tasks.snapshot` does not meet QLT-02",
        "`tasks.snapshot` does not meet QLT-05",
        "`tasks.snapshot` does not meet QLT-08",
        "`tasks.snapshot` does not meet DOC-02",
        "`tasks.upgrade-prometheus.steps[1]` does not meet QLT-06",
        "`tasks.upgrade-prometheus.steps[1]` does not meet DOC-03",
        "`tasks.upgrade-prometheus.rollback[0]` does not meet QLT-06",
        "`tasks.upgrade-prometheus.rollback[0]` does not meet DOC-03",
        "`secrets.smtp` does not meet SEC-07",
    ];
    assert_eq!(found, expected);
}

const HOUSE: &str = "\
standard: house
title: House rules
version: 1
controls:
  - id: OPS-01
    statement: a task has a priority
    reason: The planner decides by it.
    severity: warning
    computed: {requires: priority, each: tasks}
";

#[test]
fn what_a_standard_asks_for_is_shown_with_the_reason_and_the_control() {
    let plan = ONE_TASK.replace("mainstay: 1\n", "mainstay: 1\nstandards: [standards/house.yaml]\n");
    let case = Case::new().plan_file(plan).file("standards/house.yaml", HOUSE);
    let expected = "\
warning[MS803]: `tasks.tidy` does not meet OPS-01: a task has a priority
 --> maintenance.yaml:6:3
  |
6 |   tidy:
  |   ^^^^ expected the key `priority`
  |
note: control `house OPS-01`
help: The planner decides by it.

maintenance.yaml: ok, 1 task, 1 warning
";
    case.run("validate").stdout(expected).exit(0);
    let found = case.run("validate --format json").exit(0).json();
    let finding = &found["findings"][0];
    assert_eq!((&finding["control"], &finding["code"]), (&"house OPS-01".into(), &"MS803".into()));
}

#[test]
fn what_is_wrong_with_a_catalogue_is_shown_in_the_catalogue() {
    let plan = ONE_TASK.replace("mainstay: 1\n", "mainstay: 1\nstandards: [standards/house.yaml]\n");
    let house = HOUSE.replace("requires: priority", "requires: priorty");
    let case = Case::new().file("estate/maintenance.yaml", plan).file("estate/standards/house.yaml", house);
    let expected = "\
error[MS802]: the plan file has no key `priorty` there
 --> estate/standards/house.yaml:9:26
  |
9 |     computed: {requires: priorty, each: tasks}
  |                          ^^^^^^^
  |
help: did you mean `priority`?

estate/maintenance.yaml: 1 error
";
    case.run("-f estate/maintenance.yaml validate").stdout(expected).exit(1);
    let found = case.run("-f estate/maintenance.yaml validate --format json").exit(1).json();
    let finding = &found["findings"][0];
    let place = (&finding["file"], &finding["line"], &finding["column"]);
    assert_eq!(place, (&"estate/standards/house.yaml".into(), &9.into(), &26.into()));
}

/// Files that are nearly right: pieces of a right one, mixed with what breaks files.
fn nearly_right() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => (0..EVERYTHING.lines().count()).prop_map(|n| {
            EVERYTHING.lines().nth(n).unwrap_or_default().as_bytes().to_vec()
        }),
        1 => "[ a-z:{}\\[\\]&*!|>'\"%@`,#\t-]{0,12}".prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..6),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.join(&b'\n'))
}

/// The whole right file with one piece replaced.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    (0..EVERYTHING.len(), 0..20_usize, prop::collection::vec(any::<u8>(), 0..8)).prop_map(|(at, n, new)| {
        let mut bytes = EVERYTHING.as_bytes().to_vec();
        let end = (at + n).min(bytes.len());
        bytes.splice(at..end, new);
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_read_is_judged_the_same_twice_and_at_places_in_the_text(
        bytes in prop_oneof![nearly_right(), mutated(), prop::collection::vec(any::<u8>(), 0..200)]
    ) {
        let first = check("p", bytes.clone());
        let second = check("p", bytes);
        prop_assert_eq!(&first.findings, &second.findings);
        prop_assert!(first.plan.is_some() || first.is_useless(Use::Work) && !first.findings.is_empty());
        for finding in &first.findings {
            let places = finding.place.iter().chain(finding.related.iter().map(|(place, _)| place));
            for place in places {
                let (start, end) = (place.span.start as usize, place.span.end as usize);
                prop_assert!(first.source.text.get(start..end).is_some(), "{:?}", place);
                prop_assert!(place.start <= place.end);
            }
        }
        mainstay::validator::reporter::text::findings(first.findings.iter(), |file| first.source_of(file), true);
    }
}

#[test]
fn a_key_that_is_written_twice_hides_no_other_fault() {
    let task = "{type: routine, domain: component, duration: 1m, steps: [{run: ['true']}]";
    let text = format!("mainstay: 1\ntasks:\n  a: {task}}}\n  a: {task}}}\n  b: {task}, window: nope}}\n");

    let found = Case::new().plan_file(text).run("validate --format json").exit(1).json();

    let findings = found["findings"].as_array().expect("findings");
    let codes: Vec<_> = findings.iter().map(|finding| (&finding["code"], &finding["line"])).collect();
    assert_eq!(codes, [(&"MS102".into(), &4.into()), (&"MS201".into(), &5.into())]);
}

/// Where secrets stand in plan files; `§` is the secret, and what else is wrong there makes a finding that quotes it.
const PLACES_OF_SECRETS: &[(&str, &str)] = &[
    ("AKIAQ3EGRN7XAMPL3KEY", "env: {KEY_ID: §}"),
    ("ghp_0123456789abcdefghijABCDEFGHIJ012345", "run: [git, clone, 'https://§@github.com/x/y']"),
    ("github_pat_0123456789abcdefghijAB_0123456789", "run: [x, '§']"),
    ("glpat-0123456789abcdefghij", "shell: x §"),
    ("xoxb-0123456789-abcdefghij", "run: [x] # §"),
    (
        "T0123ABCD/B0123ABCD/0123456789abcdefghij",
        "http: {url: 'https://hooks.slack.com/services/§', method: POST}",
    ),
    // In two pieces, so that nothing that looks for keys in repositories takes it for one.
    (concat!("AIz", "aSyA0123456789abcdefghijABCDEFGHIJ01"), "http: {url: 'htp://maps.example.org/?key=§'}"),
    ("sk_live_0123456789abcdefghij", "run: [x, §]\n        durations: §"),
    ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTYifQ.0123456789abcdefg", "run: [x, §]"),
    ("hunter2-in-a-url", "http: {url: 'ftp://ada:§@db.example.org/x'}"),
    ("hunter2-in-a-header", "http: {url: 'htp://h', headers: {Authorization: 'Bearer §'}}"),
    ("hunter2-in-a-variable", "run: [x, §]\n        env: {DB_PASSWORD: \"§\"}"),
    ("hunter2-with-\\x65scape", "run: [x, '{{ x }}']\n        env: {DB_PASSWORD: \"§\"}"),
    ("hunter2-as-an-option", "run: [rm, -r, '--password=§']"),
    ("hunter2-after-an-option", "run: [rm, -r, --token, §]\n        retry: {attempts: 3}"),
    ("hunter2-of-curl", "shell: curl -u ada:§ http://h | sh"),
    ("hunter2-of-mysql", "run: [mysql, -p§, x]"),
    ("hunter2-in-a-shell", "shell: PGPASSWORD='§' psql -c 'drop table x' || true"),
    ("hunter2-in-odd-shell", "shell: case x in x) PGPASSWORD=§ psql;; esac"),
    (
        "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU",
        "shell: |\n          -----BEGIN OPENSSH PRIVATE KEY-----\n          §\n          -----END OPENSSH PRIVATE KEY-----",
    ),
    ("hunter2-in-broken-yaml", "run: [x\n        env: {DB_PASSWORD: §}"),
    ("hunter2-in-a-template", "{{ x }}\n        password: §"),
];

#[test]
fn no_secret_that_stands_in_a_plan_file_is_shown() {
    for (secret, place) in PLACES_OF_SECRETS {
        let step = place.replace('§', secret);
        let text = ONE_TASK.replace("run: [rm, old]", &step);
        // As it is written, and as it is read.
        let as_read = secret.replace("\\x65", "e");
        let case = Case::new().plan_file(text);
        let formats = ["text", "json", "jsonl", "sarif", "junit", "github", "gitlab", "tap"];
        let of_formats = formats.iter().map(|format| format!("validate --format {format}"));
        for arguments in of_formats.chain(["plan".to_owned()]) {
            let output = case.command(&arguments).output().expect("the binary was built");
            let shown = [output.stdout, output.stderr].concat();
            let shown = String::from_utf8(shown).expect("text");
            assert!(!shown.contains(secret) && !shown.contains(&as_read), "{arguments} of {place}\n{shown}");
            // Of a file that is no YAML, nobody can say what its keys mean.
            let is_yaml = !secret.contains("broken") && !secret.contains("template");
            let is_found = shown.contains("MS507") || !is_yaml;
            assert!(is_found || arguments != "validate --format text", "{place}\n{shown}");
        }
    }
}

#[test]
fn a_secret_is_masked_in_its_line_and_in_what_other_findings_say() {
    let text = ONE_TASK
        .replace("run: [rm, old]", "run: [rm, -r, \"x-hunter2\"]\n        env: {DB_PASSWORD: hunter2}");
    let expected = "\
warning[MS501]: task `tidy` removes something for good, `rm -r`, and does not say so
  --> maintenance.yaml:11:15
   |
11 |       - run: [rm, -r, \"x-*******\"]
   |               ^^
   |
help: add `destructive: true` to the step, or `destructive: false` if nothing of value goes

error[MS507]: the value of `DB_PASSWORD` is written into the plan file
  --> maintenance.yaml:12:28
   |
12 |         env: {DB_PASSWORD: *******}
   |                            ^^^^^^^
   |
help: replace it at its source, since this one has been seen, and name it under `secrets:` instead

maintenance.yaml: 1 error, 1 warning
";
    Case::new().plan_file(text).run("validate").stdout(expected).exit(1);
}
