//! MS316: no way back.

use crate::model::Domain;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS316",
    title: "no way back",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "When system work fails at three in the morning, somebody has to know the way back at that \
          moment. Where there is none, a waiver records the reason.",
    before: r#"mainstay: 1
tasks:
  upgrade:
    type: routine
    domain: system
    duration: 20m
    steps: [{run: [apt-get, install, -y, prometheus]}]
    verify: [{tcp: {address: "127.0.0.1:9090"}}]
"#,
    after: r#"mainstay: 1
tasks:
  upgrade:
    type: routine
    domain: system
    duration: 20m
    steps: [{run: [apt-get, install, -y, prometheus]}]
    verify: [{tcp: {address: "127.0.0.1:9090"}}]
    rollback: [{run: [apt-get, install, -y, --allow-downgrades, prometheus=2.42.0]}]
"#,
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for (name, task) in facts.plan.tasks.iter() {
        let is_system = task.domain.value == Domain::System;
        if is_system && task.rollback.is_empty() && !facts.is_spoiled(facts.value_of("tasks", &name.value)) {
            let message = format!("system task `{}` has no way back", name.value);
            faults.push(Fault::new(RULE.code, task.domain.span, message).help("add `rollback`"));
        }
    }
}
