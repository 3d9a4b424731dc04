//! MS403: work that blackouts leave no time for.

use super::when;
use crate::validator::outlook::YEAR;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS403",
    title: "work that blackouts leave no time for",
    severity: Severity::Error,
    standing: Standing::Gate,
    why: "A freeze that was made for a season and never ended stops the work that keeps monitoring \
          alive, and everybody believes that it is done. Whoever wants the freeze says so with a \
          waiver.",
    before: r#"mainstay: 1
blackouts:
  frozen: {from: 2026-01-01, to: 2027-06-01}
tasks:
  tidy:
    type: preventive
    domain: component
    schedule: {cron: "0 4 * * *"}
    duration: 5m
    steps: [{run: [rm, old]}]
"#,
    after: r#"mainstay: 1
blackouts:
  frozen: {from: 2026-01-01, to: 2026-06-01}
tasks:
  tidy:
    type: preventive
    domain: component
    schedule: {cron: "0 4 * * *"}
    duration: 5m
    steps: [{run: [rm, old]}]
"#,
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    let outlook = facts.outlook();
    for task in &outlook.tasks {
        let Some(went) = task.rehearsal.as_ref().filter(|went| went.time == YEAR && went.n_started == 0)
        else {
            continue;
        };
        if went.frozen.n == 0 {
            continue;
        }
        let kind = task.task.kind.value;
        let names = outlook.blackouts(kind, facts.now, outlook.until);
        let message = format!("blackouts leave no time for task `{}` in the year ahead: {names}", task.name);
        faults.push(
            Fault::new(RULE.code, when(task.task), message)
                .help(format!("end the blackout, or let it `allow` {kind} work")),
        );
    }
}
