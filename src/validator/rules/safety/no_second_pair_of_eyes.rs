//! MS503: no second pair of eyes.

use crate::model::Domain;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS503",
    title: "no second pair of eyes",
    severity: Severity::Error,
    standing: Standing::Judgement,
    why: "Whoever can change secrets and access alone can also give access to themselves, and a \
          slip locks everybody out. Security work is approved by somebody other than its author.",
    before: "\
mainstay: 1
tasks:
  rotate:
    type: routine
    domain: security
    duration: 5m
    steps:
      - run: [rotate-keys]
",
    after: "\
mainstay: 1
tasks:
  rotate:
    type: routine
    domain: security
    duration: 5m
    steps:
      - run: [rotate-keys]
    approval: {required: 1, from: approvers}
access:
  signers: allowed_signers
  roles: {approvers: [ops@example.org, sec@example.org]}
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for (name, task) in facts.plan.tasks.iter() {
        let is_alone = task.domain.value == Domain::Security && task.approval.is_none();
        if is_alone && !facts.is_spoiled(facts.value_of("tasks", &name.value)) {
            let message = format!("security task `{}` needs nobody's approval", name.value);
            faults.push(
                Fault::new(RULE.code, task.domain.span, message)
                    .help("add `approval: {required: 1, from: ROLE}` with a role from `access.roles`"),
            );
        }
    }
}
