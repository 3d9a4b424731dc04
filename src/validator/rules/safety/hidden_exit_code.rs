//! MS514: exit code lost in a pipe.

use super::commands::each_call;
use crate::validator::rules::prelude::*;
use crate::validator::shell::{Link, Role};
use crate::validator::work::StepWork;

pub(super) const RULE: Rule = Rule {
    code: "MS514",
    title: "exit code lost in a pipe",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "The exit code of a pipe is that of its last program: `backup | tee log` succeeds \
          whatever becomes of the backup, and the run is recorded as a success.",
    before: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps:
      - shell: make-backup /srv | tee backup.log
",
    after: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps:
      - shell: make-backup /srv > backup.log
",
    finder: Finder::Look(look),
};

/// Programs that end well whatever they are given.
const SINKS: [&str; 10] =
    ["tee", "tail", "head", "cat", "logger", "ts", "column", "fold", "systemd-cat", "nl"];

/// Programs whose failure is not what anybody is interested in.
const SOURCES: [&str; 7] = ["echo", "printf", "cat", "yes", "date", "true", ":"];

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    each_call(
        facts,
        |step, call| {
            let is_last = call.before() == Link::Pipe && call.after() != Link::Pipe;
            let counts = matches!(call.after(), Link::Edge | Link::And | Link::Or) || step.stops_at_errors();
            let is_sink = SINKS.contains(&call.program()) && call.role() == Role::Work;
            if !is_last || !is_sink || !counts || minds_pipes(step) {
                return None;
            }
            let at = step.calls.iter().position(|other| std::ptr::eq(other, call))?;
            let first = step.calls[..at].iter().rev().find(|call| call.before() != Link::Pipe)?;
            if SOURCES.contains(&first.program()) || first.words().is_empty() {
                return None;
            }
            let message = format!(
                "task `{}` does not see whether `{}` fails: the exit code is that of `{}`",
                step.task_name.value,
                first.program(),
                call.program()
            );
            let span = facts.work().place_of(facts.tree, step, call);
            Some(
                Fault::new(RULE.code, span, message).help(
                    "leave the pipe out, mainstay keeps what a step prints; or run `bash -o pipefail -c`",
                ),
            )
        },
        faults,
    );
}

/// Whether the shell is told that each program of a pipe counts.
fn minds_pipes(step: &StepWork) -> bool {
    step.calls.iter().any(|call| call.texts().any(|text| text == "pipefail"))
}
