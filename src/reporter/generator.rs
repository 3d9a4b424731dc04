//! Generator: what is known to one result.

use std::collections::BTreeMap;
use std::fmt::Write;

use chrono::{DateTime, Utc};

use super::status::{FailedStep, Urgency};
use super::{
    AlertStatus, Attention, LedgerStatus, MissedStatus, Period, PlanStatus, RunStatus, Share, SilenceStatus,
    StatusReport, TaskStatus, Totals,
};
use crate::counted;
use crate::model::{
    AlertInstance, AlertState, Length, Moment, Outcome, Output, PlanFile, Recurrence, Run, RunId, Status,
    StepRecord, Task,
};
use crate::monitor::Standing;
use crate::scheduler::debt::Debt;
use crate::text::roughly;

/// What a report is made of.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    /// The plan file.
    pub plan: &'a PlanFile,
    /// SHA-256 of its bytes.
    pub plan_digest: &'a str,
    /// The time that is covered.
    pub period: Period,
    /// Now.
    pub now: DateTime<Utc>,
    /// Where each task stands, in the order of the plan file.
    pub standings: &'a [Standing],
    /// Runs that began in the period.
    pub runs: &'a [Run],
    /// The steps of those that did not succeed.
    pub steps: &'a BTreeMap<RunId, Vec<StepRecord>>,
    /// Runs that no living process works on and that have no end.
    pub interrupted: &'a [Run],
    /// Occurrences that were missed in the period, the oldest first.
    pub missed: &'a [MissedStatus],
    /// What is owed.
    pub debt: &'a Debt,
    /// The alerts.
    pub alerts: &'a [AlertInstance],
    /// The silences in force.
    pub silences: &'a [SilenceStatus],
    /// The record.
    pub ledger: LedgerStatus,
}

/// Makes the report.
pub fn generate(facts: &Facts) -> StatusReport {
    let mut runs = runs(facts);
    let tasks = tasks(facts);
    let missed: Vec<_> = facts.missed.iter().rev().cloned().collect();
    let alerts = alerts(facts);
    let attention = attention(facts, &runs);
    let totals = totals(facts, &tasks, &runs, &alerts, attention.len());
    let runs_left_out = runs.len().saturating_sub(MOST_LISTED);
    runs.truncate(MOST_LISTED);
    StatusReport {
        as_of: facts.now,
        period: facts.period,
        timezone: facts.plan.timezone.as_ref().map_or("UTC", |zone| zone.value.as_str()).to_owned(),
        plan: PlanStatus {
            title: facts.plan.title.clone(),
            owner: facts.plan.owner.clone(),
            status: facts.plan.status.value,
            digest: facts.plan_digest.to_owned(),
        },
        ledger: facts.ledger.clone(),
        totals,
        attention,
        debt: facts.debt.clone(),
        tasks,
        runs,
        runs_left_out,
        missed,
        alerts,
        silences: facts.silences.to_vec(),
    }
}

/// Longer lists are read by nobody and make a page that no browser likes.
const MOST_LISTED: usize = 500;

fn tasks(facts: &Facts) -> Vec<TaskStatus> {
    let standings: BTreeMap<_, _> = facts.standings.iter().map(|one| (one.task.as_str(), one)).collect();
    let task = |name: &str, task: &Task| {
        let standing = standings.get(name)?;
        Some(TaskStatus {
            name: name.to_owned(),
            title: task.title_or(name).to_owned(),
            kind: task.kind.value,
            domain: task.domain.value,
            criticality: task.criticality.unwrap_or(facts.plan.criticality),
            schedule: task
                .schedule
                .as_ref()
                .map_or_else(|| "on demand".to_owned(), |when| recurrence_in_words(when)),
            state: standing.state(facts.now),
            last_run: standing.last_run.as_ref().map(|run| run.id),
            last_outcome: standing.last_run.as_ref().and_then(|run| run.outcome),
            last_success: standing.last_success,
            next_start: standing.next_start,
            overdue_seconds: standing.overdue(facts.now).num_seconds(),
        })
    };
    facts.plan.tasks.iter().filter_map(|(name, one)| task(&name.value, one)).collect()
}

