//! The validator pipeline over plan files.

use std::io::Read;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::Manager;
use crate::model::Severity;
use crate::planfile::edit;
use crate::planfile::{BYTE_ORDER_MARK, Fault, LoadError, Source, Text};
use crate::validator::checker::{self, Checked};
use crate::validator::engine::Verdict;
use crate::validator::fixer::{self, Fixed};
use crate::validator::inputs::{self, Input};
use crate::validator::report::{FileReport, Report};
use crate::validator::scope::{self, Scope};
use crate::world::files;
use crate::world::git::{self, GitError};

/// What is to be validated, and how strictly.
#[derive(Debug, Clone)]
pub struct Question {
    /// Plan files, folders, or `-` for standard input; none means the plan file of the manager.
    pub paths: Vec<PathBuf>,
    /// The least severe finding that makes the answer no.
    pub fail_on: Severity,
    /// Look only at what changed since this revision of Git, and at what refers to it.
    pub changed_since: Option<String>,
    /// What happens to findings that can be mended without a person.
    pub fix: Fix,
}

/// What happens to findings that can be mended without a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fix {
    /// They are told.
    No,
    /// They are mended, and nothing is written.
    Show,
    /// They are mended in the file.
    Write,
}

/// What was, or would be, changed in one plan file and beside it.
#[derive(Debug, Clone)]
pub struct Mended {
    /// The plan file.
    pub file: String,
    /// The values that are set, as paths of keys.
    pub set: Vec<String>,
    /// The pages that are written, by their paths.
    pub pages: Vec<PathBuf>,
    /// What cannot be changed, and why.
    pub refused: Vec<(String, String)>,
    /// The difference as `patch` takes it, without the secrets of the file; empty when nothing changes.
    pub diff: String,
}

/// Why validating could not even begin.
#[derive(Debug, thiserror::Error)]
pub enum ValidateError {
    /// A folder cannot be listed.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// What changed cannot be found out.
    #[error("cannot find out what changed in {file}")]
    Git {
        /// The plan file.
        file: String,
        /// Why not.
        source: GitError,
    },
    /// Standard input has no earlier revision.
    #[error("what comes on standard input has no revision; name the plan file to use --changed-since")]
    NoRevisionOfStdin,
    /// There is no file to be mended.
    #[error("what comes on standard input cannot be fixed in place; name the plan file to use --fix")]
    NoFileToFix,
    /// A file could not be written; what stood there stands there still.
    #[error(transparent)]
    Write(#[from] files::WriteError),
}

impl Manager {
    /// Validates plan files, and mends them when that is asked for; what is said of a file is said of it as it
    /// then is. A file that cannot be read is in the report, as is what is wrong with the others.
    ///
    /// # Errors
    /// [`ValidateError`] when it is not known which files there are, what changed in them, or one cannot be written.
    pub fn validate(
        &self,
        question: &Question,
        stdin: &mut dyn Read,
    ) -> Result<(Report, Vec<Mended>), ValidateError> {
        let now = self.clock().now();
        let own = [self.file.clone()];
        let paths = if question.paths.is_empty() { &own[..] } else { &question.paths };
        let (mut files, mut changes) = (Vec::new(), Vec::new());
        for input in inputs::read(paths, stdin)? {
            let (file, mended) = validate_one(input, question, now)?;
            files.push(file);
            changes.extend(mended);
        }
        Ok((Report::new(files, question.fail_on), changes))
    }
}

fn validate_one(
    input: Input,
    question: &Question,
    now: DateTime<Utc>,
) -> Result<(FileReport, Option<Mended>), ValidateError> {
    let Input { name, folder, path, text } = input;
    let text = match text {
        Ok(text) => text,
        Err(error) => return Ok((unreadable(name, &error), None)),
    };
    let scope = match &question.changed_since {
        None => Scope::All,
        Some(revision) => {
            let path = path.as_ref().ok_or(ValidateError::NoRevisionOfStdin)?;
            let earlier = git::content_at(path, revision)
                .map_err(|source| ValidateError::Git { file: name.clone(), source })?;
            earlier.map_or(Scope::All, |bytes| changes(&name, bytes, &text))
        }
    };
    let subject = Subject { name, folder, writers: text.writers, scope, now };
    let mut checked = subject.check(text);
    let mut mended = None;
    if question.fix != Fix::No {
        let path = path.ok_or(ValidateError::NoFileToFix)?;
        let fixed = fixer::fix(checked.clone(), &|text| subject.check_text(text));
        mended = Some(subject.mended(&checked, &fixed));
        if question.fix == Fix::Write {
            write(&path, &checked, &fixed, &subject.folder)?;
            // The pages that are there now are no longer missing.
            checked = subject.check_text(&fixed.checked.source.text);
        }
    }
    Ok((file_report(checked, &subject.scope, question.fail_on), mended))
}

/// A plan file with what it is looked at by.
struct Subject {
    name: String,
    folder: PathBuf,
    writers: Option<&'static str>,
    scope: Scope,
    now: DateTime<Utc>,
}

impl Subject {
    fn check(&self, text: Text) -> Checked {
        let mut checked = checker::check(text, &self.folder, self.now);
        checked.findings.retain(|finding| self.scope.holds(finding));
        checked
    }

