//! MS427: retry that never asks again.

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS427",
    title: "retry that never asks again",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "A check with `retry` is meant to be given time to come true. Where its time is over before it would be \
          asked again, it is asked once, and a service that needs a moment is a failure.",
    before: "\
mainstay: 1
checks:
  ready:
    http: {url: \"http://127.0.0.1:9090/-/ready\"}
    retry: {for: 10s, every: 30s}
",
    after: "\
mainstay: 1
checks:
  ready:
    http: {url: \"http://127.0.0.1:9090/-/ready\"}
    retry: {for: 2m, every: 5s}
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for (_, check) in facts.checks() {
        let Some(retry) = check.retry.filter(|retry| retry.value.patience.value <= retry.value.every())
        else {
            continue;
        };
        let (patience, every) = (retry.value.patience, retry.value.every());
        faults.push(
            Fault::new(
                RULE.code,
                patience.span,
                format!("the check is asked again after {every}, when its {} are over", patience.value),
            )
            .expected(format!("expected more than {every}")),
        );
    }
}
