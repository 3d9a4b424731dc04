//! Whether anybody knows that what is saved can be restored.

use chrono::{DateTime, TimeDelta, Utc};

use crate::model::{Check, Domain, PlanFile, PrometheusAction, Step, Task};
use crate::scheduler::History;

/// How often a restore is rehearsed at least.
///
/// Source: CIS Controls 8.1, safeguard 11.5: quarterly, or more often.
const QUARTER: TimeDelta = TimeDelta::days(90);

/// Something that is not rehearsed.
pub struct Unrehearsed<'a> {
    /// The task that rehearses, or the one that saves when none does.
    pub task: &'a str,
    /// Since when it is owed.
    pub since: DateTime<Utc>,
    /// What the matter is.
    pub what: String,
    /// What to do.
    pub help: String,
}

/// Looks at every task that rehearses a restore, and at every one that saves data and that no task rehearses.
///
/// A task is a rehearsal when one of its checks is `restore`, or when its name, its title or a step of it speaks of
/// restoring. It rehearses what a task saves that it comes after, or that has a target in common with it.
pub fn look<'a>(plan: &'a PlanFile, history: &History, now: DateTime<Utc>) -> Vec<Unrehearsed<'a>> {
    let rehearsals: Vec<_> = plan.tasks.iter().filter(|(name, task)| rehearses(name, task)).collect();
    let mut found = Vec::new();
    for (name, _) in &rehearsals {
        let past = history.of(name);
        // What was tried and never worked is owed since; what was never tried has its first quarter.
        let (since, how) = match (past.last_success, past.last_end, past.handled_until) {
            (Some(success), ..) => (success + QUARTER, "has not succeeded for 90 days"),
            (None, Some(end), _) => (end, "has never succeeded"),
            (None, None, Some(known)) => (known + QUARTER, "has not run for 90 days"),
            (None, None, None) => continue,
        };
        if since <= now {
            let what = format!("`{}`, which rehearses a restore, {how}", name.value);
            found.push(Unrehearsed {
                task: name,
                since,
                what,
                help: format!("`mainstay run {}` does it", name.value),
            });
        }
    }
    for (name, task) in plan.tasks.iter().filter(|(name, task)| saves(task) && !rehearses(name, task)) {
        let past = history.of(name);
        let (Some(known), Some(_)) = (past.handled_until, past.last_success) else { continue };
        let is_rehearsed = rehearsals.iter().any(|(_, rehearsal)| is_of(plan, rehearsal, name, task));
        if !is_rehearsed && known + QUARTER <= now {
            let what = format!("no task rehearses the restore of what `{}` saves", name.value);
            let help = "add a task that opens what it saves in a scratch instance and asks it".to_owned();
            found.push(Unrehearsed { task: name, since: known + QUARTER, what, help });
        }
    }
    found
}

fn rehearses(name: &str, task: &Task) -> bool {
    let steps = || task.steps.iter();
    let asks = |check: &Check| check.restore.is_some();
    let until = |step: &Step| step.wait.as_ref().and_then(|wait| wait.until.as_deref()).is_some_and(asks);
    let speaks = |text: &str| {
        let mut words = text.split(|c: char| !c.is_alphanumeric()).map(str::to_ascii_lowercase);
        words.any(|word| ["restore", "restores", "restoring"].contains(&word.as_str()))
    };
    task.verify.iter().chain(task.preconditions.iter()).any(|check| asks(check))
        || steps().any(|step| until(step) || speaks(&step.label()))
        || speaks(name)
        || task.title.as_deref().is_some_and(speaks)
}

/// Whether a task saves data. What is called a backup is taken to be one.
fn saves(task: &Task) -> bool {
    const WORDS: [&str; 5] = ["backup", "back-up", "back up", "snapshot", "dump"];
    task.domain.value == Domain::Data
        && task.steps.iter().any(|step| {
            let text = step.label().to_ascii_lowercase() + " " + &step.action_in_short().to_ascii_lowercase();
            step.prometheus.as_deref() == Some(&PrometheusAction::Snapshot)
                || WORDS.iter().any(|word| text.contains(word))
        })
}

fn is_of(plan: &PlanFile, rehearsal: &Task, name: &str, saving: &Task) -> bool {
    let targets = plan.targets_of(saving);
    rehearsal.after.iter().any(|before| before.value == name)
        || plan.targets_of(rehearsal).iter().any(|target| targets.contains(target))
}
