//! MS517: job in the background.

use super::commands::each_call;
use crate::validator::rules::prelude::*;
use crate::validator::shell::Link;
use crate::validator::work::{Call, StepWork};

pub(super) const RULE: Rule = Rule {
    code: "MS517",
    title: "job in the background",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "A step ends when its program does, and what it left behind is stopped with it: the job \
          is cut off in the middle, and nobody sees its exit code.",
    before: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps:
      - shell: rebuild-index /srv/search &
",
    after: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps:
      - shell: rebuild-index /srv/search
        timeout: 1h
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    each_call(
        facts,
        |step, call| {
            if !is_left_behind(call) || waits_after(step, call) {
                return None;
            }
            let message = format!(
                "`{}` in task `{}` is left behind in the background, where it is stopped when the step ends",
                call.program(),
                step.task_name.value
            );
            let span = facts.work().place_of(facts.tree, step, call);
            Some(Fault::new(RULE.code, span, message).help(
            "let the step wait for it and give it a `timeout`; what is to stay is a service: `systemd-run`",
        ))
        },
        faults,
    );
}

fn is_left_behind(call: &Call) -> bool {
    let is_detached = call.program() == "disown"
        || call
            .runner("setsid")
            .is_some_and(|words| words.iter().any(|word| matches!(word.text.as_str(), "-f" | "--fork")));
    call.after() == Link::Background || is_detached
}

/// Whether the text waits for its jobs, or ends them itself.
fn waits_after(step: &StepWork, call: &Call) -> bool {
    let after = step.calls.iter().skip_while(|other| !std::ptr::eq(*other, call)).skip(1);
    after.into_iter().any(|call| matches!(call.program(), "wait" | "kill" | "fg"))
}
