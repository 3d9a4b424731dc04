//! MS410: attempts that never begin.

use chrono::TimeDelta;

use crate::model::{Length, Retry, Step};
use crate::validator::outlook::TaskOutlook;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS410",
    title: "attempts that never begin",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "Retries are counted on when the first attempt hangs. Here the time is over before the \
          last of them begins, and the run ends in the middle of what was to heal it.",
    before: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    timeout: 30m
    duration: 5m
    steps: [{run: [rm, old], timeout: 20m, retry: {attempts: 3, backoff: 1m}}]
",
    after: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    timeout: 90m
    duration: 5m
    steps: [{run: [rm, old], timeout: 20m, retry: {attempts: 3, backoff: 1m}}]
",
    finder: Finder::Look(look),
};

/// More attempts are not looked at: what they ask for is clear.
const MOST: u32 = 1000;

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for task in &facts.outlook().tasks {
        let Some((limit, why)) = limit(task) else { continue };
        for step in task.task.steps.iter() {
            let Some(retry) = &step.retry else { continue };
            // A step that may take longer than its run has a rule of its own.
            let is_idle = task
                .task
                .timeout
                .is_some_and(|whole| step.timeout.is_some_and(|one| whole.value < one.value));
            let Some((attempt, after)) = late_attempt(step, retry, limit).filter(|_| !is_idle) else {
                continue;
            };
            let message = format!(
                "attempt {attempt} of step `{}` may never begin: those before it may take {}, and {why}",
                step.label(),
                Length(after)
            );
            faults.push(
                Fault::new(RULE.code, retry.attempts.span, message)
                    .help("ask for fewer attempts, or for shorter ones"),
            );
        }
    }
}

/// When no attempt begins any more, counted from the beginning of a run, and why.
fn limit(task: &TaskOutlook) -> Option<(TimeDelta, String)> {
    let timeout = task
        .task
        .timeout
        .map(|timeout| (timeout.value.0, format!("task `{}` is stopped after {}", task.name, timeout.value)));
    let openings = task.windows.known().filter(|openings| !openings.spans.is_empty());
    let cutoff = openings.map(|openings| {
        let cutoff = openings.longest_to_cutoff;
        let window = task.windows_in_words();
        (cutoff, format!("{window} is past its cutoff {} after it opens", Length(cutoff)))
    });
    timeout.into_iter().chain(cutoff).min_by_key(|(limit, _)| *limit)
}

/// The first attempt that may not begin before `limit`, and how long those before it and the pauses between them
/// may take.
fn late_attempt(step: &Step, retry: &Retry, limit: TimeDelta) -> Option<(u32, TimeDelta)> {
    // Without a timeout of its own nobody knows how long it may take; the pauses are certain.
    let one = step.timeout.map_or(TimeDelta::zero(), |timeout| timeout.value.0);
    let mut pause = retry.backoff.map_or(TimeDelta::zero(), |backoff| backoff.value.0);
    let mut begins = TimeDelta::zero();
    for attempt in 2..=retry.attempts.value.min(MOST) {
        begins = begins.checked_add(&one)?.checked_add(&pause)?;
        if limit <= begins {
            return Some((attempt, begins));
        }
        pause = pause.checked_mul(2)?;
    }
    None
}
