//! What validate found out about everything that it was given, before anybody words it.

use super::checker::Checked;
use super::engine::{Verdict, judge, judge_all};
use crate::model::{Finding, Severity};
use crate::planfile::Source;

/// What validate found out.
#[derive(Debug, Clone)]
pub struct Report {
    /// Each file, in the order of their names.
    pub files: Vec<FileReport>,
    /// What they amount to.
    pub verdict: Verdict,
    /// The least severe finding that makes the answer no.
    pub fail_on: Severity,
}

/// One file, as validate saw it.
#[derive(Debug, Clone)]
pub struct FileReport {
    /// The plan file; without a text when it could not be read.
    pub source: Source,
    /// Other files that findings point into.
    pub others: Vec<Source>,
    /// Everything that is wrong, in the order in which it stands.
    pub findings: Vec<Finding>,
    /// How many findings a waiver took back.
    pub n_waived: usize,
    /// How many tasks were looked at.
    pub n_tasks: usize,
    /// Whether it could be read.
    pub is_readable: bool,
    /// Whether nothing was looked at, because nothing changed.
    pub is_unchanged: bool,
    /// What it amounts to.
    pub verdict: Verdict,
}

impl Report {
    /// Judges files by the least severe finding that makes the answer no.
    pub fn new(files: Vec<FileReport>, fail_on: Severity) -> Self {
        let verdict = judge_all(files.iter().map(|file| file.verdict));
        Self { files, verdict, fail_on }
    }

    /// How many tasks were looked at.
    pub fn n_tasks(&self) -> usize {
        self.files.iter().map(|file| file.n_tasks).sum()
    }

    /// All findings with the file that they were found in.
    pub fn findings(&self) -> impl Iterator<Item = (&FileReport, &Finding)> {
        self.files.iter().flat_map(|file| file.findings.iter().map(move |finding| (file, finding)))
    }
}

impl FileReport {
    /// Judges a file that was checked.
    pub fn of(checked: Checked, fail_on: Severity) -> Self {
        let n_tasks = checked.n_tasks();
        Self {
            verdict: judge(&checked.findings, n_tasks, fail_on),
            n_tasks,
            source: checked.source,
            others: checked.others,
            findings: checked.findings,
            n_waived: checked.n_waived,
            is_readable: true,
            is_unchanged: false,
        }
    }

    /// A file that could not be read, with the finding that says why.
    pub fn unreadable(path: String, finding: Finding) -> Self {
        Self {
            source: Source::new(path, ""),
            others: Vec::new(),
            findings: vec![finding],
            n_waived: 0,
            n_tasks: 0,
            is_readable: false,
            is_unchanged: false,
            verdict: Verdict::Unknown,
        }
    }

    /// The text of the file that a finding points into.
    pub fn source_of(&self, file: &str) -> &Source {
        self.others.iter().find(|source| source.path == file).unwrap_or(&self.source)
    }
}
