//! MS419: a tolerance that never applies.

use crate::model::Length;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS419",
    title: "a tolerance that never applies",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "An occurrence that has not started when the next one is released is missed. A tolerance \
          beyond that promises a delay that is never granted, and work counts as missed where it \
          was to be in time. Work that a check asks for (`when`) is due `within` a time, and has no \
          tolerance.",
    before: r#"mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    schedule: {cron: "0 4 * * *", tolerance: 3d}
    duration: 5m
    steps: [{run: [rm, old]}]
"#,
    after: r#"mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    schedule: {cron: "0 4 * * *", tolerance: 6h}
    duration: 5m
    steps: [{run: [rm, old]}]
"#,
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for task in &facts.outlook().tasks {
        let Some(schedule) = &task.task.schedule else { continue };
        if let (Some(tolerance), Some(check)) = (schedule.tolerance, &schedule.when) {
            let message =
                format!("task `{}` waits for a check, so no tolerance ever applies to it", task.name);
            let fault = Fault::new(RULE.code, tolerance.span, message);
            let fault = fault.help("say with `within` how soon the work has to be done");
            faults.push(fault.related(check.span, "it is released when this check fails"));
            continue;
        }
        let Some(calendar) = schedule.cron.as_ref().or(schedule.rrule.as_ref()) else { continue };
        let (Some(tolerance), Some(went)) = (schedule.tolerance, &task.rehearsal) else { continue };
        if went.n == 0 || tolerance.value.0 <= went.longest_wait {
            continue;
        }
        let next = Length(went.longest_wait);
        let message = format!(
            "task `{}` may be {} late, but is missed when it has not started within {next}",
            task.name, tolerance.value
        );
        let fault = Fault::new(RULE.code, tolerance.span, message);
        let fault = fault.expected(format!("expected at most {next}"));
        faults.push(fault.related(calendar.span, "the next one is due here"));
    }
}
