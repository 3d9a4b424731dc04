//! MS622: alert without a summary.

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS622",
    title: "alert without a summary",
    severity: Severity::Note,
    standing: Standing::Judgement,
    why: "Whoever is woken reads one line. Without `summary:` that line says what the metric is \
          called, not what to do.",
    before: "\
mainstay: 1
alerts:
  Overdue: {expr: mainstay_task_overdue_seconds > 3600, for: 10m}
",
    after: "\
mainstay: 1
alerts:
  Overdue: {expr: mainstay_task_overdue_seconds > 3600, for: 10m, summary: work is late; see `mainstay plan`}
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for (name, rule) in facts.plan.alerts.iter() {
        let is_silent = rule.summary.as_ref().is_none_or(|summary| summary.trim().is_empty());
        if is_silent && !facts.is_spoiled(rule.span) {
            let message = format!("alert `{}` does not say what to do", name.value);
            faults.push(Fault::new(RULE.code, name.span, message).help("add `summary:`"));
        }
    }
}
