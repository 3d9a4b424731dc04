//! MS804: two controls of one id.

use std::collections::HashMap;

use crate::standards;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS804",
    title: "two controls of one id",
    severity: Severity::Error,
    standing: Standing::Gate,
    why: "A waiver, a report and an auditor name a control by its id. When two standards use the same \
          one, nobody can tell which of them is meant.",
    before: "\
# standards/house.yaml, beside `process`
standard: house
title: House rules
version: 1
controls:
  - id: PRC-01
    statement: a task has a priority
    reason: The planner decides by it.
    severity: warning
    computed: {requires: priority, each: tasks}
",
    after: "\
# standards/house.yaml, beside `process`
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
    let mut ids = HashMap::new();
    // Those that come with mainstay first: they are in no file that could be mended.
    let (shipped, own): (Vec<_>, Vec<_>) =
        facts.standards.catalogues().partition(|(named, _)| standards::named(&named.value).is_some());
    for (named, catalogue) in shipped.into_iter().chain(own) {
        for control in &catalogue.controls {
            let id = control.id.value.as_str();
            let Some((first, place)) = ids.insert(id, (named, control.id.span)) else { continue };
            let message = format!("the standard `{}` has a control `{id}`, too", first.value);
            let fault = Fault::new(RULE.code, control.id.span, message)
                .in_file(RULE.code, &named.value)
                .help("give it another id: reports and waivers name a control by it");
            let is_shipped = standards::named(&first.value).is_some();
            faults.push(if is_shipped {
                fault
            } else {
                fault.related_in(&first.value, place, "the other one")
            });
        }
    }
}
