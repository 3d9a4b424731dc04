//! MS309: vacuous check.

use crate::model::{AlertRouteCheck, RouteTest, Spanned};
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS309",
    title: "vacuous check",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "A check that holds whatever the answer is proves nothing, and looks as if it did.",
    before: r#"mainstay: 1
connections:
  prometheus: {url: "http://127.0.0.1:9090"}
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    verify:
      - promql: {query: up}
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
      - promql: {query: up, every: {eq: 1}}
    steps: [{run: [rm, old]}]
"#,
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for (_, check) in facts.checks() {
        if let Some(promql) = &check.promql
            && promql.every.is_none()
            && promql.any.is_none()
            && promql.count.is_none()
            && !facts.is_spoiled(promql.span)
        {
            faults.push(
                Fault::new(
                    RULE.code,
                    beginning(promql.span),
                    "the check says nothing about the query's samples",
                )
                .expected("expected `every`, `any` or `count`")
                .help("to ask for at least one sample, write `count: {ge: 1}`"),
            );
        }
        if let Some(route) = &check.alert_route {
            of_routes(route, facts, faults);
        }
        if let Some(live) = &check.config_live
            && live.prometheus.is_none()
            && live.alertmanager.is_none()
            && !facts.is_spoiled(live.span)
        {
            faults.push(
                Fault::new(RULE.code, beginning(live.span), "the check compares nothing")
                    .expected("expected `prometheus` or `alertmanager`, each with its configuration file"),
            );
        }
        if let Some(file) = &check.file
            && file.exists == Some(false)
            && file.contains.is_some()
        {
            faults.push(
                Fault::new(RULE.code, beginning(file.span), "a file that is not there contains nothing")
                    .help("remove `exists: false` or `contains`"),
            );
        }
    }
}

fn of_routes(route: &Spanned<AlertRouteCheck>, facts: &Facts, faults: &mut Vec<Fault>) {
    if route.routes.is_empty()
        && route.tests.is_none()
        && route.rules.is_none()
        && !facts.is_spoiled(route.span)
    {
        faults.push(
            Fault::new(RULE.code, beginning(route.span), "the check says nothing about any alert")
                .expected("expected `routes`, `tests` or `rules`"),
        );
    }
    let is_vacuous = |test: &&Spanned<RouteTest>| !test.expects_something() && !facts.is_spoiled(test.span);
    for test in route.routes.iter().filter(is_vacuous) {
        faults.push(
            Fault::new(RULE.code, beginning(test.span), "the route expects nothing")
                .expected("expected `receivers`, `group_by`, `muted` or `inhibited`"),
        );
    }
}
