//! Two texts as a unified diff that `patch` and `git apply` take.

use std::fmt::Write;
use std::ops::Range;

/// The lines that are shown around a change.
const CONTEXT: usize = 3;
/// The most lines that may differ for the shortest difference to be searched; beyond, all between the first
/// and the last difference counts as replaced, which is right but longer than it needs to be.
const MAX_DIFFERENCES: usize = 1000;

/// Lines of the old text that other lines take the place of.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Change {
    old: Range<usize>,
    new: Range<usize>,
}

/// The unified diff from `old` to `new` of the file called `name`, with three lines of context; empty when
/// they are equal.
///
/// Lines keep their line breaks. A leading `/` or `./` of the name is left out, as `-p1` wants it.
pub fn diff(name: &str, old: &str, new: &str) -> String {
    let name = relative(name);
    between(&file_name('a', name), &file_name('b', name), old, new)
}

/// The unified diff that makes the file called `name`, which is not there, of `text`.
pub fn diff_of_new(name: &str, text: &str) -> String {
    between("/dev/null", &file_name('b', relative(name)), "", text)
}

fn relative(name: &str) -> &str {
    name.trim_start_matches("./").trim_start_matches('/')
}

fn between(old_name: &str, new_name: &str, old: &str, new: &str) -> String {
    let (old, new) = (lines(old), lines(new));
    let changes = changes(&old, &new);
    if changes.is_empty() {
        return String::new();
    }
    let mut diff = format!("--- {old_name}\n+++ {new_name}\n");
    for hunk in changes.chunk_by(|one, next| next.old.start - one.old.end <= 2 * CONTEXT) {
        write_hunk(&mut diff, hunk, &old, &new);
    }
    diff
}

fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// A name as git writes it: in quotes with escapes if need be, and with a tab behind it when blanks are in
/// it.
fn file_name(side: char, name: &str) -> String {
    let needs_quotes = |c: char| c.is_control() || matches!(c, '"' | '\\');
    if !name.contains(needs_quotes) {
        let end = if name.contains(char::is_whitespace) { "\t" } else { "" };
        return format!("{side}/{name}{end}");
    }
    let mut quoted = format!("\"{side}/");
    for byte in name.bytes() {
        match byte {
            b'"' | b'\\' => quoted.extend(['\\', char::from(byte)]),
            b' '..=b'~' => quoted.push(char::from(byte)),
            // Writing to a string does not fail.
            _ => drop(write!(quoted, "\\{byte:03o}")),
        }
    }
    quoted.push('"');
    quoted
}

fn write_hunk(diff: &mut String, hunk: &[Change], old: &[&str], new: &[&str]) {
    let (Some(first), Some(last)) = (hunk.first(), hunk.last()) else { return };
    let before = first.old.start.min(CONTEXT);
    let after = (old.len() - last.old.end).min(CONTEXT);
    let old_range = first.old.start - before..last.old.end + after;
    let new_range = first.new.start - before..last.new.end + after;
    // Writing to a string does not fail.
    let _ = writeln!(diff, "@@ -{} +{} @@", header(&old_range), header(&new_range));
    let mut at = old_range.start;
    for change in hunk {
        write_lines(diff, ' ', &old[at..change.old.start]);
        write_lines(diff, '-', &old[change.old.clone()]);
        write_lines(diff, '+', &new[change.new.clone()]);
        at = change.old.end;
    }
    write_lines(diff, ' ', &old[at..old_range.end]);
}

/// A range of lines from 1; an empty one is named by the line before it.
fn header(range: &Range<usize>) -> String {
    match range.len() {
        0 => format!("{},0", range.start),
        1 => format!("{}", range.start + 1),
        n => format!("{},{n}", range.start + 1),
    }
}

fn write_lines(diff: &mut String, mark: char, lines: &[&str]) {
    for line in lines {
        diff.push(mark);
        diff.push_str(line);
        if !line.ends_with('\n') {
            diff.push_str("\n\\ No newline at end of file\n");
        }
    }
}

/// What has to change in `old` to make it `new`, in order, with equal lines between.
fn changes(old: &[&str], new: &[&str]) -> Vec<Change> {
    let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (&old[head..], &new[head..]);
    let tail = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(a, b)| a == b).count();
    let (old_middle, new_middle) = (&old_rest[..old_rest.len() - tail], &new_rest[..new_rest.len() - tail]);
    let whole = Change { old: 0..old_middle.len(), new: 0..new_middle.len() };
    let mut changes = if old_middle.is_empty() && new_middle.is_empty() {
        Vec::new()
    } else if old_middle.is_empty() || new_middle.is_empty() {
        vec![whole]
    } else {
        shortest(old_middle, new_middle).unwrap_or_else(|| vec![whole])
    };
    for Change { old, new } in &mut changes {
        *old = old.start + head..old.end + head;
        *new = new.start + head..new.end + head;
    }
    changes
}

