//! Laws of edits, on files and operations at random.

use std::fmt::Write;

use proptest::prelude::*;

use super::diff::tests::applied;
use super::*;

/// A value of a file, with bits that decide how it is written.
#[derive(Debug, Clone)]
struct Written {
    shape: Shape,
    bits: u16,
}

#[derive(Debug, Clone)]
enum Shape {
    Scalar(usize),
    List(Vec<Written>),
    Map(Vec<Written>),
}

/// The bits.
const COMMENT_ABOVE: u16 = 1;
const BLANK_ABOVE: u16 = 1 << 1;
const BLANK_BETWEEN: u16 = 1 << 2;
const COMMENT_BEHIND: u16 = 1 << 3;
const IN_BRACKETS: u16 = 1 << 4;
const IN_LINES: u16 = 1 << 5;
const TRAILING_COMMA: u16 = 1 << 6;
const SPACED: u16 = 1 << 7;
const ANCHORED: u16 = 1 << 8;

/// How a whole file is written.
#[derive(Debug, Clone)]
struct Manner {
    line_break: &'static str,
    ends_with_break: bool,
    step: usize,
    has_dashes_below_keys: bool,
    head: &'static str,
    foot: &'static str,
}

/// Scalars that can stand anywhere; the last two are aliases.
const WORDS: [&str; 12] = [
    "x",
    "30d",
    "1.10",
    "~",
    "'it''s: #1'",
    "\"a \\\" # b\"",
    "\u{fc}b er",
    "''",
    "a#b",
    "http://h:1/-",
    "*z1",
    "*z2",
];
/// Scalars of several lines, and nothing: not between brackets. A line break is followed by the indentation.
const BLOCKS: [&str; 9] = [
    "",
    "|COMMENT\n# text\n\n  more\n",
    "|+COMMENT\ntext\n\n\n",
    ">-COMMENT\nfolded\ntext\n",
    "|COMMENT\n",
    "|-COMMENT\ntext\n\n",
    "plain\nlines\n",
    "\"quoted\n\nlines\"\n",
    ">+COMMENT\nx\n\n",
];

fn written() -> impl Strategy<Value = Written> {
    let scalar = (0..WORDS.len() + BLOCKS.len(), any::<u16>())
        .prop_map(|(word, bits)| Written { shape: Shape::Scalar(word), bits });
    scalar.prop_recursive(4, 24, 4, |inner| {
        let parts = prop::collection::vec(inner, 0..4);
        (parts, any::<bool>(), any::<u16>()).prop_map(|(parts, is_map, bits)| {
            let shape = if is_map { Shape::Map(parts) } else { Shape::List(parts) };
            Written { shape, bits }
        })
    })
}

fn manner() -> impl Strategy<Value = Manner> {
    let heads = prop::sample::select(vec![
        "",
        "# @@ head\n",
        "# @@ head\n\n",
        "---\n",
        "%YAML 1.2\n---\n# @@ head\n",
    ]);
    let feet = prop::sample::select(vec!["", "# @@ foot\n", "\n# @@ foot\n", "...\n"]);
    (any::<[bool; 3]>(), 0..3_usize, heads, feet).prop_map(
        |([crlf, ends_with_break, below], step, head, foot)| Manner {
            line_break: if crlf { "\r\n" } else { "\n" },
            ends_with_break,
            step: step + 2,
            has_dashes_below_keys: below,
            head,
            foot,
        },
    )
}

/// Writes a file.
struct Writer {
    manner: Manner,
    text: String,
}

impl Writer {
    fn file(root: &[Written], manner: &Manner) -> String {
        let mut writer = Self { manner: manner.clone(), text: manner.head.to_owned() };
        writer.text += "z: [&z1 x, &z2 {p: 1}]\n";
        writer.map(root, 0, "", true);
        writer.text += manner.foot;
        if !manner.ends_with_break && !writer.text.ends_with("\n\n") {
            writer.text.pop();
        }
        writer.text.replace('\n', manner.line_break)
    }

    fn pad(&mut self, column: usize) {
        self.text.extend(std::iter::repeat_n(' ', column));
    }

    /// Blank lines and comments before what begins at `column`.
    fn above(&mut self, bits: u16, column: usize, path: &str) {
        if bits & BLANK_ABOVE != 0 {
            self.text.push('\n');
        }
        if bits & COMMENT_ABOVE != 0 {
            self.pad(column);
            let _ = writeln!(self.text, "# @{path}@ above");
            if bits & BLANK_BETWEEN != 0 {
                self.text.push('\n');
            }
        }
    }

