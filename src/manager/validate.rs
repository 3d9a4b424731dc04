//! The validator pipeline over plan files.

use std::io::Read;
use std::path::PathBuf;

use chrono::{DateTime, Utc};

use super::Manager;
use crate::model::Severity;
use crate::planfile::{Fault, LoadError, Source, Text};
use crate::validator::checker::{self, Checked};
use crate::validator::engine::Verdict;
use crate::validator::inputs::{self, Input};
use crate::validator::report::{FileReport, Report};
use crate::validator::scope::{self, Scope};
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
}

impl Manager {
    /// Validates plan files. A file that cannot be read is in the report, as is what is wrong with the others.
    ///
    /// # Errors
    /// [`ValidateError`] when it is not known which files there are, or what changed in them.
    pub fn validate(&self, question: &Question, stdin: &mut dyn Read) -> Result<Report, ValidateError> {
        let now = self.clock().now();
        let own = [self.file.clone()];
        let paths = if question.paths.is_empty() { &own[..] } else { &question.paths };
        let inputs = inputs::read(paths, stdin)?;
        let files = inputs.into_iter().map(|input| validate_one(input, question, now));
        Ok(Report::new(files.collect::<Result<_, _>>()?, question.fail_on))
    }
}

fn validate_one(input: Input, question: &Question, now: DateTime<Utc>) -> Result<FileReport, ValidateError> {
    let text = match input.text {
        Ok(text) => text,
        Err(error) => return Ok(unreadable(input.name, &error)),
    };
    let scope = match &question.changed_since {
        None => Scope::All,
        Some(revision) => {
            let path = input.path.as_ref().ok_or(ValidateError::NoRevisionOfStdin)?;
            let earlier = git::content_at(path, revision)
                .map_err(|source| ValidateError::Git { file: input.name.clone(), source })?;
            earlier.map_or(Scope::All, |bytes| changes(&input.name, bytes, &text))
        }
    };
    let checked = checker::check(text, &input.folder, now);
    Ok(match scope {
        Scope::All => FileReport::of(checked, question.fail_on),
        scope @ Scope::Parts(_) => within(checked, &scope, question.fail_on),
    })
}

/// What changed between the bytes of an earlier revision and the text as it is.
fn changes(name: &str, earlier: Vec<u8>, later: &Text) -> Scope {
    let earlier = Text::new(name, earlier);
    scope::of_change((&earlier.source.text, &earlier.read()), (&later.source.text, &later.read()))
}

/// The report of a file of which only a part is looked at.
fn within(mut checked: Checked, scope: &Scope, fail_on: Severity) -> FileReport {
    checked.findings.retain(|finding| scope.holds(finding));
    let n_tasks = checked.plan.as_ref().map_or(0, |plan| scope.n_tasks(plan));
    let mut report = FileReport::of(checked, fail_on);
    report.n_tasks = n_tasks;
    report.is_unchanged = scope.is_empty();
    // What changed was looked at, though it may be no task.
    if report.verdict == Verdict::Unknown {
        report.verdict = Verdict::Pass;
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
