//! MS402: work that fits only just.

use chrono::TimeDelta;

use crate::model::Length;
use crate::model::WindowSpan;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS402",
    title: "work that fits only just",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "The time between the opening of a window and its cutoff is what is meant for work. What \
          needs more of the window has to start in its first minutes: one other task, one busy \
          crew, one late `run --due`, and the work waits for the next opening.",
    before: r#"mainstay: 1
windows:
  night: {cron: "0 4 * * *", duration: 4h, cutoff: 30m}
tasks:
  tidy:
    type: routine
    domain: component
    window: night
    duration: 230m
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

/// cron and timers start a program up to this long after its time.
const ONE_TICK: TimeDelta = TimeDelta::minutes(1);

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    let outlook = facts.outlook();
    for task in &outlook.tasks {
        let (Some(needed), Some(openings)) = (task.estimate, task.windows.known()) else { continue };
        let room = |span: &WindowSpan| span.end - span.start - needed;
        let fits = |span: &&WindowSpan| TimeDelta::zero() <= room(span);
        let is_easy = |span: &WindowSpan| needed <= span.cutoff - span.start && ONE_TICK <= room(span);
        if openings.spans.iter().any(is_easy) {
            continue;
        }
        let Some(most) = openings.spans.iter().filter(fits).map(room).max() else { continue };
        let when = if most < ONE_TICK {
            "at the moment it opens".to_owned()
        } else {
            format!("in the first {}", Length(most))
        };
        let (takes, window) = (task.takes(), task.windows_in_words());
        let message =
            format!("task `{}` takes {takes} and fits {window} only if it starts {when}", task.name);
        let fault = Fault::new(RULE.code, task.task.duration.span, message)
            .help("make the window longer, or the work shorter");
        faults.push(match outlook.windows.longest(task.task) {
            Some(window) => fault.related(window, "the window is open for this long, its cutoff included"),
            None => fault,
        });
    }
}
