//! MS532: group of one.

use super::members;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS532",
    title: "group of one",
    severity: Severity::Note,
    standing: Standing::Judgement,
    why: "The only member of a group has nothing that stands in for it: `max_down` bounds nothing, \
          and work on it is an outage.",
    before: "\
mainstay: 1
targets:
  prom-1: {local: true, group: prometheus}
groups:
  prometheus: {max_down: 1}
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
    for (name, _) in facts.plan.groups.iter().filter(|(name, _)| members.get(name.value.as_str()) == Some(&1))
    {
        let message = format!("group `{}` has one member, and nothing stands in for it", name.value);
        faults.push(Fault::new(RULE.code, name.span, message));
    }
}