    /// The end of a line, with or without a comment.
    fn behind(bits: u16, path: &str) -> String {
        if bits & COMMENT_BEHIND != 0 { format!(" # @{path}@ behind") } else { String::new() }
    }

    fn map(&mut self, parts: &[Written], column: usize, path: &str, is_on_new_line: bool) {
        for (index, part) in parts.iter().enumerate() {
            let path = format!("{path}/k{index}");
            if index > 0 || is_on_new_line {
                self.above(part.bits, column, &path);
                self.pad(column);
            }
            let (quote, blank) = if part.bits & SPACED == 0 { ("", "") } else { ("\"", " ") };
            let _ = write!(self.text, "{quote}k{index}{quote}{blank}:");
            self.value(part, column, &path, true);
        }
    }

    fn list(&mut self, parts: &[Written], column: usize, path: &str, is_on_new_line: bool) {
        for (index, part) in parts.iter().enumerate() {
            let path = format!("{path}/{index}");
            if index > 0 || is_on_new_line {
                self.above(part.bits, column, &path);
                self.pad(column);
            }
            self.text.push('-');
            self.value(part, column, &path, false);
        }
    }

    /// The value after a colon or a dash that belongs to `column`, and the end of its line.
    fn value(&mut self, part: &Written, column: usize, path: &str, is_entry: bool) {
        let behind = Self::behind(part.bits, path);
        let step = self.manner.step;
        match &part.shape {
            Shape::Scalar(word) if *word < WORDS.len() => {
                let _ = writeln!(self.text, " {}{behind}", WORDS[*word]);
            }
            Shape::Scalar(word) => self.block_scalar(BLOCKS[word - WORDS.len()], column + step, &behind),
            Shape::List(parts) | Shape::Map(parts) if part.bits & IN_BRACKETS != 0 || parts.is_empty() => {
                if part.bits & ANCHORED != 0 {
                    let _ = write!(self.text, " &n{}", self.text.len());
                }
                self.text.push(' ');
                let is_map = matches!(part.shape, Shape::Map(_));
                self.brackets(parts, is_map, part.bits, column, path);
                let _ = writeln!(self.text, "{behind}");
            }
            Shape::Map(parts) if is_entry => {
                let _ = writeln!(self.text, "{behind}");
                self.map(parts, column + step, path, true);
            }
            Shape::List(parts) if is_entry => {
                let _ = writeln!(self.text, "{behind}");
                let step = if self.manner.has_dashes_below_keys { 0 } else { step };
                self.list(parts, column + step, path, true);
            }
            Shape::Map(parts) => {
                self.text.push(' ');
                self.map(parts, column + 2, path, false);
            }
            Shape::List(parts) => {
                self.text.push(' ');
                self.list(parts, column + 2, path, false);
            }
        }
    }

    fn block_scalar(&mut self, block: &str, column: usize, behind: &str) {
        let mut lines = block.split_terminator('\n');
        let first = lines.next().unwrap_or("");
        let blank = if first.is_empty() { "" } else { " " };
        let is_indicated = first.contains("COMMENT");
        let _ = write!(self.text, "{blank}{}", first.replace("COMMENT", behind));
        for line in lines {
            self.text.push('\n');
            if !line.is_empty() {
                self.pad(column);
                self.text += line;
            }
        }
        if !is_indicated {
            self.text += behind;
        }
        self.text.push('\n');
    }

    fn brackets(&mut self, parts: &[Written], is_map: bool, bits: u16, column: usize, path: &str) {
        let (open, close) = if is_map { ('{', '}') } else { ('[', ']') };
        let in_lines = bits & IN_LINES != 0 && !parts.is_empty();
        let column = column + self.manner.step;
        self.text.push(open);
        if in_lines {
            self.text.push('\n');
        } else if bits & SPACED != 0 {
            self.text.push(' ');
        }
        for (index, part) in parts.iter().enumerate() {
            let name = if is_map { format!("k{index}") } else { index.to_string() };
            let path = format!("{path}/{name}");
            if in_lines {
                self.above(part.bits, column, &path);
                self.pad(column);
            }
            if is_map {
                let _ = write!(self.text, "{name}: ");
            }
            match &part.shape {
                Shape::Scalar(word) => self.text += WORDS[word % WORDS.len()],
                Shape::List(parts) => self.brackets(parts, false, part.bits, column, &path),
                Shape::Map(parts) => self.brackets(parts, true, part.bits, column, &path),
            }
            // A comma belongs to the name of an alias.
            let is_alias =
                matches!(part.shape, Shape::Scalar(word) if WORDS[word % WORDS.len()].starts_with('*'));
            let blank = if is_alias { " " } else { "" };
            let is_last = index + 1 == parts.len();
            if !is_last || bits & TRAILING_COMMA != 0 {
                let _ = write!(self.text, "{blank},");
            }
            if in_lines {
                let _ = writeln!(self.text, "{}", Self::behind(part.bits, &path));
            } else if !is_last || is_alias || bits & SPACED != 0 {
                self.text.push(' ');
            }
        }
        if in_lines {
            self.pad(column);
        }
        self.text.push(close);
    }
}

