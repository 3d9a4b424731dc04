//! MS314: unknown destination.

use crate::model::AlertRule;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS314",
    title: "unknown destination",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "The alert would reach nobody.",
    before: "\
mainstay: 1
alerts:
  overdue: {expr: mainstay_task_overdue_seconds > 3600, send: mail}
",
    after: "\
mainstay: 1
alerts:
  overdue: {expr: mainstay_task_overdue_seconds > 3600, send: none}
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for send in facts.plan.alerts.iter().filter_map(|(_, rule)| rule.send.as_ref()) {
        if !AlertRule::DESTINATIONS.contains(&send.value.as_str()) {
            faults.push(
                Fault::new(RULE.code, send.span, format!("`{}` is not a destination", send.value))
                    .expected("expected `alertmanager` or `none`")
                    .near(&send.value, AlertRule::DESTINATIONS.into_iter()),
            );
        }
    }
}
