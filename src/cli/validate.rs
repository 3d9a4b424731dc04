//! `mainstay validate`.

mod add;
mod explain;
mod import;
mod live;
mod recorded;
mod render;

pub use explain::NoSuchRule;

use std::cmp::Reverse;
use std::io;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::output::deliver;
use super::{Exit, Global, Terminal};
use crate::counted;
use crate::manager::{Fix, Manager, Mended, Question};
use crate::model::Severity;
use crate::text::{inert, inert_line};
use crate::validator::engine::Verdict;
use crate::validator::report::Report;

/// Tell whether plan files are right, and whether the live system is as they say
///
/// Finds every fault in one pass, each with its place, what was expected there and what to do. Needs no
/// network and no state, and changes nothing. With --live, asks the checks of the plan file instead.
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

    #[command(flatten)]
    fix: FixArgs,

    #[command(flatten)]
    live: live::LiveArgs,

    #[command(flatten)]
    import: import::ImportArgs,

    #[command(flatten)]
    add: add::AddArgs,

    #[command(flatten)]
    recorded: recorded::RecordedArgs,

    /// Explain a rule or a control by its code, `MS316` or `PRC-03`; without one, list all rules
    #[arg(long, help_heading = "About plan files", value_name = "CODE", num_args = 0..=1, default_missing_value = "")]
    explain: Option<String>,

    /// Print the JSON Schema of plan files
    #[arg(long, help_heading = "About plan files", conflicts_with = "explain")]
    schema: bool,
}

/// What happens to findings that need no person.
#[derive(Debug, Clone, Copy, Args)]
struct FixArgs {
    /// Mend what needs no person: missing fields, safe defaults, stubs of pages
    #[arg(long, group = "changes")]
    fix: bool,

    /// With --fix, --import or --add: show what would change, as `patch` takes it, and change nothing
    #[arg(long, requires = "changes")]
    diff: bool,
}

impl From<FixArgs> for Fix {
    fn from(args: FixArgs) -> Self {
        match (args.fix, args.diff) {
            (false, _) => Self::No,
            (true, true) => Self::Show,
            (true, false) => Self::Write,
        }
    }
}

const AFTER_HELP: &str = "\
Examples:
  mainstay validate                        is maintenance.yaml right?
  mainstay validate site.yaml plans/       are this file and all plans there?
  mainstay validate --fail-on warning      no warnings either: a merge gate
  mainstay validate --changed-since main   only what a branch touches
  mainstay validate --format json          findings for programs
  mainstay validate --fix --diff           what could be mended without you
  mainstay validate --explain MS316        what a code means, and what to do
  mainstay validate --live                 does what `checks:` says hold now?
  mainstay validate --live disk ready      do these two?
  mainstay validate --live --task upgrade  what `upgrade` asks before and after
  mainstay validate --live --add service:prometheus port:tcp:9090
                                           checks of what is here, written
  mainstay validate --import goss.yaml     the checks of a Goss file
  mainstay validate --schema               for editors
  mainstay validate --run last             was the newest run as it should be?
  mainstay validate --since 7d             and all runs of a week?

Exit codes:
  0  every plan file, or every recorded run, is right
  1  there is a finding at or over --fail-on
  2  the command line is wrong, or a file cannot be read
  3  there is no file, no task in one, no run or no check to evaluate, or a
     question about a run or the live system has no answer
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

/// Runs `mainstay validate`.
pub fn run(
    args: ValidateArgs,
    global: &Global,
    manager: &Manager,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    if let Some(code) = &args.explain {
        return explain::explain(code, global, terminal);
    }
    if args.schema {
        return explain::schema(global, terminal);
    }
    let fail_on = args.fail_on.iter().map(|level| Severity::from(*level)).min();
    let fail_on = fail_on.unwrap_or(Severity::Error);
    if args.import.is_asked() {
        return import::run(&args.import, args.fix.diff, global, manager, terminal);
    }
    if args.add.is_asked() {
        return add::run(&args.add, args.live.named(), args.fix.diff, global, manager, terminal);
    }
    if let Some(question) = args.live.asked(args.recorded.task.as_ref(), fail_on) {
        let shown = live::Shown { least: args.show.into(), is_zero: args.exit_zero };
        return live::run(&question, &shown, global, manager, terminal);
    }
    if let Some(asked) = args.recorded.asked(manager, fail_on) {
        let report = recorded::validate(&asked, manager, terminal)?;
        return show(&report, (args.show.into(), args.exit_zero), global, terminal);
    }
    let question =
        Question { paths: args.paths, fail_on, changed_since: args.changed_since, fix: args.fix.into() };
    let (report, changes) = manager.validate(&question, &mut io::stdin().lock())?;
    tell_what_was_not_read(&report, terminal);
    for change in &changes {
        tell_change(change, question.fix, terminal);
    }
    if question.fix == Fix::Show {
        let diffs: String = changes.iter().map(|change| change.diff.as_str()).collect();
        // `patch` gets the bytes as they are; a person gets what cannot act.
        terminal.result(&if terminal.is_interactive() { inert(&diffs) } else { diffs })?;
        return Ok(exit(&report, args.exit_zero));
    }
    show(&report, (args.show.into(), args.exit_zero), global, terminal)
}

/// Shows what was found out, in the format that was asked for.
fn show(
    report: &Report,
    (least, is_zero): (Severity, bool),
    global: &Global,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    deliver(global, terminal, render::FORMATS, &mut |format, is_shown| {
        let color = is_shown && console::colors_enabled();
        Ok(render::render(report, least, format, color, false))
    })?;
    if terminal.is_interactive() {
        hint(report, terminal);
    }
    Ok(exit(report, is_zero))
}

/// Says to a person what to do about findings.
fn hint(report: &Report, terminal: &mut Terminal) {
    let Some((_, worst)) = report.findings().min_by_key(|(_, finding)| Reverse(finding.severity)) else {
        return;
    };
    terminal.hint(&format!("`mainstay validate --explain {}` says more", worst.code));
    let n_mended = report.findings().filter(|(_, finding)| finding.remedy.is_some()).count();
    if n_mended > 0 {
        let findings = counted(n_mended, "finding");
        terminal.hint(&format!(
            "`mainstay validate --fix --diff` shows how {findings} can be mended without you"
        ));
    }
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

/// Says on stderr what was mended in a file, or would be, and what cannot be.
fn tell_change(change: &Mended, fix: Fix, terminal: &mut Terminal) {
    let file = inert_line(&change.file);
    let did = if fix == Fix::Write { "fixed" } else { "would fix" };
    for what in &change.set {
        terminal.status(&format!("{did}: {file}: {}", inert_line(what)));
    }
    for page in &change.pages {
        terminal.status(&format!("{did}: {}", inert_line(&page.display().to_string())));
    }
    for (what, why) in &change.refused {
        terminal.warning(&format!("{file}: {} cannot be fixed: {}", inert_line(what), inert_line(why)));
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