/// What a file says, without places.
#[derive(Debug, Clone, PartialEq)]
enum Said {
    Nothing,
    Scalar(String),
    List(Vec<Said>),
    Map(Vec<(String, Said)>),
}

fn said(tree: &Tree<'_>, node: NodeId) -> Said {
    match &tree.node(node).kind {
        Kind::Scalar { .. } if tree.is_null(node) => Said::Nothing,
        Kind::Scalar { text, .. } => Said::Scalar(text.to_string()),
        Kind::Seq(elements) => Said::List(elements.iter().map(|node| said(tree, *node)).collect()),
        Kind::Map(entries) => Said::Map(
            entries.iter().map(|(key, value)| (tree.text(*key).to_owned(), said(tree, *value))).collect(),
        ),
    }
}

fn said_by(value: &Value) -> Said {
    match value {
        Value::Text(text) | Value::Bare(text) => Said::Scalar(text.clone()),
        Value::List(elements) => Said::List(elements.iter().map(said_by).collect()),
        Value::Map(entries) => {
            Said::Map(entries.iter().map(|(key, value)| (key.clone(), said_by(value))).collect())
        }
    }
}

/// The paths of all values, the root's first.
fn paths(said: &Said, path: &[String], found: &mut Vec<Vec<String>>) {
    found.push(path.to_vec());
    let children: Vec<_> = match said {
        Said::Nothing | Said::Scalar(_) => Vec::new(),
        Said::List(elements) => {
            elements.iter().enumerate().map(|(i, value)| (i.to_string(), value)).collect()
        }
        Said::Map(entries) => entries.iter().map(|(key, value)| (key.clone(), value)).collect(),
    };
    for (step, value) in children {
        paths(value, &[path, &[step]].concat(), found);
    }
}

fn at<'s>(said: &'s mut Said, path: &[String]) -> &'s mut Said {
    path.iter().fold(said, |said, step| match said {
        Said::List(elements) => &mut elements[step.parse::<usize>().unwrap()],
        Said::Map(entries) => &mut entries.iter_mut().find(|(key, _)| key == step).unwrap().1,
        Said::Nothing | Said::Scalar(_) => unreachable!("the path is one of this value"),
    })
}

#[derive(Debug, Clone, Copy)]
enum Operation {
    InsertEntry,
    InsertAfter,
    InsertBefore,
    InsertPath,
    InsertElement,
    Replace,
    Rename,
    Remove,
}

const OPERATIONS: [Operation; 8] = [
    Operation::InsertEntry,
    Operation::InsertAfter,
    Operation::InsertBefore,
    Operation::InsertPath,
    Operation::InsertElement,
    Operation::Replace,
    Operation::Rename,
    Operation::Remove,
];

fn value() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(3, 12, 3, |inner| {
        let parts = prop::collection::vec(inner, 0..4);
        (parts, any::<bool>()).prop_map(|(parts, is_map)| {
            let key = |(at, value): (usize, Value)| (format!("k{at}"), value);
            if is_map {
                Value::Map(parts.into_iter().enumerate().map(key).collect())
            } else {
                Value::List(parts)
            }
        })
    })
}

fn scalar() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        "[a-z]{1,6}",
        "\\PC{0,8}",
        "([a-z#]{0,3}\n){1,3}",
        "[ \\n\\t#:'\"\\\\a~-]{0,6}",
        Just("no".to_owned())
    ];
    prop_oneof![text.prop_map(Value::Text), "[1-9][0-9]{0,3}".prop_map(Value::Bare)]
}

/// The edit, what the file should say afterwards, and the path of what is removed.
type Asked = (Result<Edit, CannotEdit>, Said, Option<Vec<String>>);

