//! MS601: not a PromQL query.

use super::queries::{deletions, queries};
use crate::promql::{Expr, ExprKind, Modifiers};
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS601",
    title: "not a PromQL query",
    severity: Severity::Error,
    standing: Standing::Gate,
    why: "Prometheus would refuse the query in the middle of the maintenance: a gate that cannot be \
          asked, a check that cannot be made. The language is that of Prometheus 2.42; for a function \
          of a later one, a waiver says so.",
    before: r#"mainstay: 1
connections:
  prometheus: {url: "http://127.0.0.1:9090"}
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    verify:
      - promql: {query: 'up{job="prometheus"', every: {eq: 1}}
    steps: [{run: [rm, old]}]
"#,
    after: r#"mainstay: 1
connections:
  prometheus: {url: "http://127.0.0.1:9090"}
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    verify:
      - promql: {query: 'up{job="prometheus"}', every: {eq: 1}}
    steps: [{run: [rm, old]}]
"#,
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for query in queries(facts) {
        if let Err(error) = query.parsed {
            let span = facts.part_of(query.text, &error.span);
            let fault = Fault::new(RULE.code, span, "this is not PromQL").expected(error.message.clone());
            faults.push(match &error.help {
                Some(help) => fault.help(help.clone()),
                None => fault,
            });
        }
    }
    for selector in deletions(facts) {
        let is_selector = |expr: &Expr| match &expr.kind {
            ExprKind::Selector(selector) => selector.modifiers == Modifiers::default(),
            _ => false,
        };
        let expected = match facts.query(&selector.value) {
            Ok(expr) if is_selector(expr) => continue,
            Ok(_) => {
                "expected a selector such as `up{job=\"node\"}`, without range, offset or function".to_owned()
            }
            Err(error) => error.message.clone(),
        };
        faults.push(
            Fault::new(RULE.code, selector.span, "this does not select series to delete").expected(expected),
        );
    }
}
