//! MS716: unused secret.

use std::collections::HashSet;

use super::unused;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS716",
    title: "unused secret",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "A secret that nothing uses is still handed to whoever runs mainstay. What is not needed \
          should not be there.",
    before: "\
mainstay: 1
secrets:
  smtp: {env: SMTP_PASSWORD}
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps: [{run: [rm, old]}]
",
    after: "\
mainstay: 1
secrets:
  smtp: {env: SMTP_PASSWORD}
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps: [{run: [send], env: {PASSWORD: {secret: smtp}}}]
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    // Secrets are used in many places, some of which are not supported yet: `{secret: NAME}` is what they share.
    let used: HashSet<&str> = facts.tree.values_of("secret").map(|name| facts.tree.text(name)).collect();
    for name in unused::names(facts, "secrets", &used) {
        let fault = Fault::new(RULE.code, name.span, format!("nothing uses secret `{}`", name.value));
        faults.push(fault.help("use it as `{secret: NAME}`, or remove it"));
    }
}
