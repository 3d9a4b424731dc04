//! `mainstay audit`.

mod review;

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufReader};
use std::ops::ControlFlow;
use std::path::PathBuf;

use anyhow::Context;
use chrono::Local;
use clap::{Args, Subcommand};
use serde_json::json;

use self::review::ReviewArgs;
use super::output::{Format, OutputError, deliver};
use super::since::{Since, since};
use super::{Exit, Global, Terminal, exit};
use crate::ledger::{self, Anchor, Verdict, Verification, Verifier, export};
use crate::manager::Manager;
use crate::model::RunId;
use crate::state::{Access, Log, LogFilter, Logged, State, StateError};
use crate::text::inert;
use crate::world::files;

/// Show, verify and export the record of everything that happened
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct AuditArgs {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
Examples:
  mainstay audit log --since 7d                  what happened this week?
  mainstay audit verify --against 1042:3fe0...   is all there, as it was?
  mainstay audit export -o ledger.jsonl          for the auditor
  mainstay audit review                          emergencies to look at";

#[derive(Debug, Subcommand)]
enum Command {
    Log(LogArgs),
    Verify(VerifyArgs),
    Export(ExportArgs),
    Review(ReviewArgs),
}

/// Show what happened, newest last
#[derive(Debug, Args)]
#[command(after_help = LOG_HELP)]
struct LogArgs {
    /// Only since this time, or for this long: 2026-03-07, 2026-03-07T02:00:00Z, 7d
    #[arg(long, value_name = "TIME", value_parser = since, allow_hyphen_values = true)]
    since: Option<Since>,

    /// Only what is about this task and its runs
    #[arg(long, value_name = "TASK")]
    task: Option<String>,

    /// Only what is about this run
    #[arg(long, value_name = "RUN")]
    run: Option<i64>,

    /// At most this many entries, the newest ones; 0 for all
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
}

const LOG_HELP: &str = "\
Examples:
  mainstay audit log                             the newest 50 entries
  mainstay audit log --task upgrade              all about one task
  mainstay audit log --run 12 --limit 0          one run, start to end
  mainstay audit log --since 24h --format json   for programs

Exit codes:
  0  it was shown
  2  the command line is wrong
  3  there is no state file, or it cannot be read";

/// Verify that the ledger is as it was written
///
/// A chain that is unbroken may still have lost its end, or have been written anew: only an anchor tells, a
/// length and a root that were noted where nobody who writes the state file can write. Without one the verdict
/// is `unanchored` and the exit code 3.
#[derive(Debug, Args)]
#[command(after_help = VERIFY_HELP)]
struct VerifyArgs {
    /// Compare with what was said of the ledger elsewhere: ENTRIES:ROOT, or a file that holds it, such as
    /// an old report [repeatable]
    #[arg(long, value_name = "ANCHOR")]
    against: Vec<String>,

    /// Verify this exported ledger instead of the state file
    #[arg(long, value_name = "FILE")]
    export: Option<PathBuf>,
}

const VERIFY_HELP: &str = "\
Examples:
  mainstay audit verify                             prints the anchor to keep
  mainstay audit verify --against 1042:3fe0...      as it was then, or longer?
  mainstay audit verify --against old-report.json   anchored by a kept report
  mainstay audit verify --export ledger.jsonl       without a state file

Exit codes:
  0  intact
  1  tampered, rolled_back or forked
  2  the command line is wrong
  3  unanchored or unknown";

/// Write the ledger as it is, one JSON object per line
///
/// The bytes are those that the digests were made of, so stock tools can follow the chain.
#[derive(Debug, Args)]
#[command(after_help = EXPORT_HELP)]
struct ExportArgs {}

const EXPORT_HELP: &str = "\
Examples:
  mainstay audit export > ledger.jsonl
  mainstay audit export -o ledger.jsonl   whole or not at all; for its owner

With stock tools:
  sed -n 41p ledger.jsonl | sha256sum     equals `prev` in line 42
  tail -n 1 ledger.jsonl | sha256sum      is the root";

/// Runs `mainstay audit`.
pub fn run(
    args: AuditArgs,
    global: &Global,
    manager: &Manager,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    match args.command {
        Command::Log(args) => log(args, global, manager, terminal),
        Command::Verify(args) => verify(&args, global, manager, terminal),
        Command::Export(ExportArgs {}) => write(global, manager, terminal),
        Command::Review(args) => review::review(args, global, manager, terminal),
    }
}

fn open(manager: &Manager, terminal: &mut Terminal) -> anyhow::Result<State> {
    let state = manager.state(Access::ReadOnly)?;
    if let Some(exposed) = state.exposed() {
        terminal.warning(&exposed.to_string());
    }
    Ok(state)
}

fn log(args: LogArgs, global: &Global, manager: &Manager, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let now = manager.clock().now();
    let filter = LogFilter {
        since: args.since.map(|since| since.before(now)),
        until: None,
        task: args.task,
        run: args.run.map(RunId),
        limit: Some(args.limit).filter(|limit| *limit > 0),
    };
    let log = open(manager, terminal)?.log(&filter).context("reading the ledger")?;
    deliver(global, terminal, &[Format::Text, Format::Json], &mut |format, _| match format {
        Format::Json => log_as_json(&log),
        _ => Ok(log_as_text(&log)),
    })?;
    if log.left_out > 0 {
        terminal.hint(&format!(
            "{} before {}; `--limit 0` shows all",
            counted(log.left_out, "more entry", "more entries"),
            if log.left_out == 1 { "it" } else { "them" },
        ));
    }
    Ok(Exit::Done)
}

fn log_as_text(log: &Log) -> String {
    let rows: Vec<[String; 4]> = log
        .entries
        .iter()
        .map(|logged| match logged {
            Logged::Entry(entry) => [
                entry.seq.to_string(),
                entry.at.with_timezone(&Local).format("%Y-%m-%d %H:%M:%S %:z").to_string(),
                one_line(&format!("{}@{}", entry.who, entry.host)),
                one_line(&ledger::in_words(&entry.event)),
            ],
            Logged::Raw { seq, line } => {
                [seq.to_string(), String::new(), String::new(), format!("not understood: {}", one_line(line))]
            }
        })
        .collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let (seq, at, who) = (width(0), width(1), width(2));
    rows.iter().fold(String::new(), |mut text, row| {
        let _ = writeln!(text, "{:>seq$}  {:at$}  {:who$}  {}", row[0], row[1], row[2], row[3]);
        text
    })
}

fn log_as_json(log: &Log) -> anyhow::Result<String> {
    let entries = log
        .entries
        .iter()
        .map(|logged| match logged {
            Logged::Entry(entry) => serde_json::to_value(entry),
            Logged::Raw { seq, line } => Ok(json!({"seq": seq, "line": line})),
        })
        .collect::<Result<Vec<_>, _>>()?;
    pretty(&json!({"schema": "mainstay/audit-log/v1", "entries": entries, "left_out": log.left_out}))
}

fn verify(
    args: &VerifyArgs,
    global: &Global,
    manager: &Manager,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let mut anchors = Vec::new();
    for against in &args.against {
        anchors.extend(Anchor::find(against)?);
    }
    let mut verifier = Verifier::new(anchors);
    match &args.export {
        Some(path) => {
            let unreadable = |source| OutputError::Read { path: path.clone(), source };
            let file = File::open(path).map_err(unreadable)?;
            export::verify(BufReader::new(file), &mut verifier).map_err(unreadable)?;
        }
        None => verify_state(&open(manager, terminal)?, &mut verifier)?,
    }
    let verification = verifier.finish();
    deliver(global, terminal, &[Format::Text, Format::Json], &mut |format, _| match format {
        Format::Json => verification_as_json(&verification),
        _ => Ok(verification_as_text(&verification)),
    })?;
    if verification.verdict == Verdict::Unanchored {
        terminal
            .hint("compare with an anchor that was kept elsewhere: `mainstay audit verify --against ANCHOR`");
    }
    Ok(exit::of_verdict(verification.verdict))
}

fn verify_state(state: &State, verifier: &mut Verifier) -> anyhow::Result<()> {
    let read = state.for_each_line(&mut |row| {
        verifier.line(row);
        ControlFlow::Continue(())
    });
    match read {
        // Pages that are not what SQLite wrote: that is an answer, too.
        Err(StateError::Corrupt { source, .. }) => verifier.breaks_off(&source.to_string()),
        other => other.context("reading the ledger")?,
    }
    Ok(())
}

fn verification_as_text(verification: &Verification) -> String {
    let entries = counted(verification.entries, "entry", "entries");
    let n_anchors = u64::try_from(verification.anchors.len()).unwrap_or(u64::MAX);
    let mut text = match verification.verdict {
        Verdict::Intact => {
            format!("intact: {entries}, unbroken, and as {} said\n", counted(n_anchors, "anchor", "anchors"))
        }
        Verdict::Unanchored => format!(
            "unanchored: {entries}, and the chain is unbroken; nothing outside this file says that it is complete\n"
        ),
        Verdict::Unknown => "unknown: the ledger is empty\n".to_owned(),
        verdict @ (Verdict::Tampered | Verdict::RolledBack | Verdict::Forked) => {
            format!("{}: {entries}\n", verdict.as_str())
        }
    };
    if let Some(bad) = &verification.first_bad {
        let _ = writeln!(text, "first at entry {}: {}", bad.seq, bad.what);
        let _ = writeln!(text, "  expected  {}", one_line(&bad.expected));
        let _ = writeln!(text, "  found     {}", one_line(&bad.found));
    }
    for (kind, n) in &verification.unknown_kinds {
        let entries = counted(*n, "entry", "entries");
        let _ = writeln!(
            text,
            "not understood: {entries} of kind `{}`, written by a newer mainstay",
            one_line(kind)
        );
    }
    if let (Some(root), None) = (&verification.root, &verification.first_bad) {
        let _ = writeln!(text, "anchor to keep elsewhere: {}:{root}", verification.entries);
    }
    text
}

fn verification_as_json(verification: &Verification) -> anyhow::Result<String> {
    let first_bad = verification
        .first_bad
        .as_ref()
        .map(|bad| json!({"seq": bad.seq, "what": bad.what, "expected": bad.expected, "found": bad.found}));
    let anchors: Vec<_> = verification
        .anchors
        .iter()
        .map(|anchor| json!({"entries": anchor.entries, "root": anchor.root}))
        .collect();
    pretty(&json!({
        "schema": "mainstay/audit-verify/v1",
        "verdict": verification.verdict.as_str(),
        "signed": false,
        "entries": verification.entries,
        "root": verification.root,
        "first_bad": first_bad,
        "anchors": anchors,
        "unknown_kinds": verification.unknown_kinds,
    }))
}

fn write(global: &Global, manager: &Manager, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    if let Some(format) = global.format {
        let known = "one, the ledger as it is, and no --format".to_owned();
        return Err(OutputError::NoSuchFormat { asked: format.name(), known }.into());
    }
    let state = open(manager, terminal)?;
    for path in &global.output {
        let mut failed = None;
        files::stream_atomically(path.as_ref(), |file| {
            let mut written = Ok(());
            let read = state.for_each_line(&mut |row| {
                written = export::write(file, row);
                if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            });
            // The file must not look whole when the ledger could not be read to its end.
            read.map_err(|error| {
                failed = Some(error);
                io::Error::other("the ledger could not be read")
            })?;
            written
        })
        .map_err(|error| failed.map_or_else(|| OutputError::from(error).into(), anyhow::Error::from))?;
    }
    if !global.output.is_empty() {
        return Ok(Exit::Done);
    }
    let mut written = Ok(());
    state
        .for_each_line(&mut |row| {
            written = terminal.result_bytes(row.line).and_then(|()| terminal.result_bytes(b"\n"));
            let goes_on = written.is_ok() && !terminal.is_closed();
            if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })
        .context("reading the ledger")?;
    written.context("writing the ledger")?;
    Ok(Exit::Done)
}

fn pretty(value: &serde_json::Value) -> anyhow::Result<String> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}

/// Text from outside that stays on its line.
fn one_line(text: &str) -> String {
    inert(text).replace('\n', "\\n").replace('\t', "\\t")
}

fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}
