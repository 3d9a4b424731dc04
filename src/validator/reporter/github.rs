//! Annotations of GitHub Actions: the text for the log, then commands to the runner that mark the lines.
//!
//! GitHub shows ten annotations of each level and step and drops the others without a word, so the worst go
//! first and the last one counts those that are left out.

use super::{is_vacuous, location, path, text, why_unknown, words};
use crate::counted;
use crate::model::{Finding, Position, Severity};
use crate::text::inert_line;
use crate::validator::codes;
use crate::validator::report::{FileReport, Report};
use crate::validator::rules;

/// How many annotations of a level GitHub shows.
const MAX_OF_A_LEVEL: usize = 10;

/// The levels of annotations, the worst first.
const LEVELS: [Severity; 3] = [Severity::Error, Severity::Warning, Severity::Note];

/// One annotation.
struct Annotation {
    level: Severity,
    file: String,
    start: Position,
    end: Position,
    title: String,
    message: String,
}

/// Writes the findings from `least` on as text, then the worst of them as annotations.
pub fn github(report: &Report, least: Severity) -> String {
    let vacuous = report.files.iter().filter(|file| is_vacuous(file)).map(vacuous);
    let shown = report.findings().filter(|(_, finding)| finding.severity >= least);
    let all: Vec<_> = vacuous.chain(shown.map(|(file, finding)| annotation(file, finding))).collect();
    let mut text = text::text(report, least, false, false);
    for line in worst(&all) {
        text.push_str(&line);
        text.push('\n');
    }
    text
}

/// The commands for the worst annotations, and one that counts the others.
fn worst(all: &[Annotation]) -> Vec<String> {
    let of_level = |level| all.iter().filter(move |annotation| annotation.level == level);
    let is_cut = LEVELS.iter().any(|level| of_level(*level).count() > MAX_OF_A_LEVEL);
    // The one that counts is a notice, and has to be among the ten notices that are shown.
    let room = |level| MAX_OF_A_LEVEL - usize::from(is_cut && level == Severity::Note);
    let mut commands: Vec<_> =
        LEVELS.into_iter().flat_map(|level| of_level(level).take(room(level)).map(command)).collect();
    if is_cut {
        let more = counted(all.len() - commands.len(), "more finding");
        commands.push(format!("::notice title={more}::all findings are in the log of this step"));
    }
    commands
}

fn annotation(file: &FileReport, finding: &Finding) -> Annotation {
    let (place, start, end) = location(file, finding);
    let of_code = || codes::by_code(finding.code).map_or("", |code| code.title);
    let title = rules::by_code(finding.code).map_or_else(of_code, |rule| rule.title);
    Annotation {
        level: finding.severity,
        file: inert_line(&path::plain(place)),
        start,
        end,
        title: format!("{} {title}", finding.code),
        message: words::lines(finding).join("\n"),
    }
}

fn vacuous(file: &FileReport) -> Annotation {
    let beginning = Position { line: 1, column: 1 };
    Annotation {
        level: Severity::Error,
        file: inert_line(&path::plain(&file.source.path)),
        start: beginning,
        end: beginning,
        title: "evaluated something".to_owned(),
        message: why_unknown(file),
    }
}

/// `::error file=...,line=...::message`.
fn command(annotation: &Annotation) -> String {
    let Annotation { level, file, start, end, title, message } = annotation;
    let level = match level {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    // The runner takes columns within one line only.
    let is_one_line = start.line == end.line;
    let columns = is_one_line.then(|| format!(",col={},endColumn={}", start.column, end.column));
    let columns = columns.unwrap_or_default();
    let place = format!("file={},line={},endLine={}{columns}", property(file), start.line, end.line);
    format!("::{level} {place},title={}::{}", property(title), data(message))
}

/// Escapes the message of a command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes the value of a property of a command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validator::reporter::sample;

    /// The lines that are commands to the runner.
    fn commands(report: &Report) -> Vec<String> {
        let text = github(report, Severity::Note);
        text.lines().filter(|line| line.starts_with("::")).map(str::to_owned).collect()
    }

    #[test]
    fn the_text_comes_first_and_the_worst_annotations_next() {
        let report = sample::report(sample::WRONG);
        let text = github(&report, Severity::Note);
        let annotations =
            text.strip_prefix(&text::text(&report, Severity::Note, false, false)).expect("the text");
        let expected = "\
::error file=maintenance.yaml,line=8,endLine=8,col=13,endColumn=26,title=MS201 unknown name::\
task `tidy` names an unknown window `weekend-nigth`%0Aexpected a name from `windows:` (line 2)%0A\
help: did you mean `weekend-night`?
::error file=maintenance.yaml,line=10,endLine=10,col=12,endColumn=16,title=MS201 unknown name::\
task `tidy` names an unknown task `tidi`%0Aexpected a name from `tasks:` (line 4)%0A\
help: did you mean `tidy`?
::warning file=maintenance.yaml,line=7,endLine=7,col=13,endColumn=19,title=MS316 no way back::\
system task `tidy` has no way back%0Ahelp: add `rollback`
::notice file=maintenance.yaml,line=15,endLine=15,col=5,endColumn=68,title=MS706 waiver without an end::\
the waiver of `MS316` has no end%0Ahelp: add `until` and a date on which somebody decides again
";
        assert_eq!(annotations, expected);
    }

    #[test]
    fn of_more_than_github_shows_the_last_annotation_gives_the_number() {
        let keys: Vec<_> = (0..25).map(|n| format!("k{n}: x\n")).collect();
        let commands = commands(&sample::report(&format!("mainstay: 1\n{}", keys.concat())));
        assert_eq!(commands.len(), 11);
        let last = "::notice title=15 more findings::all findings are in the log of this step";
        assert_eq!(commands[10], last);
    }

    #[test]
    fn a_file_in_which_nothing_was_evaluated_is_marked() {
        let expected = "::error file=maintenance.yaml,line=1,endLine=1,col=1,endColumn=1,\
                        title=evaluated something::nothing to evaluate, there is no task";
        assert_eq!(commands(&sample::report("mainstay: 1\n")), [expected]);
    }

    #[test]
    fn no_text_from_outside_is_a_command() {
        let hostile = "mainstay: 1\n\"::error::y\\n::warning::z\": \"##[error]x\"\n";
        let report = sample::files(&[("::error file=a,b:c%\n::notice::d", hostile)]);
        let text = github(&report, Severity::Note);
        assert!(!text.contains("##["), "{text}");
        let file = r"file=\u{3a}%3Aerror file=a%2Cb%3Ac%25\u{a}%3A%3Anotice%3A%3Ad,";
        let commands = commands(&report);
        assert!(commands.iter().all(|command| command.contains(file)), "{text}");
        assert_eq!(commands.len(), report.findings().count());
    }
}
