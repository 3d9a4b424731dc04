//! MS802: wrong catalogue.

use crate::validator::rules::prelude::*;
use crate::validator::standards::Is;

pub(super) const RULE: Rule = Rule {
    code: "MS802",
    title: "wrong catalogue",
    severity: Severity::Error,
    standing: Standing::Gate,
    why: "A catalogue that cannot be read, or in which something is wrong, is not applied at all: half \
          of a standard would pass for the whole of it.",
    before: "\
# standards/house.yaml
standard: house
title: House rules
version: 1
controls:
  - id: OPS-01
    statement: a task has a priority
    reason: The planner decides by it.
    severity: warning
    computed: {requires: priorty, each: tasks}
",
    after: "\
# standards/house.yaml
standard: house
title: House rules
version: 1
controls:
  - id: OPS-01
    statement: a task has a priority
    reason: The planner decides by it.
    severity: warning
    computed: {requires: priority, each: tasks}
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for standard in facts.standards.iter() {
        let name = &standard.named.value;
        match &standard.is {
            Is::Own(read) => {
                faults.extend(read.faults.iter().map(|fault| fault.clone().in_file(RULE.code, name)));
            }
            Is::Unreadable(why) => {
                let message = format!("the catalogue `{name}` cannot be read: {why}");
                faults.push(Fault::new(RULE.code, standard.named.span, message));
            }
            Is::Shipped(_) | Is::Unknown | Is::Again { .. } | Is::Unseen => {}
        }
    }
}
