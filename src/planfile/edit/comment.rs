//! Comments above what was inserted.

use super::Edit;
use super::apply::apply;
use super::layout::Text;
use crate::planfile::tree::{self, Tree};

/// Writes comments, a line each, above the entry at the end of each path. Where an entry does not begin its line there is
/// no place for them, and the text stays as it is.
pub(super) fn write<'p>(text: &str, comments: impl Iterator<Item = (&'p [String], &'p [String])>) -> String {
    let parsed = tree::parse(text);
    let Some(before) = parsed.tree.filter(|_| parsed.faults.is_empty()) else { return text.to_owned() };
    let edits: Vec<_> = comments.filter_map(|(path, lines)| above(text, &before, path, lines)).collect();
    let edited = apply(text, &edits).unwrap_or_else(|_| text.to_owned());
    if says_the_same(&before, &edited) { edited } else { text.to_owned() }
}

fn above(text: &str, tree: &Tree<'_>, path: &[String], lines: &[String]) -> Option<Edit> {
    let (mut map, mut key) = (tree.root(), None);
    for name in path {
        let (found, value) = tree.entry(map, name)?;
        (map, key) = (value, Some(found));
    }
    let layout = Text(text);
    let start = tree.span(key?).start as usize;
    if lines.is_empty() || !layout.begins_line(start) {
        return None;
    }
    let (indent, line_break) = (" ".repeat(layout.column(start)), layout.line_break(start));
    let lines = lines.iter().flat_map(|line| {
        // A character that breaks a line would end the comment.
        let line: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let line = line.replace(['\u{85}', '\u{2028}', '\u{2029}', '\u{feff}'], " ");
        [format!("{indent}# {}", line.trim_end()), line_break.to_owned()]
    });
    Some(Edit::insert(layout.line_start(start), lines.collect::<String>()))
}

fn says_the_same(before: &Tree<'_>, edited: &str) -> bool {
    let parsed = tree::parse(edited);
    let Some(after) = parsed.tree.filter(|_| parsed.faults.is_empty()) else { return false };
    super::batch::agree(before, &after)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str, path: &str, lines: &[&str]) -> String {
        let path: Vec<String> = path.split('.').map(str::to_owned).collect();
        let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        write(text, std::iter::once((path.as_slice(), lines.as_slice())))
    }

    #[test]
    fn comments_stand_above_their_entry_in_its_column() {
        assert_eq!(
            written("a:\n  b: |\n    x\n  c: 1\n", "a.c", &["one", "two: {"]),
            "a:\n  b: |\n    x\n  # one\n  # two: {\n  c: 1\n"
        );
        assert_eq!(written("a:\r\n  c: 1\r\n", "a.c", &["x\ny: 2"]), "a:\r\n  # x y: 2\r\n  c: 1\r\n");
    }

    #[test]
    fn where_there_is_no_place_nothing_changes() {
        for (text, path) in [("a: {b: 1}\n", "a.b"), ("a: 1\n", "a.b"), ("a: 1\n", "c"), ("a: [\n", "a")] {
            assert_eq!(written(text, path, &["x"]), text);
        }
    }
}
