//! MS604: check that sees only what passes.

use super::queries::{Role, queries};
use crate::promql::filters;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS604",
    title: "check that sees only what passes",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "A comparison without `bool` drops the samples for which it does not hold. What `every:` is \
          then asked about are those that passed already; the target that is down is not among them.",
    before: r#"mainstay: 1
connections:
  prometheus: {url: "http://127.0.0.1:9090"}
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    verify:
      - promql: {query: 'up{job="prometheus"} == 1', every: {eq: 1}}
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
        let (Ok(expr), Role::Check(check)) = (query.parsed, query.role) else { continue };
        // With `count` the number of samples is what is asked about, and a filter is how one counts.
        if check.every.is_none() || check.count.is_some() {
            continue;
        }
        if let Some(comparison) = filters(expr) {
            let message = format!("`{}` drops the samples that `every` is asked about", comparison.op);
            faults.push(
                Fault::new(RULE.code, facts.part_of(query.text, &comparison.op_span), message)
                    .help("leave the comparison to `every`, or ask for the number of samples with `count`"),
            );
        }
    }
}