/// When a task recurs, in words.
fn recurrence_in_words(recurrence: &Recurrence) -> String {
    let mut words = if let Some(every) = &recurrence.every {
        format!("every {}", every.value)
    } else if let Some(cron) = &recurrence.cron {
        format!("cron {}", cron.value)
    } else if let Some(rule) = &recurrence.rrule {
        format!("rrule {}", rule.value)
    } else if let Some(at) = &recurrence.at {
        match at.value {
            Moment::Utc(instant) => format!("at {}", instant.format("%Y-%m-%d %H:%M UTC")),
            Moment::Local(local) => format!("at {}", local.format("%Y-%m-%d %H:%M")),
            Moment::Date(date) => format!("at {date}"),
        }
    } else if let Some(check) = &recurrence.when {
        format!("when `{}` fails", check.value)
    } else {
        "on demand".to_owned()
    };
    let mut add = |what: &str, length: Option<Length>| {
        if let Some(length) = length {
            let _ = write!(words, ", {what} {length}");
        }
    };
    add("tolerance", recurrence.tolerance.as_ref().map(|length| length.value));
    add("within", recurrence.within.as_ref().map(|length| length.value));
    words
}

fn runs(facts: &Facts) -> Vec<RunStatus> {
    let run = |run: &Run| {
        let lost = run.outcome.is_none() && facts.interrupted.iter().any(|other| other.id == run.id);
        RunStatus {
            id: run.id,
            task: run.task.clone(),
            occurrence: run.occurrence.clone(),
            outcome: if lost { Some(Outcome::Interrupted) } else { run.outcome },
            started: run.started,
            ended: run.ended,
            reason: run.reason.clone(),
            emergency: run.justification.clone(),
            on_time: run.due.zip(run.ended).map(|(due, ended)| ended <= due),
            failed_step: facts.steps.get(&run.id).and_then(|steps| failed_step(steps, lost)),
        }
    };
    let mut runs: Vec<_> = facts.runs.iter().map(run).collect();
    runs.sort_by_key(|run| std::cmp::Reverse((run.started, run.id)));
    runs
}

/// The first step that went wrong: what came after it is a consequence.
fn failed_step(steps: &[StepRecord], lost: bool) -> Option<FailedStep> {
    let wrong = |step: &&StepRecord| match step.outcome {
        Some(outcome) => matches!(outcome, Outcome::Failed | Outcome::Interrupted | Outcome::Refused),
        None => lost,
    };
    steps.iter().find(wrong).map(|step| FailedStep {
        name: step.name.clone(),
        target: step.target.clone(),
        outcome: step.outcome.unwrap_or(Outcome::Interrupted),
        exit_code: step.exit_code,
        message: step.message.clone(),
        last_lines: step.output.as_ref().map(last_lines).unwrap_or_default(),
    })
}

/// So many lines of a failed step's output are enough to recognise the trouble.
const LAST_LINES: usize = 6;
/// Longer lines are cut.
const LINE_LENGTH: usize = 200;

fn last_lines(output: &Output) -> Vec<String> {
    let text = if output.tail.trim().is_empty() { &output.head } else { &output.tail };
    let lines: Vec<_> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    let cut = |line: &&str| match line.char_indices().nth(LINE_LENGTH) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => (*line).to_owned(),
    };
    lines[lines.len().saturating_sub(LAST_LINES)..].iter().map(cut).collect()
}

fn alerts(facts: &Facts) -> Vec<AlertStatus> {
    let open = facts.alerts.iter().filter(|alert| alert.state != AlertState::Resolved);
    let alert = |alert: &AlertInstance| AlertStatus {
        name: alert.name.clone(),
        labels: alert.labels.clone(),
        state: alert.state,
        since: alert.since,
        delivered: alert.delivered,
    };
    open.map(alert).collect()
}

