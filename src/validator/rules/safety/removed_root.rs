//! MS523: removal of everything.

use super::commands::each_call;
use crate::validator::rules::prelude::*;
use crate::validator::shell::Word;
use crate::validator::work::{StepWork, variable, variables};

pub(super) const RULE: Rule = Rule {
    code: "MS523",
    title: "removal of everything",
    severity: Severity::Error,
    standing: Standing::Judgement,
    why: "When the variable is empty, what is left is `/` or `/*`, and the step removes the \
          machine. Steps run in a clean environment: a variable that the step does not set is \
          empty.",
    before: r#"mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps:
      - shell: rm -rf "$CACHE"/*
        destructive: true
"#,
    after: r#"mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps:
      - shell: rm -rf "${CACHE:?}"/*
        destructive: true
"#,
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    each_call(
        facts,
        |step, call| {
            if call.program() != "rm" || !call.is_shell || !call.has_option(&['r', 'R'], &["--recursive"]) {
                return None;
            }
            let (word, name) = call.args().iter().find_map(|word| Some((word, bare(word)?)))?;
            if may_be_empty(step, name) {
                let message =
                    format!("task `{}` removes everything when `${name}` is empty", step.task_name.value);
                let span = facts.work().place(facts.tree, step, call, word);
                return Some(
                    Fault::new(RULE.code, span, message)
                        .help(format!("write `\"${{{name}:?}}\"`, which stops there")),
                );
            }
            None
        },
        faults,
    );
}

/// The variable without which a word is the root of all files.
fn bare(word: &Word) -> Option<&str> {
    let expansion = word.expansions.first().filter(|expansion| !expansion.is_guarded)?;
    let rest = &word.text[expansion.range.end..];
    let is_root = expansion.range.start == 0 && matches!(rest, "/" | "/*" | "/." | "/*/");
    variable(&expansion.kind).filter(|_| is_root)
}

fn may_be_empty(step: &StepWork, name: &str) -> bool {
    // What the clean environment has.
    const SET: [&str; 8] = ["HOME", "PWD", "PATH", "USER", "LOGNAME", "SHELL", "TMPDIR", "OLDPWD"];
    let stops_at_unset =
        step.calls.iter().any(|call| call.program() == "set" && call.has_option(&['u'], &["nounset"]))
            || step.calls.iter().any(|call| call.has(&["nounset"]));
    match variables(step).get(name) {
        Some(Some(value)) => value.is_empty(),
        // Set to something that nobody can know.
        Some(None) => false,
        None => !SET.contains(&name) && !stops_at_unset && !name.starts_with("MAINSTAY_"),
    }
}
