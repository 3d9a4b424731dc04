//! The PromQL queries of a plan file.

use std::fmt;

use crate::model::{PromqlCheck, Spanned};
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
}

impl fmt::Display for Role<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::Gate => "the gate",
            Self::Check(_) => "the check",
            Self::Metric => "the metric",
        })
    }
}

/// All queries that say something, with what each is for; of an empty one another rule speaks.
pub(super) fn queries<'a>(facts: &'a Facts<'_>) -> impl Iterator<Item = Query<'a>> {
    let gates = facts.plan.tasks.iter().filter_map(|(_, task)| task.gate.as_ref());
    let gates = gates.map(|gate| (&gate.promql, Role::Gate));
    let checks = facts.checks().filter_map(|(_, check)| check.promql.as_ref());
    let checks = checks.map(|check| (&check.query, Role::Check(&check.value)));
    let metrics = facts.plan.metrics.iter().filter_map(|(_, metric)| metric.promql.as_ref());
    let metrics = metrics.map(|metric| (&metric.query, Role::Metric));
    let all = gates.chain(checks).chain(metrics);
    all.filter(|(text, _)| !text.trim().is_empty()).map(|(text, role)| {
        let parsed = facts.query(&text.value);
        Query { text, parsed, role }
    })
}
