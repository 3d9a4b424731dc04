//! MS515: failure that is hidden.

use crate::validator::rules::prelude::*;
use crate::validator::shell::Link;
use crate::validator::work::{Call, Phase, StepWork};

pub(super) const RULE: Rule = Rule {
    code: "MS515",
    title: "failure that is hidden",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "The step succeeds whatever happened, so that nothing is retried, verified against, \
          rolled back or reported.",
    before: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps:
      - shell: promtool check config /etc/prometheus/prometheus.yml || true
",
    after: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps:
      - shell: promtool check config /etc/prometheus/prometheus.yml
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    // Tidying up may fail without being a failure of the work.
    let steps = facts.work().steps.iter().filter(|step| step.phase != Phase::Finally);
    for step in steps {
        let ends =
            step.calls.iter().filter(|call| call.is_shell && call.after() == Link::Edge && call.depth() == 0);
        for call in ends.filter(|call| hides(step, call)) {
            let message = format!(
                "task `{}` does not see a failure: the step ends well in any case",
                step.task_name.value
            );
            let span = facts.work().place_of(facts.tree, step, call);
            faults.push(
                Fault::new(RULE.code, span, message)
                    .help("let it fail, or test for what may be the case: `if [ -e x ]; then ...; fi`"),
            );
        }
    }
}

/// Whether a text ends well whatever came before this.
fn hides(step: &StepWork, call: &Call) -> bool {
    let succeeds = match call.program() {
        "true" | ":" => call.args().is_empty(),
        "exit" => call.has(&["0"]),
        _ => false,
    };
    let follows = matches!(call.before(), Link::Or | Link::Sequence);
    succeeds && follows && !step.stops_at_errors()
}
