//! Checks that are written into a plan file: those of Goss files, and those that the live host shows.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::Manager;
use crate::model::{Check, Finding, Place, Severity, Value};
use crate::planfile::edit::{self, Insertion};
use crate::planfile::goss::{self, Carried};
use crate::planfile::{self, BYTE_ORDER_MARK, LoadError, Source, Text};
use crate::validator::checker::{self, Checked};
use crate::world::{files, glob};

/// What Goss files come to.
#[derive(Debug, Default)]
pub struct Imported {
    /// The checks.
    pub checks: Vec<NewCheck>,
    /// Where the resource of each stands.
    pub places: Vec<Place>,
    /// What is not carried over, with its place, and why.
    pub left_out: Vec<(Option<Place>, String)>,
    /// How many resources the files have.
    pub n_resources: usize,
}

/// A check that is to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct NewCheck {
    /// Its name.
    pub name: String,
    /// What it asks.
    pub value: Value,
    /// Lines of comments above it.
    pub comments: Vec<String>,
}

/// Why checks cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A file cannot be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A Goss file includes one that cannot be read.
    #[error("{at} includes {} that cannot be read", path.display())]
    Include {
        /// `goss.yaml:3:1`.
        at: String,
        /// What is included.
        path: PathBuf,
        /// Why not.
        source: LoadError,
    },
    /// A Goss file, or the plan file, is wrong.
    #[error("{} is wrong: {}", source_text.path, crate::counted(findings.len(), "error"))]
    Form {
        /// Its text.
        source_text: Box<Source>,
        /// What is wrong.
        findings: Vec<Finding>,
    },
    /// A plan file with this check would be wrong.
    #[error("{subject} cannot be a check: {why}")]
    Refused {
        /// What the check is of.
        subject: String,
        /// What would be wrong.
        why: String,
    },
    /// The plan file could not be written; what stood there stands there still.
    #[error(transparent)]
    Write(#[from] files::WriteError),
}

/// What was, or would be, written into the plan file.
#[derive(Debug)]
pub struct Added {
    /// The checks that are new, by their names.
    pub added: Vec<String>,
    /// The checks that are not written, and why.
    pub refused: Vec<(String, String)>,
    /// The difference as `patch` takes it; empty when nothing changes.
    pub diff: String,
}

/// More files than that are included by each other.
const MAX_FILES: usize = 1000;

impl Manager {
    /// Reads Goss files, with all that they include.
    ///
    /// # Errors
    /// [`ImportError`] when one cannot be read or is wrong.
    pub fn import(&self, paths: &[PathBuf]) -> Result<Imported, ImportError> {
        let mut imported = Imported::default();
        let mut seen = BTreeSet::new();
        for path in paths {
            let text = planfile::load(path)?;
            Self::take_in(path, &text, &mut seen, &mut imported)?;
        }
        self.leave_out_refused(&mut imported);
        Ok(imported)
    }

    /// Takes out the checks that a plan file cannot have, and says why.
    fn leave_out_refused(&self, imported: &mut Imported) {
        // All of them are read at once; only those that something is wrong with are read by themselves.
        let checked = self.read_all(&imported.checks);
        let wrong: Vec<_> = errors(&checked).map(|finding| finding.subject.as_str()).collect();
        let is_doubtful = |name: &str| {
            checked.plan.is_none()
                || wrong.iter().any(|subject| subject.starts_with(&format!("checks.{name}")))
        };
        let checks = std::mem::take(&mut imported.checks);
        let places = std::mem::take(&mut imported.places);
        for (check, place) in checks.into_iter().zip(places) {
            let NewCheck { name, value, .. } = &check;
            match is_doubtful(name).then(|| self.read_back(name, value).err()).flatten() {
                None => {
                    imported.checks.push(check);
                    imported.places.push(place);
                }
                Some(why) => imported.left_out.push((Some(place), format!("check `{name}`: {why}"))),
            }
        }
    }

    fn take_in(
        path: &Path,
        text: &Text,
        seen: &mut BTreeSet<PathBuf>,
        imported: &mut Imported,
    ) -> Result<(), ImportError> {
        if !seen.insert(path.canonicalize().unwrap_or_else(|_| path.to_owned())) {
            return Ok(());
        }
        let source = &text.source;
        let converted = goss::convert(text).map_err(|faults| ImportError::Form {
            source_text: Box::new(source.clone()),
            findings: faults
                .into_iter()
                .map(|fault| fault.finding(Severity::Error, String::new(), source))
                .collect(),
        })?;
        imported.n_resources += converted.n_resources;
        imported
            .left_out
            .extend(converted.left_out.into_iter().map(|it| (Some(source.place(it.span)), it.why)));
        for Carried { name, value, comments, span } in converted.checks {
            let name = free_name(&name, imported);
            imported.checks.push(NewCheck { name, value, comments });
            imported.places.push(source.place(span));
        }
        for (name, span) in converted.includes {
            let place = source.place(span);
            let at = format!("{}:{}:{}", place.file, place.start.line, place.start.column);
            let files = included(planfile::folder_of(path), &name);
            if files.is_empty() {
                let why = format!("gossfile `{name}`: there is no such file");
                imported.left_out.push((Some(place.clone()), why));
            }
            let mut n_beyond = 0;
            for file in files {
                if seen.len() >= MAX_FILES {
                    n_beyond += usize::from(!file.canonicalize().is_ok_and(|file| seen.contains(&file)));
                    continue;
                }
                let text = planfile::load(&file).map_err(|source| ImportError::Include {
                    at: at.clone(),
                    path: file.clone(),
                    source,
                })?;
                Self::take_in(&file, &text, seen, imported)?;
            }
            if n_beyond > 0 {
                let files = crate::counted(n_beyond, "file");
                let why = format!(
                    "gossfile `{name}`: {files} beyond the {MAX_FILES} that are read; import them by themselves"
                );
                imported.left_out.push((Some(place), why));
            }
        }
        Ok(())
    }

