//! MS321: reserved name.

use crate::model::IMPLICIT_TARGET;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS321",
    title: "reserved name",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "`local` is the name of the machine that mainstay runs on; a host of that name would get its \
          work.",
    before: "\
mainstay: 1
targets:
  local: {ssh: host.example.org}
",
    after: "\
mainstay: 1
targets:
  host: {local: true}
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for (name, target) in facts.plan.targets.iter() {
        let is_local = target.local.is_some_and(|local| local.value);
        if name.value == IMPLICIT_TARGET && !is_local {
            faults.push(
                Fault::new(RULE.code, name.span, "the name `local` is reserved for this machine")
                    .help("give the target another name, or `local: true`"),
            );
        }
    }
}
