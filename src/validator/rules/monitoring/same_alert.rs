//! MS621: two alerts of one condition.

use crate::planfile::alert_expr;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS621",
    title: "two alerts of one condition",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "Both fire at once and say the same. Who is woken twice trusts neither.",
    before: r#"mainstay: 1
alerts:
  Late: {expr: mainstay_task_overdue_seconds > 3600, for: 5m}
  Overdue: {expr: "mainstay_task_overdue_seconds>3600", for: 5m}
"#,
    after: "\
mainstay: 1
alerts:
  Overdue: {expr: mainstay_task_overdue_seconds > 3600, for: 5m}
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    let mut seen: Vec<(alert_expr::AlertExpr, &crate::model::AlertRule, &crate::model::Spanned<String>)> =
        Vec::new();
    for (name, rule) in facts.plan.alerts.iter() {
        let Ok(read) = alert_expr::parse(&rule.expr.value) else { continue };
        let same = |(other, of, _): &&(_, &crate::model::AlertRule, _)| {
            *other == read && of.hold == rule.hold && of.severity == rule.severity
        };
        if let Some((_, of, first)) = seen.iter().find(same) {
            let message = format!("alert `{}` fires when `{}` does", name.value, first.value);
            faults.push(
                Fault::new(RULE.code, rule.expr.span, message).related(of.expr.span, "the same condition"),
            );
        } else {
            seen.push((read, rule, name));
        }
    }
}
