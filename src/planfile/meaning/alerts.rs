//! Alert rules.

use super::Facts;
use crate::planfile::alert_expr;
use crate::planfile::fault::Fault;

/// The beginning of the names of the metrics that mainstay collects by itself.
const OWN_METRICS: &str = "mainstay_";
/// Where an alert can go.
const DESTINATIONS: [&str; 2] = ["alertmanager", "none"];

pub(super) fn check(facts: &Facts, faults: &mut Vec<Fault>) {
    for (name, rule) in facts.plan.alerts.iter() {
        let expr = &rule.expr;
        match alert_expr::parse(&expr.value) {
            Ok(parsed) => {
                if !parsed.metric.starts_with(OWN_METRICS) {
                    let owner = format!("alert `{}`", name.value);
                    let fault = super::references::unknown(
                        facts,
                        "metrics",
                        "metric",
                        &owner,
                        &parsed.metric,
                        expr.span,
                    );
                    faults.extend(fault);
                }
            }
            Err(expected) => faults.push(
                Fault::new(
                    "MS313",
                    expr.span,
                    format!("alert `{}` has an expression that is none", name.value),
                )
                .expected(expected),
            ),
        }
        if let Some(send) = &rule.send {
            let known = DESTINATIONS.contains(&send.value.as_str());
            if !known {
                faults.push(
                    Fault::new("MS314", send.span, format!("`{}` is not a destination", send.value))
                        .expected("expected `alertmanager` or `none`")
                        .near(&send.value, DESTINATIONS.into_iter()),
                );
            } else if send.value == "alertmanager" && facts.plan.connections.alertmanager.is_none() {
                faults.push(super::connections::missing("alertmanager", send.span));
            }
        }
    }
}
