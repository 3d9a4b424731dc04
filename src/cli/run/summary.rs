//! What happened, what went wrong, and what to do next.

use std::fmt::Write;

use chrono::TimeDelta;
use console::Style;

use crate::executor::coordinator::{Account, Fate};
use crate::executor::preflight::{Certainty, Item};
use crate::model::{Outcome, Output, Run, StepRecord, Task};
use crate::text::{inert, inert_line};

/// The last lines of a failed step's output that are shown.
const LAST_LINES: usize = 8;

/// One line a run, then what is behind each one that did not succeed.
pub fn text(runs: &[(Run, Vec<StepRecord>)], accounts: &[Account], width: Option<usize>) -> String {
    let mut text = String::new();
    text.push_str(&table(runs, width));
    for (run, steps) in runs.iter().filter(|(run, _)| run.outcome != Some(Outcome::Succeeded)) {
        text.push_str(&account_of(run, steps));
    }
    for account in accounts {
        if let Some(why) = why_not(&account.fate) {
            let _ = writeln!(text, "{}", inert_line(&format!("`{}` was not started: {why}", account.task)));
        }
    }
    if !runs.is_empty() {
        let _ = writeln!(text, "{}", totals(runs));
    }
    text
}

fn why_not(fate: &Fate) -> Option<String> {
    match fate {
        Fate::Ended(..) => None,
        Fate::NotNow(reason) => Some(reason.clone()),
        Fate::Unknown(reason) => Some(format!("could not be found out: {reason}")),
        Fate::Held(held) => Some(held.to_string()),
        Fate::NotBegun => Some("mainstay was stopped before".to_owned()),
    }
}

fn table(runs: &[(Run, Vec<StepRecord>)], width: Option<usize>) -> String {
    let name_width = runs.iter().map(|(run, _)| run.task.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for (run, steps) in runs {
        let outcome = run.outcome.map_or_else(|| "going".to_owned(), |outcome| outcome.to_string());
        let style = match run.outcome {
            Some(Outcome::Succeeded) => Style::new().green(),
            Some(Outcome::RolledBack | Outcome::Interrupted | Outcome::Refused | Outcome::Skipped) => {
                Style::new().yellow()
            }
            _ => Style::new().red(),
        };
        let done = steps.iter().filter(|step| step.outcome == Some(Outcome::Succeeded)).count();
        let took = run.ended.map_or_else(String::new, |ended| seconds(ended - run.started));
        let outcome = format!("{outcome:<11}");
        let outcome = if width.is_some() { style.apply_to(outcome).to_string() } else { outcome };
        let _ = writeln!(
            text,
            "run {:<4} {:<name_width$}  {outcome} {took:>7}  {done} of {}",
            run.id.0,
            run.task,
            crate::counted(steps.len(), "step")
        );
    }
    text
}

fn account_of(run: &Run, steps: &[StepRecord]) -> String {
    let mut text = String::new();
    let reason = run.reason.as_deref().unwrap_or("no reason is on record");
    let outcome = run.outcome.map_or_else(String::new, |outcome| outcome.to_string());
    let _ = writeln!(text, "\n{}", inert(&format!("{} {outcome}: {reason}", run.task)));
    let failed =
        steps.iter().find(|step| matches!(step.outcome, Some(Outcome::Failed | Outcome::Interrupted)));
    if let Some(step) = failed
        && let Some(output) = &step.output
    {
        let _ = writeln!(text, "  the last that `{}` printed:", inert(&step.name));
        for line in last_lines(output) {
            let _ = writeln!(text, "  | {}", inert(&line));
        }
    }
    let undone: Vec<_> = steps.iter().filter(|step| step.phase == crate::model::Phase::Rollback).collect();
    if !undone.is_empty() {
        let names: Vec<_> = undone.iter().map(|step| format!("`{}`", step.name)).collect();
        let _ = writeln!(text, "  {}", inert(&format!("rolled back by {}", names.join(", "))));
    }
    text.push('\n');
    text
}

fn last_lines(output: &Output) -> Vec<String> {
    let kept = if output.dropped > 0 { &output.tail } else { &output.head };
    let lines: Vec<_> = kept.lines().map(|line| line.chars().take(200).collect()).collect();
    let first = lines.len().saturating_sub(LAST_LINES);
    let mut shown = Vec::new();
    if output.dropped > 0 {
        shown.push(format!("... {} bytes in all, {} of them not kept", output.bytes, output.dropped));
    }
    shown.extend_from_slice(&lines[first..]);
    shown
}

fn totals(runs: &[(Run, Vec<StepRecord>)]) -> String {
    let kinds = [
        Outcome::Succeeded,
        Outcome::RolledBack,
        Outcome::Failed,
        Outcome::Interrupted,
        Outcome::Refused,
        Outcome::Skipped,
    ];
    let count = |kind: &Outcome| runs.iter().filter(|(run, _)| run.outcome == Some(*kind)).count();
    let parts: Vec<_> =
        kinds.iter().filter(|kind| count(kind) > 0).map(|kind| format!("{} {kind}", count(kind))).collect();
    format!("{}: {}", crate::counted(runs.len(), "run"), parts.join(", "))
}

/// What to type next.
pub fn hints(runs: &[(Run, Vec<StepRecord>)], accounts: &[Account]) -> Vec<String> {
    let is_well = |run: &Run| matches!(run.outcome, Some(Outcome::Succeeded | Outcome::Skipped));
    let Some((run, _)) = runs.iter().find(|(run, _)| !is_well(run)) else {
        let held = accounts.iter().any(|account| matches!(account.fate, Fate::Held(_)));
        return if held {
            vec!["`mainstay report status` shows who holds what".to_owned()]
        } else {
            Vec::new()
        };
    };
    let mut hints = vec![format!("`mainstay audit log --run {}` shows everything that happened", run.id)];
    hints.push(match run.outcome {
        Some(Outcome::Interrupted) => format!(
            "`mainstay run {}` does it again; `mainstay run --abandon {} --reason TEXT` settles it",
            run.task, run.id
        ),
        _ => format!("`mainstay run {}` tries again when the cause is mended", run.task),
    });
    hints
}

/// What a dry run found out about one task.
pub fn dry_run(name: &str, task: &Task, items: &[Item]) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "{}", inert(&format!("{name}: {}", task.title_or(name))));
    let width = items.iter().map(|item| item.phase.as_str().len()).max().unwrap_or(0);
    for item in items {
        let style = match item.certainty {
            Certainty::Verified => Style::new().green(),
            Certainty::Assumed => Style::new().yellow(),
            Certainty::Wrong => Style::new().red(),
        };
        let certainty = style.apply_to(format!("{:<8}", item.certainty.as_str()));
        let words = inert(&format!("{}: {}", item.name, item.note)).replace('\n', " ");
        let _ = writeln!(text, "  {:<width$}  {certainty}  {words}", item.phase.as_str());
    }
    let count = |certainty| items.iter().filter(|item| item.certainty == certainty).count();
    let (verified, assumed, wrong) =
        (count(Certainty::Verified), count(Certainty::Assumed), count(Certainty::Wrong));
    let _ = writeln!(text, "  {verified} verified, {assumed} assumed, {wrong} wrong");
    text
}

fn seconds(length: TimeDelta) -> String {
    let seconds = length.max(TimeDelta::zero());
    if seconds < TimeDelta::minutes(1) {
        format!("{}.{}s", seconds.num_seconds(), seconds.subsec_nanos() / 100_000_000)
    } else {
        crate::model::Length(TimeDelta::seconds(seconds.num_seconds())).to_string()
    }
}
