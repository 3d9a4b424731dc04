//! MS605: needless regular expression.

use super::queries::queries;
use crate::promql::{RegexExcess, needless_regexes};
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS605",
    title: "needless regular expression",
    severity: Severity::Note,
    standing: Standing::Judgement,
    why: "`=~` reads like a choice where there is none, and hides a dot that was meant as a dot. `=` \
          says what is meant.",
    before: r#"mainstay: 1
connections:
  prometheus: {url: "http://127.0.0.1:9090"}
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    verify:
      - promql: {query: 'up{job=~"prometheus"}', every: {eq: 1}}
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
        let Ok(expr) = query.parsed else { continue };
        for regex in needless_regexes(expr) {
            let span = facts.part_of(query.text, &regex.span);
            let label = &regex.label;
            let help = match &regex.excess {
                RegexExcess::Literal { op, value } => format!("write `{label}{op}{value:?}`"),
                RegexExcess::MatchesAll => "remove the matcher, or say which values are meant".to_owned(),
                RegexExcess::Anchored { pattern } => format!("write {pattern:?} as the pattern"),
            };
            let message = format!("the pattern for `{label}` is more than it has to be");
            faults.push(Fault::new(RULE.code, span, message).expected(regex.excess.to_string()).help(help));
        }
    }
}
