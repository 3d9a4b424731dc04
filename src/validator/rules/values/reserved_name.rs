//! MS321: reserved name.

use crate::model::IMPLICIT_TARGET;
use crate::model::own_metric::PREFIX;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS321",
    title: "reserved name",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "`local` is the name of the machine that mainstay runs on; a host of that name would get its \
          work. Metrics that begin with `mainstay_` are its own, and one more of such a name would pass for one.",
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
    for (name, _) in facts.plan.metrics.iter().filter(|(name, _)| name.value.starts_with(PREFIX)) {
        let message = format!("names of metrics that begin with `{PREFIX}` are mainstay's own");
        faults.push(Fault::new(RULE.code, name.span, message).help("give the metric another name"));
    }
}
