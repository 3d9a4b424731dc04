//! Checks that are written into a plan file: those of Goss files, and those that the live host shows.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use regex::Regex;

use super::Manager;
use crate::model::{Check, Finding, Place, Severity, Value};
use crate::planfile::edit::{self, Insertion};
use crate::planfile::goss;
use crate::planfile::{self, BYTE_ORDER_MARK, LoadError, Source, Text};
use crate::validator::checker;
use crate::world::files;

/// What Goss files come to.
#[derive(Debug, Default)]
pub struct Imported {
    /// The checks by their names.
    pub checks: Vec<(String, Value)>,
    /// What is not carried over, with its place, and why.
    pub left_out: Vec<(Option<Place>, String)>,
    /// How many resources the files have.
    pub n_resources: usize,
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
            self.take_in(path, &text, &mut seen, &mut imported)?;
        }
        Ok(imported)
    }

    fn take_in(
        &self,
        path: &Path,
        text: &Text,
        seen: &mut BTreeSet<PathBuf>,
        imported: &mut Imported,
    ) -> Result<(), ImportError> {
        let is_new = seen.insert(path.canonicalize().unwrap_or_else(|_| path.to_owned()));
        if !is_new || seen.len() > MAX_FILES {
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
        for (name, value) in converted.checks {
            let name = free_name(&name, imported);
            match self.refusal(&name, &value) {
                None => imported.checks.push((name, value)),
                Some(why) => imported.left_out.push((None, format!("check `{name}`: {why}"))),
            }
        }
        for (name, span) in converted.includes {
            let place = source.place(span);
            let at = format!("{}:{}:{}", place.file, place.start.line, place.start.column);
            let files = included(planfile::folder_of(path), &name);
            if files.is_empty() {
                imported.left_out.push((Some(place), format!("gossfile `{name}`: there is no such file")));
            }
            for file in files {
                let text = planfile::load(&file).map_err(|source| ImportError::Include {
                    at: at.clone(),
                    path: file.clone(),
                    source,
                })?;
                self.take_in(&file, &text, seen, imported)?;
            }
        }
        Ok(())
    }

    /// Why a plan file with this check would be wrong.
    pub(super) fn refusal(&self, name: &str, value: &Value) -> Option<String> {
        self.read_back(name, value).err()
    }

    /// A check as the plan file would have it.
    ///
    /// # Errors
    /// Why a plan file with it would be wrong.
    pub(super) fn read_back(&self, name: &str, value: &Value) -> Result<Check, String> {
        let text = fragment(&[(name.to_owned(), value.clone())]);
        let text = Text::new("maintenance.yaml", format!("mainstay: 1\n{text}").into_bytes());
        let checked = checker::check(text, planfile::folder_of(&self.file), self.clock().now());
        let errors = checked.findings.iter().filter(|finding| finding.severity == Severity::Error);
        // What needs a connection may find it in the plan file; what is not supported yet is said by `validate`.
        let mut errors = errors.filter(|finding| !["MS206", "MS901"].contains(&finding.code));
        if let Some(finding) = errors.next() {
            return Err(finding.message.clone());
        }
        let check = checked.plan.as_ref().and_then(|plan| plan.checks.get(name));
        check.map(|check| check.value.clone()).ok_or_else(|| "it cannot be read back".to_owned())
    }

    /// Writes checks into `checks:` of the plan file, unless it is only asked what would change. What is there stays
    /// as it is.
    ///
    /// # Errors
    /// [`ImportError`] when the plan file cannot be read or written.
    pub fn add_checks(&self, checks: &[(String, Value)], is_written: bool) -> Result<Added, ImportError> {
        let text = planfile::load(&self.file)?;
        let before = &text.source.text;
        let insertions: Vec<_> = checks.iter().map(insertion).collect();
        let inserted = edit::insert_all(before, &insertions);
        let name = |number: usize| checks[number].0.clone();
        let refused: Vec<_> =
            inserted.refused.iter().map(|(number, why)| (name(*number), why.to_string())).collect();
        let is_refused = |check: &String| refused.iter().any(|(name, _)| name == check);
        let added = checks.iter().map(|(name, _)| name.clone()).filter(|name| !is_refused(name)).collect();
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

fn insertion((name, value): &(String, Value)) -> Insertion {
    Insertion { path: vec!["checks".to_owned(), name.clone()], value: value.clone() }
}

/// Checks as a part of a plan file.
pub fn fragment(checks: &[(String, Value)]) -> String {
    const HEAD: &str = "mainstay: 1\n";
    let insertions: Vec<_> = checks.iter().map(insertion).collect();
    let text = edit::insert_all(HEAD, &insertions).text;
    text.strip_prefix(HEAD).unwrap_or(&text).to_owned()
}

/// A name that no check of another file has.
fn free_name(name: &str, imported: &Imported) -> String {
    let is_free = |name: &String| imported.checks.iter().all(|(other, _)| other != name);
    let numbered = (2..).map(|n: u32| format!("{}-{n}", name.get(..58).unwrap_or(name)));
    std::iter::once(name.to_owned()).chain(numbered).find(is_free).unwrap_or_else(|| name.to_owned())
}

/// The files that a name stands for, sorted: `*` and `?` in its last part stand for any characters and for one.
fn included(folder: &Path, name: &str) -> Vec<PathBuf> {
    let path = folder.join(name);
    let file_name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if !file_name.contains(['*', '?', '[']) {
        return if path.exists() { vec![path] } else { Vec::new() };
    }
    let pattern = regex::escape(file_name).replace(r"\*", ".*").replace(r"\?", ".");
    let Ok(pattern) = Regex::new(&format!("^{pattern}$")) else { return Vec::new() };
    let entries = path.parent().map(std::fs::read_dir).and_then(Result::ok).into_iter().flatten();
    let matches = |path: &PathBuf| {
        path.is_file()
            && path.file_name().and_then(|name| name.to_str()).is_some_and(|name| pattern.is_match(name))
    };
    let mut files: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(matches).collect();
    files.sort();
    files
}
