//! MS606: rate that means nothing.

use chrono::TimeDelta;

use super::queries::queries;
use crate::promql::rate_problems;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS606",
    title: "rate that means nothing",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "A rate of a gauge, of a sum, or over less than two scrapes is a number that looks right on \
          quiet days and is wrong after every restart, which is when it is asked.",
    before: r#"mainstay: 1
connections:
  prometheus: {url: "http://127.0.0.1:9090"}
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    verify:
      - promql: {query: 'rate(up{job="prometheus"}[5m])', every: {ge: 0}}
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
      - promql: {query: 'rate(prometheus_http_requests_total[5m])', every: {ge: 0}}
    steps: [{run: [rm, old]}]
"#,
    finder: Finder::Look(look),
};

/// The shortest scrape interval that is common; a range that is too short for it is too short for any.
const SCRAPE_INTERVAL: TimeDelta = TimeDelta::seconds(10);

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for query in queries(facts) {
        let Ok(expr) = query.parsed else { continue };
        for problem in rate_problems(expr, SCRAPE_INTERVAL) {
            let span = facts.part_of(query.text, &problem.span);
            let message = format!("this `{}` means nothing", problem.function);
            let fault = Fault::new(RULE.code, span, message).expected(problem.trouble.to_string());
            faults.push(match problem.help() {
                Some(help) => fault.help(help),
                None => fault,
            });
        }
    }
}
