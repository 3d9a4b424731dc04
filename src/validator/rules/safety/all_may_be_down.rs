//! MS531: all may be down at once.

use super::members;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS531",
    title: "all may be down at once",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "Targets of a group stand in for each other. When all of them are in work at the same \
          time, nobody watches: alerts of that time are lost, not late.",
    before: "\
mainstay: 1
targets:
  prom-1: {local: true, group: prometheus}
  prom-2: {local: true, group: prometheus}
groups:
  prometheus: {max_down: 2}
",
    after: "\
mainstay: 1
targets:
  prom-1: {local: true, group: prometheus}
  prom-2: {local: true, group: prometheus}
groups:
  prometheus: {max_down: 1}
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    let members = members(facts);
    for (name, group) in facts.plan.groups.iter() {
        let n_members = members.get(name.value.as_str()).copied().unwrap_or(0);
        // A group of one is another matter.
        if n_members > 1 && group.max_down.value as usize >= n_members && stands(&group.max_down) {
            let message = format!("all {n_members} members of group `{}` may be down at once", name.value);
            faults.push(
                Fault::new(RULE.code, group.max_down.span, message)
                    .expected(format!("expected at most {}", n_members - 1)),
            );
        }
    }
}
