//! What validate found out about everything that it was given, before anybody words it.

use std::time::Duration;

use super::checker::Checked;
use super::engine::{Verdict, judge, judge_all, judge_items};
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
    /// How many were looked at, of what [`FileReport::noun`] names.
    pub n_evaluated: usize,
    /// What was looked at: a task, a check, a run.
    pub noun: &'static str,
    /// The questions that were put to the live system or to the record, in the order in which people read them;
    /// none when only the text of the plan file was looked at.
    pub items: Vec<Item>,
    /// Whether it could be read.
    pub is_readable: bool,
    /// Whether nothing was looked at, because nothing changed.
    pub is_unchanged: bool,
    /// What it amounts to.
    pub verdict: Verdict,
}

/// One question that was put to the live system or to the record, with its answer.
///
/// The findings that tell why it is no success have its name as their subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What it is called, as no other item of the report: `checks.disk`, `run 12: in its window`.
    pub name: String,
    /// What is asked, in one short line: `disk /`; empty when the name says it.
    pub asks: String,
    /// Its answer.
    pub outcome: Outcome,
    /// What was found, or why nothing was.
    pub said: String,
    /// How long it took, when that is of interest.
    pub took: Option<Duration>,
}

/// The answer to one question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It is as it should be.
    Yes,
    /// It is not.
    No,
    /// It could not be found out.
    Unknown,
    /// It was not asked, and need not have been.
    Skipped,
}

impl Report {
    /// Judges files by the least severe finding that makes the answer no.
    pub fn new(files: Vec<FileReport>, fail_on: Severity) -> Self {
        let verdict = judge_all(files.iter().map(|file| file.verdict));
        Self { files, verdict, fail_on }
    }

    /// How many tasks, checks or runs were looked at.
    pub fn n_evaluated(&self) -> usize {
        self.files.iter().map(|file| file.n_evaluated).sum()
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
            n_evaluated: n_tasks,
            noun: "task",
            items: Vec::new(),
            source: checked.source,
            others: checked.others,
            findings: checked.findings,
            n_waived: checked.n_waived,
            is_readable: true,
            is_unchanged: false,
        }
    }

    /// Judges questions by their answers: `findings` tell why some are no success, in texts of `source`.
    ///
    /// `noun` is what one of `n_evaluated` is called.
    pub fn of_items(
        source: Source,
        items: Vec<Item>,
        findings: Vec<Finding>,
        (n_evaluated, noun): (usize, &'static str),
        fail_on: Severity,
    ) -> Self {
        Self {
            verdict: judge_items(&items, &findings, n_evaluated, fail_on),
            n_evaluated,
            noun,
            items,
            source,
            others: Vec::new(),
            findings,
            n_waived: 0,
            is_readable: true,
            is_unchanged: false,
        }
    }

    /// The findings about one of its items.
    pub fn of_item<'a>(&'a self, item: &'a Item) -> impl Iterator<Item = &'a Finding> {
        self.findings.iter().filter(|finding| finding.subject == item.name)
    }

    /// A file that could not be read, with the finding that says why.
    pub fn unreadable(path: String, finding: Finding) -> Self {
        Self {
            source: Source::new(path, ""),
            others: Vec::new(),
            findings: vec![finding],
            n_waived: 0,
            n_evaluated: 0,
            noun: "task",
            items: Vec::new(),
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
