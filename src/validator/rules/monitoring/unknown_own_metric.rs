//! MS623: unknown metric of mainstay.

use crate::model::own_metric::{OWN, PREFIX};
use crate::planfile::alert_expr;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS623",
    title: "unknown metric of mainstay",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "mainstay has no metric of this name, so the alert never fires. The names that begin with \
          `mainstay_` are fixed.",
    before: "\
mainstay: 1
alerts:
  Overdue: {expr: mainstay_task_overdue > 3600, for: 10m, summary: late}
",
    after: "\
mainstay: 1
alerts:
  Overdue: {expr: mainstay_task_overdue_seconds > 3600, for: 10m, summary: late}
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for (name, rule) in facts.plan.alerts.iter() {
        let Ok(read) = alert_expr::parse(&rule.expr.value) else { continue };
        if read.metric.starts_with(PREFIX) && !OWN.iter().any(|own| own.name == read.metric) {
            let message =
                format!("alert `{}` watches `{}`, which mainstay does not have", name.value, read.metric);
            let known = OWN.iter().map(|own| own.name);
            faults.push(Fault::new(RULE.code, rule.expr.span, message).near(&read.metric, known));
        }
    }
}
