//! MS522: cd without effect.

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS522",
    title: "cd without effect",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "Each step is a process of its own: the folder changes in a shell that ends at once, and \
          the next step runs in the plan file's folder as before. `rm -rf old` then removes \
          another `old`.",
    before: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps:
      - shell: cd /srv/exports
      - run: [./collect]
",
    after: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps:
      - run: [./collect]
        cwd: /srv/exports
",
    finder: Finder::Look(look),
};

/// What changes nothing but the shell that runs it.
const WITHOUT_EFFECT: [&str; 9] = ["cd", "pushd", "export", "set", "umask", "ulimit", "source", ".", ":"];

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for step in &facts.work().steps {
        let is_idle = |program: &str| program.is_empty() || WITHOUT_EFFECT.contains(&program);
        let is_lost = step.calls.iter().all(|call| is_idle(call.program()));
        let Some(cd) = step.calls.iter().find(|call| matches!(call.program(), "cd" | "pushd")) else {
            continue;
        };
        if is_lost {
            let message = format!(
                "`cd` alone changes nothing for the steps after it in task `{}`",
                step.task_name.value
            );
            let span = facts.work().place_of(facts.tree, step, cd);
            faults.push(Fault::new(RULE.code, span, message).help("give the steps that need it `cwd:`"));
        }
    }
}