/// Asks for an operation at a path; `None` when it makes no sense there.
fn ask(
    editor: &Editor<'_>,
    operation: Operation,
    path: &[String],
    value: &Value,
    pick: usize,
) -> Option<Asked> {
    let steps: Vec<_> = path.iter().map(String::as_str).collect();
    let node = editor.at(&steps)?;
    let mut after = said(&editor.tree, editor.root());
    let here = at(&mut after, path);
    let new = ("new".to_owned(), said_by(value));
    let is_scalar = matches!(value, Value::Text(_) | Value::Bare(_));
    let mut removed = None;
    let draft = match (operation, &mut *here) {
        (Operation::InsertEntry, Said::Map(entries)) => {
            entries.push(new);
            editor.insert_entry(node, "new", value, Position::Last)
        }
        (Operation::InsertEntry, Said::Nothing) => {
            *here = Said::Map(vec![new]);
            editor.insert_entry(node, "new", value, Position::Last)
        }
        (Operation::InsertAfter | Operation::InsertBefore, Said::Map(entries)) if !entries.is_empty() => {
            let index = pick % entries.len();
            let sibling = entries[index].0.clone();
            let is_after = matches!(operation, Operation::InsertAfter);
            entries.insert(index + usize::from(is_after), new);
            let position = if is_after { Position::After(&sibling) } else { Position::Before(&sibling) };
            editor.insert_entry(node, "new", value, position)
        }
        (Operation::InsertPath, Said::Map(entries))
            if path.iter().all(|step| step.parse::<usize>().is_err()) =>
        {
            let below = Said::Map(vec![("below".to_owned(), said_by(value))]);
            entries.push(("new".to_owned(), below));
            editor.insert_path(&[steps.as_slice(), &["new", "below"]].concat(), value)
        }
        (Operation::InsertElement, Said::List(elements)) => {
            elements.push(said_by(value));
            editor.insert_element(node, value)
        }
        (Operation::InsertElement, Said::Nothing) => {
            *here = Said::List(vec![said_by(value)]);
            editor.insert_element(node, value)
        }
        (Operation::Replace, Said::Nothing | Said::Scalar(_)) if is_scalar => {
            *here = said_by(value);
            editor.replace_scalar(node, value)
        }
        (Operation::Rename, Said::Map(entries)) if !entries.is_empty() && is_scalar => {
            let index = pick % entries.len();
            let (key, _) = editor.tree.entry(node, &entries[index].0)?;
            if let Said::Scalar(text) = said_by(value) {
                entries[index].0 = text;
            }
            editor.replace_scalar(key, value)
        }
        (Operation::Remove, Said::Map(entries)) if !entries.is_empty() => {
            let (key, _) = entries.remove(pick % entries.len());
            removed = Some([path, std::slice::from_ref(&key)].concat());
            editor.remove_entry(node, &key)
        }
        (Operation::Remove, Said::List(elements)) if !elements.is_empty() => {
            let index = pick % elements.len();
            elements.remove(index);
            removed = Some([path, &[index.to_string()]].concat());
            editor.remove_element(node, index)
        }
        _ => return None,
    };
    Some((draft, after, removed))
}

/// Asks at the first path, in cyclic order from `first`, at which the operation makes sense.
fn ask_around<'p>(
    editor: &Editor<'_>,
    operation: Operation,
    paths: &'p [Vec<String>],
    first: usize,
    value: &Value,
    pick: usize,
) -> Option<(&'p [String], Asked)> {
    (0..paths.len()).find_map(|n| {
        let path = &paths[(first + n) % paths.len()];
        ask(editor, operation, path, value, pick).map(|asked| (path.as_slice(), asked))
    })
}

