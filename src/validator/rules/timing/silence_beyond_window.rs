//! MS411: a silence that may outlive the window.

use chrono::TimeDelta;

use crate::model::{Length, Step};
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS411",
    title: "a silence that may outlive the window",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "Alerts stay muted as long as the run lives, and a run without a `timeout` lives as long \
          as its steps may take. A step that hangs at night then hides the outage of the morning.",
    before: r#"mainstay: 1
connections:
  alertmanager: {url: "http://127.0.0.1:9093"}
windows:
  night: {cron: "0 4 * * *", duration: 4h, cutoff: 30m}
tasks:
  tidy:
    type: routine
    domain: component
    window: night
    silence: {matchers: ['job="prometheus"']}
    duration: 5m
    steps: [{run: [rm, old], timeout: 3h, retry: {attempts: 2}}]
"#,
    after: r#"mainstay: 1
connections:
  alertmanager: {url: "http://127.0.0.1:9093"}
windows:
  night: {cron: "0 4 * * *", duration: 4h, cutoff: 30m}
tasks:
  tidy:
    type: routine
    domain: component
    window: night
    silence: {matchers: ['job="prometheus"']}
    timeout: 2h
    duration: 5m
    steps: [{run: [rm, old], timeout: 30m, retry: {attempts: 2}}]
"#,
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    let outlook = facts.outlook();
    for task in &outlook.tasks {
        // A run that is stopped as a whole has a bound that other rules judge.
        let Some(silence) = task.task.silence.as_ref().filter(|_| task.task.timeout.is_none()) else {
            continue;
        };
        let Some(openings) = task.windows.known().filter(|openings| !openings.spans.is_empty()) else {
            continue;
        };
        let mut steps = task.task.steps.iter().map(|step| longest(step));
        let one = steps.try_fold(TimeDelta::zero(), |sum, step| sum.checked_add(&step?));
        let Some(whole) = one.and_then(|one| one.checked_mul(task.n_targets?)) else { continue };
        if whole <= openings.longest {
            continue;
        }
        let message = format!(
            "task `{}` may silence alerts for {}; {} is open for {}",
            task.name,
            Length(whole),
            task.windows_in_words(),
            Length(openings.longest)
        );
        let fault = Fault::new(RULE.code, beginning(silence.span), message)
            .help("give the task a `timeout`, or its steps shorter ones");
        faults.push(match outlook.windows.longest(task.task) {
            Some(window) => fault.related(window, "the window is open for this long"),
            None => fault,
        });
    }
}

/// The most that the timeouts that stand in the file allow a step, all attempts and the pauses between them.
fn longest(step: &Step) -> Option<TimeDelta> {
    let one = step.timeout.map_or(TimeDelta::zero(), |timeout| timeout.value.0);
    let Some(retry) = &step.retry else { return Some(one) };
    let attempts = i32::try_from(retry.attempts.value).ok()?;
    let pause = retry.backoff.map_or(TimeDelta::zero(), |backoff| backoff.value.0);
    // 1 + 2 + 4 + ...: one pause less than there are attempts.
    let doubled = 1_i32.checked_shl(retry.attempts.value.saturating_sub(1)).filter(|_| attempts < 32)?;
    one.checked_mul(attempts)?.checked_add(&pause.checked_mul(doubled - 1)?)
}
