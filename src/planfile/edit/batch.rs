//! Many insertions at once: drafted from one text, applied together, and read again once.
//!
//! An edit by itself is tried by reading the whole text again, which for a thousand of them takes long.

use std::collections::HashMap;

use super::{CannotEdit, Edit, Editor, Position, Value, apply};
use crate::planfile::tree::{self, Kind, NodeId, Tree};

/// A value that is to be written at the end of a path of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Insertion {
    /// The keys from the root on.
    pub path: Vec<String>,
    /// What is written.
    pub value: Value,
    /// Lines of comments above it.
    pub comments: Vec<String>,
}

/// What became of the insertions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inserted {
    /// The text with all that could be inserted.
    pub text: String,
    /// Which could not be, by their number, and why.
    pub refused: Vec<(usize, CannotEdit)>,
}

/// So many insertions are tried one by one when together they do not say what they should.
const MAX_SINGLE: usize = 100;

/// Inserts everything that can be inserted, with the mappings that are missing on the way.
pub fn insert_all(text: &str, insertions: &[Insertion]) -> Inserted {
    let mut inserted = Inserted { text: text.to_owned(), refused: Vec::new() };
    let mut pending: Vec<usize> = (0..insertions.len()).collect();
    while !pending.is_empty() {
        let text = inserted.text.clone();
        let editor = match Editor::new(&text) {
            Ok(editor) => editor,
            Err(why) => {
                inserted.refused.extend(pending.iter().map(|number| (*number, why.clone())));
                break;
            }
        };
        let mut round = Round::draft(&editor, insertions, &pending);
        inserted.refused.append(&mut round.refused);
        match round.apply(&text, &editor) {
            Some(edited) => inserted.text = edited,
            None => one_by_one(&mut inserted, insertions, &round.drafted),
        }
        pending = round.later;
    }
    inserted.refused.sort_by_key(|(number, _)| *number);
    let is_refused = |number| inserted.refused.iter().any(|(refused, _)| *refused == number);
    let commented = insertions.iter().enumerate();
    let mut commented =
        commented.filter(|(number, it)| !it.comments.is_empty() && !is_refused(*number)).peekable();
    if commented.peek().is_some() {
        let comments = commented.map(|(_, it)| (it.path.as_slice(), it.comments.as_slice()));
        inserted.text = super::comment::write(&inserted.text, comments);
    }
    inserted
}

/// Whether two texts say the same.
pub(super) fn agree(before: &Tree<'_>, after: &Tree<'_>) -> bool {
    Round::default().agree(before, before.root(), after, after.root(), &mut Vec::new())
}

/// Insertions that can be made together: none needs what another one makes, and no two meet at one place.
#[derive(Default)]
struct Round {
    edits: Vec<Edit>,
    /// What stands at the end of each path that is new, by the path.
    made: HashMap<String, Value>,
    drafted: Vec<usize>,
    refused: Vec<(usize, CannotEdit)>,
    later: Vec<usize>,
}

impl Round {
    fn draft(editor: &Editor<'_>, insertions: &[Insertion], pending: &[usize]) -> Self {
        let mut round = Self::default();
        let mut places = HashMap::new();
        for number in pending {
            let Insertion { path, value, .. } = &insertions[*number];
            let keys: Vec<&str> = path.iter().map(String::as_str).collect();
            let (map, n_found) = editor.follow(&keys);
            let Some(new) = keys.get(..=n_found) else {
                round.refused.push((*number, CannotEdit::Exists { what: path.join(".") }));
                continue;
            };
            if round.made.contains_key(&joined(new)) {
                round.later.push(*number);
                continue;
            }
            match editor.draft(map, &keys[n_found..], value, Position::Last) {
                Ok((edit, _)) if !has_room(&mut places, &edit, (editor, map)) => round.later.push(*number),
                Ok((edit, _)) => {
                    let nested = |inner: Value, key: &&str| Value::Map(vec![((*key).to_owned(), inner)]);
                    let value = keys[n_found + 1..].iter().rev().fold(value.clone(), nested);
                    round.made.insert(joined(new), value);
                    round.edits.push(edit);
                    round.drafted.push(*number);
                }
                Err(why) => round.refused.push((*number, why)),
            }
        }
        round
    }

    /// The edited text, if it says what the text before it said, and what was inserted, and nothing else.
    fn apply(&self, text: &str, editor: &Editor<'_>) -> Option<String> {
        let edited = apply(text, &self.edits).ok()?;
        let parsed = tree::parse(&edited);
        let after = parsed.tree.filter(|_| parsed.faults.is_empty())?;
        let before = &editor.tree;
        let says_it = self.agree(before, before.root(), &after, after.root(), &mut Vec::new());
        says_it.then_some(edited)
    }

