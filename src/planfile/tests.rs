//! What is found in small files, as `CODE LINE:COLUMN MESSAGE`.

use super::parse;

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
            "MS115 7:15 `priority` cannot be `300`",
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
        aliases.push_str(&format!("a{level}: &a{level} [{below}]\n"));
    }
    check(&aliases, &["MS110 8:9 the file holds, or unfolds to, more than 2000000 values"]);
    check(
        &format!("mainstay: 1\ntitle: {}", "[".repeat(10_000)),
        &["MS109 2:71 values are nested deeper than 64 levels"],
    );
    assert!(started.elapsed().as_secs() < 2, "it took {:?}", started.elapsed());
}

#[test]
fn findings_are_bounded() {
    let text = (0..1000).fold(with(""), |text, n| text + &format!("key{n}: 1\n"));
    let loaded = parse("plan.yaml", text.into_bytes());
    assert_eq!(loaded.findings.len(), 201);
    assert_eq!(loaded.findings[200].message, "there are at least 800 findings more");
}
