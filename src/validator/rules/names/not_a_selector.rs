//! MS203: not a selector.

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS203",
    title: "not a selector",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "Targets are selected by name, group or label. Anything else selects nothing.",
    before: r#"mainstay: 1
targets:
  here: {local: true}
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    targets: ["host:here"]
    steps: [{run: [rm, old]}]
"#,
    after: "\
mainstay: 1
targets:
  here: {local: true}
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    targets: [here]
    steps: [{run: [rm, old]}]
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for selector in facts.plan.tasks.iter().flat_map(|(_, task)| task.targets.iter()) {
        let text = selector.value.as_str();
        let expected = match text.split_once(':') {
            None | Some(("group", _)) => continue,
            Some(("label", pair)) if pair.contains('=') => continue,
            Some(("label", _)) => "expected `label:KEY=VALUE`",
            Some(_) => "expected a target, `group:NAME`, `label:KEY=VALUE` or `all`",
        };
        faults.push(
            Fault::new(RULE.code, selector.span, format!("`{text}` is not a selector")).expected(expected),
        );
    }
}
