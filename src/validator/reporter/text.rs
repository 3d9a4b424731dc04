//! Findings for people: each with the line that it is about, as compilers do, and one line a file that sums up.

use std::collections::HashSet;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::{counts, items, why_unknown};
use crate::counted;
use crate::model::{Finding, Place, Severity};
use crate::planfile::Source;
use crate::text::{inert_line, still};
use crate::validator::engine::Verdict;
use crate::validator::report::{FileReport, Report};

/// Writes the findings from `least` on, the questions that were put (when quiet, those that are no success), and what
/// every file amounts to.
///
/// Everything that comes from a file is shown and never acts. Why a file cannot be read is an error of the
/// command, which is told elsewhere.
pub fn text(report: &Report, least: Severity, color: bool, is_quiet: bool) -> String {
    let mut text = String::new();
    for file in report.files.iter().filter(|file| file.is_readable || report.files.len() > 1) {
        // What is found about a question stands below it.
        let has_questions = items::has_questions(file);
        let names: HashSet<_> =
            file.items.iter().filter(|_| has_questions).map(|item| item.name.as_str()).collect();
        let is_shown = |finding: &&Finding| {
            finding.severity >= least && file.is_readable && !names.contains(finding.subject.as_str())
        };
        let shown = file.findings.iter().filter(is_shown);
        text.push_str(&items::written(file, report.fail_on, color, is_quiet));
        text.push_str(&findings(shown, |name| file.source_of(name), color));
        // What went well is nothing to tell when quiet.
        if !has_questions || !is_quiet || file.verdict != Verdict::Pass {
            text.push_str(&summary(file, report.fail_on));
        }
    }
    if report.files.len() > 1 {
        text.push_str(&total(report));
    }
    text
}

/// Writes findings with the lines that they are about; `source_of` knows the text of each file by its name.
pub fn findings<'f>(
    findings: impl Iterator<Item = &'f Finding>,
    source_of: impl Fn(&str) -> &'f Source,
    color: bool,
) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let mut text = String::new();
    for finding in findings {
        text.push_str(&renderer.render(&groups(finding, &source_of)));
        text.push_str("\n\n");
    }
    text
}

/// What a file amounts to: `maintenance.yaml: 2 errors, 1 warning`, or `maintenance.yaml: ok, 5 tasks`.
fn summary(file: &FileReport, fail_on: Severity) -> String {
    let mut words =
        if items::has_questions(file) { items::counts(file, fail_on) } else { counts(file.findings.iter()) };
    if file.n_waived > 0 {
        words.push(format!("{} waived", file.n_waived));
    }
    match file.verdict {
        _ if !file.is_readable => return format!("{}: cannot be read\n", inert_line(&file.source.path)),
        _ if file.is_unchanged => words.insert(0, "unchanged".to_owned()),
        Verdict::Fail => {}
        _ if items::has_questions(file) => {}
        Verdict::Pass => words.insert(0, format!("ok, {}", counted(file.n_evaluated, file.noun))),
        Verdict::Unknown => words.insert(0, why_unknown(file)),
    }
    format!("{}: {}\n", inert_line(&file.source.path), words.join(", "))
}

/// What all files amount to: `3 files: 2 ok, 1 wrong`.
fn total(report: &Report) -> String {
    let count = |is: &dyn Fn(&FileReport) -> bool, word: &str| {
        let n = report.files.iter().filter(|file| is(file)).count();
        (n > 0).then(|| format!("{n} {word}"))
    };
    let words = [
        count(&|file| file.verdict == Verdict::Pass, "ok"),
        count(&|file| file.verdict == Verdict::Fail, "wrong"),
        count(&|file| file.is_readable && file.verdict == Verdict::Unknown, "without a task"),
        count(&|file| !file.is_readable, "unreadable"),
    ];
    let words: Vec<_> = words.into_iter().flatten().collect();
    format!("{}: {}\n", counted(report.files.len(), "file"), words.join(", "))
}

fn groups<'a>(finding: &'a Finding, source_of: &impl Fn(&str) -> &'a Source) -> Vec<Group<'a>> {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level.primary_title(inert_line(&finding.message)).id(finding.code);
    let expected = finding.expected.as_deref().map(inert_line);
    let mut groups = match &finding.place {
        Some(place) => vec![excerpt(Group::with_title(title), place, expected, source_of(&place.file))],
        None => vec![Group::with_title(title).element(Origin::path(inert_line(&source_of("").path)))],
    };
    if let Some((place, what)) = &finding.related {
        let title = Level::NOTE.secondary_title(inert_line(what));
        groups.push(excerpt(Group::with_title(title), place, None, source_of(&place.file)));
    }
    if let Some(control) = &finding.control {
        let title = format!("control `{}`", inert_line(control));
        groups.push(Group::with_title(Level::NOTE.secondary_title(title)));
    }
    if let Some(help) = &finding.help {
        groups.push(Group::with_title(Level::HELP.secondary_title(inert_line(help))));
    }
    groups
}

/// Adds a place with its line and a mark under it.
fn excerpt<'a>(group: Group<'a>, place: &Place, label: Option<String>, source: &Source) -> Group<'a> {
    let (line, column) = (place.start.line as usize, place.start.column as usize);
    let path = inert_line(&place.file);
    if let Some((text, mark)) = line_of(place, source) {
        let mark = AnnotationKind::Primary.span(mark).label(label);
        return group.element(Snippet::source(text).path(path).line_start(line).annotation(mark));
    }
    let group = group.element(Origin::path(path).line(line).char_column(column));
    match label {
        Some(label) => group.element(Level::NOTE.message(label)),
        None => group,
    }
}

/// The first line of a place and what is to be marked in it; nothing of a line that no screen could show.
fn line_of(place: &Place, source: &Source) -> Option<(String, Range<usize>)> {
    const LONGEST: usize = 500;
    let (start, end) = (place.span.start as usize, place.span.end as usize);
    let line_start = source.text[..start].rfind('\n').map_or(0, |at| at + 1);
    let rest = &source.text[line_start..];
    let line = rest[..rest.find('\n').unwrap_or(rest.len())].trim_end();
    let from = (start - line_start).min(line.len());
    let to = (end.max(start) - line_start).clamp(from, line.len());
    if line.len() > LONGEST || line.is_empty() {
        return None;
    }
    let shown = still(&source.shown(line_start..line_start + line.len()));
    let in_shown = |at: usize| {
        let mut starts = shown.char_indices().map(|(start, _)| start);
        starts.nth(line[..at].chars().count()).unwrap_or(shown.len())
    };
    let mark = in_shown(from)..in_shown(to);
    Some((shown, mark))
}
