//! MS615: baseline that bears everything.

use crate::model::Tolerance;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS615",
    title: "baseline that bears everything",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "A tolerance of half the series lets the loss of a whole rack pass as normal.",
    before: r#"mainstay: 1
connections:
  alertmanager: {url: "http://127.0.0.1:9093"}
  prometheus: {url: "http://127.0.0.1:9090"}
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    baseline: {within: 80%}
    steps: [{run: [rm, old]}]
"#,
    after: r#"mainstay: 1
connections:
  alertmanager: {url: "http://127.0.0.1:9093"}
  prometheus: {url: "http://127.0.0.1:9090"}
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    baseline: {within: 2%}
    steps: [{run: [rm, old]}]
"#,
    finder: Finder::Look(look),
};

/// From this share on, the loss of one of two HA peers goes unseen.
const TOO_MUCH_PERCENT: f64 = 50.0;

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    let baselines = facts.plan.tasks.iter().filter_map(|(_, task)| task.baseline.as_ref());
    for within in baselines.filter_map(|baseline| baseline.within.as_ref()) {
        if let Tolerance::Percent(percent) = within.value
            && percent >= TOO_MUCH_PERCENT
        {
            let message = format!("a job may lose {percent} % of its series unseen");
            faults.push(Fault::new(RULE.code, within.span, message).help("2% is the default"));
        }
    }
}