    fn agree<'t>(
        &self,
        before: &'t Tree<'_>,
        old: NodeId,
        after: &'t Tree<'_>,
        new: NodeId,
        path: &mut Vec<&'t str>,
    ) -> bool {
        match (&before.node(old).kind, &after.node(new).kind) {
            (Kind::Scalar { text, .. }, Kind::Scalar { text: found, .. }) => {
                text == found && before.is_null(old) == after.is_null(new)
            }
            (Kind::Seq(elements), Kind::Seq(found)) => {
                // Nothing is inserted below a list, so no path leads there.
                path.push("[]");
                let pairs = || elements.iter().zip(found);
                let agree = elements.len() == found.len()
                    && pairs().all(|(old, new)| self.agree(before, *old, after, *new, path));
                path.pop();
                agree
            }
            (_, Kind::Map(found)) if before.is_null(old) || !before.is_scalar(old) => {
                let mut rest = before.entries(old).iter();
                found.iter().all(|(key, value)| {
                    path.push(after.text(*key));
                    let agree = match self.made.get(&joined(path)) {
                        Some(made) => made.is_said_by(after, *value),
                        None => rest.next().is_some_and(|(old_key, old_value)| {
                            before.text(*old_key) == after.text(*key)
                                && self.agree(before, *old_value, after, *value, path)
                        }),
                    };
                    path.pop();
                    agree
                }) && rest.next().is_none()
            }
            _ => false,
        }
    }
}

/// Whether an edit can be made with those before it: several meet at one place only at the end of one mapping, where they
/// keep their order. Whether that is what was meant is seen when the text is read again.
fn has_room(
    places: &mut HashMap<u32, Option<NodeId>>,
    edit: &Edit,
    (editor, map): (&Editor<'_>, NodeId),
) -> bool {
    let is_appended = edit.span.start == edit.span.end && !editor.tree.entries(map).is_empty();
    let here = is_appended.then_some(map);
    match places.get(&edit.span.start) {
        Some(there) => here.is_some() && *there == here,
        None => places.insert(edit.span.start, here).is_none(),
    }
}

/// Inserts a few by themselves, each tried.
fn one_by_one(inserted: &mut Inserted, insertions: &[Insertion], numbers: &[usize]) {
    for (n_tried, number) in numbers.iter().enumerate() {
        let Insertion { path, value, .. } = &insertions[*number];
        let keys: Vec<&str> = path.iter().map(String::as_str).collect();
        let edit = if n_tried < MAX_SINGLE {
            Editor::new(&inserted.text).and_then(|editor| editor.insert_path(&keys, value))
        } else {
            Err(CannotEdit::Unsure)
        };
        match edit.and_then(|edit| apply(&inserted.text, &[edit]).map_err(|_| CannotEdit::Unsure)) {
            Ok(edited) => inserted.text = edited,
            Err(why) => inserted.refused.push((*number, why)),
        }
    }
}

/// A path as one text; no key holds a NUL character.
fn joined(path: &[&str]) -> String {
    path.join("\0")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn insertion(path: &str, value: &str) -> Insertion {
        let path = path.split('.').map(str::to_owned).collect();
        Insertion { path, value: Value::from(value), comments: Vec::new() }
    }

    fn check(text: &str, insertions: &[(&str, &str)], expected: &str) -> Vec<(usize, CannotEdit)> {
        let insertions: Vec<_> = insertions.iter().map(|(path, value)| insertion(path, value)).collect();
        let inserted = insert_all(text, &insertions);
        assert_eq!(inserted.text, expected);
        let refused: HashSet<_> = inserted.refused.iter().map(|(number, _)| *number).collect();
        let again = insert_all(&inserted.text, &insertions);
        assert_eq!(again.text, inserted.text, "what is there is not inserted again");
        assert_eq!(again.refused.len(), insertions.len(), "{refused:?}");
        inserted.refused
    }

    #[test]
    fn a_section_that_several_values_need_is_made_once() {
        let refused = check(
            "mainstay: 1 # one\n",
            &[("documents.process", "p.md"), ("owner", "Ops"), ("documents.audit", "a.md")],
            "mainstay: 1 # one\ndocuments:\n  process: p.md\n  audit: a.md\nowner: Ops\n",
        );
        assert_eq!(refused, []);
    }

    #[test]
    fn values_of_many_entries_are_inserted_at_once() {
        check(
            "tasks:\n  a:\n    x: 1\n  # about b\n  b: {x: 1}\n  c:\n",
            &[("tasks.a.title", "A"), ("tasks.b.title", "B"), ("tasks.c.title", "C")],
            "tasks:\n  a:\n    x: 1\n    title: A\n  # about b\n  b: {x: 1, title: B}\n  c:\n    title: C\n",
        );
    }

    #[test]
    fn entries_of_one_mapping_are_appended_in_their_order_and_in_one_go() {
        check("a:\n  x: 1", &[("a.w", "2"), ("a.z", "3")], "a:\n  x: 1\n  w: \"2\"\n  z: \"3\"");
        check("a: {x: 1}\n", &[("a.w", "b"), ("a.z", "c")], "a: {x: 1, w: b, z: c}\n");
        check("a: {}\nb: 1\n", &[("a.w", "b"), ("c", "d"), ("a.z", "c")], "a:\n  w: b\n  z: c\nb: 1\nc: d\n");
        let text = "a:\n  x: 1\n";
        let editor = Editor::new(text).unwrap();
        let many: Vec<_> = (0..1000).map(|n| insertion(&format!("a.n{n}"), "b")).collect();
        let round = Round::draft(&editor, &many, &(0..1000).collect::<Vec<_>>());
        assert!(round.later.is_empty() && round.apply(text, &editor).is_some());
    }

    #[test]
    fn what_cannot_be_inserted_is_said_and_the_rest_is_inserted() {
        let refused = check(
            "owner: Ops\ntags: [a]\n",
            &[("owner", "Dev"), ("tags.x", "y"), ("title", "T")],
            "owner: Ops\ntags: [a]\ntitle: T\n",
        );
        let numbers: Vec<_> = refused.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, [0, 1]);
    }
}
