//! MS423: an interval that leaves no time for the work.

use chrono::TimeDelta;

use crate::model::Length;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS423",
    title: "an interval that leaves no time for the work",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "Work with an interval starts one tolerance before its time and is due one tolerance \
          after it. When it takes longer than both, it counts as overdue each time it runs, and an \
          alert on overdue work fires although all is well.",
    before: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    schedule: {every: 7d}
    duration: 1h
    steps: [{run: [rm, old]}]
",
    after: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    schedule: {every: 7d, tolerance: 1d}
    duration: 1h
    steps: [{run: [rm, old]}]
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for task in &facts.outlook().tasks {
        let Some(schedule) = &task.task.schedule else { continue };
        let (Some(every), Some(needed)) = (schedule.every, task.estimate) else { continue };
        let tolerance = schedule.tolerance.map_or(TimeDelta::zero(), |tolerance| tolerance.value.0);
        // A tolerance as long as its interval has a rule of its own.
        if every.value.0 <= tolerance || needed <= tolerance * 2 {
            continue;
        }
        let message = format!(
            "task `{}` is overdue whenever it runs: it takes {}, and is due {} after its release",
            task.name,
            task.takes(),
            Length(tolerance * 2)
        );
        let half = TimeDelta::seconds((needed.num_seconds() + 1) / 2);
        faults.push(
            Fault::new(RULE.code, schedule.tolerance.unwrap_or(every).span, message)
                .help(format!("give it a `tolerance` of at least {}", Length(half))),
        );
    }
}
