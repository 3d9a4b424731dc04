//! `mainstay validate`.

mod render;

use std::io;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::output::{Format, deliver};
use super::{Exit, Global, Terminal};
use crate::manager::{Manager, Question};
use crate::model::Severity;
use crate::planfile;
use crate::text::{inert_line, nearest};
use crate::validator::engine::Verdict;
use crate::validator::report::Report;
use crate::validator::reporter::manual;
use crate::validator::rules;

/// Tell whether plan files are right
///
/// Finds every fault in one pass, each with its place, what was expected there and what to do. Needs no
/// network and no state, and changes nothing.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct ValidateArgs {
    /// Plan files, folders of them, or `-` for standard input [default: the file of -f]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// The findings that make the answer no: from the least severe one that is named
    #[arg(long, value_name = "SEVERITY", default_value = "error", value_delimiter = ',')]
    fail_on: Vec<Level>,

    /// The least severe finding that is shown; the answer counts all of them
    #[arg(long, value_name = "SEVERITY", default_value = "note")]
    show: Level,

    /// Exit with 0 also when the answer is no, for programs that take 1 for a failure of the tool
    #[arg(long)]
    exit_zero: bool,

    /// Look only at what changed since a revision of Git, and at what refers to it
    #[arg(long, value_name = "REVISION")]
    changed_since: Option<String>,

    /// Explain a rule by its code; without one, list all rules
    #[arg(long, value_name = "CODE", num_args = 0..=1, default_missing_value = "", exclusive = false)]
    explain: Option<String>,

    /// Print the JSON Schema of plan files
    #[arg(long, conflicts_with = "explain")]
    schema: bool,
}

const AFTER_HELP: &str = "\
Examples:
  mainstay validate                        is maintenance.yaml right?
  mainstay validate site.yaml plans/       are this file and all plans there?
  mainstay validate --fail-on warning      no warnings either: a merge gate
  mainstay validate --changed-since main   only what a branch touches
  mainstay validate --format json          findings for programs
  mainstay validate --explain MS316        what a code means, and what to do
  mainstay validate --schema               for editors

Exit codes:
  0  every plan file is right
  1  there is a finding at or over --fail-on
  2  the command line is wrong, or a file cannot be read
  3  there is no file, or no task in one, to evaluate
  2 beats 1, and 1 beats 3; the order of the files does not matter";

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Level {
    Error,
    Warning,
    Note,
}

impl From<Level> for Severity {
    fn from(level: Level) -> Self {
        match level {
            Level::Error => Self::Error,
            Level::Warning => Self::Warning,
            Level::Note => Self::Note,
        }
    }
}

/// The command line names a rule that there is not.
#[derive(Debug, thiserror::Error)]
#[error("there is no rule `{code}`{}", near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
pub struct NoSuchRule {
    code: String,
    near: Option<&'static str>,
}

/// Runs `mainstay validate`.
pub fn run(
    args: ValidateArgs,
    global: &Global,
    manager: &Manager,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    if let Some(code) = &args.explain {
        return explain(code, global, terminal);
    }
    if args.schema {
        return schema(global, terminal);
    }
    let fail_on = args.fail_on.iter().map(|level| Severity::from(*level)).min();
    let question = Question {
        paths: args.paths,
        fail_on: fail_on.unwrap_or(Severity::Error),
        changed_since: args.changed_since,
    };
    let report = manager.validate(&question, &mut io::stdin().lock())?;
    tell_what_was_not_read(&report, terminal);
    let least = args.show.into();
    deliver(global, terminal, render::FORMATS, &mut |format, is_shown| {
        let color = is_shown && console::colors_enabled();
        Ok(render::render(&report, least, format, color))
    })?;
    Ok(exit(&report, args.exit_zero))
}

/// Says on stderr which files could not be read, and that there was none.
fn tell_what_was_not_read(report: &Report, terminal: &mut Terminal) {
    for finding in report.files.iter().filter(|file| !file.is_readable).flat_map(|file| &file.findings) {
        let help = finding.help.as_ref().map(|help| format!("\nhelp: {help}")).unwrap_or_default();
        terminal.error(&format!("{}{help}", inert_line(&finding.message)));
    }
    if report.files.is_empty() {
        terminal
            .error("there is no plan file to validate\nhelp: name it; a folder stands for its plan files");
    }
}

fn exit(report: &Report, is_zero: bool) -> Exit {
    match report.verdict {
        _ if report.files.iter().any(|file| !file.is_readable) => Exit::Wrong,
        Verdict::Pass => Exit::Done,
        Verdict::Fail if is_zero => Exit::Done,
        Verdict::Fail => Exit::No,
        Verdict::Unknown => Exit::Unknown,
    }
}

/// Shows the manual of one rule, or the list of all.
fn explain(code: &str, global: &Global, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let wanted = code.to_uppercase();
    let rule = rules::by_code(&wanted);
    if rule.is_none() && !code.is_empty() {
        let near = nearest(&wanted, rules::all().map(|rule| rule.code));
        return Err(NoSuchRule { code: code.to_owned(), near }.into());
    }
    deliver(global, terminal, &[Format::Text, Format::Json], &mut |format, _| {
        Ok(match (format, rule) {
            (Format::Json, Some(rule)) => manual::json([rule].into_iter()),
            (Format::Json, None) => manual::json(rules::all()),
            (_, Some(rule)) => manual::page(rule),
            (_, None) => manual::list(),
        })
    })?;
    Ok(Exit::Done)
}

fn schema(global: &Global, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    deliver(global, terminal, &[Format::Json], &mut |_, _| {
        Ok(serde_json::to_string_pretty(&planfile::schema())? + "\n")
    })?;
    Ok(Exit::Done)
}
