//! MS507: secret in the file.

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS507",
    title: "secret in the file",
    severity: Severity::Error,
    standing: Standing::Judgement,
    why: "A plan file is reviewed, mailed and kept in git for ever, by people who must not have \
          the secret. What was committed once has to be replaced, not only removed.",
    before: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps:
      - run: [backup]
        env: {REPOSITORY_PASSWORD: correct-horse}
",
    after: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps:
      - run: [backup]
        env: {REPOSITORY_PASSWORD: {secret: repository}}
secrets:
  repository: {file: repository.password}
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for secret in facts.secrets {
        let message = format!("{} is written into the plan file", secret.what);
        faults.push(Fault::new(RULE.code, secret.span, message).help(
            "replace it at its source, since this one has been seen, and name it under `secrets:` instead",
        ));
    }
}