    /// Checks another text as this file.
    fn check_text(&self, text: &str) -> Checked {
        let mut text = Text::new(&self.name, text.as_bytes().to_vec());
        text.writers = self.writers;
        self.check(text)
    }

    /// What was, or would be, changed.
    fn mended(&self, before: &Checked, fixed: &Fixed) -> Mended {
        let shown = |source: &Source| source.shown(0..source.text.len()).into_owned();
        let mut diff = edit::diff(&self.name, &shown(&before.source), &shown(&fixed.checked.source));
        for (name, text) in &fixed.pages {
            diff.push_str(&edit::diff_of_new(&self.folder.join(name).display().to_string(), text));
        }
        Mended {
            file: self.name.clone(),
            set: fixed.set.clone(),
            pages: fixed.pages.keys().map(|name| self.folder.join(name)).collect(),
            refused: fixed.refused.clone(),
            diff,
        }
    }
}

/// Writes the pages first: a plan file that names them must not stand there without them.
fn write(path: &Path, before: &Checked, fixed: &Fixed, folder: &Path) -> Result<(), ValidateError> {
    for (name, text) in &fixed.pages {
        files::create(&folder.join(name), text.as_bytes())?;
    }
    if fixed.set.is_empty() {
        return Ok(());
    }
    let mark = if before.source.has_byte_order_mark { BYTE_ORDER_MARK } else { "" };
    let bytes = |text: &str| format!("{mark}{text}").into_bytes();
    files::rewrite_atomically(path, &bytes(&before.source.text), &bytes(&fixed.checked.source.text))?;
    Ok(())
}

/// What changed between the bytes of an earlier revision and the text as it is.
fn changes(name: &str, earlier: Vec<u8>, later: &Text) -> Scope {
    let earlier = Text::new(name, earlier);
    scope::of_change((&earlier.source.text, &earlier.read()), (&later.source.text, &later.read()))
}

/// The report of a file, of which perhaps only a part was looked at.
fn file_report(checked: Checked, scope: &Scope, fail_on: Severity) -> FileReport {
    let n_tasks = checked.plan.as_ref().map_or(0, |plan| scope.n_tasks(plan));
    let mut report = FileReport::of(checked, fail_on);
    if *scope != Scope::All {
        report.n_evaluated = n_tasks;
        report.is_unchanged = scope.is_empty();
        // What changed was looked at, though it may be no task.
        if report.verdict == Verdict::Unknown {
            report.verdict = Verdict::Pass;
        }
    }
    report
}

fn unreadable(name: String, error: &LoadError) -> FileReport {
    let fault = Fault::of_file("MS000", crate::in_words(error));
    let fault = match error.help() {
        Some(help) => fault.help(help),
        None => fault,
    };
    let finding = fault.finding(Severity::Error, String::new(), &Source::new(name.clone(), ""));
    FileReport::unreadable(name, finding)
}
