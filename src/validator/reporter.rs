//! Findings for people and for programs.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use serde::Serialize;

use super::engine::Verdict;
use crate::counted;
use crate::model::{Finding, Place, Severity};
use crate::planfile::Source;
use crate::text::{inert_json, inert_line, still};

/// Writes findings with the lines that they are about, as compilers do.
///
/// Everything that comes from the file is shown and never acts.
pub fn text(findings: &[Finding], source: &Source, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let mut text = String::new();
    for finding in findings {
        text.push_str(&renderer.render(&report(finding, source)));
        text.push_str("\n\n");
    }
    text
}

/// Says in one line what the findings amount to: `2 errors, 1 warning`, or `maintenance.yaml: ok, 5 tasks`.
pub fn summary(findings: &[Finding], source: &Source, n_tasks: usize, verdict: Verdict) -> String {
    let count = |severity: Severity, noun: &str| {
        let n = findings.iter().filter(|finding| finding.severity == severity).count();
        (n > 0).then(|| counted(n, noun))
    };
    let counts = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "note")];
    let counts: Vec<_> = counts.into_iter().filter_map(|(severity, noun)| count(severity, noun)).collect();
    let path = inert_line(&source.path);
    match verdict {
        Verdict::Fail => format!("{path}: {}\n", counts.join(", ")),
        Verdict::Pass => {
            let tasks = counted(n_tasks, "task");
            let all: Vec<_> = std::iter::once(tasks).chain(counts).collect();
            format!("{path}: ok, {}\n", all.join(", "))
        }
        Verdict::Unknown => {
            let all: Vec<_> =
                std::iter::once("nothing to evaluate, there is no task".to_owned()).chain(counts).collect();
            format!("{path}: {}\n", all.join(", "))
        }
    }
}

fn report<'a>(finding: &'a Finding, source: &'a Source) -> Vec<Group<'a>> {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level.primary_title(inert_line(&finding.message)).id(finding.code);
    let expected = finding.expected.as_deref().map(inert_line);
    let mut groups = match &finding.place {
        Some(place) => vec![excerpt(Group::with_title(title), place, expected, source)],
        None => vec![Group::with_title(title)],
    };
    if let Some((place, what)) = &finding.related {
        let title = Level::NOTE.secondary_title(inert_line(what));
        groups.push(excerpt(Group::with_title(title), place, None, source));
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
    let (before, marked, after) = (still(&line[..from]), still(&line[from..to]), still(&line[to..]));
    let mark = before.len()..before.len() + marked.len();
    Some((before + &marked + &after, mark))
}

/// Names the form of [`json`].
const SCHEMA: &str = "mainstay/validate/v1";

/// The result of `validate` for programs.
#[derive(Debug, Serialize)]
struct Json<'a> {
    schema: &'static str,
    verdict: Verdict,
    findings: Vec<JsonFinding<'a>>,
    /// How many tasks were looked at.
    evaluated: usize,
}

#[derive(Debug, Serialize)]
struct JsonFinding<'a> {
    code: &'static str,
    severity: Severity,
    message: &'a str,
    file: &'a str,
    line: Option<u32>,
    column: Option<u32>,
    end_line: Option<u32>,
    end_column: Option<u32>,
    expected: Option<&'a str>,
    help: Option<&'a str>,
}

/// Writes one object of the schema `mainstay/validate/v1`.
pub fn json(findings: &[Finding], source: &Source, evaluated: usize, verdict: Verdict) -> String {
    let findings = findings.iter().map(|finding| {
        let place = finding.place.as_ref();
        JsonFinding {
            code: finding.code,
            severity: finding.severity,
            message: &finding.message,
            file: &source.path,
            line: place.map(|place| place.start.line),
            column: place.map(|place| place.start.column),
            end_line: place.map(|place| place.end.line),
            end_column: place.map(|place| place.end.column),
            expected: finding.expected.as_deref(),
            help: finding.help.as_deref(),
        }
    });
    let object = Json { schema: SCHEMA, verdict, findings: findings.collect(), evaluated };
    let text = serde_json::to_string_pretty(&object);
    let text = text.unwrap_or_else(|_| unreachable!("texts and numbers become JSON"));
    inert_json(&text) + "\n"
}
