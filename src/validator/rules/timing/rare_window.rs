//! MS413: work that is due more often than its window opens.

use super::{of_times, when};
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS413",
    title: "work that is due more often than its window opens",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "Work that is due on a day without a window is missed or late by construction. Every \
          report then shows it as overdue, and nobody asks any more.",
    before: r#"mainstay: 1
windows:
  weekend: {cron: "0 4 * * SAT", duration: 4h}
tasks:
  tidy:
    type: routine
    domain: component
    schedule: {cron: "0 4 * * *"}
    window: weekend
    duration: 5m
    steps: [{run: [rm, old]}]
"#,
    after: r#"mainstay: 1
windows:
  weekend: {cron: "0 4 * * SAT", duration: 4h}
tasks:
  tidy:
    type: routine
    domain: component
    schedule: {cron: "0 4 * * SAT"}
    window: weekend
    duration: 5m
    steps: [{run: [rm, old]}]
"#,
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for task in &facts.outlook().tasks {
        let Some(went) = &task.rehearsal else { continue };
        let (tally, became) = if 0 < went.closed.n { (&went.closed, "missed") } else { (&went.late, "late") };
        if tally.n == 0 {
            continue;
        }
        let message = format!(
            "the windows of task `{}` open too rarely for its schedule: {} are {became}",
            task.name,
            of_times(facts, went, tally)
        );
        let fault = Fault::new(RULE.code, when(task.task), message)
            .help("let it recur as its window does, or give it another window");
        faults.push(match task.task.window.first() {
            Some(window) => fault.related(window.span, "it may start here only"),
            None => fault,
        });
    }
}