fn totals(
    facts: &Facts,
    tasks: &[TaskStatus],
    runs: &[RunStatus],
    alerts: &[AlertStatus],
    attention: usize,
) -> Totals {
    let outcome = |outcome: Option<Outcome>| runs.iter().filter(|run| run.outcome == outcome).count();
    let [succeeded, failed, rolled_back, interrupted, skipped, refused] = [
        Outcome::Succeeded,
        Outcome::Failed,
        Outcome::RolledBack,
        Outcome::Interrupted,
        Outcome::Skipped,
        Outcome::Refused,
    ]
    .map(|one| outcome(Some(one)));
    Totals {
        tasks: tasks.len(),
        overdue: tasks.iter().filter(|task| 0 < task.overdue_seconds).count(),
        runs: runs.len(),
        succeeded,
        failed,
        rolled_back,
        interrupted,
        skipped,
        refused,
        running: outcome(None),
        missed: facts.missed.len(),
        success: Share { part: succeeded, whole: succeeded + failed + rolled_back + interrupted },
        firing: alerts.iter().filter(|alert| alert.state == AlertState::Firing).count(),
        silences: facts.silences.len(),
        attention,
    }
}

/// What a person should do, the most urgent first.
fn attention(facts: &Facts, runs: &[RunStatus]) -> Vec<Attention> {
    let mut list = Vec::new();
    let mut add = |urgency, what: String, command: String| list.push(Attention { urgency, what, command });
    for run in facts.interrupted {
        let what = format!(
            "Run {} of `{}` stopped in its middle. See what it left behind, then resume or abandon it.",
            run.id, run.task
        );
        add(Urgency::Now, what, format!("mainstay run --resume {}", run.id));
    }
    for silence in facts.silences {
        let going = runs.iter().any(|run| run.id == silence.run && run.outcome.is_none());
        let left =
            facts.standings.iter().all(|one| one.running.as_ref().is_none_or(|run| run.id != silence.run));
        if left && !going {
            let what = format!(
                "A silence of run {} is still in force at {}: alerts stay unheard. Expire it.",
                silence.run, silence.alertmanager
            );
            add(Urgency::Now, what, "mainstay run --due".to_owned());
        }
    }
    if matches!(facts.plan.status.value, Status::Draft | Status::Retired) {
        let what =
            format!("The plan file is {}: `run --due` does nothing. Approve it.", facts.plan.status.value);
        add(Urgency::Now, what, "mainstay validate".to_owned());
    }
    for task in facts.standings.iter().filter(|task| task.running.is_none() && task.interrupted.is_none()) {
        let overdue = task.overdue(facts.now);
        let is_overdue = 0 < overdue.num_seconds();
        match task.last_run.as_ref().filter(|_| task.last_run_failed()) {
            Some(run) => {
                let how = if run.outcome == Some(Outcome::RolledBack) { "was rolled back" } else { "failed" };
                let late = if is_overdue {
                    format!(", and it is {} overdue", roughly(overdue))
                } else {
                    String::new()
                };
                let what = format!(
                    "The last run of `{}`, run {}, {how}{late}. Repair the cause, then repeat it.",
                    task.task, run.id
                );
                add(Urgency::Soon, what, format!("mainstay run {}", task.task));
            }
            None if is_overdue => {
                let what = format!(
                    "Task `{}` is {} overdue. See why it has not started.",
                    task.task,
                    roughly(overdue)
                );
                add(Urgency::Soon, what, format!("mainstay plan --explain {}", task.task));
            }
            None => {}
        }
    }
    let owed = facts.alerts.iter();
    let owed = owed.filter(|alert| alert.state == AlertState::Firing && alert.delivered.is_none()).count();
    if 0 < owed && facts.plan.connections.alertmanager.is_some() {
        let what = format!("Alertmanager has not taken {} yet. Send again.", counted(owed, "firing alert"));
        add(Urgency::Soon, what, "mainstay monitor".to_owned());
    }
    list.sort_by_key(|item| item.urgency);
    list
}
