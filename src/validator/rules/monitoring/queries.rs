//! The PromQL queries of a plan file.

use std::fmt;

use crate::model::{PrometheusAction, PromqlCheck, Spanned};
use crate::promql::{Expr, SyntaxError};
use crate::validator::facts::Facts;

/// A query, and what it was read as.
pub(super) struct Query<'a> {
    pub text: &'a Spanned<String>,
    pub parsed: Result<&'a Expr, &'a SyntaxError>,
    pub role: Role<'a>,
}

/// What a query is for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Role<'a> {
    Gate,
    Check(&'a PromqlCheck),
    Metric,
    Restore,
    Series,
}

impl fmt::Display for Role<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::Gate => "the gate",
            Self::Check(_) => "the check",
            Self::Metric => "the metric",
            Self::Restore => "the restore test",
            Self::Series => "the series",
        })
    }
}

/// All series selectors of what steps delete.
pub(super) fn deletions<'a>(facts: &Facts<'a>) -> impl Iterator<Item = &'a Spanned<String>> {
    let series = facts.steps().filter_map(|step| match &step.prometheus.as_ref()?.value {
        PrometheusAction::DeleteSeries(series) => Some(series.selectors.iter()),
        _ => None,
    });
    series.flatten()
}

/// All queries that say something, with what each is for; of an empty one another rule speaks.
pub(super) fn queries<'a>(facts: &'a Facts<'_>) -> impl Iterator<Item = Query<'a>> {
    let gates = facts.plan.tasks.iter().filter_map(|(_, task)| task.gate.as_ref());
    let gates = gates.map(|gate| (&gate.promql, Role::Gate));
    let checks = facts.checks().filter_map(|(_, check)| check.promql.as_ref());
    let checks = checks.map(|check| (&check.query, Role::Check(&check.value)));
    let metrics = facts.plan.metrics.iter().filter_map(|(_, metric)| metric.promql.as_ref());
    let metrics = metrics.map(|metric| (&metric.query, Role::Metric));
    let restores = facts.checks().filter_map(|(_, check)| check.restore.as_ref());
    let restores = restores.flat_map(|restore| restore.queries.iter()).map(|query| (query, Role::Restore));
    let baselines = facts.plan.tasks.iter().filter_map(|(_, task)| task.baseline.as_ref());
    let series = baselines.flat_map(|baseline| baseline.series.iter());
    let series = series.map(|series| (&series.promql, Role::Series));
    let all = gates.chain(series).chain(checks).chain(metrics).chain(restores);
    let is_another_rules = |text: &str, role| text.trim().is_empty() && role != Role::Restore;
    all.filter(move |(text, role)| !is_another_rules(text, *role)).map(|(text, role)| {
        let parsed = facts.query(&text.value);
        Query { text, parsed, role }
    })
}
