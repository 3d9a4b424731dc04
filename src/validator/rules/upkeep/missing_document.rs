//! MS710: missing document.

use std::path::{Component, Path};

use crate::model::{Remedy, Spanned};
use crate::standards::Page;
use crate::validator::rules::prelude::*;
use crate::validator::surroundings::Found;

pub(super) const RULE: Rule = Rule {
    code: "MS710",
    title: "missing document",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "A page that is named and is not there is found out by the one who needs it most: somebody who \
          is on call, at night, with a run that failed.",
    before: "\
# there is no docs/process.md
mainstay: 1
documents: {process: docs/process.md}
",
    after: "\
# docs/process.md is there
mainstay: 1
documents: {process: docs/process.md}
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for page in Page::ALL {
        let Some(path) = named(facts, page) else { continue };
        let (message, is_missing) = match facts.around.files.get(&path.value) {
            Some(Found::Missing) => (format!("there is no document `{}`", path.value), true),
            Some(Found::NotAFile) => (format!("the document `{}` is not a file", path.value), false),
            Some(Found::File { .. } | Found::Unknown(_)) | None => continue,
        };
        let fault = Fault::new(RULE.code, path.span, message).help(
            "write the page, or name the one that is meant; names are relative to the plan file's folder",
        );
        // Nothing is written outside of the plan file's folder without a person.
        faults.push(if is_missing && is_below(&path.value) {
            fault.mended_by(Remedy::Document { kind: page.key().to_owned(), path: path.value.clone() })
        } else {
            fault
        });
    }
}

fn named<'a>(facts: &Facts<'a>, page: Page) -> Option<&'a Spanned<String>> {
    let documents = &facts.plan.documents;
    match page {
        Page::Process => documents.process.as_ref(),
        Page::System => documents.system.as_ref(),
        Page::Security => documents.security.as_ref(),
        Page::Audit => documents.audit.as_ref(),
    }
}

/// Whether a path leads to something below the folder that it is relative to.
fn is_below(path: &str) -> bool {
    let mut parts = Path::new(path).components();
    !path.is_empty() && parts.all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}
