//! MS602: query that never answers.

use super::queries::queries;
use crate::promql::can_never_return_anything;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS602",
    title: "query that never answers",
    severity: Severity::Error,
    standing: Standing::Gate,
    why: "Whatever Prometheus holds, the query returns no sample: the gate never opens, the check is \
          never a yes, the metric has no value. The classic is `count(x) == 0`: the count of nothing \
          is nothing.",
    before: r#"mainstay: 1
connections:
  prometheus: {url: "http://127.0.0.1:9090"}
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    verify:
      - promql: {query: 'count(up{job="prometheus"} == 0) == 0', count: {ge: 1}}
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
      - promql: {query: 'absent(up{job="prometheus"} == 0)', count: {ge: 1}}
    steps: [{run: [rm, old]}]
"#,
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for query in queries(facts) {
        let Ok(expr) = query.parsed else { continue };
        let Some(never) = can_never_return_anything(expr) else { continue };
        let span = facts.part_of(query.text, &never.span);
        let message = format!("{} never returns a sample", query.role);
        let fault = Fault::new(RULE.code, span, message).expected(never.because.to_string());
        faults.push(match never.because.help() {
            Some(help) => fault.help(help),
            None => fault,
        });
    }
}