/// The shortest difference, if there are not too many lines in it.
///
/// Source: Myers, "An O(ND) Difference Algorithm and Its Variations" (1986), the greedy algorithm. A point is
/// a number of old and of new lines that are dealt with; its diagonal is their difference.
fn shortest(old: &[&str], new: &[&str]) -> Option<Vec<Change>> {
    let reached = reach(old, new)?;
    let mut changes: Vec<Change> = Vec::new();
    let (mut x, mut y) = (old.len(), new.len());
    for (n, before) in reached.iter().enumerate().rev() {
        let diagonal = x.cast_signed() - y.cast_signed();
        let (from, is_removal) = step(before, n + 1, diagonal);
        let (to_x, to_y) = (from, from.checked_add_signed(-(diagonal + if is_removal { -1 } else { 1 }))?);
        let change = if is_removal {
            Change { old: to_x..to_x + 1, new: to_y..to_y }
        } else {
            Change { old: to_x..to_x, new: to_y..to_y + 1 }
        };
        match changes.last_mut() {
            Some(next) if next.old.start == change.old.end && next.new.start == change.new.end => {
                next.old.start = change.old.start;
                next.new.start = change.new.start;
            }
            _ => changes.push(change),
        }
        (x, y) = (to_x, to_y);
    }
    changes.reverse();
    Some(changes)
}

/// For each number of differences from 0, the most old lines that are dealt with on each diagonal from `-n`
/// to `n`, every second one; without the last number, which reaches the end.
fn reach(old: &[&str], new: &[&str]) -> Option<Vec<Vec<usize>>> {
    let mut reached: Vec<Vec<usize>> = Vec::new();
    for n in 0..=MAX_DIFFERENCES.min(old.len() + new.len()) {
        let mut furthest = Vec::with_capacity(n + 1);
        for index in 0..=n {
            let diagonal = 2 * index.cast_signed() - n.cast_signed();
            let mut x = match reached.last() {
                None => 0,
                Some(before) => {
                    let (from, is_removal) = step(before, n, diagonal);
                    from + usize::from(is_removal)
                }
            };
            // Never below zero: it counts insertions and equal lines.
            let mut y = x.saturating_add_signed(-diagonal);
            while x < old.len() && y < new.len() && old[x] == new[y] {
                (x, y) = (x + 1, y + 1);
            }
            if x >= old.len() && y >= new.len() {
                return Some(reached);
            }
            furthest.push(x);
        }
        reached.push(furthest);
    }
    None
}

