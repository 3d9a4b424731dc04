//! The files that a pattern names, as Prometheus and Alertmanager read it.
//!
//! Source: Go's `path/filepath`, `Glob` and `Match`.

use std::fs;
use std::path::{Path, PathBuf};

/// The files that `pattern` names, in the order of the alphabet: `*`, `?` and `[a-z]` stand for characters other than
/// `/`. A folder that cannot be read has no files.
pub fn files(pattern: &Path) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::new()];
    for component in pattern.components() {
        let text = component.as_os_str().to_string_lossy();
        if !text.contains(['*', '?', '[']) {
            for path in &mut found {
                path.push(component);
            }
            continue;
        }
        found = found.iter().flat_map(|folder| inside(folder, &text)).collect();
    }
    found.retain(|path| path.is_file());
    found
}

fn inside(folder: &Path, pattern: &str) -> Vec<PathBuf> {
    let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let names = fs::read_dir(here).into_iter().flatten().flatten().map(|entry| entry.file_name());
    let pattern: Vec<char> = pattern.chars().collect();
    let fitting = names.filter(|name| fits(&pattern, &name.to_string_lossy().chars().collect::<Vec<_>>()));
    let mut paths: Vec<_> = fitting.map(|name| folder.join(name)).collect();
    paths.sort();
    paths
}

/// Whether a name fits a pattern from end to end.
fn fits(pattern: &[char], name: &[char]) -> bool {
    // The last `*`, and where its text began: when the rest does not fit, it takes one character more.
    let (mut at, mut seen, mut star) = (0, 0, None);
    while seen < name.len() {
        match one(&pattern[at.min(pattern.len())..], name[seen]) {
            Some(length) => (at, seen) = (at + length, seen + 1),
            None if pattern.get(at) == Some(&'*') => {
                star = Some((at + 1, seen));
                at += 1;
            }
            None => {
                let Some((after, taken)) = star else { return false };
                (at, seen) = (after, taken + 1);
                star = Some((after, taken + 1));
            }
        }
    }
    pattern[at.min(pattern.len())..].iter().all(|c| *c == '*')
}

/// How much of the pattern takes this one character; nothing of a `*`.
fn one(pattern: &[char], c: char) -> Option<usize> {
    match pattern.first()? {
        '*' => None,
        '?' => Some(1),
        '\\' => (pattern.get(1) == Some(&c)).then_some(2),
        '[' => {
            let end = 2 + pattern.get(2..)?.iter().position(|c| *c == ']')?;
            let (is_other, inner) = match pattern.get(1)? {
                '^' => (true, &pattern[2..end]),
                _ => (false, &pattern[1..end]),
            };
            let mut rest = inner;
            let mut is_in = false;
            while let Some(first) = rest.first() {
                if let (Some('-'), Some(last)) = (rest.get(1), rest.get(2)) {
                    is_in |= (first..=last).contains(&&c);
                    rest = &rest[3..];
                } else {
                    is_in |= *first == c;
                    rest = &rest[1..];
                }
            }
            (is_in != is_other).then_some(end + 1)
        }
        first => (*first == c).then_some(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_patterns_as_they_do_for_go() {
        let check = |pattern: &str, name: &str, expected: bool| {
            let (all, of): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
            assert_eq!(fits(&all, &of), expected, "{pattern} on {name}");
        };
        check("*.yml", "a.yml", true);
        check("*.yml", ".yml", true);
        check("*.yml", "a.yaml", false);
        check("*", "", true);
        check("a*b*c", "aXbYbZc", true);
        check("a*b*c", "aXbYbZ", false);
        check("a?c", "abc", true);
        check("a?c", "ac", false);
        check("[a-c]x", "bx", true);
        check("[^a-c]x", "bx", false);
        check("[^a-c]x", "dx", true);
        check(r"\*", "*", true);
        check(r"\*", "a", false);
        check("a", "ab", false);
        check("**", "ab", true);
        check("[a", "a", false);
    }

    #[test]
    fn folders_are_looked_through() {
        let folder = tempfile::TempDir::new().unwrap();
        for name in ["a/1.yml", "a/2.yml", "b/3.yml", "b/4.txt"] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let found = |pattern: &str| -> Vec<String> {
            let relative = |path: PathBuf| path.strip_prefix(folder.path()).unwrap().display().to_string();
            files(&folder.path().join(pattern)).into_iter().map(relative).collect()
        };
        assert_eq!(found("*/*.yml"), ["a/1.yml", "a/2.yml", "b/3.yml"]);
        assert_eq!(found("b/*"), ["b/3.yml", "b/4.txt"]);
        assert_eq!(found("a/1.yml"), ["a/1.yml"]);
        assert_eq!(found("c/*"), [""; 0]);
    }
}
