//! What happened, what went wrong, and what to do next.

use std::collections::BTreeMap;
use std::fmt::Write;

use chrono::TimeDelta;
use console::{Alignment, measure_text_width, pad_str};

use super::changes;
use crate::executor::coordinator::{Account, Fate};
use crate::model::{Outcome, Output, Phase, Run, RunId, StepRecord};
use crate::state::Comparison;
use crate::table::{Screen, Tone, painted};
use crate::text::{inert, inert_line};

/// The last lines of a failed step's output that are shown.
const LAST_LINES: usize = 8;

/// So many changes in monitoring are shown of a run that did not succeed.
const MOST_CHANGES: usize = 12;

/// Of more runs than this, only those have a line that did not succeed.
const MOST_LISTED: usize = 40;

/// The columns of a run's line beside its name.
const BESIDE_NAME: usize = 48;

/// One line a run, then what is behind each one that did not succeed.
pub fn text(
    runs: &[(Run, Vec<StepRecord>)],
    accounts: &[Account],
    compared: &BTreeMap<RunId, Comparison>,
    screen: Screen,
) -> String {
    let mut text = String::new();
    text.push_str(&table(runs, screen));
    for (run, steps) in runs.iter().filter(|(run, _)| run.outcome != Some(Outcome::Succeeded)) {
        text.push_str(&account_of(run, steps, compared.get(&run.id), screen));
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

fn table(runs: &[(Run, Vec<StepRecord>)], screen: Screen) -> String {
    let is_listed = |run: &Run| runs.len() <= MOST_LISTED || run.outcome != Some(Outcome::Succeeded);
    let runs: Vec<_> = runs.iter().filter(|(run, _)| is_listed(run)).collect();
    let names: Vec<_> = runs.iter().map(|(run, _)| inert_line(&run.task)).collect();
    let widest = names.iter().map(|name| measure_text_width(name)).max().unwrap_or(0);
    let name_width = screen.width.map_or(widest, |width| widest.min(width.saturating_sub(BESIDE_NAME)));
    let mut text = String::new();
    for ((run, steps), name) in runs.into_iter().zip(&names) {
        let outcome = run.outcome.map_or_else(|| "going".to_owned(), |outcome| outcome.to_string());
        let tone = match run.outcome {
            Some(Outcome::Succeeded) => Tone::Good,
            Some(Outcome::RolledBack | Outcome::Interrupted | Outcome::Refused | Outcome::Skipped) => {
                Tone::Warning
            }
            _ => Tone::Bad,
        };
        let is_done =
            |step: &&StepRecord| step.outcome == Some(Outcome::Succeeded) || step.settled == Some(true);
        let done = steps.iter().filter(is_done).count();
        let took = run.ended.map_or_else(String::new, |ended| seconds(ended - run.started));
        let name = pad_str(name, name_width, Alignment::Left, screen.width.map(|_| "…"));
        let outcome = painted(&format!("{outcome:<11}"), tone, false, screen);
        // What was settled as not done is done again under another number, or was taken back.
        let n_steps = steps.iter().filter(|step| step.settled != Some(false)).count();
        let steps = crate::counted(n_steps, "step");
        let _ = writeln!(text, "run {:<4} {name}  {outcome} {took:>7}  {done} of {steps}", run.id.0);
    }
    text
}

fn account_of(run: &Run, steps: &[StepRecord], compared: Option<&Comparison>, screen: Screen) -> String {
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
    let is_well = |step: &StepRecord| matches!(step.outcome, Some(Outcome::Succeeded | Outcome::Skipped));
    let is_clean_up = |step: &&StepRecord| matches!(step.phase, Phase::Rollback | Phase::Finally);
    let undone: Vec<_> = steps.iter().filter(|step| step.phase == Phase::Rollback && is_well(step)).collect();
    if !undone.is_empty() {
        let names: Vec<_> = undone.iter().map(|step| format!("`{}`", step.name)).collect();
        let _ = writeln!(text, "  {}", inert_line(&format!("rolled back by {}", names.join(", "))));
    }
    for step in steps.iter().filter(is_clean_up).filter(|step| !is_well(step)) {
        let on = if run.targets.len() > 1 { format!(" on {}", step.target) } else { String::new() };
        let why = step.message.as_deref().unwrap_or("its end is not on record");
        let left = format!("left to do: `{}`{on} ({}): {why}", step.name, step.phase);
        let _ = writeln!(text, "  {}", inert_line(&left));
    }
    if let Some(compared) = compared.filter(|compared| !compared.changes.is_empty()) {
        let _ = writeln!(text, "  what has changed in monitoring:");
        text.push_str(&changes::text(compared, MOST_CHANGES, screen));
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
    let mut hints = vec![format!("`mainstay run --show {}` shows what happened, step by step", run.id)];
    let n_not_well = runs.iter().filter(|(run, _)| run.outcome != Some(Outcome::Succeeded)).count();
    if n_not_well > 1 {
        hints.push("`mainstay run --list` shows the others".to_owned());
    }
    hints.push(match run.outcome {
        Some(Outcome::Interrupted) => format!(
            "`mainstay run --resume {0}` goes on with it; `mainstay run --abandon {0} --reason TEXT` settles it",
            run.id
        ),
        _ => format!("`mainstay run {}` tries again when the cause is mended", run.task),
    });
    hints
}

fn seconds(length: TimeDelta) -> String {
    let seconds = length.max(TimeDelta::zero());
    if seconds < TimeDelta::minutes(1) {
        format!("{}.{}s", seconds.num_seconds(), seconds.subsec_nanos() / 100_000_000)
    } else {
        crate::model::Length(TimeDelta::seconds(seconds.num_seconds())).to_string()
    }
}