/// From where the diagonal is reached with `n` differences, given what `n - 1` reach: the old lines that are
/// dealt with there, and whether the step removes the next one or else inserts a new line.
fn step(before: &[usize], n: usize, diagonal: isize) -> (usize, bool) {
    // The diagonal below has one old line less, the one above one new line less.
    let index = usize::try_from(isize::midpoint(diagonal, n.cast_signed())).unwrap_or(0);
    let below = index.checked_sub(1).and_then(|index| before.get(index)).copied();
    let above = before.get(index).copied();
    match (below, above) {
        (Some(below), Some(above)) if below < above => (above, false),
        (Some(below), _) => (below, true),
        (None, above) => (above.unwrap_or(0), false),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::fs;
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use proptest::prelude::*;

    use super::*;

    /// What `program` makes of `old` with the diff.
    fn patched(program: &[&str], name: &str, old: &str, diff: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(name), old).unwrap();
        let mut child = Command::new(program[0])
            .args(&program[1..])
            .current_dir(folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(diff.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{program:?}: {output:?}\n{diff}");
        fs::read_to_string(folder.path().join(name)).unwrap()
    }

    fn numbered(n: usize, line: impl Fn(usize) -> String) -> String {
        (0..n).map(line).collect::<Vec<_>>().concat()
    }

    /// Applies a diff without looking at anything but the diff and the lines it names.
    pub(in super::super) fn applied(old: &str, diff: &str) -> String {
        let old = lines(old);
        let (mut new, mut at) = (String::new(), 0);
        let mut diff = diff.split_inclusive('\n').skip(2).peekable();
        while let Some(line) = diff.next() {
            let without_break = diff.next_if(|next| next.starts_with('\\')).is_some();
            let content = if without_break { &line[1..line.len() - 1] } else { &line[1..] };
            match line.as_bytes()[0] {
                b'@' => {
                    let numbers = line[4..].split(' ').next().unwrap();
                    let (start, length) = numbers.split_once(',').unwrap_or((numbers, "1"));
                    let start: usize = start.parse().unwrap();
                    let start = if length == "0" { start } else { start - 1 };
                    new.extend(old[at..start].iter().copied());
                    at = start;
                }
                mark => {
                    if mark != b'+' {
                        assert_eq!(old[at], content);
                        at += 1;
                    }
                    if mark != b'-' {
                        new.push_str(content);
                    }
                }
            }
        }
        new.extend(old[at..].iter().copied());
        new
    }

    #[test]
    fn a_diff_is_written_as_git_writes_it() {
        let old = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk";
        let new = "a\nB\nc\nd\ne\nf\ng\nh\ni\nj\nk\n";
        let expected = "\
--- a/plan.yaml
+++ b/plan.yaml
@@ -1,5 +1,5 @@
 a
-b
+B
 c
 d
 e
@@ -8,4 +8,4 @@
 h
 i
 j
-k
\\ No newline at end of file
+k
";
        assert_eq!(diff("./plan.yaml", old, new), expected);
        assert_eq!(diff("plan.yaml", old, old), "");
        assert_eq!(diff("/p", "", "a\n"), "--- a/p\n+++ b/p\n@@ -0,0 +1 @@\n+a\n");
        assert_eq!(diff("a b", "a\r\n", ""), "--- a/a b\t\n+++ b/a b\t\n@@ -1 +0,0 @@\n-a\r\n");
    }

    #[test]
    fn patch_and_git_apply_make_the_new_text() {
        let long = numbered(200, |n| format!("line {n}\n"));
        let cases = [
            (
                long.clone(),
                long.replace("line 7\n", "").replace("line 8\n", "8\r\n").replace("line 150", "x\ny"),
            ),
            (long.clone(), format!("{long}no line break")),
            ("a: 1\r\nb: 2\r\n".to_owned(), "a: 1\r\nc: 3\r\nb: 2\r\n".to_owned()),
            ("a: 1".to_owned(), "a: 1\nb: 2".to_owned()),
            ("a: 1".to_owned(), "a: 1\n".to_owned()),
            ("a\n\n\nb\n".to_owned(), "\na\n\nb\nb\n".to_owned()),
        ];
        // git is needed to work on mainstay; patch need not be there.
        let has_patch = Command::new("patch").arg("--version").output().is_ok();
        for name in ["plan.yaml", "a plan.yaml", "pl\"an\\\u{fc}.yaml"] {
            for (old, new) in &cases {
                let diff = diff(name, old, new);
                assert_eq!(&applied(old, &diff), new, "{diff}");
                assert_eq!(&patched(&["git", "apply"], name, old, &diff), new, "{diff}");
                if has_patch {
                    let patch = ["patch", "-p1", "--binary", "-s"];
                    assert_eq!(&patched(&patch, name, old, &diff), new, "{diff}");
                }
            }
        }
    }

    #[test]
    fn a_few_changes_in_a_large_file_are_found_alone_and_a_new_file_is_replaced_whole() {
        let old = numbered(200_000, |n| format!("key{n}: {}\n", n % 7));
        let new = old.replace("key10:", "key:").replace("key199990: ", "key: a\nkeys: ");
        let few = diff("plan.yaml", &old, &new);
        assert_eq!(few.lines().filter(|line| line.starts_with(['+', '-'])).count(), 2 + 2 + 3);
        let rest = numbered(200_000, |n| format!("{n}\n"));
        let all = diff("plan.yaml", &old, &rest);
        assert_eq!(all.lines().count(), 3 + 400_000);
    }

    /// The number of lines in the shortest difference, by the longest common subsequence.
    fn n_differences(old: &[&str], new: &[&str]) -> usize {
        let mut common = vec![vec![0; new.len() + 1]; old.len() + 1];
        for (i, a) in old.iter().enumerate() {
            for (j, b) in new.iter().enumerate() {
                common[i + 1][j + 1] =
                    if a == b { common[i][j] + 1 } else { common[i][j + 1].max(common[i + 1][j]) };
            }
        }
        old.len() + new.len() - 2 * common[old.len()][new.len()]
    }

    proptest! {
        #[test]
        fn a_diff_leads_to_the_new_text_by_the_shortest_way(
            old in "([abc]\r?\n){0,12}[abc]?",
            new in "([abc]\r?\n){0,12}[abc]?",
        ) {
            let diff = diff("plan.yaml", &old, &new);
            prop_assert_eq!(&applied(&old, &diff), &new, "{}", diff);
            let changed = diff.lines().skip(2).filter(|line| line.starts_with(['+', '-'])).count();
            prop_assert_eq!(changed, n_differences(&lines(&old), &lines(&new)), "{}", diff);
        }
    }
}
