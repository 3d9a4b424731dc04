//! MS401: work that no window can hold.

use crate::model::Length;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS401",
    title: "work that no window can hold",
    severity: Severity::Error,
    standing: Standing::Gate,
    why: "Work starts only where it can end before its window does. Work that is longer than every \
          opening waits for ever, and is overdue for ever.",
    before: r#"mainstay: 1
windows:
  night: {cron: "0 4 * * *", duration: 4h, cutoff: 30m}
tasks:
  tidy:
    type: routine
    domain: component
    window: night
    duration: 5h
    steps: [{run: [rm, old]}]
"#,
    after: r#"mainstay: 1
windows:
  night: {cron: "0 4 * * *", duration: 4h, cutoff: 30m}
tasks:
  tidy:
    type: routine
    domain: component
    window: night
    duration: 3h
    steps: [{run: [rm, old]}]
"#,
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    let outlook = facts.outlook();
    for task in &outlook.tasks {
        let (Some(needed), Some(openings)) = (task.estimate, task.windows.known()) else { continue };
        if needed <= openings.longest {
            continue;
        }
        let Some(longest) =
            outlook.windows.longest_ever(facts, task.task).filter(|longest| *longest < needed)
        else {
            continue;
        };
        let (takes, window) = (task.takes(), task.windows_in_words());
        let message =
            format!("task `{}` takes {takes}; {window} is open for {} at most", task.name, Length(longest));
        let fault = Fault::new(RULE.code, task.task.duration.span, message)
            .help("make the window longer, or the work shorter");
        faults.push(match outlook.windows.longest(task.task) {
            Some(window) => fault.related(window, "the window is open for this long"),
            None => fault,
        });
    }
}
