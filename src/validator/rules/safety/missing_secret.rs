//! MS524: missing file of a secret.

use super::files_of_secrets;
use crate::validator::rules::prelude::*;
use crate::validator::surroundings::Found;

pub(super) const RULE: Rule = Rule {
    code: "MS524",
    title: "missing file of a secret",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "The step that needs the secret fails. On another machine, where the plan is only judged, \
          the file may rightly be missing.",
    before: "\
mainstay: 1
secrets:
  # there is no such file
  repository: {file: repository.pasword}
",
    after: "\
mainstay: 1
secrets:
  repository: {file: repository.password}
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for (name, path, span) in files_of_secrets(facts) {
        if facts.around.files.get(path) == Some(&Found::Missing) {
            let message = format!("the file of secret `{name}` is not there");
            faults.push(Fault::new(RULE.code, span, message));
        }
    }
}
