//! MS625: idle expectation.

use std::collections::BTreeMap;

use crate::model::Expectation;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS625",
    title: "idle expectation",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "A change that is expected by a name that nothing can have is not expected: the run fails by it, and is undone. \
          One that speaks of everything hides what nobody expects.",
    before: r#"mainstay: 1
connections:
  prometheus: {url: "http://127.0.0.1:9090"}
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    baseline: {expect: [{rule: HighLoad}]}
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
    baseline: {expect: [{rule: node/HighLoad}]}
    steps: [{run: [rm, old]}]
"#,
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    let baselines = facts.plan.tasks.iter().filter_map(|(_, task)| task.baseline.as_ref());
    for expectation in baselines.flat_map(|baseline| baseline.expect.iter().flat_map(|all| all.iter())) {
        if let Some((message, expected)) = idle(&expectation.value) {
            faults.push(Fault::new(RULE.code, expectation.span, message).expected(expected));
        }
    }
}

/// What is wrong with an expectation, and what would be right.
fn idle(expectation: &Expectation) -> Option<(String, &'static str)> {
    match expectation {
        Expectation::Target(labels) => of_labels(labels, "target"),
        Expectation::Alert(labels) => of_labels(labels, "alert"),
        Expectation::Probe(labels) => of_labels(labels, "probe"),
        Expectation::Series(job) => {
            job.is_empty().then(|| ("no job has an empty name".to_owned(), "expected the name of a job"))
        }
        // What `*` stands for may hold the stroke.
        Expectation::Rule(name) if !name.contains(['/', '*']) => Some((
            format!("no rule is called `{name}`: their names are `GROUP/NAME`"),
            "expected the group and the name, as in `node/HighLoad` or `*/HighLoad`",
        )),
        Expectation::Metric(name) if name.is_empty() || name.contains(['{', '(', '[', ' ']) => Some((
            format!("no metric is called `{name}`"),
            "expected the name of a metric alone, as in `node_cpu*`",
        )),
        Expectation::Flag(name) if name.is_empty() || name.starts_with('-') || name.contains('=') => Some((
            format!("no flag is called `{name}`"),
            "expected the name of a flag without dashes and value, as in `query.max-samples`",
        )),
        Expectation::Rule(_)
        | Expectation::Metric(_)
        | Expectation::Flag(_)
        | Expectation::Version
        | Expectation::Flags
        | Expectation::Config
        | Expectation::History => None,
    }
}

fn of_labels(labels: &BTreeMap<String, String>, what: &str) -> Option<(String, &'static str)> {
    if labels.is_empty() {
        return Some((
            format!("without a label it speaks of every {what}"),
            "expected labels, as in `{job: old}`",
        ));
    }
    labels.iter().find_map(|(name, value)| {
        if name.starts_with("__") {
            let message = format!(
                "no {what} has a label `{name}`: what begins with `__` is dropped when it is scraped"
            );
            Some((message, "expected labels that are kept, such as `job` and `instance`"))
        } else if value.is_empty() {
            let message = format!("no {what} has an empty label `{name}`: that is the same as none");
            Some((message, "expected a value, or `*` for any"))
        } else {
            None
        }
    })
}
