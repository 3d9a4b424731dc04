//! MS307: not a cron expression.

use crate::calendar::CronError;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS307",
    title: "not a cron expression",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "Work that never comes would not be missed by anybody.",
    before: r#"mainstay: 1
windows:
  night: {cron: "0 2 30 2 *", duration: 4h}
"#,
    after: r#"mainstay: 1
windows:
  night: {cron: "0 2 28 2 *", duration: 4h}
"#,
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    let schedules = facts.plan.tasks.iter().filter_map(|(_, task)| task.schedule.as_ref()?.cron.as_ref());
    let windows = facts.plan.windows.iter().filter_map(|(_, window)| window.cron.as_ref());
    for cron in schedules.chain(windows) {
        if let Some(expected) = wrong_with(facts, &cron.value) {
            faults.push(
                Fault::new(RULE.code, cron.span, format!("`{}` is not a cron expression", cron.value))
                    .expected(expected),
            );
        }
    }
}

/// What is wrong with a cron expression.
fn wrong_with(facts: &Facts, text: &str) -> Option<String> {
    let n_fields = text.split_whitespace().count();
    if n_fields != 5 {
        let found = crate::counted(n_fields, "field");
        return Some(format!("expected five fields, minute hour day month weekday, found {found}"));
    }
    match facts.cron(text) {
        Ok(_) => None,
        Err(CronError::Never) => Some("expected a time that comes".to_owned()),
        Err(error) => Some(format!("not understood: {error}")),
    }
}
