//! MS313: not an alert expression.

use crate::planfile::alert_expr;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS313",
    title: "not an alert expression",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "The alert could never fire.",
    before: "\
mainstay: 1
alerts:
  overdue: {expr: mainstay_task_overdue_seconds}
",
    after: "\
mainstay: 1
alerts:
  overdue: {expr: mainstay_task_overdue_seconds > 3600}
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for (name, rule) in facts.plan.alerts.iter() {
        if let Err(expected) = alert_expr::parse(&rule.expr.value) {
            let message = format!("alert `{}` has an expression that is none", name.value);
            faults.push(Fault::new(RULE.code, rule.expr.span, message).expected(expected));
        }
    }
}
