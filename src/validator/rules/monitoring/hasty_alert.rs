//! MS620: alert without patience.

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS620",
    title: "alert without patience",
    severity: Severity::Note,
    standing: Standing::Judgement,
    why: "Without `for:` the alert fires on the first sample over its limit: one slow scrape wakes \
          somebody, and it is gone when they look.",
    before: "\
mainstay: 1
alerts:
  Overdue: {expr: mainstay_task_overdue_seconds > 3600, summary: work is late}
",
    after: "\
mainstay: 1
alerts:
  Overdue: {expr: mainstay_task_overdue_seconds > 3600, for: 10m, summary: work is late}
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for (name, rule) in facts.plan.alerts.iter().filter(|(_, rule)| rule.hold.is_none()) {
        if !facts.is_spoiled(rule.span) {
            let message = format!("alert `{}` fires on the first sample", name.value);
            faults.push(Fault::new(RULE.code, name.span, message).help("add `for: 10m`"));
        }
    }
}
