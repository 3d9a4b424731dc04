//! Files that are meant to hurt: each has one exact message, in bounded time and memory.

use std::fmt::Write as _;
use std::process::{Command, Stdio};

use super::Case;

/// Address space, of which a debug build of the program itself takes a part, and processor time.
const LIMITS: &str = "ulimit -v 1000000 && ulimit -t 60";

/// Validates bytes under limits, and holds findings and exit code against what is expected.
#[track_caller]
fn check(bytes: impl AsRef<[u8]>, expected: &[&str]) {
    let case = Case::new().plan_file(bytes);
    let output = Command::new("sh")
        .args([
            "-c",
            &format!("{LIMITS} && exec \"$0\" validate --format json"),
            env!("CARGO_BIN_EXE_mainstay"),
        ])
        .current_dir(case.path())
        .env_remove("MAINSTAY_FILE")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let result: serde_json::Value = serde_json::from_str(&said)
        .unwrap_or_else(|error| panic!("{error}: {said}{}", String::from_utf8_lossy(&output.stderr)));
    let line = |finding: &serde_json::Value| {
        let code = finding["code"].as_str().unwrap_or_default();
        format!(
            "{code} {}:{} {}",
            finding["line"],
            finding["column"],
            finding["message"].as_str().unwrap_or_default()
        )
    };
    let found: Vec<_> = result["findings"].as_array().unwrap().iter().map(line).collect();
    assert_eq!(found, expected);
    let code = if expected.is_empty() { 3 } else { 1 };
    assert_eq!(output.status.code(), Some(code));
}

/// Case 29 of the field: nine levels of nine.
#[test]
fn an_alias_bomb_is_refused_by_what_it_unfolds_to() {
    let mut bomb = String::from("mainstay: 1\na: &a [x, x, x, x, x, x, x, x, x]\n");
    for (above, below) in ('a'..='i').zip('b'..='j') {
        let nine = vec![format!("*{above}"); 9].join(", ");
        let _ = writeln!(bomb, "{below}: &{below} [{nine}]");
    }
    check(bomb, &["MS110 8:7 the file holds, or unfolds to, more than 2000000 values"]);
}

#[test]
fn ten_thousand_levels_are_refused_in_every_style() {
    let flow = "MS109 2:72 values are nested deeper than 64 levels";
    check("mainstay: 1\ntitle: ".to_owned() + &"[".repeat(10_000), &[flow]);
    let maps = "MS109 2:260 values are nested deeper than 64 levels";
    check("mainstay: 1\ntitle: ".to_owned() + &"{a: ".repeat(10_000), &[maps]);
    let dashes = "MS109 2:134 values are nested deeper than 64 levels";
    check(
        "mainstay: 1\ntags: ".to_owned() + "\n" + &"- ".repeat(10_000),
        &[dashes.replace("2:134", "3:127").as_str()],
    );
    let block = (0..2000).fold("mainstay: 1\n".to_owned(), |text, n| text + &" ".repeat(n) + "a:\n");
    check(block, &["MS109 66:65 values are nested deeper than 64 levels"]);
}

#[test]
fn fifty_megabytes_are_refused_before_they_are_read() {
    let case = Case::new().plan_file("mainstay: 1\n");
    let path = case.path().join("maintenance.yaml");
    std::fs::File::options().write(true).open(path).unwrap().set_len(50 << 20).unwrap();
    let large = "error: maintenance.yaml has 52428800 bytes; a plan file has at most 16777216\n";
    case.run("validate").stderr(large).exit(2);
    let mut child = Command::new("sh")
        .args(["-c", &format!("{LIMITS} && exec \"$0\" validate -"), env!("CARGO_BIN_EXE_mainstay")])
        .stdin(std::fs::File::open("/dev/zero").unwrap())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(2), "an endless file ends");
}

#[test]
fn bytes_that_are_no_plan_file_are_named_at_their_place() {
    check(b"mainstay: 1\ntitle: a\0b\n", &["MS003 2:9 the plan file holds a NUL character, at byte 20"]);
    check(b"mainstay: 1\ntitle: Gr\xfcn\n", &["MS001 2:10 byte 21 (0xfc) is not UTF-8"]);
    let utf16: Vec<u8> = "\u{feff}mainstay: 1\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    check(utf16, &["MS002 1:1 the plan file looks like UTF-16"]);
    check("\u{feff}mainstay: 1\ntitel: x\n", &["MS112 2:1 unknown key `titel`"]);
    check("mainstay: 1\r\ntitel: x\r\n", &["MS112 2:1 unknown key `titel`"]);
    check("mainstay: 1  \t\ntitel: x  \n", &["MS112 2:1 unknown key `titel`"]);
    check("mainstay: 1\ntasks:\n\ta: {}\n", &["MS101 3:1 a tab is used as indentation"]);
    check("", &["MS005 1:1 the plan file is empty"]);
    check("# only a comment\n", &["MS005 1:1 the plan file holds no key"]);
    check("mainstay: 1\n", &[]);
}

#[test]
fn a_template_gets_one_message_and_no_cascade() {
    let jinja = "mainstay: 1\n{% for h in hosts %}\ntargets:\n  {{ h }}: {local: true}\n{% endfor %}\n";
    check(jinja, &["MS104 2:1 this is template text, not YAML yet"]);
    let helm =
        "mainstay: 1\ntasks:\n{{- range .Values.tasks }}\n  {{ .name }}:\n    type: routine\n{{- end }}\n";
    check(helm, &["MS104 3:1 this is template text, not YAML yet"]);
}

#[test]
fn a_second_document_or_a_duplicate_key_is_never_half_read() {
    check("mainstay: 1\n---\nmainstay: 1\n", &["MS108 2:1 a second document begins"]);
    check("mainstay: 1\ntitle: a\ntitle: b\n", &["MS102 3:1 duplicate key `title`"]);
    check("mainstay: 1\n...\nmainstay: 1\n", &["MS108 3:1 a second document begins"]);
}

/// Case 30 of the field: what YAML 1.1 reads as something else.
#[test]
fn scalars_that_yaml_versions_read_differently_are_text_or_refused() {
    let text = |value: &str| format!("mainstay: 1\nversion: {value}\n");
    for value in ["no", "on", "y", "NO", "1e3", "0o17", "010", "12:30:45", "1_000", "1.10", ".nan"] {
        check(text(value), &[]);
    }
    for value in ["~", "", "null"] {
        check(
            text(value),
            &["MS116 2:1 `version` is empty"]
                .map(|e| if value.is_empty() { e } else { "MS116 2:10 `version` is empty" }),
        );
    }
    let number = |value: &str| format!("mainstay: 1\nresources: {{crew: {value}}}\n");
    for value in ["no", "1e3", "0o17", "010", "12:30:45", "1_000", "1.10", ".nan"] {
        check(number(value), &[&format!("MS115 2:19 `crew` cannot be `{value}`")]);
    }
    check(number("~"), &["MS116 2:19 `crew` is empty"]);
    let boolean = |value: &str| format!("mainstay: 1\ntargets: {{a: {{local: {value}}}}}\n");
    for value in ["no", "on", "y", "NO", "True"] {
        check(boolean(value), &[&format!("MS115 2:22 `local` cannot be `{value}`")]);
    }
}
