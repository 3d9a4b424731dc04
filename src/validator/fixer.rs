//! The fixer: mends what nobody has to decide about, as the smallest edit of the plan file.
//!
//! 1. Only what the remedy of a finding says is changed; everything else stays as it is, to the byte.
//! 2. Changes after which the file has an error that it did not have before are not made.
//! 3. What was fixed is fixed: doing it again changes nothing.

use std::collections::{BTreeMap, HashSet};

use super::checker::Checked;
use crate::model::{Remedy, Severity};
use crate::planfile::edit::{Insertion, insert_all};
use crate::standards::{Page, stub};

/// What became of a plan file.
#[derive(Debug, Clone)]
pub struct Fixed {
    /// The plan file as it should be, checked again.
    pub checked: Checked,
    /// The pages to be written beside it, by their names relative to its folder.
    pub pages: BTreeMap<String, String>,
    /// The values that were set, as paths of keys: `tasks.tidy.title`.
    pub set: Vec<String>,
    /// What could not be done, and why.
    pub refused: Vec<(String, String)>,
}

/// A value that is set can ask for another one; a chain longer than this is none.
const MAX_ROUNDS: usize = 16;

/// Mends every finding of `checked` that has a remedy; `check` checks a text as the plan file that it was.
pub fn fix(checked: Checked, check: &dyn Fn(&str) -> Checked) -> Fixed {
    let mut fixed = Fixed { checked, pages: BTreeMap::new(), set: Vec::new(), refused: Vec::new() };
    for _ in 0..MAX_ROUNDS {
        let insertions = insertions(&fixed);
        if insertions.is_empty() {
            break;
        }
        if !insert(&mut fixed, &insertions, check) && insertions.len() > 1 {
            for insertion in insertions {
                insert(&mut fixed, &[insertion], check);
            }
        }
    }
    add_pages(&mut fixed);
    fixed
}

/// What remedies want to set and was not refused, each path once.
fn insertions(fixed: &Fixed) -> Vec<Insertion> {
    let mut seen: HashSet<String> = fixed.refused.iter().map(|(what, _)| what.clone()).collect();
    seen.extend(fixed.set.iter().cloned());
    let mut insertions = Vec::new();
    for remedy in remedies(&fixed.checked) {
        if let Remedy::Set { path, value } = remedy
            && seen.insert(path.join("."))
        {
            insertions.push(Insertion { path: path.clone(), value: value.clone(), comments: Vec::new() });
        }
    }
    insertions
}

fn remedies(checked: &Checked) -> impl Iterator<Item = &Remedy> {
    checked.findings.iter().filter_map(|finding| finding.remedy.as_ref()).flat_map(Remedy::changes)
}

/// Makes all of the insertions, or none when together they make an error; of a single one that does, says so.
fn insert(fixed: &mut Fixed, insertions: &[Insertion], check: &dyn Fn(&str) -> Checked) -> bool {
    let inserted = insert_all(&fixed.checked.source.text, insertions);
    let checked = check(&inserted.text);
    if has_another_error(&fixed.checked, &checked) {
        if let [insertion] = insertions {
            fixed.refused.push((insertion.path.join("."), "it would make another error".to_owned()));
        }
        return false;
    }
    for (number, insertion) in insertions.iter().enumerate() {
        let what = insertion.path.join(".");
        match inserted.refused.iter().find(|(refused, _)| *refused == number) {
            Some((_, why)) => fixed.refused.push((what, why.to_string())),
            None => fixed.set.push(what),
        }
    }
    fixed.checked = checked;
    true
}

/// Whether there is an error in `after` that was not in `before`.
fn has_another_error(before: &Checked, after: &Checked) -> bool {
    let errors = |checked: &'_ Checked| -> HashSet<(String, String)> {
        let errors = checked.findings.iter().filter(|finding| finding.severity == Severity::Error);
        errors.map(|finding| (finding.code.to_owned(), finding.subject.clone())).collect()
    };
    !errors(after).is_subset(&errors(before))
}

/// Adds the pages that are named and not there.
fn add_pages(fixed: &mut Fixed) {
    let Some(plan) = &fixed.checked.plan else { return };
    for remedy in remedies(&fixed.checked) {
        if let Remedy::Document { kind, path } = remedy
            && let Some(page) = Page::of_key(kind)
        {
            fixed.pages.entry(path.clone()).or_insert_with(|| fixed.checked.hide(stub(page, plan)));
        }
    }
}
