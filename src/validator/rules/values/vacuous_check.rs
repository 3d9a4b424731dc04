//! MS309: vacuous check.

use crate::model::{AlertRouteCheck, Check, Expects, LinePattern, RouteTest, Spanned, Tests};
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
    for matcher in facts.matchers() {
        if let Expects::Tests(tests) = &matcher.0.value {
            faults.extend(vacuous(tests));
        }
    }
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
        of_what_is_not_there(check, faults);
        if let Some(disk) =
            check.disk.as_ref().filter(|disk| disk.is_vacuous() && !facts.is_spoiled(disk.span))
        {
            faults.push(
                Fault::new(RULE.code, beginning(disk.span), "the check says nothing about the file system")
                    .expected("expected `used`, `free`, `min_free` or `inodes_used`")
                    .help("to ask for room, write `used: {lt: 90}` or `min_free: 10GiB`"),
            );
        }
        if let Some(certificate) = &check.certificate
            && certificate.address.is_none()
            && certificate.file.is_none()
            && !facts.is_spoiled(certificate.span)
        {
            faults.push(
                Fault::new(RULE.code, beginning(certificate.span), "the check names no certificate")
                    .expected("expected `address` or `file`"),
            );
        }
    }
}

/// What is said of something that is not there, of which nothing can be found.
fn of_what_is_not_there(check: &Check, faults: &mut Vec<Fault>) {
    for (span, flag, said) in check.said_of_nothing() {
        faults.push(
            Fault::new(RULE.code, beginning(span), format!("of what is not there, `{said}` says nothing"))
                .help(format!("remove `{flag}: false` or `{said}`")),
        );
    }
}

/// The tests that hold whatever is found.
fn vacuous(tests: &Tests) -> Vec<Fault> {
    let fault = |text: &Spanned<String>, what: &str| {
        Fault::new(RULE.code, text.span, format!("{what} whatever is found"))
            .expected("expected more than nothing")
    };
    let is_empty = |text: &&Spanned<String>| text.is_empty();
    let parts = [&tests.contains, &tests.has_prefix, &tests.has_suffix];
    let mut faults: Vec<_> = parts
        .into_iter()
        .flatten()
        .filter(is_empty)
        .map(|part| fault(part, "an empty text is part of a text,"))
        .collect();
    let is_in_all = |pattern: &str| LinePattern::parse(pattern).is_ok_and(|pattern| pattern.is_in_all());
    let regexes = tests.matches.iter().filter(|regex| is_in_all(&format!("/{}/", regex.value)));
    faults.extend(regexes.map(|regex| fault(regex, "the regular expression matches")));
    let patterns = tests.patterns.iter().filter(|pattern| is_in_all(pattern));
    faults.extend(patterns.map(|pattern| fault(pattern, "the pattern is in every line,")));
    faults
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

#[cfg(test)]
mod tests {
    use crate::validator::rules::tests::check_code;

    #[test]
    fn nothing_is_said_of_what_is_not_there() {
        let check = |form: &str, expected: &[&str]| {
            check_code("MS309", &format!("mainstay: 1\nchecks:\n  a: {{{form}}}\n"), expected);
        };
        check(
            "file: {path: a, exists: false, contains: b, mode: 600}",
            &[
                "3:13 of what is not there, `mode` says nothing",
                "3:13 of what is not there, `contains` says nothing",
            ],
        );
        check(
            "process: {name: a, running: false, count: 1}",
            &["3:16 of what is not there, `count` says nothing"],
        );
        check("user: {name: a, exists: false, uid: 1}", &["3:13 of what is not there, `uid` says nothing"]);
        check("file: {path: a, exists: false}", &[]);
        check("disk: {path: /}", &["3:13 the check says nothing about the file system"]);
        check("certificate: {server_name: a}", &["3:20 the check names no certificate"]);
        check("service: {name: a}", &[]);
    }

    #[test]
    fn a_test_that_holds_whatever_is_found_is_refused() {
        let check = |matcher: &str, expected: &[&str]| {
            let text = format!("mainstay: 1\nchecks:\n  a: {{command: {{run: [a], stdout: {matcher}}}}}\n");
            check_code("MS309", &text, expected);
        };
        check("{contains: ''}", &["3:46 an empty text is part of a text, whatever is found"]);
        check("{matches: .*}", &["3:45 the regular expression matches whatever is found"]);
        check(
            "{not: {patterns: [a, '', '!//']}}",
            &[
                "3:56 the pattern is in every line, whatever is found",
                "3:60 the pattern is in every line, whatever is found",
            ],
        );
        check("{patterns: [a, '!b'], matches: '.+', eq: ''}", &[]);
    }
}
