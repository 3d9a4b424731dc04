//! MS415: a blackout that is over.

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS415",
    title: "a blackout that is over",
    severity: Severity::Note,
    standing: Standing::Judgement,
    why: "Nothing happens any more because of it. A freeze that comes every year has to be written \
          every year, and last year's looks as if that had been done.",
    before: "\
mainstay: 1
blackouts:
  year-end: {from: 2025-12-20, to: 2026-01-04}
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps: [{run: [rm, old]}]
",
    after: "\
mainstay: 1
blackouts:
  year-end: {from: 2026-12-20, to: 2027-01-04}
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps: [{run: [rm, old]}]
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for (name, blackout) in facts.plan.blackouts.iter() {
        let (from, to) = (facts.zone.resolve(&blackout.from.value), facts.zone.resolve(&blackout.to.value));
        if facts.knows_zone()
            && stands(&blackout.from)
            && stands(&blackout.to)
            && from < to
            && to <= facts.now
        {
            let message = format!("blackout `{}` ended {}", name.value, facts.zone.date_and_time(to));
            faults.push(
                Fault::new(RULE.code, blackout.to.span, message).help("remove it, or write the next one"),
            );
        }
    }
}