    /// A check as the plan file would have it.
    ///
    /// # Errors
    /// Why a plan file with it would be wrong.
    pub(super) fn read_back(&self, name: &str, value: &Value) -> Result<Check, String> {
        let check = NewCheck { name: name.to_owned(), value: value.clone(), comments: Vec::new() };
        let checked = self.read_all(&[check]);
        if let Some(finding) = errors(&checked).next() {
            return Err(finding.message.clone());
        }
        let check = checked.plan.as_ref().and_then(|plan| plan.checks.get(name));
        check.map(|check| check.value.clone()).ok_or_else(|| "it cannot be read back".to_owned())
    }

    /// A plan file with these checks alone.
    fn read_all(&self, checks: &[NewCheck]) -> Checked {
        let text = format!("mainstay: 1\n{}", fragment(checks));
        let text = Text::new("maintenance.yaml", text.into_bytes());
        checker::check(text, planfile::folder_of(&self.file), self.clock().now())
    }

    /// Writes checks into `checks:` of the plan file, unless it is only asked what would change. What is there stays
    /// as it is.
    ///
    /// # Errors
    /// [`ImportError`] when the plan file cannot be read or written.
    pub fn add_checks(&self, checks: &[NewCheck], is_written: bool) -> Result<Added, ImportError> {
        let text = planfile::load(&self.file)?;
        let before = &text.source.text;
        let insertions: Vec<_> = checks.iter().map(insertion).collect();
        let inserted = edit::insert_all(before, &insertions);
        let name = |number: usize| checks[number].name.clone();
        let refused: Vec<_> =
            inserted.refused.iter().map(|(number, why)| (name(*number), why.to_string())).collect();
        let is_refused = |check: &String| refused.iter().any(|(name, _)| name == check);
        let added = checks.iter().map(|check| check.name.clone()).filter(|name| !is_refused(name)).collect();
        let path = self.file.display().to_string();
        let checked = |text: &str| {
            let text = Text::new(&path, text.as_bytes().to_vec());
            checker::check(text, planfile::folder_of(&self.file), self.clock().now()).source
        };
        let shown = |source: &Source| source.shown(0..source.text.len()).into_owned();
        let diff = edit::diff(&path, &shown(&checked(before)), &shown(&checked(&inserted.text)));
        if is_written && inserted.text != *before {
            let mark = if text.source.has_byte_order_mark { BYTE_ORDER_MARK } else { "" };
            let bytes = |text: &str| format!("{mark}{text}").into_bytes();
            files::rewrite_atomically(&self.file, &bytes(before), &bytes(&inserted.text))?;
        }
        Ok(Added { added, refused, diff })
    }
}

/// What needs a connection may find it in the plan file; what is not supported yet is said by `validate`.
fn errors(checked: &Checked) -> impl Iterator<Item = &Finding> {
    let errors = checked.findings.iter().filter(|finding| finding.severity == Severity::Error);
    errors.filter(|finding| !["MS206", "MS901"].contains(&finding.code))
}

fn insertion(check: &NewCheck) -> Insertion {
    let NewCheck { name, value, comments } = check.clone();
    Insertion { path: vec!["checks".to_owned(), name], value, comments }
}

/// Checks as a part of a plan file.
pub fn fragment(checks: &[NewCheck]) -> String {
    const HEAD: &str = "mainstay: 1\n";
    let insertions: Vec<_> = checks.iter().map(insertion).collect();
    let text = edit::insert_all(HEAD, &insertions).text;
    text.strip_prefix(HEAD).unwrap_or(&text).to_owned()
}

/// A name that no check of another file has.
fn free_name(name: &str, imported: &Imported) -> String {
    let is_free = |name: &String| imported.checks.iter().all(|other| other.name != *name);
    let numbered = (2..).map(|n: u32| format!("{}-{n}", name.get(..58).unwrap_or(name)));
    std::iter::once(name.to_owned()).chain(numbered).find(is_free).unwrap_or_else(|| name.to_owned())
}

/// The files that a name stands for, sorted: `*`, `?` and `[a-z]` stand for characters other than `/`.
fn included(folder: &Path, name: &str) -> Vec<PathBuf> {
    let path = folder.join(name);
    if name.contains(['*', '?', '[']) {
        return glob::files(&path);
    }
    if path.exists() { vec![path] } else { Vec::new() }
}
