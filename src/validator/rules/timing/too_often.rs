//! MS412: work that is due again before it can end.

use super::{of_times, when};
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS412",
    title: "work that is due again before it can end",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "A task runs once at a time. When it is due again while it still runs, and once more \
          before it has ended, that time is missed: the record fills with misses that mean \
          nothing, and nobody sees the one that does.",
    before: r#"mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    schedule: {cron: "*/5 * * * *"}
    duration: 15m
    steps: [{run: [rm, old]}]
"#,
    after: r#"mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    schedule: {cron: "0 * * * *"}
    duration: 15m
    steps: [{run: [rm, old]}]
"#,
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for task in &facts.outlook().tasks {
        let Some(went) = task.rehearsal.as_ref().filter(|went| 0 < went.busy.n) else { continue };
        let message = format!(
            "task `{}` takes {} and is due again before it ends: {} are missed",
            task.name,
            task.takes(),
            of_times(facts, went, &went.busy)
        );
        faults.push(
            Fault::new(RULE.code, when(task.task), message)
                .related(task.task.duration.span, "it takes this long")
                .help("let it recur less often"),
        );
    }
}
