//! MS717: schedule of a plan that is not in force.

use crate::model::Status;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS717",
    title: "schedule of a plan that is not in force",
    severity: Severity::Note,
    standing: Standing::Judgement,
    why: "`run --due` refuses a plan file that is a draft or retired: what its schedules promise does \
          not happen.",
    before: "\
mainstay: 1
status: draft
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    schedule: {every: 7d}
    steps: [{run: [rm, old]}]
",
    after: "\
mainstay: 1
status: approved
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    schedule: {every: 7d}
    steps: [{run: [rm, old]}]
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    let plan = facts.plan;
    let n_planned = plan.tasks.iter().filter(|(_, task)| task.schedule.is_some()).count();
    let is_in_force = matches!(plan.status.value, Status::Approved | Status::Review);
    let Some((_, status)) = facts.tree.entry(facts.tree.root(), "status") else { return };
    if !is_in_force && n_planned > 0 {
        let planned = crate::counted(n_planned, "task");
        let message =
            format!("the plan file is {}: its {planned} with a schedule will not run", plan.status.value);
        faults.push(
            Fault::new(RULE.code, facts.tree.span(status), message)
                .help("`status: approved` puts it in force"),
        );
    }
}
