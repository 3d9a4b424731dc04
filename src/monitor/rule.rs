//! Alert rules: those of the plan file, and those that are always there.

use chrono::TimeDelta;

use crate::model::own_metric::{RUN_INTERRUPTED, TASK_LAST_RUN_FAILED, TASK_OVERDUE};
use crate::model::{AlertRule, PlanFile};
use crate::planfile::alert_expr::{self, AlertExpr, Op};

/// A threshold on a metric, and what happens when it is crossed for long enough.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// The alert's name.
    pub name: String,
    /// What has to hold.
    pub expr: AlertExpr,
    /// For how long.
    pub hold: TimeDelta,
    /// The label `severity`.
    pub severity: String,
    /// Whether Alertmanager is told.
    pub send: bool,
    /// What it means and what to do.
    pub summary: String,
}

/// A rule that needs no plan file; one of the same name in the plan file replaces it.
struct BuiltIn {
    name: &'static str,
    metric: &'static str,
    severity: &'static str,
    summary: &'static str,
}

const BUILT_IN: &[BuiltIn] = &[
    BuiltIn {
        name: "MainstayTaskOverdue",
        metric: TASK_OVERDUE,
        severity: "warning",
        summary: "Maintenance that should have ended has not; `mainstay plan --explain TASK` says why.",
    },
    BuiltIn {
        name: "MainstayTaskFailed",
        metric: TASK_LAST_RUN_FAILED,
        severity: "warning",
        summary: "The last run of a task failed; `mainstay report status` shows the step and what it printed.",
    },
    BuiltIn {
        name: "MainstayRunInterrupted",
        metric: RUN_INTERRUPTED,
        severity: "critical",
        summary: "A run stopped in its middle; settle it with `mainstay run --resume` or `--abandon RUN`.",
    },
];

/// The rules that need no plan file.
pub fn built_in(send: bool) -> Vec<Rule> {
    let rule = |rule: &BuiltIn| Rule {
        name: rule.name.to_owned(),
        expr: AlertExpr { metric: rule.metric.to_owned(), labels: [].into(), op: Op::Gt, limit: 0.0 },
        hold: TimeDelta::zero(),
        severity: rule.severity.to_owned(),
        send,
        summary: rule.summary.to_owned(),
    };
    BUILT_IN.iter().map(rule).collect()
}

/// All rules: the built-in ones, then those of the plan file in its order.
///
/// An expression that cannot be read is left out here; no plan file loads with one.
pub fn rules(plan: &PlanFile) -> Vec<Rule> {
    let connected = plan.connections.alertmanager.is_some();
    let mut rules = built_in(connected);
    rules.retain(|rule| plan.alerts.get(&rule.name).is_none());
    rules.extend(plan.alerts.iter().filter_map(|(name, rule)| {
        Some(Rule {
            name: name.value.clone(),
            expr: alert_expr::parse(&rule.expr).ok()?,
            hold: rule.hold.as_ref().map_or(TimeDelta::zero(), |hold| hold.value.0),
            severity: rule.severity.clone().unwrap_or_else(|| AlertRule::DEFAULT_SEVERITY.to_owned()),
            send: connected && rule.send.as_ref().is_none_or(|send| send.value != "none"),
            summary: rule.summary.clone().unwrap_or_else(|| format!("`{}` holds.", rule.expr.value)),
        })
    }));
    rules
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planfile;

    fn plan(more: &str) -> PlanFile {
        planfile::Text::new("maintenance.yaml", format!("mainstay: 1\n{more}").into_bytes())
            .read()
            .into_plan()
            .unwrap()
    }

    #[test]
    fn built_in_rules_are_always_there_and_give_way_to_a_name() {
        let names = |rules: &[Rule]| rules.iter().map(|rule| rule.name.clone()).collect::<Vec<_>>();
        let built_in = ["MainstayTaskOverdue", "MainstayTaskFailed", "MainstayRunInterrupted"];
        assert_eq!(names(&rules(&plan(""))), built_in);
        let replaced = rules(&plan(
            "alerts: {MainstayTaskOverdue: {expr: 'mainstay_task_overdue_seconds > 3600', for: 10m}}",
        ));
        assert_eq!(names(&replaced), ["MainstayTaskFailed", "MainstayRunInterrupted", "MainstayTaskOverdue"]);
        assert_eq!((replaced[2].expr.limit, replaced[2].hold), (3600.0, TimeDelta::minutes(10)));
    }

    #[test]
    fn alertmanager_is_told_when_there_is_one_and_the_rule_does_not_say_none() {
        let alert = "alerts: {Open: {expr: 'mainstay_silences_open > 0', send: none}}\n";
        let connected = "connections: {alertmanager: {url: 'http://127.0.0.1:9093'}}\n";
        let sent = |text: &str| rules(&plan(text)).iter().map(|rule| rule.send).collect::<Vec<_>>();
        assert_eq!(sent(alert), [false; 4]);
        assert_eq!(sent(&format!("{alert}{connected}")), [true, true, true, false]);
    }
}
