//! MS510: unquoted variable.

use super::commands::each_call;
use crate::validator::rules::prelude::*;
use crate::validator::shell::{Expansion, Role, Word};
use crate::validator::work::{Call, StepWork, variable, variables};

pub(super) const RULE: Rule = Rule {
    code: "MS510",
    title: "unquoted variable",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "The shell splits an unquoted value at blank space and expands its wildcards: `/srv/old \
          data` becomes two paths, and the second one is not what anybody meant to move or remove.",
    before: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps:
      - shell: mv $FROM /srv/archive/
        env: {FROM: /srv/old data}
",
    after: r#"mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps:
      - shell: mv "$FROM" /srv/archive/
        env: {FROM: /srv/old data}
"#,
    finder: Finder::Look(look),
};

/// Programs that act on the paths that they are given.
const PROGRAMS: [&str; 16] = [
    "rm", "cp", "mv", "chown", "chmod", "chgrp", "rsync", "rmdir", "ln", "tar", "truncate", "find",
    "install", "shred", "scp", "mkdir",
];

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    each_call(
        facts,
        |step, call| {
            if !call.is_shell || call.role() == Role::Items || !PROGRAMS.contains(&call.program()) {
                return None;
            }
            let (word, name) = splitting(step, call)?;
            let message = format!(
                "`${name}` is not quoted, so that `{}` in task `{}` acts on each of its words",
                call.program(),
                step.task_name.value
            );
            let span = facts.work().place(facts.tree, step, call, word);
            Some(Fault::new(RULE.code, span, message).help(format!("write `\"${name}\"`")))
        },
        faults,
    );
}

/// The first argument that the shell may split, and the variable that makes it so.
fn splitting<'c>(step: &StepWork, call: &'c Call) -> Option<(&'c Word, &'c str)> {
    let candidates = call.args().iter().flat_map(|word| {
        let names = word.expansions.iter().filter_map(unquoted);
        names.map(move |name| (word, name))
    });
    let mut candidates = candidates.peekable();
    candidates.peek()?;
    let known = variables(step);
    // A value that is known and is one word is the same with quotes and without.
    let is_one_word = |name: &str| {
        let value = known.get(name).copied().flatten();
        value.is_some_and(|value| !value.is_empty() && !value.contains([' ', '\t', '\n', '*', '?', '[']))
    };
    candidates.find(|(_, name)| !is_one_word(name))
}

/// The variable of an expansion that is split.
fn unquoted(expansion: &Expansion) -> Option<&str> {
    const NUMBERS: [&str; 6] = ["UID", "EUID", "PPID", "RANDOM", "SECONDS", "LINENO"];
    let name = variable(&expansion.kind).filter(|_| !expansion.is_quoted)?;
    (!NUMBERS.contains(&name)).then_some(name)
}
