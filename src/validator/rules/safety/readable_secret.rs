//! MS508: secret that others can read.

use super::files_of_secrets;
use crate::validator::rules::prelude::*;
use crate::validator::surroundings::Found;

pub(super) const RULE: Rule = Rule {
    code: "MS508",
    title: "secret that others can read",
    severity: Severity::Error,
    standing: Standing::Judgement,
    why: "Whoever can log in can read it: a service that was broken into, an intern, a backup job.",
    before: "\
mainstay: 1
secrets:
  # repository.password has the mode 0644
  repository: {file: repository.password}
",
    after: "\
mainstay: 1
secrets:
  # repository.password has the mode 0600
  repository: {file: repository.password}
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for (name, path, span) in files_of_secrets(facts) {
        let Some(Found::File { mode, .. }) = facts.around.files.get(path) else { continue };
        if mode & 0o077 != 0 {
            let message =
                format!("the file of secret `{name}` has the mode {mode:04o}, so that others can use it");
            faults.push(Fault::new(RULE.code, span, message).help(format!("chmod 0600 {path}")));
        }
    }
}
