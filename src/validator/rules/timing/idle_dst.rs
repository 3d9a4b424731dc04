//! MS426: `dst` without a time of the clock.

use crate::model::DstMode;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS426",
    title: "`dst` without a time of the clock",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "`dst` decides what a fixed time of the clock face does when the clock changes. An \
          interval, an instant and a `*` in the minute or hour follow elapsed time: the choice has \
          no effect, and whoever made it expects one.",
    before: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    schedule: {every: 1d, tolerance: 2h}
    dst: skip
    duration: 5m
    steps: [{run: [rm, old]}]
",
    after: r#"mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    schedule: {cron: "30 4 * * *"}
    dst: skip
    duration: 5m
    steps: [{run: [rm, old]}]
"#,
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for task in &facts.outlook().tasks {
        let Some(dst) = task.task.dst.filter(|dst| dst.value != DstMode::Once) else { continue };
        let schedule = task.task.schedule.as_ref();
        let [cron, rrule] = schedule.map_or([None; 2], |it| [it.cron.as_ref(), it.rrule.as_ref()]);
        let has_effect = match facts.calendar(cron, rrule) {
            // `skip` also leaves out what a clock shows twice of what follows elapsed time.
            Some(calendar) => !calendar.is_wildcard() || dst.value == DstMode::Skip,
            None => cron.or(rrule).is_some(),
        };
        if !has_effect {
            let message = format!("`dst` has no effect on task `{}`, which follows elapsed time", task.name);
            faults.push(Fault::new(RULE.code, dst.span, message).help("remove it"));
        }
    }
}
