//! What is found in small files, as `CODE LINE:COLUMN MESSAGE`.

use std::fmt::Write as _;

use super::checker::{Checked, check_bytes};

fn parse(name: &str, bytes: Vec<u8>) -> Checked {
    check_bytes(name, bytes, "2026-03-07T10:00:00Z".parse().expect("a time"))
}

/// The findings of a text, one line each.
fn found(text: &str) -> String {
    let loaded = parse("plan.yaml", text.as_bytes().to_vec());
    let lines = loaded.findings.iter().map(|finding| {
        let place = finding
            .place
            .as_ref()
            .map_or("-".to_owned(), |place| format!("{}:{}", place.start.line, place.start.column));
        format!("{} {place} {}", finding.code, finding.message)
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn check(text: &str, expected: &[&str]) {
    assert_eq!(found(text), expected.join("\n"), "in\n{text}");
}

#[test]
fn all_faults_of_form_are_found_at_once() {
    let text = "\
mainstay: one
titel: x
tasks:
  a:
    type: routin
    domain: [system]
    priority: 300
    durations: 5m
    steps:
      - run: {}
      - shel: x
        timeout: 5
      - wait: soon
  b: []
windows:
  w: {cron: \"* * * * *\", duration: }
targets: []
";
    check(
        text,
        &[
            "MS115 1:11 `mainstay` cannot be `one`",
            "MS112 2:1 unknown key `titel`",
            "MS113 4:3 `a` has no `duration`",
            "MS114 5:11 `routin` is not a value of `type`",
            "MS115 6:13 `domain` cannot be a list",
            "MS304 7:15 `priority` cannot be 300",
            "MS112 8:5 unknown key `durations`",
            "MS115 10:14 `run` cannot be a mapping",
            "MS112 11:9 unknown key `shel`",
            "MS115 12:18 `timeout` cannot be `5`",
            "MS115 13:15 `wait` cannot be `soon`",
            "MS115 14:6 `b` cannot be a list",
            "MS116 16:26 `duration` is empty",
            "MS115 17:10 `targets` cannot be a list",
        ],
    );
}

/// A plan file with this line in it.
fn with(line: &str) -> String {
    format!("mainstay: 1\n{line}\n")
}

#[test]
fn scalars_are_typed_by_what_is_asked_for() {
    let version = |text: &str| {
        let loaded = parse("plan.yaml", with(&format!("version: {text}")).into_bytes());
        loaded.plan.and_then(|plan| plan.version)
    };
    for (written, read) in
        [("1.10", "1.10"), ("yes", "yes"), ("0o17", "0o17"), ("'null'", "null"), ("\"\"", "")]
    {
        assert_eq!(version(written).as_deref(), Some(read), "{written}");
    }
    let local = |value: &str| with(&format!("targets: {{a: {{local: {value}}}}}"));
    check(&local("true"), &[]);
    check(&local("yes"), &["MS115 2:22 `local` cannot be `yes`"]);
    check(&local("'true'"), &["MS115 2:22 `local` cannot be `true`"]);
    let down = |value: &str| with(&format!("groups: {{g: {{max_down: {value}}}}}"));
    check(&down("1"), &[]);
    for wrong in ["0x1", "1_0", "1.0", "01", "+1", "-1", "4294967296", ".inf"] {
        check(&down(wrong), &[&format!("MS115 2:24 `max_down` cannot be `{wrong}`")]);
    }
}

#[test]
fn a_file_of_the_wrong_form_is_refused_with_its_place() {
    check("", &["MS005 1:1 the plan file is empty"]);
    check("# nothing\n", &["MS005 1:1 the plan file holds no key"]);
    check("---\n", &["MS005 1:1 the plan file holds no key"]);
    check("- a\n", &["MS111 1:1 the plan file is not a mapping"]);
    check("mainstay: 1\n---\nmainstay: 1\n", &["MS108 2:1 a second document begins"]);
    check("mainstay: 1\ntags:\n\t- a\n", &["MS101 3:1 a tab is used as indentation"]);
    check("mainstay: 1\ntitle: a: b\n", &["MS101 2:9 a colon does not make a key here"]);
    check("mainstay: 1\nmainstay: 1\n", &["MS102 2:1 duplicate key `mainstay`"]);
    check("mainstay: 1\n? [a]\n: b\n", &["MS103 2:3 a key is a list or a mapping"]);
    check("mainstay: 1\ntitle: {{ .Values.title }}\n", &["MS104 2:8 this is template text, not YAML yet"]);
    check("mainstay: 1\n{% if x %}\ntitle: a\n", &["MS104 2:1 this is template text, not YAML yet"]);
    check("mainstay: 1\ntags: &t [a]\ntargets: {<<: *t}\n", &["MS105 3:11 merge keys are not supported"]);
    check("mainstay: 1\ntags: *t\n", &["MS106 2:7 alias `*t` names no anchor"]);
    check("mainstay: 1\ntags: &t [*t]\n", &["MS106 2:11 an alias stands inside what it names"]);
    check("mainstay: 1\ntitle: !env HOME\n", &["MS107 2:8 tag `!env` is not supported"]);
    check("mainstay: 1\ntitle:\n", &["MS116 2:1 `title` is empty"]);
    check("title: a\n", &["MS113 1:1 the plan file has no `mainstay`"]);
    check("mainstay: 1\ntitle: \"a\\0b\"\n", &["MS003 2:8 the text holds a NUL character"]);
    check("mainstay: 1\0\n", &["MS003 1:12 the plan file holds a NUL character, at byte 11"]);
    check("\u{feff}mainstay: 1\r\ntitle:\r\n", &["MS116 2:1 `title` is empty"]);
}

#[test]
fn bytes_that_are_no_text_are_refused_with_their_offset() {
    let message = |bytes: &[u8]| parse("plan.yaml", bytes.to_vec()).findings[0].message.clone();
    assert_eq!(message(b"title: \xff\n"), "byte 7 (0xff) is not UTF-8");
    assert_eq!(message(b"m\0a\0"), "the plan file looks like UTF-16");
    assert_eq!(message(b"\xff\xfem\0"), "the plan file looks like UTF-16");
}

#[test]
fn bombs_are_refused_quickly() {
    let started = std::time::Instant::now();
    let mut aliases = String::from("mainstay: 1\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let below = vec![format!("*a{}", level - 1); 10].join(", ");
        let _ = writeln!(aliases, "a{level}: &a{level} [{below}]");
    }
    check(&aliases, &["MS110 8:9 the file holds, or unfolds to, more than 2000000 values"]);
    check(
        &format!("mainstay: 1\ntitle: {}", "[".repeat(10_000)),
        &["MS109 2:72 values are nested deeper than 64 levels"],
    );
    assert!(started.elapsed().as_secs() < 2, "it took {:?}", started.elapsed());
}

#[test]
fn findings_are_bounded() {
    let text = (0..26_000).fold(with(""), |text, n| text + &format!("key{n}: 1\n"));
    let loaded = parse("plan.yaml", text.into_bytes());
    assert_eq!(loaded.findings.len(), 25_001);
    assert_eq!(loaded.findings[25_000].message, "there are at least 1000 more findings");
}

/// A plan file in which everything that rules speak of is right, with one line replaced.
///
/// `old` has to be there, so that a case cannot go stale.
fn but(old: &str, new: &str) -> String {
    assert_eq!(RIGHT.matches(old).count(), 1, "`{old}` stands in RIGHT once");
    RIGHT.replace(old, new)
}

const RIGHT: &str = r#"mainstay: 1
timezone: Europe/Berlin
connections:
  prometheus: {url: "http://127.0.0.1:9090"}
  alertmanager: {url: "http://127.0.0.1:9093"}
targets:
  here: {local: true, group: pair, labels: {zone: a}}
  there: {group: "pair", labels: {zone: a}, local: true}
groups: {pair: {max_down: 1}}
windows:
  night: {cron: "0 4 * * *", duration: 4h, cutoff: 30m}
blackouts:
  year-end: {from: 2026-12-20, to: 2027-01-04}
resources: {crew: 2}
tasks:
  snapshot:
    type: routine
    domain: data
    schedule: {every: 30d, tolerance: 3d}
    duration: 20m
    steps:
      - prometheus: snapshot
      - run: [rm, -r, old]
        destructive: true
  upgrade:
    type: preventive
    domain: component
    priority: 70
    window: night
    targets: [group:pair, label:zone=a]
    duration: 10m
    resources: {crew: 1}
    after: snapshot
    silence: {matchers: ['job="prometheus"']}
    steps:
      - shell: make
        retry: {attempts: 3}
      - http: {url: "http://127.0.0.1:9090/-/reload", method: POST}
    verify:
      - promql: {query: up, every: {eq: 1}}
      - tcp: {address: "127.0.0.1:9090"}
    idempotent: true
metrics:
  debt: {promql: {query: "sum(x)"}}
alerts:
  high: {expr: debt > 5, for: 5m, send: alertmanager, summary: pay it}
"#;

#[test]
fn a_plan_file_in_which_everything_is_right_has_no_findings() {
    check(RIGHT, &[]);
}

#[test]
#[expect(clippy::too_many_lines, reason = "one line a case")]
fn every_rule_finds_its_fault_at_its_place() {
    let cases: &[(&str, &str, &[&str])] = &[
        ("mainstay: 1", "mainstay: 2", &["MS303 1:11 unknown format version 2"]),
        ("Europe/Berlin", "Berlin", &["MS306 2:11 unknown time zone `Berlin`"]),
        ("window: night", "window: nigth", &["MS201 29:13 task `upgrade` names an unknown window `nigth`"]),
        ("after: snapshot", "after: [snap]", &["MS201 33:13 task `upgrade` names an unknown task `snap`"]),
        ("{crew: 1}", "{cru: 1}", &["MS201 32:17 task `upgrade` names an unknown resource `cru`"]),
        (
            "{crew: 1}",
            "{crew: 3}",
            &["MS204 32:23 task `upgrade` takes 3 of `crew`, more than the 2 there are"],
        ),
        (
            "group: pair",
            "group: pear",
            &[
                "MS201 7:30 target `here` names an unknown group `pear`",
                "MS532 9:10 group `pair` has one member, and nothing stands in for it",
            ],
        ),
        ("group:pair", "group:x", &["MS201 30:15 task `upgrade` names an unknown group `x`"]),
        ("group:pair", "that", &["MS201 30:15 task `upgrade` names an unknown target `that`"]),
        ("group:pair", "tag:x", &["MS203 30:15 `tag:x` is not a selector"]),
        ("zone=a", "zone", &["MS203 30:27 `label:zone` is not a selector"]),
        (
            "zone=a",
            "zone=b",
            &[
                "MS202 30:27 task `upgrade` selects no target: no target has the label `zone` with the value `b`",
            ],
        ),
        (
            "duration: 20m",
            "after: upgrade\n    duration: 20m",
            &[
                "MS417 20:12 task `snapshot` comes after `upgrade`, which runs on demand only: nothing waits for it",
                "MS205 34:12 tasks wait for each other: snapshot -> upgrade -> snapshot",
            ],
        ),
        ("after: snapshot", "after: upgrade", &["MS205 33:12 tasks wait for each other: upgrade -> upgrade"]),
        ("shell: make", "name: make", &["MS301 36:9 a step says nothing"]),
        (
            "shell: make",
            "shell: make\n        run: [make]",
            &["MS302 36:9 a step says too much: `run`, `shell`"],
        ),
        (
            "promql: {query: up, every: {eq: 1}}",
            "timeout: 5s",
            &[
                "MS613 34:14 task `upgrade` silences alerts, and nothing proves that they would come",
                "MS301 40:9 a check says nothing",
            ],
        ),
        ("every: 30d, ", "", &["MS301 19:15 the schedule of `snapshot` says nothing"]),
        ("cron: \"0 4 * * *\", ", "", &["MS301 11:3 window `night` says nothing"]),
        ("local: true, ", "", &["MS301 7:3 target `here` says nothing"]),
        ("{promql: {query: \"sum(x)\"}}", "{help: x}", &["MS301 44:3 metric `debt` says nothing"]),
        ("priority: 70", "priority: 101", &["MS304 28:15 `priority` cannot be 101"]),
        ("max_down: 1", "max_down: 0", &["MS304 9:27 `max_down` cannot be 0"]),
        ("attempts: 3", "attempts: 0", &["MS304 37:27 `attempts` cannot be 0"]),
        (
            "{crew: 2}",
            "{crew: 0}",
            &[
                "MS304 14:19 `crew` cannot be 0",
                "MS204 32:23 task `upgrade` takes 1 of `crew`, more than the 0 there are",
            ],
        ),
        ("duration: 20m", "duration: 0m", &["MS304 20:15 `duration` cannot be 0s"]),
        ("cutoff: 30m", "cutoff: 4h", &["MS305 11:52 nothing can ever start in window `night`"]),
        (
            "tolerance: 3d",
            "tolerance: 30d",
            &["MS305 19:39 task `snapshot` would be due again as soon as it ended"],
        ),
        (
            "to: 2027-01-04",
            "to: 2026-12-19T23:00:00Z",
            &["MS305 13:36 blackout `year-end` ends before it begins"],
        ),
        ("0 4 * * *", "0 2 * *", &["MS307 11:17 `0 2 * *` is not a cron expression"]),
        ("0 4 * * *", "@daily", &["MS307 11:17 `@daily` is not a cron expression"]),
        ("0 4 * * *", "0 25 * * *", &["MS307 11:17 `0 25 * * *` is not a cron expression"]),
        ("0 4 * * *", "0 2 30 2 *", &["MS307 11:17 `0 2 30 2 *` is not a cron expression"]),
        (
            "cron: \"0 4 * * *\"",
            "rrule: \"FREQ=WEEKLY;BYDAY=2TU\"",
            &["MS322 11:18 `FREQ=WEEKLY;BYDAY=2TU` is not a recurrence rule"],
        ),
        (
            "cron: \"0 4 * * *\"",
            "rrule: \"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30\"",
            &["MS322 11:18 `FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30` is not a recurrence rule"],
        ),
        ("cron: \"0 4 * * *\"", "rrule: \"FREQ=WEEKLY;BYDAY=TU;BYHOUR=4\"", &[]),
        ("run: [rm, -r, old]", "run: []", &["MS308 23:14 `run` is empty"]),
        ("shell: make", "shell: ''", &["MS308 36:16 `shell` is empty"]),
        ("{query: up, ", "{query: ' ', ", &["MS308 40:25 `query` is empty"]),
        (", every: {eq: 1}", "", &["MS309 40:17 the check says nothing about the query's samples"]),
        ("http://127.0.0.1:9090\"", "127.0.0.1:9090\"", &["MS310 4:21 `127.0.0.1:9090` is not a URL"]),
        (
            "http://127.0.0.1:9090/-",
            "ftp://u:p@h/-",
            &[
                "MS310 38:21 `ftp://...@h/-/reload` is not a URL",
                "MS507 38:30 a password in a URL is written into the plan file",
            ],
        ),
        ("address: \"127.0.0.1:9090\"", "address: host", &["MS310 41:24 `host` is not an address"]),
        ("job=\"prometheus\"", "job=prometheus", &["MS311 34:26 `job=prometheus` is not a matcher"]),
        (
            "job=\"prometheus\"",
            "job=~\".*\"",
            &["MS312 34:14 the silence of task `upgrade` would cover alerts without any of its labels"],
        ),
        ("debt > 5", "debt", &["MS313 46:16 alert `high` has an expression that is none"]),
        (
            "debt: {promql",
            "mainstay_debt: {promql",
            &[
                "MS321 44:3 names of metrics that begin with `mainstay_` are mainstay's own",
                "MS201 46:16 alert `high` names an unknown metric `debt`",
            ],
        ),
        ("debt > 5", "dept > 5", &["MS201 46:16 alert `high` names an unknown metric `dept`"]),
        ("debt > 5", "mainstay_runs_total > 5", &[]),
        (
            "debt > 5",
            "mainstay_debt > 5",
            &["MS623 46:16 alert `high` watches `mainstay_debt`, which mainstay does not have"],
        ),
        ("send: alertmanager", "send: mail", &["MS314 46:41 `mail` is not a destination"]),
        ("      - prometheus: snapshot\n", "", &["MS315 23:22 nothing is saved before `rm -r old`"]),
        ("domain: component", "domain: system", &["MS316 27:13 system task `upgrade` has no way back"]),
        ("  here:", "  he re:", &["MS320 7:3 `he re` cannot be a name"]),
        (
            "  here: {local: true",
            "  local: {ssh: h",
            &[
                "MS321 7:3 the name `local` is reserved for this machine",
                "MS901 7:11 `ssh` is not supported yet",
            ],
        ),
        (
            "  prometheus: {url: \"http://127.0.0.1:9090\"}\n",
            "",
            &[
                "MS206 21:21 the plan file has no connection to prometheus",
                "MS206 39:17 the plan file has no connection to prometheus",
                "MS206 43:18 the plan file has no connection to prometheus",
            ],
        ),
        (
            "  alertmanager: {url: \"http://127.0.0.1:9093\"}\n",
            "",
            &[
                "MS206 33:14 the plan file has no connection to alertmanager",
                "MS206 45:41 the plan file has no connection to alertmanager",
            ],
        ),
        // What is said about a mapping as a whole is not said when something was left out of it.
        ("every: {eq: 1}", "every: {equal: 1}", &["MS112 40:37 unknown key `equal`"]),
        ("shell: make", "wait: {}", &["MS113 36:9 `wait` has no `until`"]),
        ("{eq: 1}", "{eq: 1, any: []}", &["MS115 40:49 `any` has the wrong form"]),
        ("{eq: 1}", "{eq: 1, any: [{gt: x}]}", &["MS115 40:55 `gt` cannot be `x`"]),
        // Null is nothing, also where anything will do.
        ("shell: make", "ansible: ", &["MS116 36:9 `ansible` is empty"]),
        // A name counts as known when what it names could not be read.
        ("duration: 4h", "duration: long", &["MS115 11:40 `duration` cannot be `long`"]),
        // The rest of a task is judged although a required key is missing.
        (
            "type: preventive\n    domain: component\n    priority: 70",
            "priority: 101",
            &[
                "MS113 25:3 `upgrade` has no `type`",
                "MS113 25:3 `upgrade` has no `domain`",
                "MS304 26:15 `priority` cannot be 101",
            ],
        ),
    ];
    let wrong = cases.iter().filter_map(|(old, new, expected)| {
        let found = found(&but(old, new));
        (found != expected.join("\n")).then(|| format!("`{old}` -> `{new}`\n{found}"))
    });
    assert_eq!(wrong.collect::<Vec<_>>().join("\n\n"), "");
}