/// The comments of a text, which all have a mark that nothing else has.
fn comments(text: &str) -> Vec<&str> {
    let mut comments: Vec<_> =
        text.lines().filter_map(|line| line.find("# @").map(|at| line[at..].trim_end())).collect();
    comments.sort_unstable();
    comments
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn an_edit_changes_what_it_should_and_nothing_else(
        root in prop::collection::vec(written(), 0..5),
        manner in manner(),
        operation in prop::sample::select(OPERATIONS.to_vec()),
        value in prop_oneof![value(), scalar()],
        (target, pick) in (any::<prop::sample::Index>(), any::<prop::sample::Index>()),
    ) {
        let text = Writer::file(&root, &manner);
        let editor = Editor::new(&text);
        prop_assert!(editor.is_ok(), "not YAML: {:?}\n{text}", tree::parse(&text).faults);
        let editor = editor.unwrap();
        let mut all = Vec::new();
        paths(&said(&editor.tree, editor.root()), &[], &mut all);
        let asked = ask_around(&editor, operation, &all, target.index(all.len()), &value, pick.index(1000));
        let Some((path, (draft, expected, removed))) = asked else { return Ok(()) };
        let edit = match draft {
            Ok(edit) => edit,
            Err(error) => {
                // The files here are written in no way that is beyond what is known.
                prop_assert!(error != CannotEdit::Unsure, "{operation:?} at {path:?} in {text:?}\n{text}");
                return Ok(());
            }
        };
        let edited = apply(&text, std::slice::from_ref(&edit)).unwrap();
        let context = format!("{operation:?} at {path:?}\n{text}---\n{edited}---\n{text:?}\n{edited:?}");

        let after = Editor::new(&edited);
        prop_assert!(after.is_ok(), "not YAML: {context}");
        let after = after.unwrap();
        prop_assert_eq!(said(&after.tree, after.root()), expected, "{}", context);

        let replaced = &text[edit.span.start as usize..edit.span.end as usize];
        if !matches!(operation, Operation::Replace | Operation::Rename | Operation::Remove) {
            prop_assert!(!replaced.contains('\n'), "more than a line is touched: {context}");
        }
        // What ends the file can have a blank line above that ends it now.
        if text.ends_with('\n') || !matches!(operation, Operation::Remove) {
            prop_assert_eq!(text.ends_with('\n'), edited.ends_with('\n'), "{}", context);
        }
        if text.contains("\r\n") {
            prop_assert!(!edited.replace("\r\n", "").contains(['\r', '\n']), "{context}");
        }

        let left = comments(&edited);
        let prefix = removed.as_ref().map(|path| format!("# @/{}", path.join("/")));
        let is_of_removed = |comment: &str| prefix.as_ref().is_some_and(|prefix| {
            comment.strip_prefix(prefix.as_str()).is_some_and(|rest| rest.starts_with(['@', '/']))
        });
        for comment in comments(&text) {
            prop_assert!(left.contains(&comment) || is_of_removed(comment), "{comment} is lost: {context}");
        }
        prop_assert!(left.iter().all(|comment| comments(&text).contains(comment)), "{context}");

        let diff = diff("plan.yaml", &text, &edited);
        prop_assert_eq!(&applied(&text, &diff), &edited, "{}", diff);

        let sibling = Position::Last;
        let steps: Vec<_> = path.iter().map(String::as_str).collect();
        let node = after.at(&steps);
        let again = match operation {
            Operation::InsertEntry | Operation::InsertAfter | Operation::InsertBefore => {
                node.map(|node| after.insert_entry(node, "new", &value, sibling))
            }
            Operation::InsertPath => {
                let path = [steps.as_slice(), &["new", "below"]].concat();
                Some(after.insert_path(&path, &value))
            }
            Operation::InsertElement => node.map(|node| after.insert_element(node, &value)),
            Operation::Replace => node.map(|node| after.replace_scalar(node, &value)),
            Operation::Rename | Operation::Remove => return Ok(()),
        };
        prop_assert!(matches!(again, Some(Err(CannotEdit::Exists { .. }))), "again: {again:?}: {context}");
    }

    #[test]
    fn whatever_the_form_of_a_file_an_edit_is_right_or_refused(
        tokens in prop::collection::vec(prop::sample::select(TOKENS.to_vec()), 0..16),
        operation in prop::sample::select(OPERATIONS.to_vec()),
        value in prop_oneof![value(), scalar()],
        (target, pick) in (any::<prop::sample::Index>(), any::<prop::sample::Index>()),
    ) {
        let text = format!("k: {}", tokens.concat());
        let Ok(editor) = Editor::new(&text) else { return Ok(()) };
        let mut all = Vec::new();
        paths(&said(&editor.tree, editor.root()), &[], &mut all);
        let asked = ask_around(&editor, operation, &all, target.index(all.len()), &value, pick.index(1000));
        if let Some((path, (Ok(edit), expected, _))) = asked {
            let edited = apply(&text, &[edit]).unwrap();
            let after = Editor::new(&edited);
            prop_assert!(after.is_ok(), "{operation:?} at {path:?} in {text:?} gives {edited:?}");
            let after = after.unwrap();
            prop_assert_eq!(said(&after.tree, after.root()), expected, "{:?} gives {:?}", text, edited);
        }
    }
}

/// What YAML is made of.
const TOKENS: [&str; 34] = [
    "a: ", "b: ", "\"c\": ", "x", "\u{fc} y", "- ", "-", "? ", ": ", ":", "{", "}", "[", "]", ", ", ",",
    "\n", "\n", "\n  ", "\n  ", "\n    ", " # c", "#", "&n ", "*n ", "|", ">+", "'", "\"", "~", "\r\n", "\r",
    "\t", "---",
];
