//! MS407: a timeout longer than the window.

use crate::model::Length;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS407",
    title: "a timeout longer than the window",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "A cutoff stops what has not begun, nothing stops what runs: work that hangs goes on into \
          the day until its timeout, with the silence that it holds.",
    before: r#"mainstay: 1
windows:
  night: {cron: "0 4 * * *", duration: 4h, cutoff: 30m}
tasks:
  tidy:
    type: routine
    domain: component
    window: night
    timeout: 6h
    duration: 5m
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
    timeout: 1h
    duration: 5m
    steps: [{run: [rm, old]}]
"#,
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    let outlook = facts.outlook();
    for task in &outlook.tasks {
        let Some(openings) = task.windows.known().filter(|openings| !openings.spans.is_empty()) else {
            continue;
        };
        let longest = Length(openings.longest);
        // A run's own timeout bounds those of its steps.
        let own = task.task.timeout.map(|timeout| (timeout, format!("task `{}`", task.name)));
        let of_steps = task.task.steps.iter().filter(|_| own.is_none()).filter_map(|step| {
            Some((step.timeout?, format!("step `{}` of task `{}`", step.label(), task.name)))
        });
        for (timeout, who) in own.clone().into_iter().chain(of_steps) {
            if timeout.value <= longest {
                continue;
            }
            let window = task.windows_in_words();
            let message = format!("{who} may run for {}; {window} is open for {longest}", timeout.value);
            let fault =
                Fault::new(RULE.code, timeout.span, message).expected(format!("expected at most {longest}"));
            faults.push(match outlook.windows.longest(task.task) {
                Some(window) => fault.related(window, "the window is open for this long"),
                None => fault,
            });
        }
    }
}
