//! MS322: not a recurrence rule.

use crate::calendar::RruleError;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS322",
    title: "not a recurrence rule",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "A rule of RFC 5545 takes from its start whatever it leaves out. When the start is not there \
          either, each reader fills in another day; and a day that does not exist never comes.",
    before: r#"mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    schedule: {rrule: "FREQ=WEEKLY;INTERVAL=2;BYHOUR=4"}
    duration: 5m
    steps: [{run: [rm, old]}]
"#,
    after: r#"mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    schedule: {rrule: "DTSTART:20260106T040000 RRULE:FREQ=WEEKLY;INTERVAL=2"}
    duration: 5m
    steps: [{run: [rm, old]}]
"#,
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    let schedules = facts.plan.tasks.iter().filter_map(|(_, task)| task.schedule.as_ref()?.rrule.as_ref());
    let windows = facts.plan.windows.iter().filter_map(|(_, window)| window.rrule.as_ref());
    for rule in schedules.chain(windows) {
        let Err(error) = facts.rrule(&rule.value) else { continue };
        let expected = match error {
            RruleError::Never => "expected a time that comes".to_owned(),
            error => error.to_string(),
        };
        let message = format!("`{}` is not a recurrence rule", rule.value);
        faults.push(Fault::new(RULE.code, rule.span, message).expected(expected));
    }
}
