//! Entries in words.

use chrono::{DateTime, SecondsFormat, Utc};

use crate::model::{ApprovalStatement, Event, OccurrenceId};

/// What happened, in one line. Names come from outside: whoever shows it makes it inert.
#[expect(clippy::too_many_lines, reason = "one arm per event, each a sentence")]
pub fn in_words(event: &Event) -> String {
    match event {
        Event::StateCreated { origin } => format!("state file made, origin {origin}"),
        Event::TasksSeen { tasks } => format!("met for the first time: {}", tasks.join(", ")),
        Event::SchedulePublished { added, moved, dropped, schedule, .. } => {
            let revision = schedule.revision;
            format!("schedule published as revision {revision}: {added} new, {moved} moved, {dropped} gone")
        }
        Event::ApprovalGiven { statement, .. } => approval(statement),
        Event::ScheduleOutdated { revision, reason } => {
            format!("schedule of revision {revision} is outdated: it {reason}")
        }
        Event::OccurrenceMissed { occurrence, reason, .. } => format!("missed {occurrence}: {reason}"),
        Event::ConditionFailed { task, check, found, .. } => {
            format!("condition `{check}` of {task} fails: {found}")
        }
        Event::ConditionHeld { task, check, found, withdrawn } => {
            let withdrawn = withdrawn.as_ref().map(|id| format!("; {id} is withdrawn")).unwrap_or_default();
            format!("condition `{check}` of {task} holds again: {found}{withdrawn}")
        }
        Event::RunStarted { run, task, occurrence, targets, justification, .. } => {
            let (on, of) = (targets.join(", "), of(occurrence.as_ref()));
            let why =
                justification.as_ref().map(|why| format!(" as an emergency: {why}")).unwrap_or_default();
            format!("run {run} of {task} started on {on}{of}{why}")
        }
        Event::RunResumed { run, holder, definition, .. } => {
            let replanned = if definition.is_some() { ", by the plan file as it is now" } else { "" };
            format!("run {run} taken over by process {} of {}{replanned}", holder.pid, holder.user)
        }
        Event::DefinitionSeen { digest, .. } => {
            format!("text of a task, {}", digest.get(..12).unwrap_or(digest))
        }
        Event::ReviewOpened { run, reason, due, .. } => {
            format!("run {run} has to be reviewed until {}: {reason}", stamp(*due))
        }
        Event::ReviewClosed { run, note } => format!("run {run} was reviewed: {note}"),
        Event::StepSettled { run, ordinal, done, how } => {
            let done = if *done { "done" } else { "not done" };
            format!("run {run}: step {ordinal} counts as {done}: {how}")
        }
        Event::RunRefused { task, occurrence, reason } => {
            format!("run of {task} refused: {reason}{}", of(occurrence.as_ref()))
        }
        Event::StepIntended { run, ordinal, phase, target, name, attempt, .. } => {
            let again = if *attempt > 1 { format!(", attempt {attempt}") } else { String::new() };
            format!("run {run}: step {ordinal}: {phase}: {name} on {target} begins{again}")
        }
        Event::StepStarted { run, ordinal, pid, .. } => {
            format!("run {run}: step {ordinal} runs as process {pid}")
        }
        Event::StepEnded { run, ordinal, outcome, exit_code, retried, message, .. } => {
            let is_said = message.as_deref().is_some_and(|message| message.contains("exit code"));
            let code = exit_code.filter(|_| !is_said);
            let code = code.map(|code| format!(", exit code {code}")).unwrap_or_default();
            let retried = if *retried { ", to be tried again" } else { "" };
            format!("run {run}: step {ordinal} {outcome}{code}{retried}{}", because(message.as_deref()))
        }
        Event::BaselineTaken { run, .. } => format!("run {run}: baseline taken"),
        Event::BaselineCompared { run, same: true, .. } => {
            format!("run {run}: monitoring is back as it was")
        }
        Event::BaselineCompared { run, differences, .. } => {
            format!("run {run}: monitoring is not what it was: {}", differences.join("; "))
        }
        Event::SeriesTaken { run, series } => {
            format!("run {run}: series taken before the work: {}", names_of(series))
        }
        Event::SeriesCompared { run, series, .. } => {
            let words: Vec<_> =
                series.iter().map(|one| format!("{} {}", one.name, one.judgement.verdict.as_str())).collect();
            format!("run {run}: series compared: {}", words.join(", "))
        }
        Event::SilenceIntended { run, tag, .. } => format!("run {run}: silence {tag} about to be created"),
        Event::SilenceCreated { run, tag, until, .. } => {
            format!("run {run}: silence {tag} in force until {}", stamp(*until))
        }
        Event::SilenceRenewed { tag, until, because, .. } => {
            let until = stamp(*until);
            match because {
                None => format!("silence {tag} renewed until {until}"),
                Some(because) => format!("silence {tag} made again until {until}: {because}"),
            }
        }
        Event::SilenceEndangered { tag, failures, until, reason } => {
            let until = stamp(*until);
            let failures = crate::counted(*failures as usize, "time");
            format!("silence {tag} could not be renewed {failures} and ends at {until}: {reason}")
        }
        Event::SilenceExpired { tag, reason } => format!("silence {tag} ended: {reason}"),
        Event::RunEnded { run, outcome, reason } => {
            format!("run {run} {outcome}{}", because(reason.as_deref()))
        }
        Event::RunAbandoned { run, reason } => format!("run {run} abandoned: {reason}"),
        Event::AlertChanged { name, state, value, .. } => match state {
            Some(state) => format!("alert {name} {state} at {value}"),
            None => format!("alert {name} forgotten"),
        },
        Event::AlertsDelivered { alerts, error: None, .. } => format!("alerts delivered: {alerts}"),
        Event::AlertsDelivered { alerts, error: Some(error), .. } => {
            format!("alerts not delivered: {alerts}: {error}")
        }
        Event::ReportWritten { report, format, path, .. } => {
            format!("report {report} written as {format} to {path}")
        }
        Event::ClockStepped { last, now } => {
            format!("the clock went back from {} to {}", last.to_rfc3339(), now.to_rfc3339())
        }
    }
}

fn approval(statement: &str) -> String {
    let Ok(statement) = serde_json::from_str::<ApprovalStatement>(statement) else {
        return "an approval that cannot be understood".to_owned();
    };
    let occurrences = statement.occurrences.iter().map(|approved| approved.id.0.clone());
    let runs = statement.on_demand.iter().map(|run| format!("the next run of {}", run.task));
    let mut what: Vec<_> = occurrences.chain(runs).collect();
    let more = what.len().saturating_sub(MOST_APPROVED);
    what.truncate(MOST_APPROVED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{} approved {}{more}", statement.who, what.join(", "))
}

/// More than these approved occurrences are counted.
const MOST_APPROVED: usize = 5;

fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn of(occurrence: Option<&OccurrenceId>) -> String {
    occurrence.map(|occurrence| format!(" ({occurrence})")).unwrap_or_default()
}

fn because(reason: Option<&str>) -> String {
    reason.map(|reason| format!(": {reason}")).unwrap_or_default()
}

fn names_of(series: &[crate::model::TakenSeries]) -> String {
    series.iter().map(|one| one.name.as_str()).collect::<Vec<_>>().join(", ")
}
