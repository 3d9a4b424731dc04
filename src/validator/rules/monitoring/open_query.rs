//! MS603: gate that is always open.

use super::queries::{Role, queries};
use crate::promql::always_returns_something;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS603",
    title: "gate that is always open",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "The query returns a sample at all times, so the gate asks for nothing: work starts while the \
          pager rings.",
    before: r#"mainstay: 1
connections:
  prometheus: {url: "http://127.0.0.1:9090"}
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    gate: {promql: 'vector(1)'}
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
    gate: {promql: 'absent(ALERTS{severity="page",alertstate="firing"})'}
    steps: [{run: [rm, old]}]
"#,
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for query in queries(facts).filter(|query| query.role == Role::Gate) {
        let Ok(expr) = query.parsed else { continue };
        if let Some(always) = always_returns_something(expr) {
            let span = facts.part_of(query.text, &always.span);
            let fault = Fault::new(RULE.code, span, "the gate is always open").expected(always.why);
            faults.push(fault.help("a gate is open when its query returns at least one sample"));
        }
    }
}
