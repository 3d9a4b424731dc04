//! Edits as before, operation and after.

use std::fmt::Write;

use super::*;

fn text(text: &str) -> Value {
    Value::from(text)
}

fn bare(text: &str) -> Value {
    Value::Bare(text.to_owned())
}

fn list(elements: &[&str]) -> Value {
    Value::List(elements.iter().copied().map(Value::from).collect())
}

fn map(entries: &[(&str, Value)]) -> Value {
    Value::Map(entries.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect())
}

/// The node at a path of steps with dots between.
fn node(editor: &Editor<'_>, path: &str) -> NodeId {
    let steps: Vec<_> = path.split('.').filter(|step| !step.is_empty()).collect();
    editor.at(&steps).unwrap_or_else(|| panic!("there is no `{path}`"))
}

/// The edited text, or why there is none.
fn outcome(before: &str, operation: impl Fn(&Editor<'_>) -> Result<Edit, CannotEdit>) -> String {
    let edit = Editor::new(before).and_then(|editor| operation(&editor));
    edit.map_or_else(|error| format!("{error:?}"), |edit| apply(before, &[edit]).unwrap())
}

/// Holds for each case with LF and with CRLF, with and without a line break at the end.
fn check(operation: impl Fn(&Editor<'_>) -> Result<Edit, CannotEdit>, cases: &[(&str, &str)]) {
    let mut wrong = String::new();
    for (before, after) in cases {
        for line_break in ["\n", "\r\n"] {
            for ends_with_break in [true, false] {
                let written = |text: &str| {
                    let text = if ends_with_break { text } else { text.strip_suffix('\n').unwrap_or(text) };
                    text.replace('\n', line_break)
                };
                let before = written(before);
                // A file of one line without a break does not show which one it uses.
                if line_break != "\n" && !before.contains(line_break) {
                    continue;
                }
                let found = outcome(&before, &operation);
                if found != written(after) {
                    let _ = write!(wrong, "\n--- in {before:?}\n{found}\n--- expected\n{after}\n");
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn an_entry_goes_after_the_last_line_of_the_last_one() {
    check(
        |editor| editor.insert_entry(node(editor, "m"), "new", &text("x"), Position::Last),
        &[
            ("m:\n  a: 1\n", "m:\n  a: 1\n  new: x\n"),
            ("m:\n  a: 1 # one\nn: 1\n", "m:\n  a: 1 # one\n  new: x\nn: 1\n"),
            ("m:\n  a: 1\n\n# about n\nn: 1\n", "m:\n  a: 1\n  new: x\n\n# about n\nn: 1\n"),
            ("m:\n  a: 1\n  # b: 2\nn: 1\n", "m:\n  a: 1\n  new: x\n  # b: 2\nn: 1\n"),
            ("m:\n    a:\n        b: 1\nn: 1\n", "m:\n    a:\n        b: 1\n    new: x\nn: 1\n"),
            ("m:\n  a: |\n    # text\n    b\n\nn: 1\n", "m:\n  a: |\n    # text\n    b\n  new: x\n\nn: 1\n"),
            ("m:\n  a: |+ # kept\n    b\n\nn: 1\n", "m:\n  a: |+ # kept\n    b\n\n  new: x\nn: 1\n"),
            (
                "m:\n  a: >-\n    b\n    c\n  # x\nn: 1\n",
                "m:\n  a: >-\n    b\n    c\n  new: x\n  # x\nn: 1\n",
            ),
            ("m:\n  a: |\n\nn: 1\n", "m:\n  a: |\n  new: x\n\nn: 1\n"),
            ("m:\n  a: |\n    b\n      \nn: 1\n", "m:\n  a: |\n    b\n      \n  new: x\nn: 1\n"),
            ("m:\n  a: [1, # one\n    2]\nn: 1\n", "m:\n  a: [1, # one\n    2]\n  new: x\nn: 1\n"),
            ("m:\n  a: one\n    two # b\nn: 1\n", "m:\n  a: one\n    two # b\n  new: x\nn: 1\n"),
            ("m:\n  a: \"one\n\n    two\"\nn: 1\n", "m:\n  a: \"one\n\n    two\"\n  new: x\nn: 1\n"),
            (
                "m:\n  a:\n  - 1\n  - b: 2\n    c:\nn: 1\n",
                "m:\n  a:\n  - 1\n  - b: 2\n    c:\n  new: x\nn: 1\n",
            ),
            ("m:\n  a:\n    # none yet\nn: 1\n", "m:\n  a:\n  new: x\n    # none yet\nn: 1\n"),
            ("z: &z 1\nm:\n  a: *z # z\nn: 1\n", "z: &z 1\nm:\n  a: *z # z\n  new: x\nn: 1\n"),
            ("m:\n  a: &empty\nn: 1\n", "m:\n  a: &empty\n  new: x\nn: 1\n"),
            ("m:\n  \"a:\": 'b''c'\nn: 1\n", "m:\n  \"a:\": 'b''c'\n  new: x\nn: 1\n"),
        ],
    );
}

#[test]
fn an_entry_goes_beside_a_sibling_and_leaves_it_its_comments() {
    let before = "m:\n  # about a\n  a: 1\n\n  # about b\n  # and b\n  b: 2 # two\nn: 1\n";
    let insert = |position| {
        move |editor: &Editor<'_>| editor.insert_entry(node(editor, "m"), "new", &text("x"), position)
    };
    check(
        insert(Position::After("a")),
        &[(before, "m:\n  # about a\n  a: 1\n  new: x\n\n  # about b\n  # and b\n  b: 2 # two\nn: 1\n")],
    );
    check(
        insert(Position::Before("b")),
        &[
            (before, "m:\n  # about a\n  a: 1\n\n  new: x\n  # about b\n  # and b\n  b: 2 # two\nn: 1\n"),
            ("m: {a: 1, b: 2}\n", "m: {a: 1, new: x, b: 2}\n"),
            ("m: {b: 2}\n", "m: {new: x, b: 2}\n"),
            ("m: {\n  a: 1, # a\n  # b\n  b: 2\n}\n", "m: {\n  a: 1, # a\n  new: x,\n  # b\n  b: 2\n}\n"),
        ],
    );
    check(
        insert(Position::Before("a")),
        &[
            (before, "m:\n  new: x\n  # about a\n  a: 1\n\n  # about b\n  # and b\n  b: 2 # two\nn: 1\n"),
            ("m:\n  # deeper\n\n  a: 1\n", "m:\n  # deeper\n\n  new: x\n  a: 1\n"),
        ],
    );
    check(
        insert(Position::After("a")),
        &[
            ("m: {a: 1, b: 2}\n", "m: {a: 1, new: x, b: 2}\n"),
            ("m: {a: 1}\n", "m: {a: 1, new: x}\n"),
            ("m: {\n  a: 1, # a\n  # b\n  b: 2\n}\n", "m: {\n  a: 1, # a\n  new: x,\n  # b\n  b: 2\n}\n"),
        ],
    );
    check(
        |editor| editor.insert_entry(node(editor, "l.0"), "new", &text("x"), Position::Before("a")),
        &[("l:\n- a: 1\n  b: 2\n", "l:\n- new: x\n  a: 1\n  b: 2\n")],
    );
    check(
        |editor| editor.insert_entry(editor.root(), "new", &text("x"), Position::Before("a")),
        &[
            ("# licence\n\n# about a\na: 1\n", "# licence\n\nnew: x\n# about a\na: 1\n"),
            ("# a plan\na: 1\n", "# a plan\nnew: x\na: 1\n"),
            ("---\n# a plan\na: 1\n", "---\n# a plan\nnew: x\na: 1\n"),
        ],
    );
}

#[test]
fn an_entry_goes_between_brackets() {
    check(
        |editor| editor.insert_entry(node(editor, "m"), "new", &text("x, y"), Position::Last),
        &[
            ("m: {a: 1}\n", "m: {a: 1, new: \"x, y\"}\n"),
            ("m: { a: 1 } # m\n", "m: { a: 1, new: \"x, y\" } # m\n"),
            ("m: {a: 1,}\n", "m: {a: 1, new: \"x, y\",}\n"),
            ("m: {a: 1, b}\n", "m: {a: 1, b, new: \"x, y\"}\n"),
            ("m: {a: 1, b: }\n", "m: {a: 1, b:, new: \"x, y\" }\n"),
            ("m: {a: [1], \"b\":\"2\"}\n", "m: {a: [1], \"b\":\"2\", new: \"x, y\"}\n"),
            ("m: {\n  a: 1\n}\n", "m: {\n  a: 1,\n  new: \"x, y\"\n}\n"),
            ("m: {\n  a: 1 # one\n  # end\n}\n", "m: {\n  a: 1, # one\n  new: \"x, y\"\n  # end\n}\n"),
            ("m: {\n  a: 1, # one\n}\n", "m: {\n  a: 1, # one\n  new: \"x, y\",\n}\n"),
            ("m: {a: 1,\n    b: 2}\n", "m: {a: 1,\n    b: 2, new: \"x, y\"}\n"),
            ("m: {a: 1 # one\n  }\n", "m: {a: 1, new: \"x, y\" # one\n  }\n"),
            ("m: { # none\n  }\n", "m: {new: \"x, y\" # none\n  }\n"),
            ("z: &z 1\nm: {a: *z }\n", "z: &z 1\nm: {a: *z, new: \"x, y\" }\n"),
        ],
    );
    check(
        |editor| editor.insert_path(&["m", "in", "new"], &text("x")),
        &[
            ("m: {in: {}}\n", "m: {in: {new: x}}\n"),
            ("m: {in: }\n", "m: {in: {new: x} }\n"),
            ("m: {in}\n", "m: {in: {new: x}}\n"),
            ("m: {in: ~, b: 1}\n", "m: {in: {new: x}, b: 1}\n"),
            ("m: {a: 1}\n", "m: {a: 1, in: {new: x}}\n"),
        ],
    );
}

#[test]
fn a_path_goes_into_a_section_that_is_missing_or_empty() {
    check(
        |editor| editor.insert_path(&["documents", "process"], &text("docs/process.md")),
        &[
            ("a: 1\n", "a: 1\ndocuments:\n  process: docs/process.md\n"),
            ("a: 1\n...\n", "a: 1\ndocuments:\n  process: docs/process.md\n...\n"),
            ("a:\n    b: 1\n", "a:\n    b: 1\ndocuments:\n    process: docs/process.md\n"),
            ("documents:\n", "documents:\n  process: docs/process.md\n"),
            ("documents: # none\n# a\na: 1\n", "documents: # none\n  process: docs/process.md\n# a\na: 1\n"),
            ("documents:\n  # none\na: 1\n", "documents:\n  process: docs/process.md\n  # none\na: 1\n"),
            ("documents: {}\na: 1\n", "documents:\n  process: docs/process.md\na: 1\n"),
            ("documents: { }  # none\na: 1\n", "documents:  # none\n  process: docs/process.md\na: 1\n"),
            ("documents: ~ # none\na: 1\n", "documents: # none\n  process: docs/process.md\na: 1\n"),
            ("documents: null\n", "documents:\n  process: docs/process.md\n"),
            ("documents: &d {}\n", "documents: &d\n  process: docs/process.md\n"),
            ("documents:\n  system: a\n", "documents:\n  system: a\n  process: docs/process.md\n"),
            ("documents: {system: a}\n", "documents: {system: a, process: docs/process.md}\n"),
        ],
    );
    check(
        |editor| editor.insert_path(&["a", "b", "c"], &bare("1")),
        &[
            ("x: 1\n", "x: 1\na:\n  b:\n    c: 1\n"),
            ("a:\n  x: 1\n", "a:\n  x: 1\n  b:\n    c: 1\n"),
            ("a: {}\n", "a:\n  b:\n    c: 1\n"),
        ],
    );
    check(
        |editor| editor.insert_entry(node(editor, "l.1"), "new", &list(&[]), Position::Last),
        &[
            ("l:\n  - 1\n  -\n", "l:\n  - 1\n  - new: []\n"),
            ("l:\n- 1\n- {} # no\n", "l:\n- 1\n- new: [] # no\n"),
        ],
    );
}

#[test]
fn an_element_goes_at_the_end_of_its_list() {
    check(
        |editor| editor.insert_element(node(editor, "l"), &text("new")),
        &[
            ("l:\n  - a\n", "l:\n  - a\n  - new\n"),
            ("l:\n- a # a\n# about m\nm: 1\n", "l:\n- a # a\n- new\n# about m\nm: 1\n"),
            ("l:\n  - a: 1\n    b: |\n      x\nm: 1\n", "l:\n  - a: 1\n    b: |\n      x\n  - new\nm: 1\n"),
            ("l:\n- - a\n  - b\n", "l:\n- - a\n  - b\n- new\n"),
            ("l:\n  -\n", "l:\n  -\n  - new\n"),
            ("l:\n  - # none\n  # end\n", "l:\n  - # none\n  - new\n  # end\n"),
            ("l:\n  - a\n  - - >\n", "l:\n  - a\n  - - >\n  - new\n"),
            ("l:\n  - &a\n  - &b\n  - *a\n", "l:\n  - &a\n  - &b\n  - *a\n  - new\n"),
            (
                "l:\n  - |\n    x\n  - |\n\n  - >+\n    x\n\nm: 1\n",
                "l:\n  - |\n    x\n  - |\n\n  - >+\n    x\n\n  - new\nm: 1\n",
            ),
            ("l: [a, b]\n", "l: [a, b, new]\n"),
            ("l: [a, b,]\n", "l: [a, b, new,]\n"),
            ("l: []\n", "l: [new]\n"),
            ("l: [ ] # none\n", "l: [new] # none\n"),
            ("l:\nm:\n  - a\n", "l:\n  - new\nm:\n  - a\n"),
            ("l:\nm:\n- a\n", "l:\n- new\nm:\n- a\n"),
            ("l: [\n  a, # a\n  b # b\n]\n", "l: [\n  a, # a\n  b, # b\n  new\n]\n"),
        ],
    );
    let step = map(&[("name", text("say")), ("run", list(&["echo", "-n", "a b"]))]);
    check(
        |editor| editor.insert_element(node(editor, "l"), &step),
        &[
            ("l:\n  - a\n", "l:\n  - a\n  - name: say\n    run: [echo, -n, a b]\n"),
            ("l: []\n", "l:\n  - name: say\n    run: [echo, -n, a b]\n"),
            ("l: [a]\n", "l: [a, {name: say, run: [echo, -n, a b]}]\n"),
        ],
    );
}

#[test]
fn a_value_is_written_in_brackets_when_it_is_short_and_flat() {
    let long = "a text that is long enough to make the line longer than people like to read";
    for (value, written) in [
        (list(&["a", "b"]), "v: [a, b]"),
        (map(&[("every", text("30d")), ("of", bare("5"))]), "v: {every: 30d, of: 5}"),
        (list(&["a", long]), &format!("v:\n  - a\n  - {long}")),
        (map(&[("a", map(&[("b", bare("1"))]))]), "v:\n  a: {b: 1}"),
        (Value::List(vec![map(&[("http", map(&[("status", bare("200"))]))])]), "v:\n  - http: {status: 200}"),
        (Value::List(vec![list(&["a"]), list(&[])]), "v:\n  - [a]\n  - []"),
        (map(&[]), "v: {}"),
        (list(&[]), "v: []"),
    ] {
        let found = outcome("a: 1\n", |editor| editor.insert_path(&["v"], &value));
        assert_eq!(found, format!("a: 1\n{written}\n"));
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "one text a line")]
fn a_text_is_quoted_when_yaml_would_read_something_else() {
    let same = [
        "a",
        "30d",
        "4h",
        "docs/process.md",
        "http://h:1/-/ready",
        "-y",
        "--allow",
        "a b",
        "a#b",
        "a:b",
        "x=1",
        "group:a",
        "10m",
        "1.2.3-rc1",
        "0 2 * * SAT",
        "prom-1",
        "e1",
        "é",
    ];
    let double = [
        "",
        "~",
        "no",
        "On",
        "Y",
        "NULL",
        "true",
        "1",
        "1.10",
        "010",
        "0x1f",
        "0o17",
        "1e3",
        "1_000",
        "12:30:45",
        ".5",
        "-.inf",
        ".NaN",
        "+1",
        "2026-12-20",
        "2026-12-20T10:00:00Z",
        "=",
        "<<",
        "*a",
        "&a",
        "!a",
        "%a",
        "@a",
        "`a",
        "|",
        ">",
        "- a",
        "-",
        "? a",
        ": a",
        "a: b",
        "a:",
        "a #b",
        "#a",
        " a",
        "a ",
        "[a",
        "{a",
        "]",
        ",",
        "'a",
        "---",
        "...",
    ];
    let single = [("\"a\"", "'\"a\"'"), ("a: \\", "'a: \\'"), ("'\": ", "'''\": '")];
    let escaped = [
        ("a\nb", r#""a\nb""#),
        ("\t", r#""\t""#),
        ("\u{1b}[m", r#""\x1b[m""#),
        ("\u{2028}", r#""\u2028""#),
        ("\u{feff}a\"\r", r#""\ufeffa\"\r""#),
        ("\u{202e}a", r#""\u202ea""#),
        ("\u{85}", r#""\x85""#),
    ];
    let same = same.map(|text| (text, text.to_owned()));
    let double = double.map(|text| (text, format!("\"{text}\"")));
    let owned = |(text, written): (&'static str, &str)| (text, written.to_owned());
    let cases = same.into_iter().chain(double).chain(single.map(owned)).chain(escaped.map(owned));
    for (value, written) in cases {
        let found = outcome("a: 1\n", |editor| editor.insert_path(&["v"], &text(value)));
        assert_eq!(found, format!("a: 1\nv: {written}\n"), "{value:?}");
        let as_key = outcome("a: 1\n", |editor| editor.insert_path(&["m", value], &text("x")));
        // The empty key is one in quotes, and a merge key none.
        assert_eq!(
            as_key,
            if value == "a" {
                "a: 1\nm:\n  a: x\n".to_owned()
            } else {
                format!("a: 1\nm:\n  {written}: x\n")
            }
        );
    }
    for value in ["a,b", "a]", "{{ x }}", "a, b"] {
        let found = outcome("a: [b]\n", |editor| editor.insert_element(node(editor, "a"), &text(value)));
        assert_eq!(found, format!("a: [b, \"{value}\"]\n"));
    }
}

#[test]
fn a_scalar_is_replaced_in_its_own_style() {
    let replace = |value: Value| move |editor: &Editor<'_>| editor.replace_scalar(node(editor, "v"), &value);
    check(
        replace(text("new")),
        &[
            ("v: old # c\n", "v: new # c\n"),
            ("v: 'old'\n", "v: 'new'\n"),
            ("v: \"old\"\n", "v: \"new\"\n"),
            ("v:\n", "v: new\n"),
            ("v: # c\n", "v: new # c\n"),
            ("v: ~\n", "v: new\n"),
            ("v: &v\n", "v: &v new\n"),
            ("v: one\n  two # c\nw: 1\n", "v: new # c\nw: 1\n"),
            ("{v: old}\n", "{v: new}\n"),
            ("{v: , w: 1}\n", "{v: new , w: 1}\n"),
            ("{v, w: 1}\n", "{v: new, w: 1}\n"),
            ("v: | # c\n    old\n    text\n\nw: 1\n", "v: |- # c\n    new\n\nw: 1\n"),
            ("v: >+\n  old\n\nw: 1\n", "v: >-\n  new\nw: 1\n"),
            ("v: |-\nw: 1\n", "v: |-\n  new\nw: 1\n"),
        ],
    );
    check(
        replace(text("no")),
        &[("v: old\n", "v: \"no\"\n"), ("v: 'old'\n", "v: 'no'\n"), ("v: |\n  old\n", "v: |-\n  no\n")],
    );
    check(
        replace(bare("5")),
        &[("v: '4'\n", "v: 5\n"), ("v: 4\n", "v: 5\n"), ("v: | # c\n  4\n", "v: 5 # c\n")],
    );
    check(replace(text("it's")), &[("v: 'old'\n", "v: 'it''s'\n"), ("v: old\n", "v: it's\n")]);
    check(
        replace(text("a\nb\n")),
        &[
            ("v: 'old'\n", "v: \"a\\nb\\n\"\n"),
            ("v: |-\n   old\nw: 1\n", "v: |\n   a\n   b\nw: 1\n"),
            ("v: >\n  old\nw: 1\n", "v: |\n  a\n  b\nw: 1\n"),
        ],
    );
    check(
        replace(text("a\n\n")),
        &[
            ("v: |\n  old\nw: 1\n", "v: |+\n  a\n\nw: 1\n"),
            // The blank line below would become part of the text.
            ("v: |\n  old\n\nw: 1\n", "v: \"a\\n\\n\"\n\nw: 1\n"),
        ],
    );
    check(replace(text(" a")), &[("v: | # c\n  old\nw: 1\n", "v: \" a\" # c\nw: 1\n")]);
    check(
        |editor| {
            let key = editor.node_at(Span { start: 0, end: 5 }).unwrap();
            editor.replace_scalar(key, &text("title"))
        },
        &[
            ("titel: a # c\n", "title: a # c\n"),
            ("titel: |\n  a\n", "title: |\n  a\n"),
            ("titel:\n- a\n", "title:\n- a\n"),
        ],
    );
}

#[test]
fn an_entry_is_removed_with_its_comments_alone() {
    let remove = |key| move |editor: &Editor<'_>| editor.remove_entry(node(editor, "m"), key);
    check(
        remove("b"),
        &[
            ("m:\n  a: 1\n  b: 2\n", "m:\n  a: 1\n"),
            ("m:\n  a: 1\n  # about b\n  b: 2 # two\n  c: 3\n", "m:\n  a: 1\n  c: 3\n"),
            ("m:\n  a: 1\n\n  # apart\n\n  b: 2\n  c: 3\n", "m:\n  a: 1\n\n  # apart\n\n  c: 3\n"),
            ("m:\n  a:\n    x: 1\n    # y: 2\n  b: 2\nn: 1\n", "m:\n  a:\n    x: 1\n    # y: 2\nn: 1\n"),
            ("m:\n  a: 1\n  b: |+\n    x\n\n  c: 1\n", "m:\n  a: 1\n  c: 1\n"),
            // The blank line below would become part of the text above.
            ("m:\n  a: |+\n    x\n\n  b: 1\n\nn: 1\n", "m:\n  a: |+\n    x\n\nn: 1\n"),
            ("m:\n  b:\n    - x # y\n  # about c\n  c: 1\n", "m:\n  # about c\n  c: 1\n"),
            ("m:\n  b: 1\n", "m: {}\n"),
            ("m: # m\n\n  # about b\n  b: 1 # b\nn: 1\n", "m: {} # m\n\nn: 1\n"),
            ("m: &m\n  b: 1\nn: 1\n", "m: &m {}\nn: 1\n"),
            ("m: {a: 1, b: 2}\n", "m: {a: 1}\n"),
            ("m: {b: 2, c: 3}\n", "m: {c: 3}\n"),
            ("m: {a: 1, b: 2, c: 3}\n", "m: {a: 1, c: 3}\n"),
            ("m: {a: 1, b: 2,}\n", "m: {a: 1,}\n"),
            ("m: { b: 2 } # c\n", "m: {} # c\n"),
            ("m: {\n  a: 1, # one\n  # about b\n  b: 2 # two\n}\n", "m: {\n  a: 1 # one\n}\n"),
            ("m: {\n  a: 1,\n  b: 2,\n}\n", "m: {\n  a: 1,\n}\n"),
            ("m: {\n  b: 2, # two\n  # about c\n  c: 3\n}\n", "m: {\n  # about c\n  c: 3\n}\n"),
            ("m: { # m\n  b: 2\n}\n", "m: { # m\n}\n"),
            ("z: &z 1\nm:\n  b: *z\n  c: 1\n", "z: &z 1\nm:\n  c: 1\n"),
        ],
    );
    check(
        |editor| editor.remove_entry(node(editor, "l.0"), "b"),
        &[
            ("l:\n  - b: 1\n    c: 2\n", "l:\n  - c: 2\n"),
            ("l:\n  - b: 1 # b\n\n    # about c\n    c: 2\n", "l:\n  - # about c\n    c: 2\n"),
            ("l:\n  - b: 1 # b\n", "l:\n  - {} # b\n"),
        ],
    );
    check(
        |editor| editor.remove_entry(editor.root(), "b"),
        &[("# plan\nb: 1\nc: 2\n", "# plan\nc: 2\n"), ("# plan\nb: 1 # b\n", "# plan\n{} # b\n")],
    );
    check(
        |editor| editor.remove_element(node(editor, "l"), 1),
        &[
            ("l:\n  - a\n  # about b\n  - b # b\n  - c\n", "l:\n  - a\n  - c\n"),
            ("l:\n- a\n- - b\n  - c\n", "l:\n- a\n"),
            ("l: [a, b, c]\n", "l: [a, c]\n"),
            ("l: [a, b]\n", "l: [a]\n"),
        ],
    );
    check(
        |editor| editor.remove_element(node(editor, "l"), 0),
        &[
            ("l:\n  - a\n", "l: []\n"),
            ("l:\n- a # a\n# m\nm: 1\n", "l: []\n# m\nm: 1\n"),
            ("l: [a]\n", "l: []\n"),
            ("l:\n  - - a\n  - b\n", "l:\n  - b\n"),
        ],
    );
    check(|editor| editor.remove_element(node(editor, "l.0"), 0), &[("l:\n- - a\n  - b\n", "l:\n- - b\n")]);
}

#[test]
fn what_cannot_be_done_is_refused_with_its_reason() {
    type Operation = fn(&Editor<'_>) -> Result<Edit, CannotEdit>;
    let exists = |what: &str| CannotEdit::Exists { what: what.to_owned() };
    let missing = |what: &str| CannotEdit::Missing { what: what.to_owned() };
    let cases: &[(&str, Operation, CannotEdit)] = &[
        ("a: 1\na: 2\n", |e| e.insert_path(&["b"], &text("x")), CannotEdit::NotReadable),
        ("a: [\n", |e| e.insert_path(&["b"], &text("x")), CannotEdit::NotReadable),
        ("a: 1\n", |e| e.insert_path(&["a"], &text("x")), exists("a")),
        ("a: {b: 1}\n", |e| e.insert_path(&["a", "b"], &text("x")), exists("a.b")),
        ("a:\n", |e| e.insert_path(&["a"], &text("x")), exists("a")),
        ("a: [x]\n", |e| e.insert_element(node(e, "a"), &text("x")), exists("x")),
        ("a: x\n", |e| e.replace_scalar(node(e, "a"), &text("x")), exists("x")),
        (
            "a: x\nb: y\n",
            |e| e.replace_scalar(e.node_at(Span { start: 0, end: 1 }).unwrap(), &text("b")),
            exists("b"),
        ),
        ("a: x\n", |e| e.remove_entry(e.root(), "b"), missing("b")),
        ("a: [x]\n", |e| e.remove_element(node(e, "a"), 1), missing("1")),
        ("a: 1\n", |e| e.insert_entry(e.root(), "c", &text("x"), Position::After("b")), missing("b")),
        ("a: 1\n", |e| e.insert_path(&["a", "b"], &text("x")), CannotEdit::NotA { expected: "a mapping" }),
        ("a: 1\n", |e| e.insert_element(node(e, "a"), &text("x")), CannotEdit::NotA { expected: "a list" }),
        (
            "a: [1]\n",
            |e| e.replace_scalar(node(e, "a"), &text("x")),
            CannotEdit::NotA { expected: "a scalar" },
        ),
        ("a: 1\n", |e| e.replace_scalar(node(e, "a"), &list(&[])), CannotEdit::NotA { expected: "a scalar" }),
        ("a: &a {b: 1}\nc: *a\n", |e| e.insert_path(&["a", "d"], &text("x")), CannotEdit::Shared),
        ("a: &a {b: 1}\nc: *a\n", |e| e.insert_path(&["c", "d"], &text("x")), CannotEdit::Shared),
        ("a: &a {b: {c: 1}}\nc: *a\n", |e| e.insert_path(&["a", "b", "d"], &text("x")), CannotEdit::Shared),
        ("a: &a 1\nc: *a\n", |e| e.replace_scalar(node(e, "c"), &text("x")), CannotEdit::Shared),
        ("a: {b: &b 1}\nc: *b\n", |e| e.remove_entry(e.root(), "a"), CannotEdit::Shared),
        ("a: [1 # one\n  , 2]\n", |e| e.remove_element(node(e, "a"), 0), CannotEdit::CommentInTheWay),
        ("a: 1\n", |e| e.insert_path(&["b"], &text("\0")), CannotEdit::NotWritable { text: "\0".to_owned() }),
        (
            "a: 1\n",
            |e| e.insert_path(&["b"], &bare("x: y")),
            CannotEdit::NotWritable { text: "x: y".to_owned() },
        ),
        ("a: 1\rb: 2\r", |e| e.insert_path(&["c"], &text("x")), CannotEdit::Unsure),
        // The first key has a mark before it.
        (
            "m:\n  ? a\n  : 1\n",
            |e| e.insert_entry(node(e, "m"), "b", &text("x"), Position::Last),
            CannotEdit::Unsure,
        ),
        // The pair is a mapping without brackets.
        (
            "a: [b: 1]\n",
            |e| e.insert_entry(node(e, "a.0"), "c", &text("x"), Position::Last),
            CannotEdit::Unsure,
        ),
    ];
    for (before, operation, reason) in cases {
        assert_eq!(
            Editor::new(before).and_then(|editor| operation(&editor)),
            Err(reason.clone()),
            "in {before:?}"
        );
    }
    // An anchor that no alias names is no hindrance.
    let found = outcome("a: &a {b: 1}\n", |editor| editor.insert_path(&["a", "c"], &text("x")));
    assert_eq!(found, "a: &a {b: 1, c: x}\n");
    // After one, a list by indentation cannot begin in the same line.
    let found = outcome("a:\n- &a\n", |editor| editor.insert_element(node(editor, "a.0"), &text("x")));
    assert_eq!(found, "a:\n- &a [x]\n");
}

#[test]
fn edits_are_applied_in_any_order_and_insertions_as_given() {
    let edit = |start, end, text: &str| Edit { span: Span { start, end }, text: text.to_owned() };
    let text = "aé: 1\n";
    let together = [edit(5, 6, "2"), edit(0, 0, "x"), edit(0, 0, "y"), edit(0, 1, "b"), edit(1, 1, "z")];
    assert_eq!(apply(text, &together).unwrap(), "xybzé: 2\n");
    assert_eq!(apply(text, &[]).unwrap(), text);
    let span = |start, end| Span { start, end };
    for (edits, error) in [
        (vec![edit(0, 3, ""), edit(1, 1, "")], EditError::Overlap { first: span(0, 3), second: span(1, 1) }),
        (vec![edit(2, 3, "")], EditError::CutsCharacter { span: span(2, 3) }),
        (vec![edit(7, 8, "")], EditError::Outside { span: span(7, 8) }),
        (vec![edit(1, 0, "")], EditError::Outside { span: span(1, 0) }),
    ] {
        assert_eq!(apply(text, &edits), Err(error));
    }
}

#[test]
fn long_runs_of_aliases_and_block_scalars_do_not_exhaust_the_stack() {
    for element in ["  - *a\n", "  - &n\n", "  - |\n    x\n", "  - |\n", "  -\n"] {
        let before = format!("a: &a 1\nl:\n{}", element.repeat(20_000));
        let found = outcome(&before, |editor| editor.insert_element(node(editor, "l"), &text("new")));
        assert_eq!(found, format!("{before}  - new\n"));
    }
}
