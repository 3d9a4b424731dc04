//! MS309: vacuous check.

use crate::model::{Expects, LinePattern, Spanned, Tests};
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

#[cfg(test)]
mod tests {
    use crate::validator::rules::tests::check_code;

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
